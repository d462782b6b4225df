#include "crdt/events.h"

#include <gtest/gtest.h>

#include <optional>
#include <random>

#include "crdt/any_json.h"
#include "crdt/doc.h"

namespace concord::crdt {
namespace {

Doc make_doc(std::uint64_t client) { return Doc({.client = ClientId{client}}); }

/// What was seen of a transaction, kept beyond the call.
struct Seen {
  bool local = false;
  Origin origin;
  StateVector before;
  StateVector after;
  std::vector<IdRange> inserted;
  std::vector<IdRange> deleted;
  std::vector<TypeChange> changed;
  std::vector<SharedType> parents;
};
Seen see(const Transaction& t) {
  return {t.local(),    t.origin(),  t.state_before(), t.state_after(),
          t.inserted(), t.deleted(), t.changed(),      t.changed_parents()};
}
TransactionObserver into(std::vector<Seen>& seen) {
  return [&seen](const Transaction& t) { seen.push_back(see(t)); };
}

TEST(Transactions, an_observer_sees_origin_states_and_ranges) {
  Doc doc = make_doc(7);
  Text text = doc.text("t");
  doc.transact([&] { (void)text.insert(0, "hello"); });
  std::vector<Seen> seen;
  const Subscription subscription = doc.observe_transactions(into(seen));
  doc.transact(
      [&] {
        (void)text.insert(5, " you");
        (void)text.erase(0, 2);
      },
      {.kind = "keyboard", .id = 3});
  ASSERT_EQ(seen.size(), 1U);
  EXPECT_TRUE(seen[0].local);
  EXPECT_EQ(seen[0].origin, (Origin{"keyboard", 3}));
  EXPECT_EQ(seen[0].before.clock(ClientId{7}), 5U);
  EXPECT_EQ(seen[0].after.clock(ClientId{7}), 9U);
  EXPECT_EQ(seen[0].inserted, (std::vector<IdRange>{{ClientId{7}, 5, 4}}));
  EXPECT_EQ(seen[0].deleted, (std::vector<IdRange>{{ClientId{7}, 0, 2}}));
  ASSERT_EQ(seen[0].changed.size(), 1U);
  EXPECT_TRUE(seen[0].changed[0].type == text);
  EXPECT_TRUE(seen[0].changed[0].list);
  EXPECT_EQ(doc.validate(), "");
}

TEST(Transactions, nothing_changed_is_nothing_seen) {
  Doc doc = make_doc(1);
  std::vector<Seen> seen;
  const Subscription subscription = doc.observe_transactions(into(seen));
  EXPECT_TRUE(doc.transact([] {}).empty());
  doc.transact([&] { (void)doc.map("m").erase("absent"); });
  EXPECT_TRUE(seen.empty());
}

TEST(Transactions, a_remote_update_is_not_local_and_known_updates_are_not_seen) {
  Doc here = make_doc(1);
  Doc there = make_doc(2);
  std::vector<Seen> seen;
  const Subscription subscription = there.observe_transactions(into(seen));
  const Bytes first = here.transact([&] { (void)here.map("m").set("k", Any(1)); });
  const Bytes second = here.transact([&] { (void)here.map("m").set("k", Any(2)); });
  ASSERT_TRUE(there.apply_update(first, {.kind = "wire"}).has_value());
  ASSERT_TRUE(there.apply_update(first).has_value());
  ASSERT_TRUE(there.apply_update(second).has_value());
  ASSERT_EQ(seen.size(), 2U);
  EXPECT_FALSE(seen[0].local);
  EXPECT_EQ(seen[0].origin.kind, "wire");
  EXPECT_EQ(seen[0].changed[0].keys, (std::vector<std::string>{"k"}));
  EXPECT_FALSE(seen[0].changed[0].list);
  EXPECT_TRUE(seen[0].deleted.empty());
  EXPECT_EQ(seen[1].deleted, (std::vector<IdRange>{{ClientId{1}, 0, 1}}));
  EXPECT_EQ(there.encode_state_as_update(), here.encode_state_as_update());
}

TEST(Transactions, a_type_made_or_deleted_by_the_transaction_is_not_among_its_changes) {
  Doc doc = make_doc(1);
  Map map = doc.map("m");
  Array inner;
  doc.transact([&] { inner = *map.set_array("inner"); });
  std::vector<Seen> seen;
  const Subscription subscription = doc.observe_transactions(into(seen));
  doc.transact([&] {
    (void)inner.push(std::vector<Any>{Any(1)});
    Map made = *map.set_map("made");
    (void)made.set("x", Any(1));
  });
  doc.transact([&] {
    (void)inner.push(std::vector<Any>{Any(2)});
    (void)map.erase("inner");
  });
  ASSERT_EQ(seen.size(), 2U);
  ASSERT_EQ(seen[0].changed.size(), 2U);
  EXPECT_TRUE(seen[0].changed[0].type == inner);
  EXPECT_TRUE(seen[0].changed[1].type == map);
  EXPECT_EQ(seen[0].parents.size(), 2U);
  ASSERT_EQ(seen[1].changed.size(), 1U);
  EXPECT_TRUE(seen[1].changed[0].type == map);
}

TEST(Transactions, what_holds_a_changed_type_is_changed_under) {
  Doc doc = make_doc(1);
  Map map = doc.map("m");
  Array inner;
  doc.transact([&] { inner = *map.set_array("inner"); });
  int calls = 0;
  const Subscription subscription = doc.observe_transactions([&](const Transaction& t) {
    ++calls;
    EXPECT_TRUE(t.changed_under(inner));
    EXPECT_TRUE(t.changed_under(map));
    EXPECT_FALSE(t.changed_under(doc.text("other")));
  });
  doc.transact([&] { (void)inner.push(std::vector<Any>{Any(1)}); });
  EXPECT_EQ(calls, 1);
}

TEST(Transactions, a_subscription_may_be_dropped_and_made_in_a_callback) {
  Doc doc = make_doc(1);
  Text text = doc.text("t");
  int first = 0;
  int second = 0;
  std::optional<Subscription> one;
  std::optional<Subscription> two;
  std::optional<Subscription> late;
  one = doc.observe_transactions([&](const Transaction&) {
    ++first;
    late = doc.observe_transactions([&](const Transaction&) { ++second; });
    two.reset();
    one.reset();
  });
  two = doc.observe_transactions([&](const Transaction&) { ADD_FAILURE() << "it was dropped before its turn"; });
  doc.transact([&] { (void)text.insert(0, "a"); });
  EXPECT_EQ(first, 1);
  EXPECT_EQ(second, 0);
  doc.transact([&] { (void)text.insert(0, "b"); });
  EXPECT_EQ(first, 1);
  EXPECT_EQ(second, 1);
}

TEST(Transactions, a_subscription_may_outlive_its_document) {
  Subscription subscription;
  {
    Doc doc = make_doc(1);
    subscription = doc.observe_transactions([](const Transaction&) {});
  }
  subscription.cancel();
}

TEST(Transactions, what_an_observer_changes_is_a_transaction_that_follows) {
  Doc doc = make_doc(1);
  Doc copy = make_doc(2);
  Text text = doc.text("t");
  Map map = doc.map("m");
  std::vector<Seen> seen;
  std::vector<Bytes> updates;
  const Subscription updating =
      doc.observe_updates([&](ByteView update, const Origin&, bool) { updates.push_back(to_bytes(update)); });
  const Subscription watching = doc.observe_transactions([&](const Transaction& t) {
    seen.push_back(see(t));
    if (t.origin().kind == "counter") return;
    const Bytes nothing =
        doc.transact([&] { (void)map.set("length", Any(static_cast<double>(text.length()))); }, {.kind = "counter"});
    EXPECT_TRUE(nothing.empty());
  });
  const Bytes all = doc.transact([&] { (void)text.insert(0, "abc"); });
  EXPECT_EQ(doc.validate(), "");
  ASSERT_EQ(seen.size(), 2U);
  EXPECT_EQ(seen[1].origin.kind, "counter");
  EXPECT_EQ(updates.size(), 2U);
  ASSERT_TRUE(copy.apply_update(all).has_value());
  EXPECT_EQ(copy.encode_state_as_update(), doc.encode_state_as_update());
  EXPECT_EQ(copy.map("m").size(), 1U);
}

TEST(Transactions, an_observer_may_apply_an_update_and_what_it_changes_in_answer_comes_with_the_first) {
  Doc far = make_doc(3);
  const Bytes more = far.transact([&] { (void)far.array("a").push(std::vector<Any>{Any("x")}); });
  Doc here = make_doc(1);
  const Bytes update = here.transact([&] { (void)here.text("t").insert(0, "q"); });
  Doc doc = make_doc(2);
  bool answered = false;
  const Subscription subscription = doc.observe_transactions([&](const Transaction&) {
    if (answered) return;
    answered = true;
    ASSERT_TRUE(doc.apply_update(more).has_value());
    doc.transact([&] { (void)doc.text("t").insert(1, "!"); });
  });
  const auto applied = doc.apply_update(update);
  ASSERT_TRUE(applied.has_value());
  EXPECT_EQ(doc.validate(), "");
  EXPECT_EQ(doc.text("t").to_string(), "q!");
  EXPECT_EQ(doc.array("a").length(), 1U);
  ASSERT_TRUE(here.apply_update(applied->cleanup).has_value());
  ASSERT_TRUE(here.apply_update(more).has_value());
  EXPECT_EQ(here.encode_state_as_update(), doc.encode_state_as_update());
}

TEST(Transactions, deleted_content_is_still_there_when_observers_are_called) {
  Doc doc = make_doc(1);
  Text text = doc.text("t");
  doc.transact([&] { (void)text.insert(0, "abc"); });
  std::size_t bytes_seen = 0;
  const Subscription subscription =
      doc.observe_transactions([&](const Transaction&) { bytes_seen = doc.encode_state_as_update().size(); });
  doc.transact([&] { (void)text.erase(0, 3); });
  EXPECT_GT(bytes_seen, doc.encode_state_as_update().size());
}

TEST(Transactions, being_observed_changes_no_byte) {
  constexpr unsigned kSeed = 11;
  SCOPED_TRACE(kSeed);
  std::mt19937 random(kSeed);
  Doc plain = make_doc(1);
  Doc observed = make_doc(1);
  Doc from_plain = make_doc(2);
  Doc from_observed = make_doc(2);
  std::size_t calls = 0;
  const Subscription one = observed.observe_transactions([&](const Transaction& t) { calls += t.changed().size(); });
  const Subscription two = from_observed.observe_transactions([&](const Transaction&) { ++calls; });
  for (int i = 0; i < 2000; ++i) {
    const std::size_t at = random() % (plain.text("t").length() + 1);
    const auto dice = random() % 10;
    const auto change = [&](Doc& doc) {
      if (dice < 6)
        (void)doc.text("t").insert(dice < 3 ? doc.text("t").length() : at, "ab");
      else if (dice < 8)
        (void)doc.text("t").erase(at, 3);
      else if (dice < 9)
        (void)doc.text("t").format(at, 4, {{"bold", Any(true)}});
      else
        (void)doc.map("m").set("k", Any(static_cast<int>(at)));
    };
    const Bytes update = plain.transact([&] { change(plain); });
    ASSERT_EQ(observed.transact([&] { change(observed); }), update) << i;
    if (update.empty()) continue;
    ASSERT_TRUE(from_plain.apply_update(update).has_value());
    ASSERT_TRUE(from_observed.apply_update(update).has_value());
    if (i % 100 == 0) {
      ASSERT_EQ(observed.validate(), "");
      ASSERT_EQ(from_observed.validate(), "");
    }
  }
  EXPECT_GT(calls, 2000U);
  EXPECT_EQ(observed.encode_state_as_update(), plain.encode_state_as_update());
  EXPECT_EQ(from_observed.encode_state_as_update(), from_plain.encode_state_as_update());
}

TEST(Events, keys_of_a_map_say_what_became_of_each) {
  Doc doc = make_doc(1);
  Map map = doc.map("m");
  doc.transact([&] {
    (void)map.set("changed", Any(1));
    (void)map.set("gone", Any("old"));
  });
  std::vector<KeyChange> keys;
  const Subscription subscription = map.observe([&](const Event& event) {
    EXPECT_TRUE(event.target() == map);
    EXPECT_FALSE(event.list_changed());
    EXPECT_TRUE(event.path().empty());
    keys = event.keys();
  });
  doc.transact([&] {
    (void)map.set("changed", Any(2));
    (void)map.set("changed", Any(3));
    (void)map.erase("gone");
    (void)map.set("new", Any(4));
    (void)map.set("brief", Any(5));
    (void)map.erase("brief");
  });
  ASSERT_EQ(keys.size(), 3U);
  EXPECT_EQ(keys[0].key, "changed");
  EXPECT_EQ(keys[0].action, KeyChange::Action::kUpdate);
  EXPECT_EQ(std::get<Any>(keys[0].old_value), Any(1));
  EXPECT_EQ(keys[1].action, KeyChange::Action::kDelete);
  EXPECT_EQ(std::get<Any>(keys[1].old_value), Any("old"));
  EXPECT_EQ(keys[2].key, "new");
  EXPECT_EQ(keys[2].action, KeyChange::Action::kAdd);
}

TEST(Events, a_text_tells_its_change_as_a_delta) {
  Doc here = make_doc(1);
  Doc there = make_doc(2);
  const Bytes first = here.transact([&] { (void)here.text("t").insert(0, "hello world"); });
  ASSERT_TRUE(there.apply_update(first).has_value());
  std::string delta;
  const Subscription subscription =
      there.text("t").observe([&](const Event& event) { delta = to_json(delta_to_any(event.text_delta())); });
  const Bytes second = here.transact([&] {
    (void)here.text("t").format(0, 5, {{"bold", Any(true)}});
    (void)here.text("t").erase(5, 1);
    (void)here.text("t").insert(10, "!");
  });
  ASSERT_TRUE(there.apply_update(second).has_value());
  EXPECT_EQ(delta, R"([{"retain":5,"attributes":{"bold":true}},{"delete":1},{"retain":5},{"insert":"!"}])");
  EXPECT_EQ(there.validate(), "");
}

TEST(Events, a_sequence_tells_its_change_as_steps) {
  Doc doc = make_doc(1);
  Array array = doc.array("a");
  doc.transact([&] { (void)array.insert(0, std::vector<Any>{Any(1), Any(2), Any(3)}); });
  std::vector<ListOp> delta;
  std::vector<IdRange> added;
  const Subscription subscription = array.observe([&](const Event& event) {
    delta = event.list_delta();
    added = event.added();
    EXPECT_EQ(event.deleted(), (std::vector<IdRange>{{ClientId{1}, 1, 1}}));
  });
  doc.transact([&] {
    (void)array.erase(1, 1);
    (void)array.insert(1, std::vector<Any>{Any("x")});
    (void)array.insert_map(2);
  });
  ASSERT_EQ(delta.size(), 3U);
  EXPECT_EQ(delta[0].kind, ListOp::Kind::kRetain);
  EXPECT_EQ(delta[0].length, 1U);
  ASSERT_EQ(delta[1].values.size(), 2U);
  EXPECT_EQ(std::get<Any>(delta[1].values[0]), Any("x"));
  EXPECT_TRUE(std::holds_alternative<Map>(delta[1].values[1]));
  EXPECT_EQ(delta[2].kind, ListOp::Kind::kDelete);
  EXPECT_EQ(added, (std::vector<IdRange>{{ClientId{1}, 3, 2}}));
}

TEST(Events, a_deep_observer_is_told_of_what_its_type_holds_the_nearest_first) {
  Doc doc = make_doc(1);
  Map map = doc.map("m");
  Array list;
  Text text;
  doc.transact([&] {
    list = *map.set_array("list");
    (void)list.push(std::vector<Any>{Any(0), Any(1)});
    text = *list.insert_text(2);
  });
  std::vector<Path> paths;
  int calls = 0;
  const Subscription subscription = map.observe_deep([&](std::span<const Event> events) {
    ++calls;
    for (const Event& event : events) paths.push_back(event.path());
  });
  doc.transact([&] {
    (void)text.insert(0, "x");
    (void)list.erase(0, 1);
    (void)map.set("k", Any(1));
  });
  EXPECT_EQ(calls, 1);
  ASSERT_EQ(paths.size(), 3U);
  EXPECT_TRUE(paths[0].empty());
  EXPECT_EQ(paths[1], (Path{"list"}));
  EXPECT_EQ(paths[2], (Path{"list", std::size_t{1}}));
}

TEST(Events, a_type_deleted_by_an_observer_has_no_event_any_more) {
  Doc doc = make_doc(1);
  Map map = doc.map("m");
  Text text;
  doc.transact([&] { text = *map.set_text("text"); });
  int direct = 0;
  std::size_t deep = 0;
  const Subscription one = text.observe([&](const Event&) {
    ++direct;
    doc.transact([&] { (void)map.erase("text"); });
  });
  const Subscription two = map.observe_deep([&](std::span<const Event> events) { deep += events.size(); });
  doc.transact([&] { (void)text.insert(0, "x"); });
  EXPECT_EQ(direct, 1);
  EXPECT_EQ(deep, 1U);  // the deletion; of what is gone nothing is told
  EXPECT_FALSE(text.alive());
  EXPECT_EQ(doc.validate(), "");
}

TEST(Events, deep_nesting_with_a_change_on_every_level_stays_linear) {
  Doc doc = make_doc(1);
  std::vector<Map> maps{doc.map("m")};
  doc.transact([&] {
    for (int i = 0; i < 20000; ++i) maps.push_back(*maps.back().set_map("m"));
  });
  std::size_t seen = 0;
  const Subscription subscription = maps[0].observe_deep([&](std::span<const Event> events) { seen = events.size(); });
  doc.transact([&] {
    for (Map& map : maps) (void)map.set("x", Any(1));
  });
  EXPECT_EQ(seen, maps.size());
}

}  // namespace
}  // namespace concord::crdt
