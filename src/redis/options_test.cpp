#include "redis/options.h"

#include <gtest/gtest.h>

namespace concord::redis {
namespace {

RedisOptions parsed(std::string_view url) {
  auto options = parse_redis_url(url);
  EXPECT_TRUE(options) << url << ": " << (options ? "" : options.error().message);
  return options.value_or(RedisOptions());
}

std::string refusal(std::string_view url) {
  const auto options = parse_redis_url(url);
  if (options) return "taken";
  EXPECT_EQ(options.error().code, Code::kInvalidArgument);
  return options.error().message;
}

TEST(RedisUrl, names_a_server) {
  const RedisOptions options = parsed("redis://localhost");
  EXPECT_EQ(options.endpoints, (std::vector<Endpoint>{{"localhost", 6379}}));
  EXPECT_EQ(options.user, "");
  EXPECT_EQ(options.password, "");
  EXPECT_EQ(options.database, 0);
  EXPECT_EQ(options.cluster, std::nullopt);
  EXPECT_EQ(options.name_space, "concord");
  EXPECT_EQ(parsed("redis://h:7000/3").database, 3);
  EXPECT_EQ(parsed("redis://h:7000/").database, 0);
  EXPECT_EQ(parsed("redis://[::1]:7000").endpoints, (std::vector<Endpoint>{{"::1", 7000}}));
  EXPECT_EQ(parsed("redis://[::1]").endpoints[0].str(), "[::1]:6379");
}

TEST(RedisUrl, has_who_we_are) {
  EXPECT_EQ(parsed("redis://me:secret@h").user, "me");
  EXPECT_EQ(parsed("redis://me:secret@h").password, "secret");
  EXPECT_EQ(parsed("redis://:secret@h").user, "");
  EXPECT_EQ(parsed("redis://me:a%40b%2Fc%3F%3a@h").password, "a@b/c?:");
  EXPECT_EQ(parsed("redis://me:a@b/c@h:1").password, "a@b/c");
}

TEST(RedisUrl, several_hosts_are_of_a_cluster) {
  const RedisOptions options = parsed("redis://me:pw@a:7000,b:7001,[::1]:7002?namespace=hub.1");
  EXPECT_EQ(options.endpoints, (std::vector<Endpoint>{{"a", 7000}, {"b", 7001}, {"::1", 7002}}));
  EXPECT_EQ(options.cluster, true);
  EXPECT_EQ(options.name_space, "hub.1");
  EXPECT_EQ(parsed("redis://a?cluster=true").cluster, true);
  EXPECT_EQ(parsed("redis://a/2?cluster=false&namespace=x").cluster, false);
}

TEST(RedisUrl, may_be_of_tls) {
  EXPECT_FALSE(parsed("redis://h").is_tls);
  EXPECT_TRUE(parsed("rediss://h").is_tls);
  EXPECT_EQ(parsed("rediss://h").ca_file, "");
  EXPECT_EQ(parsed("rediss://me:pw@h:7000?ca=/etc/my%20ca.pem&cluster=true").ca_file, "/etc/my ca.pem");
  EXPECT_EQ(parsed("rediss://h:7000").endpoints, parsed("redis://h:7000").endpoints);
}

TEST(RedisUrl, says_what_is_wrong_with_it) {
  const auto expect = [](std::string_view url, std::string_view part) {
    EXPECT_NE(refusal(url).find(part), std::string::npos) << url << ": " << refusal(url);
  };
  expect("", "begins with redis:// or rediss://");
  expect("http://h", "begins with redis:// or rediss://");
  expect("redis://", "names no host");
  expect("redis://a,,b", "names no host");
  expect("redis://:80", "names no host");
  expect("redis://[::1", "no ]");
  expect("redis://[::1]x", "something else than a port");
  expect("redis://h:0", "from 1 to 65535");
  expect("redis://h:65536", "from 1 to 65535");
  expect("redis://h:", "from 1 to 65535");
  expect("redis://a b", "is no host");
  expect("redis://h/x", "database");
  expect("redis://h/-1", "database");
  expect("redis://me@h", "without a password");
  expect("redis://me:@h", "password is empty");
  expect("redis://me:a%4@h", "hexadecimal");
  expect("redis://h?cluster=yes", "true or false");
  expect("redis://h?timeout=3", "no parameter \"timeout\"");
  expect("redis://h?namespace=", "namespace has 1 to 64");
  expect("redis://h?namespace=a%7Bb", "namespace has 1 to 64");
  expect("redis://h?ca=/etc/ca.pem", "no parameter \"ca\"");
  expect("rediss://h?ca=", "ca names no file");
  expect("redis://a,b?cluster=false", "several hosts");
  expect("redis://a/1?cluster=true", "database 0 alone");
  std::string many = "redis://h";
  for (int i = 0; i < 64; ++i) many += ",h";
  expect(many, "more than 64");
}

TEST(RedisUrl, a_password_is_in_no_message) {
  for (const std::string_view url :
       {"redis://me:hunter2@h:0", "redis://me:hunter2%@h", "redis://me:hunter2@", "redis://me:hunter2@h/x",
        "redis://me:hunter2@h?cluster=1", "rediss://me:hunter2@h?ca="})
    EXPECT_EQ(parse_redis_url(url).error().message.find("hunter2"), std::string::npos) << url;
}

}  // namespace
}  // namespace concord::redis
