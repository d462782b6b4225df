// The index against the rule itself: a list of items, walked one by one as integrate.cpp does, and histories that no
// honest client writes: any unit as origin, any as right origin, also one left of the origin.

#include "crdt/conflict_index.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "crdt/doc.h"
#include "crdt/wire.h"

namespace concord::crdt {
namespace {

struct Placed {
  Id id;
  std::uint32_t length = 0;
  Id origin;
  Id right_origin;
  std::uint32_t end() const { return id.clock + length; }
  Id last() const { return {id.client, end() - 1}; }
};

/// A list of items in which each client's id is its number.
class PlainList {
 public:
  std::vector<Placed> items;

  std::size_t holding(Id unit) const {
    const auto found = std::ranges::find_if(items, [&](const Placed& it) {
      return it.id.client == unit.client && it.id.clock <= unit.clock && unit.clock < it.end();
    });
    return static_cast<std::size_t>(found - items.begin());
  }

  /// Cuts an item so that one begins with this unit.
  std::size_t starting_with(Id unit) {
    const std::size_t at = holding(unit);
    const Placed whole = items[at];
    if (whole.id == unit) return at;
    items[at].length = unit.clock - whole.id.clock;
    const Placed right{unit, whole.end() - unit.clock, {unit.client, unit.clock - 1}, whole.right_origin};
    items.insert(items.begin() + static_cast<std::ptrdiff_t>(at) + 1, right);
    return at + 1;
  }
  std::size_t ending_with(Id unit) {
    const std::size_t at = holding(unit);
    if (items[at].end() == unit.clock + 1) return at;
    return starting_with({unit.client, unit.clock + 1}) - 1;
  }

  /// The rule. Returns how many items stand before the new one, and whether others could stand between its origins.
  std::size_t insert(const Placed& item, bool& crowded) {
    constexpr std::size_t kNowhere = ~std::size_t{0};
    std::size_t left = kNowhere;
    if (item.origin.present()) left = ending_with(item.origin);
    std::size_t right = kNowhere;
    if (item.right_origin.present()) {
      const std::size_t before = items.size();
      right = starting_with(item.right_origin);
      if (items.size() != before && left != kNowhere && left >= right) ++left;  // one was cut on its left
    }
    std::size_t at = left == kNowhere ? 0 : left + 1;
    crowded = left == kNowhere ? right != 0 : right != at;
    if (left != kNowhere && right == kNowhere && at == items.size()) crowded = false;
    if (crowded) at = walk(item, at, right);
    items.insert(items.begin() + static_cast<std::ptrdiff_t>(at), item);
    return at;
  }

  /// Joins neighbours as the end of a transaction does.
  void merge() {
    std::vector<Placed> merged;
    for (const Placed& it : items) {
      if (!merged.empty() && it.id.client == merged.back().id.client && it.id.clock == merged.back().end() &&
          it.origin == merged.back().last() && it.right_origin == merged.back().right_origin)
        merged.back().length += it.length;
      else
        merged.push_back(it);
    }
    items.swap(merged);
  }

 private:
  std::size_t walk(const Placed& item, std::size_t from, std::size_t right) const {
    std::size_t to = from;
    for (std::size_t i = from; i < items.size() && i != right; ++i) {
      const Placed& other = items[i];
      if (other.origin == item.origin) {
        if (other.id.client < item.id.client)
          to = i + 1;
        else if (other.right_origin == item.right_origin)
          break;
        continue;
      }
      if (!other.origin.present()) break;
      const std::size_t origin = holding(other.origin);
      if (origin < from || origin >= i) break;
      if (origin < to) to = i + 1;
    }
    return to;
  }
};

/// How histories differ.
struct Shape {
  std::uint32_t clients = 3;
  std::uint32_t longest = 1;
  std::uint32_t origins = 1;        // how many units may be origins, from the first on; and none
  std::uint32_t right_origins = 1;  // the same
};

class History {
 public:
  History(std::uint64_t seed, Shape shape) : random_(seed), shape_(shape), clocks_(shape.clients) {}

  Placed next() {
    Placed item;
    const std::uint32_t client = below(shape_.clients);
    item.id = {client, clocks_[client]};
    item.length = 1 + below(shape_.longest);
    clocks_[client] += item.length;
    item.origin = any(shape_.origins);
    item.right_origin = any(shape_.right_origins);
    if (item.right_origin == item.origin) item.right_origin = {};
    for (std::uint32_t i = 0; i < item.length; ++i) units_.push_back({client, item.id.clock + i});
    return item;
  }
  bool one_in(std::uint32_t count) { return below(count) == 0; }

