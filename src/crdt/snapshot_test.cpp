#include "crdt/snapshot.h"

#include <gtest/gtest.h>

#include "crdt/any_json.h"
#include "crdt/doc.h"

namespace concord::crdt {
namespace {

Doc make_doc(std::uint64_t client) { return Doc({.client = ClientId{client}, .gc = false}); }

std::string json(const std::vector<DeltaOp>& delta) { return to_json(delta_to_any(delta)); }

TEST(Snapshots, both_formats_decode_to_what_was_encoded) {
  Doc doc = make_doc(300);
  doc.transact([&] { (void)doc.text("t").insert(0, "hello world"); });
  doc.transact([&] { (void)doc.text("t").erase(1, 2); });
  doc.transact([&] { (void)doc.text("t").erase(4, 1); });
  const Snapshot snapshot = doc.snapshot();
  // As Y.encodeSnapshot and Y.encodeSnapshotV2 write it.
  EXPECT_EQ(to_hex(encode_snapshot(snapshot)),
            "01ac020201020601"
            "01ac020b");
  EXPECT_EQ(to_hex(encode_snapshot(snapshot, UpdateFormat::kV2)),
            "01ac020201010300"
            "01ac020b");
  EXPECT_EQ(decode_snapshot(encode_snapshot(snapshot)), snapshot);
  EXPECT_EQ(decode_snapshot(encode_snapshot(snapshot, UpdateFormat::kV2), UpdateFormat::kV2), snapshot);
  EXPECT_TRUE(snapshot.is_deleted(ClientId{300}, 2));
  EXPECT_FALSE(snapshot.is_deleted(ClientId{300}, 3));
  EXPECT_FALSE(snapshot.is_deleted(ClientId{299}, 2));
}

TEST(Snapshots, what_is_malformed_is_refused) {
  for (const Bytes& bad : {Bytes{}, Bytes{0}, Bytes{1, 1, 1, 0}, Bytes{0, 0, 0}, Bytes{0xff, 0xff, 0xff, 0x0f, 0},
                           Bytes{1, 1, 1, 0xff, 0xff, 0xff, 0xff, 0x0f, 9, 0}}) {
    EXPECT_FALSE(decode_snapshot(bad).has_value()) << to_hex(bad);
    EXPECT_FALSE(decode_snapshot(bad, UpdateFormat::kV2).has_value()) << to_hex(bad);
  }
}

TEST(Snapshots, ranges_in_disorder_are_put_in_order) {
  const auto decoded = decode_snapshot(Bytes{1, 5, 3, 7, 2, 0, 3, 3, 1, 0});
  ASSERT_TRUE(decoded.has_value());
  const std::vector<DeletedRange<ClientId>> expected{{ClientId{5}, 0, 4}, {ClientId{5}, 7, 2}};
  EXPECT_EQ(decoded->deleted, expected);
}

TEST(Snapshots, a_document_is_given_back_as_it_was) {
  Doc doc = make_doc(1);
  Text text = doc.text("t");
  doc.transact([&] { (void)text.insert(0, "world!"); });
  doc.transact([&] { (void)doc.map("m").set("k", Any("old")); });
  const Snapshot snapshot = doc.snapshot();
  doc.transact([&] {
    (void)text.insert(0, "hello ");
    (void)text.erase(6, 3);
    (void)doc.map("m").set("k", Any("new"));
  });
  auto then = doc.at(snapshot);
  ASSERT_TRUE(then.has_value());
  EXPECT_EQ(then->text("t").to_string(), "world!");
  EXPECT_EQ(to_json(then->map("m").to_json()), R"({"k":"old"})");
  EXPECT_EQ(text.to_string(), "hello ld!");
  EXPECT_EQ(std::get<Any>(*doc.map("m").get("k", snapshot)), Any("old"));
  EXPECT_EQ(doc.validate(), "");
  EXPECT_EQ(then->validate(), "");
}

TEST(Snapshots, a_document_of_a_version_has_values_that_json_cannot_say) {
  Doc doc = make_doc(1);
  doc.transact([&] {
    (void)doc.text("t").insert_embed(0, AnyObject{{"none", Undefined{}}, {"zero", -0.0}, {"bytes", Bytes{1, 255}}});
    (void)doc.text("t").insert(1, "a", {{"far", AnyObject{{"w", Undefined{}}}}});
  });
  const auto restored = doc.at(doc.snapshot());
  ASSERT_TRUE(restored.has_value());
  EXPECT_EQ(restored->encode_state_as_update({}, UpdateFormat::kV2), doc.encode_state_as_update({}, UpdateFormat::kV2));
}

TEST(Snapshots, the_document_must_hold_the_version) {
  Doc doc = make_doc(1);
  Doc collects({.client = ClientId{2}});
  EXPECT_FALSE(collects.at(Snapshot{}).has_value());
  EXPECT_TRUE(doc.at(Snapshot{}).has_value());
  Snapshot unseen;
  unseen.state = StateVector({{ClientId{7}, 1}});
  EXPECT_FALSE(doc.at(unseen).has_value());
}

TEST(Snapshots, a_text_shows_what_was_added_and_removed_between_two_versions) {
  Doc doc = make_doc(1);
  Text text = doc.text("t");
  doc.transact([&] { (void)text.insert(0, "abcd"); });
  const Snapshot before = doc.snapshot();
  doc.transact([&] { (void)text.insert(4, "ef"); });
  doc.transact([&] { (void)text.erase(1, 1); });
  const Snapshot after = doc.snapshot();
  doc.transact([&] { (void)text.erase(0, 3); });
  const Bytes state = doc.encode_state_as_update();
  EXPECT_EQ(json(text.to_delta({.shown = &before})), R"([{"insert":"abcd"}])");
  EXPECT_EQ(json(text.to_delta({.shown = &after, .previous = &before})),
            R"([{"insert":"a"},{"insert":"b","attributes":{"ychange":{"type":"removed"}}},{"insert":"cd"},)"
            R"({"insert":"ef","attributes":{"ychange":{"type":"added"}}}])");
  EXPECT_EQ(doc.validate(), "");
  EXPECT_EQ(doc.encode_state_as_update(), state);
}

TEST(Snapshots, a_version_may_be_read_inside_a_transaction) {
  Doc doc = make_doc(1);
  Text text = doc.text("t");
  doc.transact([&] { (void)text.insert(0, "abcd"); });
  const Snapshot before = doc.snapshot();
  Bytes update;
  update = doc.transact([&] {
    (void)text.insert(4, "ef");
    EXPECT_EQ(json(text.to_delta({.shown = &before})), R"([{"insert":"abcd"}])");
    (void)text.insert(6, "g");
  });
  EXPECT_EQ(doc.validate(), "");
  Doc other = make_doc(2);
  ASSERT_TRUE(other.apply_update(doc.encode_state_as_update()).has_value());
  EXPECT_EQ(other.text("t").to_string(), "abcdefg");
  EXPECT_FALSE(update.empty());
}

TEST(Snapshots, they_tell_which_updates_they_contain) {
  Doc doc = make_doc(1);
  const Bytes typed = doc.transact([&] { (void)doc.text("t").insert(0, "abcd"); });
  const Snapshot before = doc.snapshot();
  const Bytes erased = doc.transact([&] { (void)doc.text("t").erase(0, 2); });
  EXPECT_EQ(snapshot_contains_update(before, typed), true);
  EXPECT_EQ(snapshot_contains_update(before, erased), false);
  EXPECT_EQ(snapshot_contains_update(doc.snapshot(), erased), true);
  EXPECT_FALSE(snapshot_contains_update(before, Bytes{9}).has_value());
}

TEST(Covers, a_document_knows_what_it_holds_already) {
  Doc author({.client = ClientId{1}});
  Doc reader({.client = ClientId{2}});
  Text text = author.text("t");
  const Bytes typed = author.transact([&] { (void)text.insert(0, "abcdef"); });
  const Bytes erased = author.transact([&] { (void)text.erase(1, 3); });
  EXPECT_EQ(reader.covers(typed), false);
  ASSERT_TRUE(reader.apply_update(typed).has_value());
  EXPECT_EQ(reader.covers(typed), true);
  EXPECT_EQ(reader.covers(erased), false);
  EXPECT_EQ(reader.covers(author.encode_state_as_update()), false);
  ASSERT_TRUE(reader.apply_update(erased).has_value());
  EXPECT_EQ(reader.covers(erased), true);
  EXPECT_EQ(reader.covers(author.encode_state_as_update()), true);
  EXPECT_EQ(reader.covers(Bytes{0, 0}), true);
  EXPECT_FALSE(reader.covers(Bytes{1}).has_value());
  // Deletions of what has not come are not held, though they wait.
  const Bytes unseen{0, 1, 9, 1, 0, 1};
  ASSERT_TRUE(reader.apply_update(unseen).has_value());
  EXPECT_EQ(reader.covers(unseen), false);
}

}  // namespace
}  // namespace concord::crdt
