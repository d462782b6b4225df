#include "documents/version_cache.h"

#include <gtest/gtest.h>

namespace concord::documents {
namespace {

DocumentId document(std::uint8_t n) {
  Uuid uuid{};
  uuid[15] = n;
  return DocumentId(uuid);
}
SharedBytes state(std::size_t size) { return std::make_shared<const Bytes>(size, std::uint8_t{1}); }

TEST(VersionCache, keeps_what_was_used_last_within_its_bytes) {
  VersionCache cache(100);
  cache.put(document(1), 1, state(40));
  cache.put(document(1), 2, state(40));
  ASSERT_NE(cache.find(document(1), 1), nullptr);  // now the most recent
  cache.put(document(2), 1, state(40));
  EXPECT_EQ(cache.find(document(1), 2), nullptr);
  EXPECT_NE(cache.find(document(1), 1), nullptr);
  EXPECT_NE(cache.find(document(2), 1), nullptr);
  EXPECT_EQ(cache.bytes(), 80U);
}

TEST(VersionCache, putting_a_version_again_counts_it_once) {
  VersionCache cache(100);
  cache.put(document(1), 1, state(40));
  cache.put(document(1), 1, state(60));
  EXPECT_EQ(cache.bytes(), 60U);
  EXPECT_EQ(cache.find(document(1), 1)->size(), 60U);
}

TEST(VersionCache, what_is_larger_than_the_cache_is_not_kept_and_pushes_nothing_out) {
  VersionCache cache(100);
  cache.put(document(1), 1, state(40));
  cache.put(document(2), 1, state(101));
  EXPECT_EQ(cache.find(document(2), 1), nullptr);
  EXPECT_NE(cache.find(document(1), 1), nullptr);
}

TEST(VersionCache, forgetting_a_document_leaves_the_others) {
  VersionCache cache(1000);
  for (std::uint64_t version = 0; version < 3; ++version) {
    for (std::uint8_t n = 1; n <= 3; ++n) cache.put(document(n), version, state(10));
  }
  cache.forget(document(2));
  EXPECT_EQ(cache.bytes(), 60U);
  EXPECT_EQ(cache.find(document(2), 1), nullptr);
  EXPECT_NE(cache.find(document(1), 2), nullptr);
  EXPECT_NE(cache.find(document(3), 0), nullptr);
}

}  // namespace
}  // namespace concord::documents
