// Updates made to cost more than their length. Nothing is timed: what is quadratic does not end.

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <optional>
#include <random>
#include <vector>

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

TEST(Hostile, one_client_says_at_one_clock_that_it_wrote_in_two_places) {
  const auto text = [](std::string_view root, bool in_map, std::string_view content) {
    Bytes update;
    WireWriter out(update);
    for (const std::uint64_t field : {std::uint64_t{1}, std::uint64_t{1}, kAuthor, std::uint64_t{0}}) out.uint(field);
    out.byte(in_map ? 0x24 : 4);
    out.uint(1);
    out.var_bytes(as_bytes(root));
    if (in_map) out.var_bytes(as_bytes("k"));
    out.var_bytes(as_bytes(content));
    out.uint(0);
    return update;
  };
  for (const bool first_in_map : {false, true}) {
    for (const bool then_in_map : {false, true}) {
      Doc doc;
      ASSERT_TRUE(doc.apply_update(text("one", first_in_map, "a")).has_value());
      ASSERT_TRUE(doc.apply_update(text("other", then_in_map, "abc")).has_value());
      EXPECT_EQ(doc.validate(), "");
      EXPECT_EQ(doc.text("one").to_string(), first_in_map ? "" : "abc");
      EXPECT_EQ(doc.text("other").to_string(), "");
    }
  }
}

// ---- many items between the same origins

struct WireId {
  std::uint64_t client = 0;
  std::uint64_t clock = 0;
};

/// A text "a…" of `length` units.
struct WireText {
  WireId id;
  std::optional<WireId> origin;
  std::optional<WireId> right_origin;
  std::uint32_t length = 1;
  bool in_map = false;  // of key "k", else in the list; asked of those without origins
};

Bytes update_of(const std::vector<WireText>& texts) {
  std::map<std::uint64_t, std::vector<const WireText*>, std::greater<>> sections;
  for (const WireText& text : texts) sections[text.id.client].push_back(&text);
  Bytes update;
  WireWriter out(update);
  const auto id = [&](const std::optional<WireId>& of) {
    if (!of) return;
    out.uint(of->client);
    out.uint(of->clock);
  };
  out.uint(sections.size());
  for (const auto& [client, section] : sections) {
    out.uint(section.size());
    id(section[0]->id);
    for (const WireText* text : section) {
      const bool alone = !text->origin && !text->right_origin;
      out.byte(static_cast<std::uint8_t>(4U | (text->origin ? 0x80U : 0U) | (text->right_origin ? 0x40U : 0U) |
                                         (alone && text->in_map ? 0x20U : 0U)));
      id(text->origin);
      id(text->right_origin);
      if (alone) {
        out.uint(1);
        out.var_bytes(as_bytes("t"));
        if (text->in_map) out.var_bytes(as_bytes("k"));
      }
      out.var_bytes(as_bytes(std::string(text->length, 'a')));
    }
  }
  out.uint(0);
  return update;
}

Bytes deletion_of(WireId id) {
  Bytes update;
  WireWriter out(update);
  for (const std::uint64_t field : {std::uint64_t{0}, std::uint64_t{1}, id.client, std::uint64_t{1}, id.clock})
    out.uint(field);
  out.uint(1);
  return update;
}

constexpr std::uint32_t kCrowd = 20000;
constexpr std::uint64_t kGreater = 1U << 20U;  // than the author of what is there

/// Applies them as one update or each by itself; what comes of it is the same.
void apply_crowd(const std::vector<WireText>& texts, std::uint32_t length) {
  Doc whole;
  ASSERT_TRUE(whole.apply_update(update_of(texts)).has_value());
  EXPECT_EQ(whole.text("t").length(), length);
  EXPECT_EQ(whole.validate(), "");
  Doc each;
  for (const WireText& text : texts) ASSERT_TRUE(each.apply_update(update_of({text})).has_value());
  EXPECT_EQ(each.text("t").length(), length);
  EXPECT_EQ(each.validate(), "");
  EXPECT_EQ(each.encode_state_as_update(), whole.encode_state_as_update());
}

std::vector<std::uint64_t> clients_in_any_order() {
  std::vector<std::uint64_t> clients(kCrowd);
  for (std::uint32_t i = 0; i < kCrowd; ++i) clients[i] = kGreater + i;
  std::ranges::shuffle(clients, std::mt19937_64(1));
  return clients;
}

TEST(Hostile, many_clients_insert_at_one_place) {
  std::vector<std::uint64_t> clients = clients_in_any_order();
  for (const bool ascending : {false, true}) {
    if (ascending) std::ranges::sort(clients);
    const bool in_map = ascending;
    std::vector<WireText> texts;
    texts.reserve(clients.size());
    for (const std::uint64_t client : clients) texts.push_back({.id = {client, 0}, .in_map = in_map});
    apply_crowd(texts, in_map ? 0 : kCrowd);
  }
}

