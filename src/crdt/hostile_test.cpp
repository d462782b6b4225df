// Updates made to cost more than their length. Nothing is timed: what is quadratic does not end.

#include <gtest/gtest.h>

#include "crdt/doc.h"
#include "crdt/update.h"
#include "crdt/utf16.h"
#include "crdt/wire.h"

namespace concord::crdt {
namespace {

constexpr std::uint64_t kAuthor = 77;

/// One client's text "t" of `count` characters as one struct, and these deletions of it.
template <class Ranges>
Bytes one_text(std::string_view character, std::uint32_t count, Ranges ranges) {
  Bytes update;
  WireWriter out(update);
  out.uint(1);
  out.uint(1);
  out.uint(kAuthor);
  out.uint(0);
  out.byte(4);
  out.uint(1);
  out.var_bytes(as_bytes("t"));
  out.uint(character.size() * count);
  for (std::uint32_t i = 0; i < count; ++i) out.bytes(as_bytes(character));
  ranges(out);
  return update;
}

TEST(Hostile, one_giant_text_cut_at_every_other_unit_from_either_end) {
  constexpr std::uint32_t kCount = 60000;
  for (const bool descending : {false, true}) {
    for (const std::string_view character : {std::string_view("a"), std::string_view("\xc3\xa4")}) {
      const Bytes update = one_text(character, kCount, [&](WireWriter& out) {
        out.uint(1);
        out.uint(kAuthor);
        out.uint(kCount / 2);
        for (std::uint32_t i = 0; i < kCount / 2; ++i) {
          out.uint(2 * (descending ? kCount / 2 - 1 - i : i));
          out.uint(1);
        }
      });
      Doc doc;
      ASSERT_TRUE(doc.apply_update(update).has_value());
      EXPECT_EQ(doc.text("t").length(), kCount / 2);
      EXPECT_EQ(doc.validate(), "");
      ASSERT_TRUE(doc.apply_update(update).has_value());  // known already
      EXPECT_EQ(doc.text("t").length(), kCount / 2);
    }
  }
}

TEST(Hostile, one_giant_text_of_pairs_cut_in_all_of_them) {
  constexpr std::uint32_t kCount = 30000;
  for (const bool descending : {false, true}) {
    const Bytes update = one_text("\xf0\x9f\x98\x80", kCount, [&](WireWriter& out) {
      out.uint(1);
      out.uint(kAuthor);
      out.uint(kCount);
      for (std::uint32_t i = 0; i < kCount; ++i) {
        out.uint(2 * (descending ? kCount - 1 - i : i));
        out.uint(1);
      }
    });
    Doc doc;
    ASSERT_TRUE(doc.apply_update(update).has_value());
    EXPECT_EQ(doc.text("t").length(), kCount);
    EXPECT_EQ(doc.text("t").to_string().substr(0, 6), "\xef\xbf\xbd\xef\xbf\xbd");
    EXPECT_EQ(doc.validate(), "");
  }
}

TEST(Hostile, deletions_of_what_nobody_has_wait_and_change_nothing) {
  Bytes update;
  WireWriter out(update);
  constexpr std::uint32_t kCount = 60000;
  out.uint(0);
  out.uint(1);
  out.uint(kAuthor);
  out.uint(kCount);
  for (std::uint32_t i = 0; i < kCount; ++i) {
    out.uint(4294967290U - 3 * i);
    out.uint(1);
  }
  Doc doc;
  const auto applied = doc.apply_update(update);
  ASSERT_TRUE(applied.has_value());
  EXPECT_FALSE(applied->changed);
  EXPECT_TRUE(applied->pending);
}

TEST(Hostile, many_clients_with_an_item_each) {
  constexpr std::uint32_t kClients = 60000;
  Bytes update;
  WireWriter out(update);
  out.uint(kClients);
  for (std::uint32_t i = kClients; i > 0; --i) {
    out.uint(1);
    out.uint(i);
    out.uint(0);
    out.byte(4);
    out.uint(1);
    out.var_bytes(as_bytes("t"));
    out.var_bytes(as_bytes("a"));
  }
  out.uint(0);
  Doc doc({.client = ClientId{kAuthor << 20U}});
  ASSERT_TRUE(doc.apply_update(update).has_value());
  EXPECT_EQ(doc.text("t").length(), kClients);
  EXPECT_EQ(doc.validate(), "");
  const auto again = doc.apply_update(update);
  ASSERT_TRUE(again.has_value());
  EXPECT_FALSE(again->changed);
}

TEST(Hostile, a_count_that_is_a_lie_takes_no_room) {
  Bytes update;
  WireWriter out(update);
  out.uint(1);
  out.uint(1ULL << 50U);
  out.uint(kAuthor);
  out.uint(0);
  out.byte(0);
  out.uint(1);
  Doc doc;
  EXPECT_FALSE(doc.apply_update(update).has_value());
  EXPECT_EQ(doc.validate(), "");
  EXPECT_LT(doc.memory_bytes(), 65536U);
}

TEST(Utf16, a_unit_is_found_from_either_end) {
  const std::string text = "a\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80z\xf0\x9f\x98\x80\xc3\xa4";
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(text.data());
  const std::size_t units = count_units(bytes, text.size());
  for (std::size_t unit = 0; unit < units; ++unit) {
    const UnitPosition forward = find_unit(bytes, text.size(), unit);
    const UnitPosition nearer = find_unit_from_nearer_end(bytes, text.size(), units, unit);
    EXPECT_EQ(nearer.bytes, forward.bytes) << unit;
    EXPECT_EQ(nearer.inside, forward.inside) << unit;
  }
}

}  // namespace
}  // namespace concord::crdt
