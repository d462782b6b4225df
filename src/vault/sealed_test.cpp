#include "vault/sealed.h"

#include <gtest/gtest.h>

#include <set>

#include "base/property_testing.h"

namespace concord::vault {
namespace {

const UserId kOwner{Uuid{1, 2, 3}};
const UserKey kKey{.generation = 3, .key = {9}};

Result<Bytes> opened(ByteView sealed, std::string_view place, const UserKey& key = kKey) {
  TRY(const SealedHeader header, read_sealed_header(sealed));
  Opener opener;
  return opener.open(key, header, place, sealed);
}

TEST(Sealed, what_was_sealed_is_opened_in_its_place_alone) {
  Sealer sealer(kOwner, kKey);
  Opener opener;
  testing::for_each_seed(50, [&](testing::Random& random) {
    Bytes plain(testing::pick(random, 0, 3000));
    for (auto& byte : plain) byte = static_cast<std::uint8_t>(random());
    const Bytes sealed = sealer.seal("here", plain);
    EXPECT_LE(sealed.size(), plain.size() + Sealer::kMostAdded);
    const auto header = read_sealed_header(sealed);
    ASSERT_TRUE(header.has_value());
    EXPECT_EQ(header->owner, kOwner);
    EXPECT_EQ(header->generation, 3U);
    EXPECT_EQ(*opener.open(kKey, *header, "here", sealed), plain);
    EXPECT_EQ(opener.open(kKey, *header, "there", sealed).error().code, Code::kCorrupt);
    EXPECT_FALSE(opened(sealed, "here", {.generation = 3, .key = {8}}).has_value());
  });
}

TEST(Sealed, any_changed_bit_and_any_cut_is_found) {
  const Bytes sealed = Sealer(kOwner, kKey).seal("here", as_bytes("a secret"));
  ASSERT_TRUE(opened(sealed, "here").has_value());
  for (std::size_t bit = 0; bit < sealed.size() * 8; ++bit) {
    Bytes changed = sealed;
    changed[bit / 8] ^= static_cast<std::uint8_t>(1U << (bit % 8));
    EXPECT_EQ(opened(changed, "here").error().code, Code::kCorrupt) << bit;
  }
  for (std::size_t size = 0; size < sealed.size(); ++size)
    EXPECT_EQ(opened(ByteView(sealed).first(size), "here").error().code, Code::kCorrupt) << size;
}

TEST(Sealed, no_two_messages_share_a_salt_and_a_number) {
  std::set<std::pair<Salt, std::uint64_t>> seen;
  for (int sealers = 0; sealers < 50; ++sealers) {
    Sealer sealer(kOwner, kKey);
    for (int messages = 0; messages < 200; ++messages) {
      const auto header = read_sealed_header(sealer.seal("here", {}));
      EXPECT_TRUE(seen.emplace(header->salt, header->number).second);
    }
  }
}

}  // namespace
}  // namespace concord::vault