TEST(Hostile, what_many_clients_insert_at_one_place_is_deleted_at_once) {
  for (const bool gc : {false, true}) {
    Doc doc({.gc = gc});
    for (const std::uint64_t client : clients_in_any_order()) {
      ASSERT_TRUE(doc.apply_update(update_of({{.id = {client, 0}, .length = 2}})).has_value());
      ASSERT_TRUE(doc.apply_update(deletion_of({client, 0})).has_value());
    }
    EXPECT_EQ(doc.text("t").length(), kCrowd);
    EXPECT_EQ(doc.validate(), "");
  }
}

TEST(Hostile, one_origin_and_right_origins_that_alternate) {
  for (const std::uint32_t right_origins : {2U, 3U, 50U}) {
    const bool one_client = right_origins == 3;
    std::vector<WireText> texts{{.id = {kAuthor, 0}, .length = right_origins + 1}};
    for (std::uint32_t i = 0; const std::uint64_t client : clients_in_any_order()) {
      texts.push_back({.id = one_client ? WireId{kGreater, i} : WireId{client, 0},
                       .origin = WireId{kAuthor, 0},
                       .right_origin = WireId{kAuthor, 1 + i % right_origins}});
      ++i;
    }
    apply_crowd(texts, kCrowd + right_origins + 1);
  }
}

TEST(Hostile, origins_that_alternate_and_no_right_origin) {
  for (const std::uint32_t origins : {2U, 50U}) {
    std::vector<WireText> texts{{.id = {kAuthor, 0}, .length = origins}};
    for (std::uint32_t i = 0; const std::uint64_t client : clients_in_any_order())
      texts.push_back({.id = {client, 0}, .origin = WireId{kAuthor, i++ % origins}});
    apply_crowd(texts, kCrowd + origins);
  }
}

TEST(Hostile, one_text_cut_everywhere_by_who_goes_to_its_end) {
  std::vector<std::uint32_t> places(kCrowd);
  for (std::uint32_t i = 0; i < kCrowd; ++i) places[i] = kCrowd - 1 - i;
  for (const bool any_order : {false, true}) {
    if (any_order) std::ranges::shuffle(places, std::mt19937_64(1));
    std::vector<WireText> texts{{.id = {kAuthor, 0}, .length = kCrowd + 1}};
    for (std::uint32_t i = 0; i < kCrowd; ++i) {
      texts.push_back({.id = {kGreater, i}, .origin = WireId{kAuthor, places[i]}});
      if (any_order) texts.back().right_origin = WireId{kAuthor, kCrowd};
    }
    apply_crowd(texts, 2 * kCrowd + 1);
  }
}

TEST(Hostile, one_map_entry_with_a_long_history_cut_everywhere) {
  std::vector<WireText> texts{{.id = {kAuthor, 0}, .in_map = true}};
  for (std::uint32_t i = 1; i < kCrowd / 2; ++i)
    texts.push_back({.id = {kAuthor, i}, .origin = WireId{kAuthor, i - 1}});
  std::mt19937_64 random(1);
  for (std::uint32_t i = 0; i < kCrowd / 2; ++i)
    texts.push_back({.id = {kGreater, i}, .origin = WireId{kAuthor, random() % (kCrowd / 2)}});
  apply_crowd(texts, 0);
}

/// Each item of the middle client parts two of a chain from what they are attached to; who comes last has to find the
/// end of all that.
TEST(Hostile, chains_of_crossed_origins) {
  constexpr std::uint32_t kLinks = kCrowd / 4;
  constexpr std::uint64_t kMiddle = 2 * kGreater;
  constexpr std::uint64_t kLast = kMiddle - 1;
  std::vector<WireText> texts{{.id = {kAuthor, 0}}};
  texts.push_back({.id = {kGreater, 0}, .origin = WireId{kAuthor, 0}});
  for (std::uint32_t i = 1; i < 2 * kLinks; ++i)
    texts.push_back({.id = {kGreater, i}, .origin = WireId{kGreater, i - (i > 1 ? 2 : 1)}});
  for (std::uint32_t i = 0; i < kLinks; ++i)
    texts.push_back(
        {.id = {kMiddle, i}, .origin = WireId{kAuthor, 0}, .right_origin = WireId{kGreater, 2 * kLinks - 1 - i}});
  for (std::uint32_t i = 0; i < kLinks; ++i)
    texts.push_back({.id = {kLast + i % 2, i / 2 + (i % 2 == 0 ? 0 : kLinks)}, .origin = WireId{kAuthor, 0}});
  Doc doc;
  for (const WireText& text : texts) ASSERT_TRUE(doc.apply_update(update_of({text})).has_value());
  EXPECT_EQ(doc.text("t").length(), texts.size());
  EXPECT_EQ(doc.validate(), "");
}

