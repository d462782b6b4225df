#include "s3/listing.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/bytes.h"
#include "base/property_testing.h"
#include "engines/blobs.h"

namespace concord::s3 {
namespace {

using concord::testing::for_each_seed;
using concord::testing::pick;
using concord::testing::pick_bytes;
using concord::testing::Random;

constexpr std::string_view kAlphabet = "-./09AZ_az";

std::string pick_key(Random& random) {
  for (;;) {
    std::string key;
    for (std::uint64_t i = pick(random, 1, 5); i > 0; --i) key += kAlphabet[pick(random, 0, kAlphabet.size() - 1)];
    if (engines::check_blob_key(key)) return key;
  }
}

std::string pick_after(Random& random) {
  std::string after = pick_key(random);
  if (pick(random, 0, 2) > 0) after += as_text(pick_bytes(random, 3));
  if (pick(random, 0, 1) == 0) after.insert(pick(random, 0, after.size()), 1, static_cast<char>(random()));
  return after;
}

TEST(Listing, what_sorts_after_any_bytes_also_sorts_after_what_s3_is_asked_with) {
  for_each_seed(2000, [](Random& random) {
    const std::string after = pick_after(random);
    const std::string asked = start_after(after);
    EXPECT_TRUE(std::ranges::all_of(asked, [](char c) { return c > ' ' && c <= '~'; }));
    for (int i = 0; i < 50; ++i) {
      const std::string key = pick_key(random);
      // Nothing is left out, and nothing else comes but what has the same beginning.
      if (key > after) EXPECT_GT(key, asked) << to_hex(as_bytes(after));
      if (key > asked && key < after) EXPECT_EQ(key.substr(0, asked.size()), asked) << to_hex(as_bytes(after));
    }
  });
}

TEST(Listing, a_key_is_asked_with_as_it_is) {
  for_each_seed(200, [](Random& random) {
    const std::string key = pick_key(random);
    EXPECT_EQ(start_after(key), key);
    EXPECT_TRUE(can_begin_key(key));
  });
  EXPECT_EQ(start_after(""), "");
  EXPECT_EQ(start_after("b/~"), "b/~");
  EXPECT_EQ(start_after("a/b!c"), "a/b!");
  EXPECT_EQ(start_after(std::string("a\0b", 3)), "a");
  EXPECT_EQ(start_after("a\xff"), "a~");
  EXPECT_EQ(start_after(std::string(2000, 'a')), std::string(512, 'a'));
}

TEST(Listing, no_key_begins_with_other_characters) {
  EXPECT_TRUE(can_begin_key(""));
  EXPECT_TRUE(can_begin_key("a//"));
  EXPECT_FALSE(can_begin_key("a b"));
  EXPECT_FALSE(can_begin_key(std::string(1, '\0')));
  EXPECT_FALSE(can_begin_key("\xc3\xa4"));
  EXPECT_FALSE(can_begin_key(std::string(513, 'a')));
}

}  // namespace
}  // namespace concord::s3
