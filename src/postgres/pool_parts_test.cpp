// What the pool is made of, without a server: names of statements, the servers of a URL.

#include <gtest/gtest.h>

#include <algorithm>

#include "postgres/options.h"
#include "postgres/statement_cache.h"

namespace concord::postgres {
namespace {

TEST(StatementCache, the_least_recently_used_gives_up_its_place) {
  StatementCache cache(2);
  const std::string a = cache.find("a").name;
  const std::string b = cache.find("b").name;
  EXPECT_FALSE(cache.find("a").fresh);
  const StatementCache::Found c = cache.find("c");
  EXPECT_TRUE(c.fresh);
  EXPECT_EQ(c.dropped, b);
  EXPECT_EQ(cache.find("a").name, a);
  cache.forget(a);
  EXPECT_TRUE(cache.find("a").fresh);
  EXPECT_EQ(cache.size(), 2U);
}

std::string value_of(const Keywords& server, std::string_view name) {
  const auto found = std::ranges::find(server, name, &std::pair<std::string, std::string>::first);
  return found == server.end() ? "none" : found->second;
}

TEST(Servers, each_host_of_a_url_is_one_with_all_that_the_url_says) {
  PoolOptions options;
  options.url = "postgres://me:secret@one:1,two:2/base?sslmode=require&options=-c%20work_mem%3D1MB";
  const auto servers = servers_of(options).value();
  ASSERT_EQ(servers.size(), 2U);
  EXPECT_EQ(value_of(servers[0], "host"), "one");
  EXPECT_EQ(value_of(servers[1], "host"), "two");
  EXPECT_EQ(value_of(servers[1], "port"), "2");
  for (const Keywords& server : servers) {
    EXPECT_EQ(value_of(server, "dbname"), "base");
    EXPECT_EQ(value_of(server, "password"), "secret");
    EXPECT_EQ(value_of(server, "sslmode"), "require");
    EXPECT_EQ(value_of(server, "target_session_attrs"), "read-write");
    EXPECT_TRUE(value_of(server, "options").starts_with("-c work_mem=1MB -c default_transaction_isolation="));
  }
}

TEST(Servers, a_url_that_cannot_be_read_is_refused_without_its_words) {
  PoolOptions options;
  for (const char* url : {"", "mysql://x", "postgres://u:hunter2@[::1/db", "postgres://u:hunter2@a,b:1,2,3/db?x=y"}) {
    options.url = url;
    const auto servers = servers_of(options);
    ASSERT_FALSE(servers) << url;
    EXPECT_EQ(servers.error().code, Code::kInvalidArgument);
    EXPECT_FALSE(servers.error().message.contains("hunter2"));
  }
}

}  // namespace
}  // namespace concord::postgres
