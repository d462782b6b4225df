#include "documents/content.h"

#include <gtest/gtest.h>

namespace concord::documents {
namespace {

Bytes state_of(crdt::Doc& doc) { return doc.encode_state_as_update(); }

crdt::Doc with_text(std::string_view text) {
  crdt::Doc doc({.client = crdt::ClientId{1}});
  (void)doc.transact([&] { EXPECT_TRUE(doc.text(kContentRoot).insert(0, text)); });
  return doc;
}

/// Works the edit out on `state` as client 9 and merges it into `doc`.
void edit(crdt::Doc& doc, ByteView state, Format format, std::string_view content) {
  auto update = edit_update(state, crdt::ClientId{9}, format, content);
  ASSERT_TRUE(update) << update.error().message;
  ASSERT_TRUE(doc.apply_update(*update));
}

TEST(Content, a_text_write_becomes_the_new_text) {
  crdt::Doc doc = with_text("The quick brown fox");
  edit(doc, state_of(doc), Format::kText, "The slow brown dog, 🦊");
  EXPECT_EQ(doc.text(kContentRoot).to_string(), "The slow brown dog, 🦊");
  EXPECT_EQ(render_json(doc, Format::kText), "\"The slow brown dog, 🦊\"");
}

TEST(Content, writing_what_is_there_already_is_no_update) {
  crdt::Doc doc = with_text("same");
  EXPECT_TRUE(edit_update(state_of(doc), crdt::ClientId{9}, Format::kText, "same")->empty());
  EXPECT_TRUE(edit_update(state_of(doc), crdt::ClientId{9}, Format::kDelta, R"([{"insert":"same"}])")->empty());
}

TEST(Content, a_write_against_an_older_version_keeps_what_came_since) {
  crdt::Doc doc = with_text("one two three");
  const Bytes old = state_of(doc);
  (void)doc.transact([&] {
    EXPECT_TRUE(doc.text(kContentRoot).insert(0, "live: "));
    EXPECT_TRUE(doc.text(kContentRoot).insert(doc.text(kContentRoot).length(), " four"));
  });
  edit(doc, old, Format::kText, "one 2 three");
  EXPECT_EQ(doc.text(kContentRoot).to_string(), "live: one 2 three four");
}

TEST(Content, a_plain_text_write_keeps_formats_and_embeds_of_what_stays) {
  crdt::Doc doc({.client = crdt::ClientId{1}});
  (void)doc.transact([&] {
    crdt::Text text = doc.text(kContentRoot);
    EXPECT_TRUE(text.insert(0, "bold", {{"bold", true}}));
    EXPECT_TRUE(text.insert_embed(4, crdt::AnyObject{{"image", "x.png"}}));
    EXPECT_TRUE(text.insert(5, " plain", crdt::Attributes{}));
  });
  edit(doc, state_of(doc), Format::kText, "bold and plain text");
  EXPECT_EQ(doc.text(kContentRoot).to_string(), "bold and plain text");
  bool bold = false;
  bool embed = false;
  for (const crdt::DeltaOp& op : doc.text(kContentRoot).to_delta()) {
    bold = bold || (op.text.starts_with("bold") && op.attributes.size() == 1);
    embed = embed || op.kind == crdt::DeltaOp::Kind::kEmbed;
  }
  EXPECT_TRUE(bold);
  EXPECT_TRUE(embed);
}

TEST(Content, deleting_around_embeds_leaves_them) {
  crdt::Doc doc({.client = crdt::ClientId{1}});
  (void)doc.transact([&] {
    crdt::Text text = doc.text(kContentRoot);
    EXPECT_TRUE(text.insert(0, "abcdef"));
    EXPECT_TRUE(text.insert_embed(3, crdt::AnyObject{{"image", "1"}}));
    EXPECT_TRUE(text.insert_embed(0, crdt::AnyObject{{"image", "0"}}));
  });
  edit(doc, state_of(doc), Format::kText, "af");
  EXPECT_EQ(doc.text(kContentRoot).to_string(), "af");
  EXPECT_EQ(doc.text(kContentRoot).length(), 4U);
}

TEST(Content, a_delta_write_changes_formats_without_touching_the_text) {
  crdt::Doc doc = with_text("bold move\n");
  edit(doc, state_of(doc), Format::kDelta, R"([{"insert":"bold","attributes":{"bold":true}},{"insert":" move\n"}])");
  EXPECT_EQ(render_json(doc, Format::kDelta), R"([{"insert":"bold","attributes":{"bold":true}},{"insert":" move\n"}])");
}

TEST(Content, markdown_goes_in_and_comes_out) {
  crdt::Doc doc;
  edit(doc, state_of(doc), Format::kMarkdown, "# Title\n\nSome **bold** text\n\n- one\n- two\n");
  const std::string out = render_json(doc, Format::kMarkdown);
  EXPECT_NE(out.find("# Title"), std::string::npos) << out;
  EXPECT_NE(out.find("**bold**"), std::string::npos) << out;
  EXPECT_NE(out.find("- one"), std::string::npos) << out;
}

TEST(Content, a_malformed_delta_is_refused_by_name) {
  crdt::Doc doc = with_text("x");
  auto refused = edit_update(state_of(doc), crdt::ClientId{9}, Format::kDelta, R"([{"retain":1}])");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::kInvalidArgument);
}

}  // namespace
}  // namespace concord::documents