 private:
  std::uint32_t below(std::uint32_t bound) { return static_cast<std::uint32_t>(random_() % bound); }
  Id any(std::uint32_t of) {
    const auto choice = below(std::min(of, static_cast<std::uint32_t>(units_.size())) + 1);
    return choice == 0 ? Id{} : units_[choice - 1];
  }
  std::mt19937_64 random_;
  Shape shape_;
  std::vector<std::uint32_t> clocks_;
  std::vector<Id> units_;
};

constexpr std::uint32_t kAny = 1000000;

std::vector<Shape> shapes() {
  std::vector<Shape> all;
  for (const std::uint32_t clients : {1U, 2U, 5U, 40U})
    for (const std::uint32_t longest : {1U, 4U})
      for (const std::uint32_t origins : {0U, 1U, 6U, 30U, kAny})
        for (const std::uint32_t right_origins : {0U, 2U, 20U, kAny})
          all.push_back({clients, longest, origins, right_origins});
  return all;
}

ConflictIndex::Entry entry_of(const Placed& item) { return {item.id, item.length, item.origin, item.id.client}; }

void fill(ConflictIndex& index, const PlainList& list) {
  Id left;
  for (const Placed& item : list.items) {
    ASSERT_TRUE(index.insert(entry_of(item), left));
    left = item.last();
  }
  index.filled();
}

TEST(ConflictIndex, puts_each_item_where_the_walk_puts_it) {
  std::uint64_t seed = 1;
  for (const Shape& shape : shapes()) {
    for (int repeat = 0; repeat < 3; ++repeat, ++seed) {
      SCOPED_TRACE("seed " + std::to_string(seed));
      History history(seed, shape);
      PlainList list;
      auto index = std::make_unique<ConflictIndex>();
      for (int i = 0; i < 150; ++i) {
        const Placed item = history.next();
        bool crowded = false;
        const std::size_t at = list.insert(item, crowded);
        const Id left = at > 0 ? list.items[at - 1].last() : Id{};
        if (crowded) {
          const auto place = index->place(item.origin, item.right_origin, item.id.client);
          ASSERT_TRUE(place.has_value());
          ASSERT_TRUE(*place == left) << "item " << i;
        }
        ASSERT_TRUE(index->insert(entry_of(item), left));
        if (history.one_in(10)) list.merge();
        if (history.one_in(40)) {
          index = std::make_unique<ConflictIndex>();
          fill(*index, list);
        }
        if (history.one_in(8)) ASSERT_STREQ(index->tree().validate(), nullptr) << "item " << i;
      }
      ASSERT_STREQ(index->tree().validate(), nullptr);
    }
  }
}

TEST(ConflictIndex, a_unit_of_no_list_is_told) {
  ConflictIndex index;
  EXPECT_FALSE(index.place({3, 4}, {}, 1).has_value());
  EXPECT_FALSE(index.insert({{1, 0}, 1, {}, 1}, {3, 4}));
  EXPECT_TRUE(index.insert({{1, 0}, 1, {}, 1}, {}));
  EXPECT_TRUE(index.place({1, 0}, {3, 4}, 2).has_value());
}

/// One struct as an update.
Bytes update_of(const Placed& item, std::string_view text) {
  Bytes update;
  WireWriter out(update);
  const auto id = [&](Id of) {
    out.uint(of.client + 1U);
    out.uint(of.clock);
  };
  out.uint(1);
  out.uint(1);
  id(item.id);
  out.byte(static_cast<std::uint8_t>(4U | (item.origin.present() ? 0x80U : 0U) |
                                     (item.right_origin.present() ? 0x40U : 0U)));
  if (item.origin.present()) id(item.origin);
  if (item.right_origin.present()) id(item.right_origin);
  if (!item.origin.present() && !item.right_origin.present()) {
    out.uint(1);
    out.var_bytes(as_bytes("t"));
  }
  out.var_bytes(as_bytes(text));
  out.uint(0);
  return update;
}

TEST(ConflictIndex, a_document_that_has_one_shows_what_the_rule_says) {
  std::uint64_t seed = 1;
  for (const Shape shape : {Shape{900, 1, 0, 0}, Shape{900, 2, 1, 3}, Shape{2, 1, 2, 8}, Shape{3, 2, 20, 0},
                            Shape{40, 1, 30, kAny}, Shape{3, 3, kAny, 5}}) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    History history(seed++, shape);
    PlainList list;
    Doc doc({.client = ClientId{1U << 30U}});
    std::vector<std::vector<char>> written(shape.clients);
    for (int i = 0; i < 1500; ++i) {
      const Placed item = history.next();
      bool crowded = false;
      list.insert(item, crowded);
      std::string text;
      for (std::uint32_t unit = 0; unit < item.length; ++unit) text += static_cast<char>('!' + (i + unit * 7) % 90);
      written[item.id.client].insert(written[item.id.client].end(), text.begin(), text.end());
      ASSERT_TRUE(doc.apply_update(update_of(item, text)).has_value());
      if (i % 100 == 99) ASSERT_EQ(doc.validate(), "");
    }
    std::string expected;
    for (const Placed& item : list.items)
      for (std::uint32_t clock = item.id.clock; clock < item.end(); ++clock) expected += written[item.id.client][clock];
    EXPECT_EQ(doc.text("t").to_string(), expected);
  }
}

}  // namespace
}  // namespace concord::crdt
