#include "app/address.h"

#include <gtest/gtest.h>

namespace concord::app {
namespace {

TEST(Address, host_and_port_are_read) {
  const struct {
    std::string_view text;
    std::string host;
    std::uint16_t port;
    bool loopback;
  } cases[] = {
      {"127.0.0.1:8080", "127.0.0.1", 8080, true}, {"[::1]:0", "::1", 0, true},       {":9000", "0.0.0.0", 9000, false},
      {"localhost:1", "localhost", 1, true},       {"0.0.0.0:65535", "0.0.0.0", 65535, false},
      {"hub.example:443", "hub.example", 443, false},
  };
  for (const auto& one : cases) {
    auto address = parse_address(one.text);
    ASSERT_TRUE(address) << one.text;
    EXPECT_EQ(address->host, one.host);
    EXPECT_EQ(address->port, one.port);
    EXPECT_EQ(address->is_loopback(), one.loopback) << one.text;
  }
}

TEST(Address, what_is_no_address_is_refused_by_name) {
  for (std::string_view bad : {"", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:80x", "::1:80", "h:-1"}) {
    auto address = parse_address(bad);
    ASSERT_FALSE(address) << bad;
    EXPECT_EQ(address.error().code, Code::kInvalidArgument);
    EXPECT_NE(address.error().message.find("ADDR"), std::string::npos);
  }
}

TEST(Address, the_shown_url_can_be_opened) {
  EXPECT_EQ(parse_address("0.0.0.0:0")->url(8080, false), "http://localhost:8080");
  EXPECT_EQ(parse_address("[::1]:0")->url(443, true), "https://[::1]:443");
}

}  // namespace
}  // namespace concord::app
