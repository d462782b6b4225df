#include "guard/address.h"

#include <gtest/gtest.h>

#include "guard/key.h"

namespace concord::guard {
namespace {

bool within(const char* network, const char* address) {
  return Network::parse(network).value().contains(Address::parse(address).value());
}

TEST(Address, is_read_and_written) {
  for (const char* text : {"192.0.2.1", "0.0.0.0", "2001:db8::1", "::", "::1", "fe80::ff:fe00:1"})
    EXPECT_EQ(Address::parse(text).value().str(), text);
  EXPECT_EQ(Address::parse("::ffff:192.0.2.1"), Address::parse("192.0.2.1"));
  EXPECT_EQ(Address::parse("2001:DB8:0:0::1"), Address::parse("2001:db8::1"));
  using namespace std::string_view_literals;
  for (const std::string_view text :
       {""sv, "192.0.2"sv, "192.0.2.256"sv, "192.0.2.1:80"sv, "[::1]"sv, "fe80::1%eth0"sv, " 192.0.2.1"sv, "1.2.3.4 "sv,
        "1.2.3.4\0"sv, "::1\0x"sv, "localhost"sv, "0:0:0:0:0:0:0:0:0:0:0:0:0:0:0:0:0:0:0:0:0:0:0:0"sv})
    EXPECT_FALSE(Address::parse(text)) << text;
}

TEST(Network, contains_what_begins_as_it_does) {
  EXPECT_TRUE(within("10.0.0.0/8", "10.255.1.2"));
  EXPECT_FALSE(within("10.0.0.0/8", "11.0.0.0"));
  EXPECT_TRUE(within("192.0.2.128/25", "192.0.2.255"));
  EXPECT_FALSE(within("192.0.2.128/25", "192.0.2.127"));
  EXPECT_TRUE(within("192.0.2.1", "192.0.2.1"));
  EXPECT_TRUE(within("192.0.2.1", "::ffff:192.0.2.1"));
  EXPECT_FALSE(within("192.0.2.1", "192.0.2.2"));
  EXPECT_TRUE(within("0.0.0.0/0", "203.0.113.9"));
  EXPECT_FALSE(within("0.0.0.0/0", "2001:db8::1"));
  EXPECT_TRUE(within("2001:db8::/33", "2001:db8:7fff::1"));
  EXPECT_FALSE(within("2001:db8::/33", "2001:db8:8000::1"));
  EXPECT_TRUE(within("::/0", "192.0.2.1"));
}

TEST(Network, what_is_none_is_refused) {
  for (const char* text : {"", "/8", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/8x", "10.0.0.1/8", "::/129",
                           "2001:db8::1/64", "10.0.0.0/8/8", "proxy"})
    EXPECT_FALSE(Network::parse(text)) << text;
}

TEST(AddressKey, joins_what_one_host_has) {
  EXPECT_EQ(address_key("192.0.2.1"), "192.0.2.1");
  EXPECT_EQ(address_key("::ffff:192.0.2.1"), "192.0.2.1");
  EXPECT_EQ(address_key("2001:db8:1:2::1"), address_key("2001:db8:1:2:ffff::9"));
  EXPECT_NE(address_key("2001:db8:1:2::1"), address_key("2001:db8:1:3::1"));
  EXPECT_NE(address_key("::1"), address_key("127.0.0.1"));
  EXPECT_EQ(address_key(""), "");
}

TEST(Key, is_one_for_what_one_host_has) {
  EXPECT_EQ(address_key_of('a', "2001:db8:1:2::1"), address_key_of('a', "2001:db8:1:2:ffff::9"));
  EXPECT_NE(address_key_of('a', "2001:db8:1:2::1"), address_key_of('a', "2001:db8:1:3::1"));
  EXPECT_NE(address_key_of('a', "192.0.2.1"), address_key_of('b', "192.0.2.1"));
  EXPECT_NE(address_key_of('a', "unix"), address_key_of('a', ""));
  EXPECT_NE(text_key_of('a', "x"), text_key_of('a', "y"));
  EXPECT_EQ(pair_key_of('a', "x", "2001:db8:1:2::1"), pair_key_of('a', "x", "2001:db8:1:2::2"));
  EXPECT_NE(pair_key_of('a', "x", "192.0.2.1"), pair_key_of('a', "y", "192.0.2.1"));
}

}  // namespace
}  // namespace concord::guard
