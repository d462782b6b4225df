// The cache on real servers: what it keeps, for how long, and what it does where they are away, silent or full.

#include "redis/redis_cache.h"

#include <gtest/gtest.h>

#include <chrono>

#include "redis/redis_bus_testing.h"

namespace concord::redis {
namespace {

using engines::testing::code_of;
using testing::BusOnRedis;
using testing::RedisCluster;
using testing::RedisServer;
using testing::wait_until;

constexpr std::int64_t kGenerousMs = 20'000;

SharedBytes value_of(std::size_t size, char letter = 'x') { return std::make_shared<const Bytes>(size, letter); }

class CacheOnRedis {
 public:
  explicit CacheOnRedis(const std::string& url, CacheOptions options = {.wait_ms = kGenerousMs})
      : cache_(open_redis_cache(parse_redis_url(url).value(), options, clock_, ids_, Logger(), metrics_).value()) {}

  engines::Cache& operator*() { return *cache_; }
  engines::Cache* operator->() { return cache_.get(); }
  Result<std::optional<Bytes>> get(const std::string& key) {
    return concord::testing::run_on(reactors_.at(), cache_->get(key));
  }
  /// Puts it until it is there: nobody waits for one put.
  void keep(const std::string& key, const SharedBytes& value) {
    wait_until("the value is kept", [&] {
      cache_->put(key, value);
      const auto found = get(key);
      return found && *found == *value;
    });
  }
  std::uint64_t dropped() { return metrics_.counter("concord_redis_cache_dropped_total", "", {}).value(); }

