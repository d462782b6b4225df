#include "documents/ot_delta.h"

#include <gtest/gtest.h>

#include "crdt/doc.h"
#include "crdt/events.h"
#include "documents/content.h"

namespace concord::documents {
namespace {

using crdt::Any;

Error refusal(std::string_view json) {
  auto read = change_from_json(json);
  EXPECT_FALSE(read) << json;
  return read ? Error{} : read.error();
}

/// The place that a refusal names.
std::string place(std::string_view json) {
  for (const auto& [name, value] : refusal(json).context)
    if (name == "field") return value;
  return "none";
}

TEST(OtDelta, a_change_is_read_and_written_as_clients_write_it) {
  const std::string json =
      R"([{"retain":2,"attributes":{"bold":null,"color":"red"}},{"insert":"a😀\n","attributes":{"link":{"a":1,"b":[2]}}},)"
      R"({"insert":{"image":"x.png"}},{"delete":3}])";
  const auto change = change_from_json(json);
  ASSERT_TRUE(change) << change.error().message;
  EXPECT_EQ(change_to_json(*change), json);
  EXPECT_EQ(change->base_length(), 5U);
  EXPECT_EQ(change->target_length(), 7U);
}

TEST(OtDelta, values_are_canonical_and_what_says_nothing_is_left_out) {
  const auto change = change_from_json(
      R"([ {"attributes":{"x":{"b":1.0,"a":2},"y":null},"insert":"a"}, {"insert":"","attributes":{}}, {"retain":4} ])");
  ASSERT_TRUE(change) << change.error().message;
  EXPECT_EQ(change_to_json(*change), R"([{"insert":"a","attributes":{"x":{"a":2,"b":1}}}])");
}

TEST(OtDelta, what_is_no_change_is_refused_with_its_place) {
  EXPECT_EQ(refusal("{}").code, Code::kInvalidArgument);
  EXPECT_EQ(refusal("[").code, Code::kInvalidArgument);
  EXPECT_EQ(place(R"([{"retain":1},{"retain":-1}])"), "ops[1].retain");
  EXPECT_EQ(place(R"([{"delete":1.5}])"), "ops[0].delete");
  EXPECT_EQ(place(R"([{"retain":{"delta":[]}}])"), "ops[0].retain");
  EXPECT_EQ(place(R"([{"retain":1,"delete":1}])"), "ops[0]");
  EXPECT_EQ(place(R"([{"insert":7}])"), "ops[0].insert");
  EXPECT_EQ(place(R"([{"insert":"a","attributes":[]}])"), "ops[0].attributes");
  EXPECT_EQ(place(R"([{"insert":"a","extra":1}])"), "ops[0]");
  EXPECT_EQ(place(R"([{"insert":"\ud83d"}])"), "ops[0].insert");
  EXPECT_EQ(place(R"([{"delete":1},{"insert":"a"}])"), "ops[1]");
}

TEST(OtDelta, what_a_text_holds_and_json_cannot_say_is_told_all_the_same) {
  crdt::Doc doc({.client = crdt::ClientId{1}});
  (void)doc.transact([&] {
    crdt::Text text = doc.text(kContentRoot);
    EXPECT_TRUE(text.insert_embed(0, Any("a text")));
    EXPECT_TRUE(text.insert_embed(1, Any(crdt::Null())));
    EXPECT_TRUE(text.insert_embed_type(2, crdt::TypeKind::kMap));
  });
  const ot::Delta told = to_ot(doc.text(kContentRoot).to_delta());
  EXPECT_EQ(told.target_length(), 3U);
  EXPECT_EQ(change_to_json(told), R"([{"insert":{"y-embed":"a text"}},{"insert":{"y-embed":null}},{"insert":{}}])");
}

/// What is written into a text is what its event tells and what it holds, attributes and embeds included.
TEST(OtDelta, a_change_goes_through_a_text_without_loss) {
  crdt::Doc doc({.client = crdt::ClientId{1}});
  crdt::Text text = doc.text(kContentRoot);
  ot::Delta told;
  const auto seen = text.observe([&told](const crdt::Event& event) { told = to_ot(event.text_delta()); });
  const char* const changes[] = {
      R"([{"insert":"one two","attributes":{"bold":true}},{"insert":{"image":"a"},"attributes":{"width":{"px":3}}},{"insert":"\n"}])",
      R"([{"retain":3,"attributes":{"bold":null,"color":"red"}},{"insert":"x"},{"delete":1}])",
      R"([{"retain":7},{"retain":1,"attributes":{"width":null}},{"insert":"😀","attributes":{"bold":true}}])",
  };
  ot::Delta document;
  for (const char* json : changes) {
    const auto change = change_from_json(json);
    ASSERT_TRUE(change);
    const auto ops = from_ot(*change);
    ASSERT_TRUE(ops);
    (void)doc.transact([&] { EXPECT_TRUE(text.apply_delta(*ops)); });
    // A Y.Text may tell removals of what was not there.
    EXPECT_EQ(*ot::apply_delta(told, document), *ot::apply_delta(*change, document));
    document = *ot::apply_delta(*change, document);
    EXPECT_EQ(to_ot(text.to_delta()), document);
  }
}

}  // namespace
}  // namespace concord::documents
