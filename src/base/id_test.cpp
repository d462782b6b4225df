#include "base/id.h"

#include <gtest/gtest.h>

#include <unordered_set>

#include "base/bytes.h"
#include "base/clock_testing.h"

namespace concord {
namespace {

Uuid uuid_from_hex(std::string_view hex) {
  Uuid uuid{};
  for (std::size_t i = 0; i < 16; ++i) {
    uuid[i] = static_cast<std::uint8_t>(std::stoul(std::string(hex.substr(2 * i, 2)), nullptr, 16));
  }
  return uuid;
}

TEST(TypeId, matches_the_vectors_of_the_specification) {
  const struct {
    std::string_view prefix, hex, text;
  } vectors[] = {
      {"prefix", "0123456789abcdeffedcba9876543210", "prefix_014d2pf2dbsqqzxq5tk1v58cgg"},
      {"prefix", "01890a5dac96774bbcceb302099a8057", "prefix_01h455vb4pex5vsknk084sn02q"},
      {"max", "ffffffffffffffffffffffffffffffff", "max_7zzzzzzzzzzzzzzzzzzzzzzzzz"},
      {"nil", "00000000000000000000000000000000", "nil_00000000000000000000000000"},
  };
  for (const auto& vector : vectors) {
    EXPECT_EQ(format_type_id(vector.prefix, uuid_from_hex(vector.hex)), vector.text);
    EXPECT_EQ(parse_type_id(vector.prefix, vector.text), uuid_from_hex(vector.hex));
  }
}

TEST(TypeId, refuses_what_is_not_one) {
  const std::string good = "doc_01h455vb4pex5vsknk084sn02q";
  ASSERT_TRUE(DocumentId::parse(good));
  for (std::string bad : {std::string(), std::string("doc_"), good.substr(0, good.size() - 1), good + "0",
                          "usr" + good.substr(3), "doc-" + good.substr(4), "DOC" + good.substr(3),
                          "doc_8" + good.substr(5), "doc_0I" + good.substr(6), "doc_0l" + good.substr(6),
                          "doc_0u" + good.substr(6), "doc_0H" + good.substr(6), "doc_0\xC3" + good.substr(6)}) {
    EXPECT_FALSE(DocumentId::parse(bad)) << bad;
  }
  EXPECT_FALSE(UserId::parse(good));
}

TEST(TypeId, any_uuid_comes_back_from_its_text_and_sorts_as_its_text) {
  testing::for_each_seed(500, [](testing::Random& random) {
    Uuid a{};
    Uuid b{};
    for (std::size_t i = 0; i < 16; ++i) {
      a[i] = static_cast<std::uint8_t>(random());
      b[i] = testing::pick(random, 0, 3) == 0 ? static_cast<std::uint8_t>(random()) : a[i];
    }
    EXPECT_EQ(parse_type_id("doc", format_type_id("doc", a)), a);
    EXPECT_EQ(a < b, format_type_id("doc", a) < format_type_id("doc", b));
  });
}

TEST(Id, is_a_version_7_uuid_with_the_time_and_the_slot) {
  testing::for_each_seed(200, [](testing::Random& random) {
    testing::ManualClock clock(static_cast<std::int64_t>(testing::pick(random, 0, (1ULL << 48U) - 1)));
    testing::SeededIdSource source(clock, random());
    const Slot slot{static_cast<std::uint16_t>(testing::pick(random, 0, kSlots - 1))};
    const DocumentId id = DocumentId::make(source, slot);
    EXPECT_EQ(id.slot(), slot);
    EXPECT_EQ(id.uuid()[6] >> 4U, 7);
    EXPECT_EQ(id.uuid()[8] >> 6U, 2);
    std::int64_t ms = 0;
    for (std::size_t i = 0; i < 6; ++i) ms = ms << 8U | id.uuid()[i];
    EXPECT_EQ(ms, clock.wall_ms());
    EXPECT_EQ(DocumentId::parse(id.str()), id);
  });
}

TEST(Id, later_ones_sort_after_earlier_ones) {
  testing::ManualClock clock;
  testing::SeededIdSource source(clock);
  const DocumentId first = DocumentId::make(source, Slot{4095});
  clock.advance_ms(1);
  const DocumentId second = DocumentId::make(source, Slot{0});
  EXPECT_LT(first, second);
  EXPECT_LT(first.str(), second.str());
}

TEST(Id, ten_thousand_of_one_millisecond_are_distinct) {
  testing::ManualClock clock;
  SystemIdSource source(clock);
  std::unordered_set<DocumentId, IdHash<DocumentTag>> seen;
  for (int i = 0; i < 10'000; ++i) EXPECT_TRUE(seen.insert(DocumentId::make(source, Slot{1})).second);
}

TEST(Slot, of_a_key_never_changes) {
  // Stored identifiers route by these values.
  EXPECT_EQ(slot_of("").value, 3213);
  EXPECT_EQ(slot_of("alice").value, 321);
  EXPECT_EQ(slot_of("usr_01h455vb4pex5vsknk084sn02q").value, 2471);
}

TEST(Slot, keys_spread_over_all_slots) {
  std::vector<int> count(kSlots);
  constexpr int kKeys = 400'000;
  for (int i = 0; i < kKeys; ++i) ++count[slot_of("usr_" + std::to_string(i)).value];
  const int mean = kKeys / static_cast<int>(kSlots);
  for (int n : count) {
    EXPECT_GT(n, mean / 3);
    EXPECT_LT(n, mean * 3);
  }
}

}  // namespace
}  // namespace concord
