#include <gtest/gtest.h>

#include <thread>

#include "base/clock_testing.h"
#include "crypto/hash.h"
#include "identity/email.h"
#include "identity/rate_limiter.h"
#include "identity/token_cache.h"

namespace concord::identity {
namespace {

using concord::testing::ManualClock;

TEST(RateLimiter, allows_a_burst_and_then_the_rate) {
  ManualClock clock;
  RateLimiter limiter(clock, 60, 100);
  for (int i = 0; i < 60; ++i) EXPECT_EQ(limiter.try_take("a"), std::nullopt) << i;
  EXPECT_EQ(limiter.try_take("a"), 1);
  EXPECT_EQ(limiter.try_take("b"), std::nullopt);
  clock.advance_ms(2000);
  EXPECT_EQ(limiter.try_take("a"), std::nullopt);
  EXPECT_EQ(limiter.try_take("a"), std::nullopt);
  EXPECT_EQ(limiter.try_take("a"), 1);
  clock.advance_ms(3'600'000);
  for (int i = 0; i < 60; ++i) EXPECT_EQ(limiter.try_take("a"), std::nullopt) << i;
  EXPECT_EQ(limiter.try_take("a"), 1);
}

TEST(RateLimiter, says_how_long_to_wait) {
  ManualClock clock;
  RateLimiter limiter(clock, 2, 100);
  limiter.try_take("a");
  limiter.try_take("a");
  EXPECT_EQ(limiter.try_take("a"), 30);
  clock.advance_ms(20'500);
  EXPECT_EQ(limiter.try_take("a"), 10);
  clock.advance_ms(9'500);
  EXPECT_EQ(limiter.try_take("a"), std::nullopt);
}

TEST(RateLimiter, is_not_moved_by_the_wall_clock) {
  ManualClock clock;
  RateLimiter limiter(clock, 1, 100);
  EXPECT_EQ(limiter.try_take("a"), std::nullopt);
  clock.set_wall_ms(clock.wall_ms() + 3'600'000);
  EXPECT_EQ(limiter.try_take("a"), 60);
}

TEST(RateLimiter, forgets_the_key_that_was_idle_longest) {
  ManualClock clock;
  RateLimiter limiter(clock, 1, 3);
  for (const char* key : {"a", "b", "c"}) EXPECT_EQ(limiter.try_take(key), std::nullopt);
  EXPECT_NE(limiter.try_take("a"), std::nullopt);
  EXPECT_EQ(limiter.try_take("d"), std::nullopt);
  EXPECT_EQ(limiter.keys(), 3U);
  EXPECT_NE(limiter.try_take("a"), std::nullopt);  // still known
  EXPECT_EQ(limiter.try_take("b"), std::nullopt);  // was forgotten
}

TEST(RateLimiter, without_limit_remembers_nobody) {
  ManualClock clock;
  RateLimiter limiter(clock, 0, 3);
  for (int i = 0; i < 1000; ++i) EXPECT_EQ(limiter.try_take("a"), std::nullopt);
  EXPECT_EQ(limiter.keys(), 0U);
}

TEST(RateLimiter, gives_no_more_than_the_rate_to_many_threads) {
  ManualClock clock;
  RateLimiter limiter(clock, 100, 3);
  std::atomic<int> taken{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&] {
      for (int i = 0; i < 100; ++i) taken += limiter.try_take("a") ? 0 : 1;
    });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(taken, 100);
}

TEST(AddressKey, joins_what_one_host_has) {
  EXPECT_EQ(address_key("192.0.2.1"), "192.0.2.1");
  EXPECT_EQ(address_key("::ffff:192.0.2.1"), "192.0.2.1");
  EXPECT_EQ(address_key("2001:db8:1:2::1"), address_key("2001:db8:1:2:ffff::9"));
  EXPECT_NE(address_key("2001:db8:1:2::1"), address_key("2001:db8:1:3::1"));
  EXPECT_NE(address_key("::1"), address_key("127.0.0.1"));
  EXPECT_EQ(address_key(""), "");
}

crypto::Sha256 digest_of(int n) { return crypto::sha256(as_bytes(std::to_string(n))); }

std::shared_ptr<const Authenticated> until(std::int64_t expires_ms) {
  return std::make_shared<const Authenticated>(Authenticated{.principal = {}, .expires_ms = expires_ms, .session = {}});
}

TEST(TokenCache, finds_a_token_until_it_expires) {
  Gauge entries;
  TokenCache cache(1000, entries);
  EXPECT_EQ(cache.find(digest_of(1), 0), nullptr);
  cache.put(digest_of(1), until(100), cache.generation());
  EXPECT_NE(cache.find(digest_of(1), 99), nullptr);
  EXPECT_EQ(cache.find(digest_of(1), 100), nullptr);
  EXPECT_EQ(cache.find(digest_of(2), 0), nullptr);
  cache.put(digest_of(1), until(200), cache.generation());
  EXPECT_NE(cache.find(digest_of(1), 150), nullptr);
  EXPECT_EQ(entries.value(), 1);
}

TEST(TokenCache, is_bounded_and_the_oldest_make_room) {
  Gauge entries;
  TokenCache cache(640, entries);
  for (int i = 0; i < 10'000; ++i) cache.put(digest_of(i), until(100), cache.generation());
  EXPECT_LE(entries.value(), 640);
  EXPECT_GE(entries.value(), 600);
  int held = 0, recent = 0;
  for (int i = 0; i < 10'000; ++i) held += cache.find(digest_of(i), 0) ? 1 : 0;
  for (int i = 9900; i < 10'000; ++i) recent += cache.find(digest_of(i), 0) ? 1 : 0;
  EXPECT_EQ(held, entries.value());
  EXPECT_GE(recent, 95);
}

TEST(TokenCache, is_shared_by_threads) {
  Gauge entries;
  TokenCache cache(128, entries);
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&cache, t] {
      for (int i = 0; i < 2000; ++i) {
        cache.put(digest_of(i * (t + 1) % 500), until(100), cache.generation());
        cache.find(digest_of(i % 500), 0);
      }
    });
  for (std::thread& thread : threads) thread.join();
  EXPECT_LE(entries.value(), 128);
}

TEST(Email, valid_addresses_are_accepted_as_they_stand) {
  for (const char* text : {"a@b", "a@example.com", "First.Last+tag@sub.example.co.uk",
                           "!#$%&'*+/=?^_`{|}~-@example.com", "1@2.3", "a@xn--bcher-kva.example"}) {
    const auto email = Email::parse(text);
    ASSERT_TRUE(email) << text;
    EXPECT_EQ(email->text, text);
  }
  EXPECT_EQ(Email::parse("ADA.Lovelace@Example.COM")->key, "ada.lovelace@example.com");
  const std::string longest =
      std::string(64, 'a') + "@" + std::string(63, 'b') + "." + std::string(63, 'c') + "." + std::string(61, 'd');
  EXPECT_EQ(longest.size(), kMaxEmailBytes);
  EXPECT_TRUE(Email::parse(longest));
  EXPECT_FALSE(Email::parse(longest + "d"));
}

}  // namespace
}  // namespace concord::identity
