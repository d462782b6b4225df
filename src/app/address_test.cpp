#include "app/address.h"

#include <gtest/gtest.h>

namespace concord::app {
namespace {

TEST(Address, only_this_machines_own_addresses_are_loopback) {
  for (std::string_view host : {"127.0.0.1", "127.8.9.1", "::1", "localhost"}) EXPECT_TRUE(is_loopback(host)) << host;
  for (std::string_view host : {"0.0.0.0", "::", "", "10.0.0.1", "1.127.0.0", "hub.example"}) {
    EXPECT_FALSE(is_loopback(host)) << host;
  }
}

TEST(Address, the_shown_url_can_be_opened_here) {
  EXPECT_EQ(url_of("127.0.0.1", 8080, false), "http://127.0.0.1:8080");
  EXPECT_EQ(url_of("0.0.0.0", 8080, false), "http://localhost:8080");
  EXPECT_EQ(url_of("::", 80, false), "http://localhost:80");
  EXPECT_EQ(url_of("::1", 443, true), "https://[::1]:443");
}

}  // namespace
}  // namespace concord::app
