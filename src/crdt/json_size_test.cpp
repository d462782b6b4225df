// The size of a document as JSON, held against JSON that is written; and what an update adds to it at most.

#include "crdt/json_size.h"

#include <gtest/gtest.h>

#include "base/property_testing.h"
#include "crdt/any_json.h"
#include "crdt/delta.h"
#include "crdt/doc.h"

namespace concord::crdt {
namespace {

using testing::pick;
using testing::Random;

std::size_t written(std::string_view root, const Any& value) {
  return to_json(Any(AnyObject{{std::string(root), value}})).size();
}

/// A comma more for each list, and for each object, than JSON has.
void expect_about(std::size_t measured, std::size_t exact, std::size_t containers) {
  EXPECT_GE(measured, exact);
  EXPECT_LE(measured, exact + containers);
}

std::string some_text(Random& random) {
  constexpr const char* kParts[] = {"a", "word ", "\"", "\\", "\n", "\x01", "\xc3\xa9", "\xf0\x9f\x98\x80"};
  std::string out;
  for (std::uint64_t i = pick(random, 1, 12); i > 0; --i) out += kParts[pick(random, 0, 7)];
  return out;
}

Any some_value(Random& random) {
  switch (pick(random, 0, 5)) {
    case 0:
      return Any(some_text(random));
    case 1:
      return Any(1.5e-7);
    case 2:
      return Any(false);
    case 3:
      return Any(AnyObject{{"k\n", Any(some_text(random))}, {"n", Any(Null{})}});
    case 4:
      return Any(AnyArray{Any(false), Any(1)});
    default:
      return Any(true);
  }
}

/// One change of a text, a map, an array or a tree.
void change(Doc& doc, Random& random) {
  Text text = doc.text("content");
  const std::size_t at = pick(random, 0, text.length());
  switch (pick(random, 0, 8)) {
    case 0:
    case 1:
      (void)text.insert(at, some_text(random));
      return;
    case 2:
      (void)text.insert_embed(at, Any(AnyObject{{"image", Any(some_text(random))}}));
      return;
    case 3:
      (void)text.erase(at, pick(random, 1, 5));
      return;
    case 4:
      (void)doc.map("notes").set("k" + std::to_string(pick(random, 0, 9)), some_value(random));
      return;
    case 5:
      if (const auto inner = doc.map("notes").set_map("m" + std::to_string(pick(random, 0, 3))))
        (void)Map(*inner).set("x", some_value(random));
      return;
    case 6: {
      const Any values[] = {some_value(random), some_value(random)};
      (void)doc.array("list").insert(0, values);
      return;
    }
    case 7: {
      auto element = doc.xml_fragment("tree").insert_element(0, "paragraph");
      if (element) (void)element->insert_text(0)->insert(0, some_text(random));
      return;
    }
    default:
      (void)doc.xml_fragment("tree").erase(0);
  }
}

TEST(JsonSize, is_that_of_the_delta_with_its_formats) {
  testing::for_each_seed(50, [](Random& random) {
    Doc doc({.client = ClientId{1}});
    for (int i = 0; i < 40; ++i) {
      doc.transact([&] {
        Text text = doc.text("content");
        const std::size_t at = pick(random, 0, text.length());
        if (i % 4 == 3)
          (void)text.format(at, pick(random, 1, 9), {{pick(random, 0, 1) ? "bold" : "link", some_value(random)}});
        else if (i % 4 == 2)
          (void)text.erase(at, 2);
        else
          (void)text.insert(at, some_text(random));
      });
      const std::vector<DeltaOp> delta = doc.text("content").to_delta();
      expect_about(doc.json_bytes(), written("content", delta_to_any(delta)), 2);
    }
  });
}

TEST(JsonSize, of_values_is_that_of_their_json) {
  testing::for_each_seed(50, [](Random& random) {
    const Any value = Any(AnyArray{some_value(random), some_value(random), some_value(random)});
    EXPECT_EQ(json_bytes(value), to_json(value).size());
  });
  EXPECT_EQ(json_bytes(Any(Bytes(300))), 402U);  // as base64
  EXPECT_EQ(json_string_bytes("\xed\xa0\x80"), to_json(Any("\xed\xa0\x80")).size());
}

TEST(JsonSize, of_maps_and_lists_is_that_of_their_json) {
  Doc doc({.client = ClientId{1}});
  doc.transact([&] {
    (void)doc.map("notes").set("a\"b", Any("x\ny"));
    (void)doc.map("notes").set("gone", Any(std::string(1000, 'x')));
    (void)doc.map("notes").erase("gone");
    (void)doc.map("notes").set("twice", Any(std::string(1000, 'x')));
    (void)doc.map("notes").set("twice", Any(2));
    (void)doc.map("notes").set_map("inner")->set("deep", Any(AnyArray{Any(1), Any(Null{})}));
  });
  expect_about(doc.json_bytes(), written("notes", doc.map("notes").to_json()), 3);
  Doc list({.client = ClientId{1}});
  const Any values[] = {Any("one"), Any(2), Any(false)};
  list.transact([&] { (void)list.array("list").insert(0, values); });
  expect_about(list.json_bytes(), written("list", list.array("list").to_json()), 2);
}

TEST(JsonSize, is_the_same_where_nobody_has_said_what_the_roots_are) {
  Doc doc({.client = ClientId{1}});
  doc.transact([&] {
    (void)doc.text("content").insert(0, "hello world");
    (void)doc.text("content").format(0, 5, {{"bold", Any(true)}});
    (void)doc.map("notes").set("a", Any("b"));
    (void)doc.xml_fragment("tree").insert_element(0, "p")->insert_text(0)->insert(0, "text");
  });
  Doc stranger;
  ASSERT_TRUE(stranger.apply_update(doc.encode_state_as_update()));
  EXPECT_EQ(stranger.json_bytes(), doc.json_bytes());
}

TEST(JsonSize, does_not_count_what_was_deleted) {
  Doc doc({.client = ClientId{1}});
  doc.transact([&] { (void)doc.text("content").insert(0, "x"); });
  const std::size_t before = doc.json_bytes();
  for (int i = 0; i < 50; ++i) {
    doc.transact([&] { (void)doc.text("content").insert(0, std::string(100, 'y')); });
    doc.transact([&] { (void)doc.text("content").erase(0, 100); });
  }
  EXPECT_EQ(doc.json_bytes(), before);
}

TEST(JsonSize, counts_what_is_in_a_type_that_was_deleted_no_more) {
  Doc doc({.client = ClientId{1}, .gc = false});
  doc.transact([&] { (void)doc.map("notes").set_map("a")->set("text", Any(std::string(500, 'x'))); });
  EXPECT_GT(doc.json_bytes(), 500U);
  doc.transact([&] { (void)doc.map("notes").erase("a"); });
  EXPECT_LT(doc.json_bytes(), 50U);
}

TEST(JsonSize, grows_by_no_more_than_its_updates_say) {
  testing::for_each_seed(100, [](Random& random) {
    Doc doc({.client = ClientId{1}});
    Doc replica;
    std::size_t most = replica.json_bytes();
    for (int i = 0; i < 60; ++i) {
      const Bytes update = doc.transact([&] { change(doc, random); });
      if (update.empty()) continue;
      most += most_json_growth(update);
      ASSERT_TRUE(replica.apply_update(update));
      ASSERT_LE(replica.json_bytes(), most) << "after change " << i;
    }
    const Bytes state = replica.encode_state_as_update();
    EXPECT_LE(replica.json_bytes(), 64 + kMostJsonPerByte * state.size());
    EXPECT_LE(replica.json_bytes(), 64 + most_json_growth(state));
  });
}

TEST(JsonSize, shrinks_by_no_less_than_what_an_update_deletes) {
  testing::for_each_seed(50, [](Random& random) {
    Doc doc({.client = ClientId{1}});
    Doc replica;
    for (int i = 0; i < 60; ++i) {
      const Bytes update = doc.transact([&] { change(doc, random); });
      if (update.empty()) continue;
      const std::size_t before = replica.json_bytes();
      const std::size_t deleted = replica.deletes(update);
      ASSERT_TRUE(replica.apply_update(update));
      // A run that was emptied may begin again.
      const std::size_t again = std::string_view(R"({"insert":""},)").size();
      ASSERT_LE(replica.json_bytes() + deleted, before + most_json_growth(update) + again) << "after change " << i;
      EXPECT_EQ(replica.deletes(update), 0U);
    }
    const std::size_t length = doc.text("content").length();
    const Bytes all = doc.transact([&] { (void)doc.text("content").erase(0, length); });
    EXPECT_EQ(replica.deletes(all), length);
  });
}

TEST(JsonSize, of_typing_grows_by_little_more_than_what_is_typed) {
  Doc doc({.client = ClientId{1}});
  doc.transact([&] { (void)doc.text("content").insert(0, "begun"); });
  std::size_t most = 0;
  for (int i = 0; i < 100; ++i)
    most +=
        most_json_growth(doc.transact([&] { (void)doc.text("content").insert(doc.text("content").length(), "e"); }));
  EXPECT_LE(most, 400U);
  EXPECT_EQ(most_json_growth(as_bytes("malformed")), 0U);
}

}  // namespace
}  // namespace concord::crdt
