#include "crdt/undo.h"

#include <gtest/gtest.h>

#include "crdt/any_json.h"
#include "crdt/doc.h"
#include "crdt/relative_position.h"

namespace concord::crdt {
namespace {

/// A document with its time and a log of what it did, checked after each step.
class Undoing : public testing::Test {
 protected:
  void type(std::size_t index, std::string_view what, const Origin& origin = {}) {
    doc_.transact([&] { ASSERT_TRUE(text_.insert(index, what).has_value()); }, origin);
    ASSERT_EQ(doc_.validate(), "");
  }
  void erase(std::size_t index, std::size_t length) {
    doc_.transact([&] { ASSERT_TRUE(text_.erase(index, length).has_value()); });
    ASSERT_EQ(doc_.validate(), "");
  }
  Undone undo(UndoManager& manager) { return sound(manager.undo()); }
  Undone redo(UndoManager& manager) { return sound(manager.redo()); }
  Undone sound(Result<Undone> undone) {
    EXPECT_TRUE(undone.has_value());
    EXPECT_EQ(doc_.validate(), "");
    return std::move(*undone);
  }
  UndoOptions timed() {
    UndoOptions options;
    options.now_ms = [this] { return now_ms_; };
    return options;
  }

  Doc doc_{{.client = ClientId{1}}};
  Text text_ = doc_.text("t");
  std::uint64_t now_ms_ = 1'000'000;
};

TEST_F(Undoing, a_known_update_cuts_what_was_redone) {
  UndoManager manager(doc_, {text_});
  std::vector<Bytes> updates;
  const Subscription sent = doc_.observe_updates(
      [&](ByteView update, const Origin&, bool) { updates.emplace_back(update.begin(), update.end()); });
  type(0, "a");
  type(1, "bcd");
  manager.stop_capturing();
  erase(0, 4);
  undo(manager);
  EXPECT_EQ(to_hex(doc_.encode_state_as_update()), "0102010004010174046162636444010004616263640101010004");
  ASSERT_TRUE(
      doc_.apply_update(Bytes(updates[1])));  // it names the end of "a", where Yjs cuts; redone items never join
  ASSERT_EQ(doc_.validate(), "");
  EXPECT_EQ(to_hex(doc_.encode_state_as_update()), "010301000401017401618401000362636444010004616263640101010004");
}

TEST_F(Undoing, steps_go_back_and_forth_and_reach_others_as_updates) {
  UndoManager manager(doc_, {text_});
  Doc other({.client = ClientId{2}});
  const Subscription sent =
      doc_.observe_updates([&](ByteView update, const Origin&, bool) { ASSERT_TRUE(other.apply_update(update)); });
  type(0, "abc");
  type(3, "def");
  erase(1, 2);
  EXPECT_EQ(manager.undo_stack().size(), 3U);
  EXPECT_FALSE(undo(manager).update.empty());
  EXPECT_EQ(text_.to_string(), "abcdef");
  undo(manager);
  EXPECT_EQ(text_.to_string(), "abc");
  redo(manager);
  redo(manager);
  EXPECT_EQ(text_.to_string(), "adef");
  undo(manager);
  undo(manager);
  undo(manager);
  EXPECT_EQ(text_.to_string(), "");
  EXPECT_FALSE(undo(manager).item.has_value());
  EXPECT_FALSE(manager.can_undo());
  EXPECT_EQ(other.text("t").to_string(), "");
  while (redo(manager).item) {
  }
  EXPECT_EQ(text_.to_string(), "adef");
  EXPECT_EQ(other.text("t").to_string(), "adef");
  EXPECT_EQ(other.encode_state_vector(), doc_.encode_state_vector());
}

TEST_F(Undoing, what_others_wrote_stays) {
  UndoManager manager(doc_, {text_}, {.tracked_origins = {Origin{"me"}}});
  type(0, "mine", {"me"});
  Doc other({.client = ClientId{2}});
  ASSERT_TRUE(other.apply_update(doc_.encode_state_as_update()).has_value());
  const Bytes theirs = other.transact([&] { (void)other.text("t").insert(2, "THEIRS"); });
  ASSERT_TRUE(doc_.apply_update(theirs, Origin{"provider"}).has_value());
  undo(manager);
  EXPECT_EQ(text_.to_string(), "THEIRS");
  redo(manager);
  EXPECT_EQ(text_.to_string(), "miTHEIRSne");
}

TEST_F(Undoing, changes_within_the_timeout_are_one_step) {
  UndoManager manager(doc_, {text_}, timed());
  type(0, "a");
  now_ms_ += 400;
  type(1, "b");
  now_ms_ += 400;
  type(2, "c");
  EXPECT_EQ(manager.undo_stack().size(), 1U);
  manager.stop_capturing();
  type(3, "d");
  now_ms_ += 500;
  type(4, "e");
  EXPECT_EQ(manager.undo_stack().size(), 3U);
  undo(manager);
  undo(manager);
  EXPECT_EQ(text_.to_string(), "abc");
}

TEST_F(Undoing, a_new_change_ends_what_could_be_redone) {
  UndoManager manager(doc_, {text_});
  type(0, "a");
  undo(manager);
  EXPECT_TRUE(manager.can_redo());
  type(0, "b");
  EXPECT_FALSE(manager.can_redo());
  manager.clear();
  EXPECT_FALSE(manager.can_undo());
  EXPECT_FALSE(undo(manager).item.has_value());
  EXPECT_EQ(text_.to_string(), "b");
}

TEST_F(Undoing, only_types_in_scope_and_what_is_in_them_are_undone) {
  Map map = doc_.map("m");
  UndoManager manager(doc_, {map});
  Text inner;
  type(0, "outside");
  doc_.transact([&] { inner = *map.set_text("k"); });
  doc_.transact([&] { (void)inner.insert(0, "inside"); });
  EXPECT_EQ(manager.undo_stack().size(), 2U);
  undo(manager);
  EXPECT_EQ(inner.to_string(), "");
  undo(manager);
  EXPECT_FALSE(map.contains("k"));
  EXPECT_EQ(text_.to_string(), "outside");
  redo(manager);
  redo(manager);
  EXPECT_EQ(to_json(map.to_json()), R"({"k":"inside"})");
  manager.add_to_scope(text_);
  type(0, "x");
  undo(manager);
  EXPECT_EQ(text_.to_string(), "outside");
}

TEST_F(Undoing, a_map_value_that_others_have_set_since_is_theirs_unless_asked) {
  for (const bool ignore : {false, true}) {
    Doc doc({.client = ClientId{1}});
    Doc other({.client = ClientId{2}});
    Map map = doc.map("m");
    UndoManager manager(doc, {map}, {.tracked_origins = {Origin{"me"}}, .ignore_remote_map_changes = ignore});
    doc.transact([&] { (void)map.set("k", Any(1)); }, {"me"});
    doc.transact([&] { (void)map.set("k", Any(2)); }, {"me"});
    ASSERT_TRUE(other.apply_update(doc.encode_state_as_update()).has_value());
    const Bytes theirs = other.transact([&] { (void)other.map("m").set("k", Any(3)); });
    ASSERT_TRUE(doc.apply_update(theirs, Origin{"provider"}).has_value());
    ASSERT_TRUE(manager.undo().has_value());
    EXPECT_EQ(to_json(map.to_json()), ignore ? R"({"k":1})" : R"({"k":3})");
    EXPECT_EQ(doc.validate(), "");
  }
}

TEST_F(Undoing, steps_carry_what_the_user_puts_on_them) {
  std::vector<std::string> seen;
  UndoOptions options = timed();
  options.on_added = [&](const UndoEvent& event) {
    event.item.meta["n"] = Any(static_cast<double>(seen.size()));
    seen.push_back(event.kind == UndoKind::kUndo ? "added" : "added for redo");
    EXPECT_EQ(event.changed, std::vector<SharedType>{text_});
  };
  options.on_updated = [&](const UndoEvent&) { seen.emplace_back("updated"); };
  options.on_popped = [&](const UndoEvent& event) {
    seen.push_back("popped " + to_json(event.item.meta.at("n")));
    EXPECT_EQ(event.changed, std::vector<SharedType>{text_});
  };
  options.on_cleared = [&](bool of_undo, bool of_redo) {
    seen.push_back(std::string("cleared") + (of_undo ? " undo" : "") + (of_redo ? " redo" : ""));
  };
  UndoManager manager(doc_, {text_}, options);
  type(0, "a");
  type(1, "b");
  const Undone undone = undo(manager);
  EXPECT_EQ(undone.item->meta.at("n"), Any(0));
  type(0, "c");
  EXPECT_EQ(seen,
            (std::vector<std::string>{"added", "updated", "added for redo", "popped 0", "cleared redo", "added"}));
}

TEST_F(Undoing, a_filter_protects_what_is_to_stay) {
  Array array = doc_.array("a");
  UndoOptions options;
  options.delete_filter = [](const UndoTarget& target) { return !target.type.has_value(); };
  UndoManager manager(doc_, {array}, options);
  const std::vector<Any> one{Any(1)};
  doc_.transact([&] {
    (void)array.insert_map(0);
    (void)array.insert(0, one);
  });
  undo(manager);
  EXPECT_EQ(to_json(array.to_json()), "[{}]");
}

TEST_F(Undoing, transactions_are_captured_by_origin_kind_and_predicate) {
  UndoOptions options;
  options.tracked_origins = {};
  options.tracked_kinds = {"editor"};
  options.capture_transaction = [](const Transaction& t) { return t.origin().id != 13; };
  UndoManager manager(doc_, {text_}, options);
  type(0, "a");
  type(0, "b", {"editor", 13});
  EXPECT_FALSE(manager.can_undo());
  type(0, "c", {"editor", 12});
  type(0, "d", {"other", 12});
  EXPECT_EQ(manager.undo_stack().size(), 1U);
  undo(manager);
  EXPECT_EQ(text_.to_string(), "dba");
}

TEST_F(Undoing, it_is_refused_inside_a_transaction) {
  UndoManager manager(doc_);
  type(0, "a");
  doc_.transact([&] { EXPECT_FALSE(manager.undo().has_value()); });
  EXPECT_TRUE(manager.can_undo());
  undo(manager);
  EXPECT_EQ(text_.to_string(), "");
}

TEST_F(Undoing, a_place_follows_what_was_deleted_and_brought_back) {
  UndoManager manager(doc_, {text_});
  type(0, "abcdef");
  const RelativePosition before_d = *text_.position_at(3);
  erase(1, 4);
  undo(manager);
  EXPECT_EQ(text_.to_string(), "abcdef");
  EXPECT_EQ(doc_.resolve(before_d)->index, 3U);
  // Without following it is where the original was: behind its copies.
  EXPECT_EQ(doc_.resolve(before_d, false)->index, 5U);
}

TEST_F(Undoing, types_within_types_come_back_however_deep) {
  UndoManager manager(doc_);
  Array array = doc_.array("a");
  constexpr int kDepth = 3000;
  doc_.transact([&] {
    for (int i = 0; i < kDepth; ++i) array = *array.insert_array(0);
  });
  doc_.transact([&] { (void)doc_.array("a").erase(0, 1); });
  undo(manager);
  int depth = 0;
  for (auto at = doc_.array("a").get(0); at; at = std::get<Array>(*at).get(0)) ++depth;
  EXPECT_EQ(depth, kDepth);
}

}  // namespace
}  // namespace concord::crdt
