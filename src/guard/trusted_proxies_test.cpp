#include "guard/trusted_proxies.h"

#include <gtest/gtest.h>

#include "base/property_testing.h"

namespace concord::guard {
namespace {

constexpr std::string_view kFor = "x-forwarded-for";

struct Seen {
  std::string address;
  bool secure = false;
  bool operator==(const Seen&) const = default;
};

Seen resolved(const TrustedProxies& proxies, std::string peer, std::vector<net::Header> headers) {
  net::Request request;
  request.peer_address = std::move(peer);
  request.headers = std::move(headers);
  proxies.resolve(request);
  return {request.peer_address, request.secure};
}

class TrustedProxiesTest : public ::testing::Test {
 protected:
  std::string by_for(std::string peer, std::vector<std::string> values) const {
    std::vector<net::Header> headers;
    headers.reserve(values.size());
    for (std::string& value : values) headers.push_back({std::string(kFor), std::move(value)});
    return resolved(x_forwarded_for_, std::move(peer), std::move(headers)).address;
  }
  Seen by_forwarded(std::string value) const {
    return resolved(forwarded_, "10.0.0.1", {{"forwarded", std::move(value)}});
  }

  TrustedProxies x_forwarded_for_ =
      TrustedProxies::parse("10.0.0.0/8, 2001:db8:f::/48", ProxyHeader::kXForwardedFor).value();
  TrustedProxies forwarded_ = TrustedProxies::parse("10.0.0.0/8", ProxyHeader::kForwarded).value();
};

TEST_F(TrustedProxiesTest, nobody_else_is_believed) {
  for (const char* peer : {"192.0.2.1", "127.0.0.1", "11.0.0.1", "2001:db8:e::1", "::1", ""})
    EXPECT_EQ(by_for(peer, {"203.0.113.7"}), peer);
  EXPECT_EQ(resolved(forwarded_, "192.0.2.1", {{"forwarded", "for=203.0.113.7;proto=https"}}),
            (Seen{"192.0.2.1", false}));
  EXPECT_EQ(resolved(x_forwarded_for_, "192.0.2.1", {{"x-forwarded-proto", "https"}}), (Seen{"192.0.2.1", false}));
  const TrustedProxies none = TrustedProxies::parse("", ProxyHeader::kXForwardedFor).value();
  EXPECT_EQ(resolved(none, "10.0.0.1", {{std::string(kFor), "203.0.113.7"}}).address, "10.0.0.1");
}

TEST_F(TrustedProxiesTest, the_nearest_that_is_no_proxy_is_the_client) {
  EXPECT_EQ(by_for("10.0.0.1", {"203.0.113.7"}), "203.0.113.7");
  EXPECT_EQ(by_for("10.0.0.1", {"198.51.100.1, 203.0.113.7, 10.2.3.4"}), "203.0.113.7");
  EXPECT_EQ(by_for("10.0.0.1", {"198.51.100.1", "203.0.113.7", "10.2.3.4"}), "203.0.113.7");
  EXPECT_EQ(by_for("2001:db8:f::1", {"2001:db8:1::7"}), "2001:db8:1::7");
  EXPECT_EQ(by_for("::ffff:10.0.0.1", {"203.0.113.7"}), "203.0.113.7");
  EXPECT_EQ(by_for("10.0.0.1", {"10.0.0.9"}), "10.0.0.9");  // one within
  EXPECT_EQ(by_for("10.0.0.1", {}), "10.0.0.1");
}

TEST_F(TrustedProxiesTest, ports_and_brackets_are_left_out) {
  EXPECT_EQ(by_for("10.0.0.1", {"203.0.113.7:4711"}), "203.0.113.7");
  EXPECT_EQ(by_for("10.0.0.1", {"[2001:db8:1::7]:4711"}), "2001:db8:1::7");
  EXPECT_EQ(by_for("10.0.0.1", {"[2001:db8:1::7]"}), "2001:db8:1::7");
}

TEST_F(TrustedProxiesTest, what_cannot_be_read_ends_the_way) {
  for (const char* value : {"unknown", "", "203.0.113.7, ", "203.0.113.7, _hidden", "203.0.113.7, 1.2.3", "[", "[]:1"})
    EXPECT_EQ(by_for("10.0.0.1", {value}), "10.0.0.1") << value;
  EXPECT_EQ(by_for("10.0.0.1", {"203.0.113.7, x, 10.5.5.5"}), "10.5.5.5");
}

TEST_F(TrustedProxiesTest, the_header_that_the_proxies_do_not_write_is_not_read) {
  EXPECT_EQ(resolved(x_forwarded_for_, "10.0.0.1", {{"forwarded", "for=203.0.113.7"}}).address, "10.0.0.1");
  EXPECT_EQ(resolved(forwarded_, "10.0.0.1", {{std::string(kFor), "203.0.113.7"}}).address, "10.0.0.1");
}

TEST_F(TrustedProxiesTest, forwarded_is_read_as_rfc_7239_has_it) {
  EXPECT_EQ(by_forwarded("for=203.0.113.7"), (Seen{"203.0.113.7", false}));
  EXPECT_EQ(by_forwarded("For=\"[2001:db8:cafe::17]:4711\";proto=https"), (Seen{"2001:db8:cafe::17", true}));
  EXPECT_EQ(by_forwarded("for=198.51.100.1, for=203.0.113.7;by=10.0.0.2;proto=http, for=10.0.0.2"),
            (Seen{"203.0.113.7", false}));
  EXPECT_EQ(by_forwarded("host=\"a,for=1.2.3.4;\\\"\";for=203.0.113.7"), (Seen{"203.0.113.7", false}));
  for (const char* hidden : {"for=_secret", "for=unknown", "by=10.0.0.2", "for", "for=\"", "=", ";;,", "for=\"\\"})
    EXPECT_EQ(by_forwarded(hidden).address, "10.0.0.1") << hidden;
}

TEST_F(TrustedProxiesTest, tls_that_ended_at_a_proxy_is_told_by_it) {
  EXPECT_EQ(
      resolved(x_forwarded_for_, "10.0.0.1", {{std::string(kFor), "203.0.113.7"}, {"x-forwarded-proto", "https"}}),
      (Seen{"203.0.113.7", true}));
  EXPECT_FALSE(resolved(x_forwarded_for_, "10.0.0.1", {{"x-forwarded-proto", "http"}}).secure);
}

TEST_F(TrustedProxiesTest, what_is_no_block_is_refused_by_its_name) {
  const auto refused = TrustedProxies::parse("10.0.0.0/8, proxy.example", ProxyHeader::kForwarded);
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find("proxy.example"), std::string::npos);
}

/// Whatever a client sends, a proxy adds the client's address behind it: that address is what is found.
TEST_F(TrustedProxiesTest, nothing_that_a_client_sends_changes_who_it_is) {
  constexpr std::string_view kAlphabet = "0123456789abcdef.:,;=\"\\[] for_";
  testing::for_each_seed(300, [&](testing::Random& random) {
    std::string sent;
    const std::uint64_t size = testing::pick(random, 0, 60);
    for (std::uint64_t i = 0; i < size; ++i) sent += kAlphabet[testing::pick(random, 0, kAlphabet.size() - 1)];
    EXPECT_EQ(by_for("10.0.0.1", {sent, "203.0.113.7"}), "203.0.113.7") << sent;
    EXPECT_EQ(resolved(forwarded_, "10.0.0.1", {{"forwarded", sent}, {"forwarded", "for=203.0.113.7"}}).address,
              "203.0.113.7")
        << sent;
  });
}

TEST_F(TrustedProxiesTest, what_a_caller_sends_hides_nothing_that_a_proxy_writes_behind_it) {
  for (const std::string sent : {"\"", "\"192.0.2.1", "x\"\\", ",,\"", "\"a\" \"", ";\""}) {
    EXPECT_EQ(by_for("10.0.0.1", {sent + ", 198.51.100.7"}), "198.51.100.7") << sent;
    EXPECT_EQ(by_forwarded("for=" + sent + ", for=198.51.100.7").address, "198.51.100.7") << sent;
    EXPECT_EQ(by_forwarded("for=" + sent + ", for=\"[2001:db8::7]\";proto=https"), (Seen{"2001:db8::7", true})) << sent;
  }
}

}  // namespace
}  // namespace concord::guard
