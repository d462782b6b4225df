// What waits, against sets of units, and documents whose updates come in any order and more than once.

#include "crdt/pending.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>
#include <vector>

#include "base/property_testing.h"
#include "crdt/doc.h"

namespace concord::crdt {
namespace {

using testing::for_each_seed;
using testing::pick;
using testing::Random;

TEST(WaitingDeletions, are_the_set_of_their_units) {
  for_each_seed(200, [](Random& random) {
    WaitingDeletions waiting;
    std::set<ClientClock> units;
    for (int step = 0; step < 100; ++step) {
      const auto client = static_cast<ClientRef>(pick(random, 0, 2));
      const auto clock = static_cast<std::uint32_t>(pick(random, 0, 60));
      if (pick(random, 0, 3) > 0) {
        const auto length = static_cast<std::uint32_t>(pick(random, 1, 6));
        waiting.add({client, clock, length});
        for (std::uint32_t i = 0; i < length; ++i) units.insert({client, clock + i});
      } else {
        std::vector<WaitingDeletions::Range> taken;
        waiting.take(client, clock, taken);
        for (const auto& range : taken) {
          EXPECT_LT(range.clock, clock);
          for (std::uint32_t i = 0; i < range.length; ++i) EXPECT_EQ(units.erase({client, range.clock + i}), 1U);
        }
        const auto first = units.lower_bound({client, 0});
        EXPECT_TRUE(first == units.end() || first->first != client || first->second >= clock);
      }
      ASSERT_EQ(waiting.validate(), nullptr);
      std::set<ClientClock> all;
      for (const auto& range : waiting.all())
        for (std::uint32_t i = 0; i < range.length; ++i) all.insert({range.client, range.clock + i});
      ASSERT_EQ(all, units);
      EXPECT_EQ(waiting.empty(), units.empty());
    }
  });
}

/// Updates of three authors who write in texts, in a map, in arrays in it, and delete, and hear of each other now and
/// then.
std::vector<Bytes> history(Random& random, std::size_t count, Doc& merged) {
  std::vector<Doc> authors;
  authors.reserve(3);
  for (std::uint64_t i = 1; i <= 3; ++i) authors.emplace_back(DocOptions{.client = ClientId{i}});
  std::vector<Bytes> updates;
  updates.reserve(count);
  while (updates.size() < count) {
    Doc& author = authors[pick(random, 0, 2)];
    if (pick(random, 0, 9) == 0)
      (void)author.apply_update(authors[pick(random, 0, 2)].encode_state_as_update(author.state_vector()));
    Text text = author.text("t");
    Map map = author.map("m");
    updates.push_back(author.transact([&] {
      const std::uint64_t at = pick(random, 0, text.length());
      if (pick(random, 0, 3) == 0 && at < text.length()) {
        (void)text.erase(at, 1);
      } else if (pick(random, 0, 3) == 0) {
        (void)map.set("key " + std::to_string(pick(random, 0, 3)), Any(static_cast<double>(at)));
      } else {
        (void)text.insert(at, "word");
      }
    }));
  }
  for (const Doc& author : authors) (void)merged.apply_update(author.encode_state_as_update());
  return updates;
}

TEST(WaitingStructs, of_updates_in_any_order_and_twice_end_as_those_in_order) {
  for_each_seed(12, [](Random& random) {
    Doc merged({.client = ClientId{90}});
    std::vector<Bytes> updates = history(random, pick(random, 200, 900), merged);
    std::vector<Bytes> coming = updates;
    for (std::size_t i = 0; i < updates.size() / 5; ++i) coming.push_back(updates[pick(random, 0, updates.size() - 1)]);
    std::ranges::shuffle(coming, random);
    std::ranges::reverse(updates);
    for (const std::vector<Bytes>& order : {coming, updates}) {
      Doc doc({.client = ClientId{91}});
      Doc relay({.client = ClientId{92}});  // gets what waits as another's state
      for (std::size_t i = 0; i < order.size(); ++i) {
        ASSERT_TRUE(doc.apply_update(order[i]).has_value());
        if (i % 16 == 0) {
          ASSERT_EQ(doc.validate(), "");
        }
        if (i % 100 == 0) {
          ASSERT_TRUE(relay.apply_update(doc.encode_state_as_update()).has_value());
        }
      }
      ASSERT_TRUE(relay.apply_update(doc.encode_state_as_update()).has_value());
      for (Doc* each : {&doc, &relay}) {
        EXPECT_FALSE(each->has_pending());
        EXPECT_EQ(each->validate(), "");
        EXPECT_EQ(each->encode_state_as_update(), merged.encode_state_as_update());
      }
    }
  });
}

TEST(WaitingStructs, that_are_sent_again_do_not_fill_the_bound) {
  for (const std::size_t count : {50U, 2000U}) {
    Doc author({.client = ClientId{1}});
    Text text = author.text("t");
    const Bytes first = author.transact([&] { (void)text.insert(0, "first"); });
    std::vector<Bytes> later;
    for (std::size_t i = 0; i < count; ++i) later.push_back(author.transact([&] { (void)text.insert(0, "more"); }));
    Doc doc({.client = ClientId{2}, .max_pending_bytes = count * 3 * later.back().size()});
    for (int time = 0; time < 20; ++time)
      for (const Bytes& update : later) ASSERT_TRUE(doc.apply_update(update).has_value()) << time;
    EXPECT_EQ(doc.validate(), "");
    ASSERT_TRUE(doc.apply_update(first).has_value());
    EXPECT_FALSE(doc.has_pending());
    EXPECT_EQ(doc.encode_state_as_update(), author.encode_state_as_update());
  }
}

TEST(WaitingStructs, beyond_the_bound_are_refused_and_the_others_wait_on) {
  Doc author({.client = ClientId{1}});
  Text text = author.text("t");
  author.transact([&] { (void)text.insert(0, "first"); });
  const Bytes first = author.encode_state_as_update();
  Doc doc({.client = ClientId{2}, .max_pending_bytes = 20'000});
  for (int count = 0; count < 2000; ++count) {
    const Bytes update = author.transact([&] { (void)text.insert(0, "more"); });
    if (const auto applied = doc.apply_update(update); !applied) {
      EXPECT_EQ(applied.error().code, Code::kTooLarge);
      EXPECT_GT(count, 500);
      EXPECT_EQ(doc.validate(), "");
      ASSERT_TRUE(doc.apply_update(first).has_value());
      EXPECT_FALSE(doc.has_pending());
      EXPECT_EQ(doc.text("t").length(), 5U + 4U * static_cast<std::uint64_t>(count));
      return;
    }
  }
  FAIL() << "never refused";
}

}  // namespace
}  // namespace concord::crdt
