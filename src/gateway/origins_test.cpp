#include "gateway/origins.h"

#include <gtest/gtest.h>

#include "gateway/gateway_testing.h"

namespace concord::gateway {
namespace {

using testing::header;
using testing::make_request;

net::Request from(std::string origin) { return make_request("GET", "/", {{"origin", std::move(origin)}}); }

TEST(Origins, are_normal_in_lower_case_without_the_scheme_s_port) {
  EXPECT_EQ(normal_origin("HTTPS://App.Example:443"), "https://app.example");
  EXPECT_EQ(normal_origin("http://a:80"), "http://a");
  EXPECT_EQ(normal_origin("http://a:443"), "http://a:443");
  EXPECT_EQ(normal_origin("http://[::1]:8080"), "http://[::1]:8080");
  for (const char* none :
       {"", "null", "app.example", "https://", "ftp://a", "https://a/path", "https://a b", "https://u@a"})
    EXPECT_EQ(normal_origin(none), std::nullopt) << none;
}

TEST(Origins, the_hub_s_own_pages_may_upgrade_and_no_others) {
  const Origins origins({});
  EXPECT_TRUE(origins.may_upgrade(make_request("GET", "/")));
  EXPECT_TRUE(origins.may_upgrade(from("http://hub.example:8080")));
  EXPECT_TRUE(origins.may_upgrade(from("https://HUB.example:8080")));
  for (const char* other :
       {"null", "http://hub.example", "http://hub.example:8081", "http://evil.example:8080",
        "http://hub.example:8080.evil.example", "http://evil.example/hub.example:8080", "hub.example:8080"})
    EXPECT_FALSE(origins.may_upgrade(from(other))) << other;
}

TEST(Origins, a_host_without_a_port_is_that_of_its_scheme) {
  net::Request request = from("https://hub.example");
  request.host = "hub.example:443";
  EXPECT_TRUE(Origins({}).may_upgrade(request));
  request.host = "hub.example";
  EXPECT_TRUE(Origins({}).may_upgrade(request));
}

TEST(Origins, a_page_behind_a_rebound_name_may_not_call) {
  const Origins origins({"https://app.example"});
  EXPECT_TRUE(origins.may_call(make_request("POST", "/")));
  EXPECT_TRUE(origins.may_call(from("https://app.example")));
  EXPECT_FALSE(origins.may_call(from("http://hub.example:8080")));  // as its Host header says
  EXPECT_FALSE(origins.may_call(from("null")));
  net::Request secure = from("https://hub.example:8080");
  secure.secure = true;
  EXPECT_TRUE(origins.may_call(secure));
  for (const char* host : {"localhost:8080", "127.0.0.1:8080", "[::1]:8080", "LOCALHOST"}) {
    net::Request local = from("http://" + std::string(host));
    local.host = host;
    EXPECT_TRUE(origins.may_call(local)) << host;
  }
  for (const char* host : {"localhost.evil.example", "127.0.0.1.evil.example", "[::2]:8080", "evil.example:127"}) {
    net::Request other = from("http://" + std::string(host));
    other.host = host;
    EXPECT_FALSE(origins.may_call(other)) << host;
  }
}

TEST(Origins, configured_ones_may_upgrade_and_read) {
  const Origins origins({"https://app.example", "nonsense"});
  EXPECT_TRUE(origins.may_upgrade(from("https://app.example")));
  EXPECT_FALSE(origins.may_upgrade(from("http://app.example")));
  net::Response response;
  origins.add_headers("https://app.example", response);
  EXPECT_EQ(header(response, "access-control-allow-origin"), "https://app.example");
  EXPECT_EQ(header(response, "vary"), "origin");
  EXPECT_EQ(header(response, "access-control-allow-credentials"), "");
}

TEST(Origins, others_get_no_permission_but_caches_are_told) {
  net::Response response;
  Origins({"https://app.example"}).add_headers("https://evil.example", response);
  EXPECT_EQ(header(response, "access-control-allow-origin"), "");
  EXPECT_EQ(header(response, "vary"), "origin");
  net::Response plain;
  Origins({}).add_headers("https://app.example", plain);
  EXPECT_TRUE(plain.headers.empty());
}

}  // namespace
}  // namespace concord::gateway