 private:
  SystemClock clock_;
  SystemIdSource ids_{clock_};
  Metrics metrics_;
  concord::testing::RunningReactors reactors_;
  std::unique_ptr<engines::Cache> cache_;
};

TEST(RedisCache, what_was_put_is_there_until_it_is_erased) {
  RedisServer server;
  CacheOnRedis cache(server.url());
  EXPECT_EQ(cache.get("a/b").value(), std::nullopt);
  cache.keep("a/b", value_of(1000));
  cache.keep("a/b", value_of(500'000, 'y'));
  cache.keep("a/c", value_of(0));
  cache->erase("a/b");
  wait_until("it is gone", [&] { return cache.get("a/b").value() == std::nullopt; });
  EXPECT_EQ(cache.get("a/c").value(), Bytes());
}

TEST(RedisCache, nodes_share_it_and_other_hubs_do_not) {
  RedisServer server;
  CacheOnRedis ann(server.url());
  CacheOnRedis ben(server.url());
  CacheOnRedis elsewhere(server.url() + "?namespace=other");
  ann.keep("k", value_of(10));
  EXPECT_EQ(ben.get("k").value(), *value_of(10));
  EXPECT_EQ(elsewhere.get("k").value(), std::nullopt);
}

TEST(RedisCache, a_use_begins_its_time_anew) {
  RedisServer server;
  CacheOnRedis cache(server.url(), {.keep_ms = 600'000, .wait_ms = kGenerousMs});
  cache.keep("k", value_of(10));
  server.ask({"PEXPIRE", "concord/cache/k", "60000"});
  ASSERT_LE(server.ask({"PTTL", "concord/cache/k"}).integer, 60'000);
  ASSERT_TRUE(cache.get("k").value());
  EXPECT_GT(server.ask({"PTTL", "concord/cache/k"}).integer, 60'000);
}

TEST(RedisCache, what_is_too_large_or_too_much_is_dropped) {
  RedisServer server;
  CacheOnRedis cache(server.url(),
                     {.max_value_bytes = 1000, .wait_ms = kGenerousMs, .max_unsent_bytes = 1500, .full_ms = 1});
  cache.keep("k", value_of(1000));
  EXPECT_EQ(cache.dropped(), 0U);
  cache->put("large", value_of(1001));
  EXPECT_EQ(cache.dropped(), 1U);
  EXPECT_EQ(cache.get("large").value(), std::nullopt);
  server.process().pause();
  for (int i = 0; i < 3; ++i) cache->put("k" + std::to_string(i), value_of(1000));
  EXPECT_EQ(cache.dropped(), 3U);
  server.process().resume();
}

TEST(RedisCache, in_a_cluster_each_key_is_with_its_own_node) {
  RedisCluster servers;
  CacheOnRedis cache(servers.url());
  for (int i = 0; i < 20; ++i) cache.keep("k" + std::to_string(i), value_of(100 + static_cast<std::size_t>(i)));
  for (int i = 0; i < 20; ++i)
    EXPECT_EQ(cache.get("k" + std::to_string(i)).value(), *value_of(100 + static_cast<std::size_t>(i)));
  for (std::size_t i = 0; i < RedisCluster::kMasters; ++i) EXPECT_GT(servers.node(i).ask({"DBSIZE"}).integer, 0);
}

TEST(RedisCache, a_server_that_is_away_or_silent_is_not_waited_for_and_found_again) {
  RedisServer server;
  CacheOnRedis cache(server.url(), {.wait_ms = 200});
  cache.keep("k", value_of(10));
  server.process().pause();
  const auto began = std::chrono::steady_clock::now();
  int failed = 0;
  for (; failed < 200; ++failed)
    if (cache.get("k")) break;
  EXPECT_EQ(failed, 200);  // nearly all of them at once: each for itself would take 40 s
  EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds(35));
  server.process().resume();
  wait_until("it answers", [&] { return cache.get("k").has_value(); });

  server.process().stop(SIGKILL);
  wait_until("it is away", [&] { return code_of(cache.get("k")) == Code::kUnavailable; });
  cache->put("k", value_of(10));
  cache->erase("k");
  server.process().start();
  server.wait_until_ready();
  cache.keep("k", value_of(20));
}

TEST(RedisCache, a_server_that_is_full_and_evicts_nothing_is_left_alone_for_a_while) {
  RedisServer server({"--maxmemory", "6mb", "--maxmemory-policy", "noeviction"});
  CacheOnRedis cache(server.url(), {.wait_ms = kGenerousMs, .full_ms = 600'000});
  int put = 0;
  wait_until("the server is full", [&] {
    cache->put("k" + std::to_string(put++), value_of(500'000));
    return cache.dropped() > 0;
  });
  server.ask({"FLUSHALL"});
  const std::uint64_t before = cache.dropped();
  for (int i = 0; i < 5; ++i) cache->put("later", value_of(10));
  wait_until("all are dropped", [&] { return cache.dropped() == before + 5; });
  EXPECT_EQ(cache.get("later").value(), std::nullopt);
}

/// What docs/operations/engines.md promises of the policy: values go, and not who is present. The server tells apart
/// only what was last used in different seconds.
TEST(RedisCache, where_memory_is_short_values_go_before_what_is_used_all_the_time) {
  RedisServer server({"--maxmemory", "24mb", "--maxmemory-policy", "volatile-lru", "--maxmemory-samples", "64"});
  BusOnRedis bus(parse_redis_url(server.url()).value());
  CacheOnRedis cache(server.url());
  const auto evicted = [&server] { return std::stoll(server.info({"INFO", "stats"}, "evicted_keys")); };
  const auto key_of = [](int i) { return "presence/doc_" + std::to_string(i) + "/a"; };
  for (int i = 0; i < 64; ++i) ASSERT_TRUE(bus.set(key_of(i), "here"));
  int values = 0;
  const auto put = [&](int count) {
    for (; count > 0; --count) cache.keep("v" + std::to_string(values++), value_of(100'000));
  };
  put(150);
  ASSERT_EQ(evicted(), 0);
  for (int round = 0; round < 3; ++round) {
    const std::string last = "concord/cache/v" + std::to_string(values - 1);
    wait_until("the values are older", [&] { return server.ask({"OBJECT", "IDLETIME", last}).integer >= 2; });
    for (int i = 0; i < 64; ++i) ASSERT_TRUE(bus.set(key_of(i), "here"));
    put(70);
    EXPECT_GT(evicted(), 0);
    for (int i = 0; i < 64; ++i) EXPECT_EQ(bus.get(key_of(i)).value(), to_bytes("here")) << i << " in round " << round;
  }
}

}  // namespace
}  // namespace concord::redis
