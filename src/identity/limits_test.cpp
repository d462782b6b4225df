#include <gtest/gtest.h>

#include <thread>

#include "crypto/hash.h"
#include "identity/email.h"
#include "identity/token_cache.h"

namespace concord::identity {
namespace {

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