// ---- much that waits

constexpr std::uint32_t kWaiting = 8000;
constexpr std::uint64_t kAwaited = 2 * kGreater;

std::vector<std::uint32_t> numbers(bool any_order, std::uint32_t seed) {
  std::vector<std::uint32_t> all(kWaiting);
  for (std::uint32_t i = 0; i < kWaiting; ++i) all[i] = i;
  if (any_order) std::ranges::shuffle(all, std::mt19937_64(seed));
  return all;
}

/// Then what is awaited comes, each by itself. The result is that of the right order.
void let_come(Doc& doc, const std::vector<WireText>& waiting, bool any_order) {
  EXPECT_EQ(doc.validate(), "");
  EXPECT_TRUE(doc.has_pending());
  EXPECT_EQ(doc.text("t").length(), 0U);
  std::vector<WireText> all = waiting;
  std::uint32_t count = 0;
  for (const std::uint32_t i : numbers(any_order, 2)) {
    const WireText text{.id = {kAwaited + i, 0}};
    all.push_back(text);
    ASSERT_TRUE(doc.apply_update(update_of({text})).has_value());
    if (++count % 1000 == 0) {
      EXPECT_EQ(doc.validate(), "") << count;
    }
  }
  EXPECT_FALSE(doc.has_pending());
  EXPECT_EQ(doc.validate(), "");
  Doc whole;
  ASSERT_TRUE(whole.apply_update(update_of(all)).has_value());
  EXPECT_EQ(doc.encode_state_as_update(), whole.encode_state_as_update());
}

TEST(Hostile, many_updates_wait_for_a_client_each) {
  for (const bool any_order : {false, true}) {
    Doc doc;
    std::vector<WireText> texts;
    for (const std::uint32_t i : numbers(any_order, 1)) {
      texts.push_back({.id = {kGreater + i, 0}, .origin = WireId{kAwaited + i, 0}});
      ASSERT_TRUE(doc.apply_update(update_of({texts.back()})).has_value());
    }
    let_come(doc, texts, any_order);
  }
}

TEST(Hostile, many_sections_or_structs_of_one_update_wait_for_a_client_each) {
  for (const bool one_client : {false, true}) {
    Doc doc;
    std::vector<WireText> texts;
    texts.reserve(kWaiting);
    for (std::uint32_t i = 0; i < kWaiting; ++i)
      texts.push_back(
          {.id = one_client ? WireId{kGreater, i} : WireId{kGreater + i, 0}, .origin = WireId{kAwaited + i, 0}});
    ASSERT_TRUE(doc.apply_update(update_of(texts)).has_value());
    // Whoever gets it now waits for the same.
    Doc other;
    ASSERT_TRUE(other.apply_update(doc.encode_state_as_update()).has_value());
    EXPECT_EQ(other.encode_state_as_update(), doc.encode_state_as_update());
    let_come(doc, texts, true);
    let_come(other, texts, false);
  }
}

TEST(Hostile, many_deletions_wait_for_a_client_each) {
  for (const bool any_order : {false, true}) {
    Doc doc;
    for (const std::uint32_t i : numbers(any_order, 1))
      ASSERT_TRUE(doc.apply_update(deletion_of({kAwaited + i, 0})).has_value());
    EXPECT_EQ(doc.validate(), "");
    for (const std::uint32_t i : numbers(any_order, 2))
      ASSERT_TRUE(doc.apply_update(update_of({{.id = {kAwaited + i, 0}}})).has_value());
    EXPECT_FALSE(doc.has_pending());
    EXPECT_EQ(doc.text("t").length(), 0U);
    EXPECT_EQ(doc.validate(), "");
  }
}

TEST(Hostile, a_long_chain_waits_for_its_first) {
  for (const bool any_order : {false, true}) {
    Doc doc;
    std::vector<WireText> texts;
    for (const std::uint32_t i : numbers(any_order, 1))
      if (i > 0) texts.push_back({.id = {kAwaited + i, 0}, .origin = WireId{kAwaited + i - 1, 0}});
    for (const WireText& text : texts) ASSERT_TRUE(doc.apply_update(update_of({text})).has_value());
    EXPECT_EQ(doc.validate(), "");
    ASSERT_TRUE(doc.apply_update(update_of({{.id = {kAwaited, 0}}})).has_value());
    EXPECT_FALSE(doc.has_pending());
    EXPECT_EQ(doc.text("t").length(), kWaiting);
    EXPECT_EQ(doc.validate(), "");
  }
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
