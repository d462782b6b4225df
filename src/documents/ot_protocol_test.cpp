#include "documents/ot_protocol.h"

#include <gtest/gtest.h>

namespace concord::documents::ot_protocol {
namespace {

const std::string kDocument = "doc_01ke3m0q6dfgwvh8znx5n4p2rt";
const json::Limits kLimits{.max_bytes = 1u << 20u, .max_values = 1000};

std::string with(std::string_view members) {
  return R"({"document":")" + kDocument + "\"" + (members.empty() ? "" : ",") + std::string(members) + "}";
}

std::string field_of(const Error& error) {
  for (const auto& [name, value] : error.context)
    if (name == "field") return value;
  return "";
}

TEST(OtProtocol, a_join_is_read_with_what_it_may_have) {
  const auto least = read_join(with(""));
  ASSERT_TRUE(least);
  EXPECT_EQ(least->document.str(), kDocument);
  EXPECT_FALSE(least->last_known_version);
  const auto most = read_join(with(
      R"("token":"t","client":"c","last_known_version":3,"unacknowledged":2,"user":{"name":"Ada","color":"#abc"})"));
  ASSERT_TRUE(most);
  EXPECT_EQ(most->token, "t");
  EXPECT_EQ(most->client, "c");
  EXPECT_EQ(most->last_known_version, 3u);
  EXPECT_EQ(most->unacknowledged, 2u);
  EXPECT_EQ(most->user, (User{"Ada", "#abc"}));
}

TEST(OtProtocol, an_operation_is_read_as_an_array_or_as_quill_delta_writes_it) {
  const std::string ops = R"([{"retain":2,"attributes":{"bold":null}},{"insert":"x"},{"delete":1}])";
  for (const std::string& op : {ops, R"({"ops":)" + ops + "}"}) {
    const auto changes = read_changes(with(R"("version":4,"sequence":1,"op":)" + op), kLimits);
    ASSERT_TRUE(changes) << changes.error().message;
    EXPECT_EQ(changes->version, 4u);
    EXPECT_EQ(changes->sequence, 1u);
    ASSERT_EQ(changes->op.ops().size(), 3u);
    EXPECT_EQ(changes->op.base_length(), 3u);
  }
}

TEST(OtProtocol, what_is_malformed_is_named) {
  const auto refused = [](const auto& read) {
    EXPECT_FALSE(read);
    return read ? std::string() : field_of(read.error());
  };
  EXPECT_EQ(refused(read_join("{}")), "document");
  EXPECT_EQ(refused(read_join("")), "document");
  EXPECT_EQ(refused(read_join("[]")), "argument");
  EXPECT_EQ(refused(read_join(R"({"document":"doc_x"})")), "document");
  EXPECT_EQ(refused(read_join(with(R"("client":"")"))), "client");
  EXPECT_EQ(refused(read_join(with(R"("last_known_version":-1)"))), "last_known_version");
  EXPECT_EQ(refused(read_changes(with(R"("version":1,"sequence":1)"), kLimits)), "op");
  EXPECT_EQ(refused(read_changes(with(R"("version":1,"sequence":1,"op":{"a":[]})"), kLimits)), "op");
  EXPECT_EQ(refused(read_changes(with(R"("version":1,"op":[])"), kLimits)), "sequence");
  EXPECT_EQ(refused(read_changes(with(R"("version":1,"sequence":1,"op":[{}])"), kLimits)), "ops[0]");
  EXPECT_EQ(refused(read_cursor(with(R"("position":1)"))), "version");
  EXPECT_EQ(refused(read_token(R"({"token":""})")), "token");
}

TEST(OtProtocol, a_cursor_may_go) {
  EXPECT_EQ(read_cursor(with(R"("version":3,"position":2)"))->cursor, (Cursor{3, 2, 0}));
  EXPECT_EQ(read_cursor(with(R"("version":3,"position":2,"length":4)"))->cursor, (Cursor{3, 2, 4}));
  EXPECT_FALSE(read_cursor(with(R"("position":null)"))->cursor);
}

TEST(OtProtocol, typing_is_true_or_false) {
  EXPECT_TRUE(read_typing(with(R"("typing":true)"))->typing);
  EXPECT_FALSE(read_typing(with(R"("typing":false)"))->typing);
  EXPECT_EQ(field_of(read_typing(with(R"("typing":1)")).error()), "typing");
}

TEST(OtProtocol, a_join_is_answered_with_content_or_with_what_was_missed) {
  OtJoined fresh{.version = 7};
  fresh.document = ot::Delta().insert(u"hi");
  const Welcome welcome{.client = "c", .id = 5, .permission = access::Level::kWrite};
  EXPECT_EQ(joined("doc_1", fresh, welcome),
            R"({"document":"doc_1","version":7,"content":{"ops":[{"insert":"hi"}]},"acknowledged":false,)"
            R"("permission":"write","client":"c","id":5})");
  OtJoined again{.version = 9, .acknowledged = true};
  again.missed = {{.version = 8, .delta = ot::Delta().insert(u"x"), .source = {"c", 3}},
                  {.version = 9, .delta = ot::Delta().remove(1)}};
  EXPECT_EQ(joined("doc_1", again, welcome),
            R"({"document":"doc_1","version":9,"operations":[{"version":8,"sequence":3,"op":{"ops":[{"insert":"x"}]}},)"
            R"({"version":9,"op":{"ops":[{"delete":1}]}}],"acknowledged":true,)"
            R"("permission":"write","client":"c","id":5})");
}

TEST(OtProtocol, errors_have_the_words_of_the_house_and_hide_what_broke_inside) {
  EXPECT_EQ(failed(Error{Code::kConflict, "old", {{"oldest_version", "4"}, {"field", "version"}}}),
            R"({"error":{"code":"conflict","message":"old","oldest_version":4,"field":"version"}})");
  EXPECT_EQ(failed(Error{Code::kInternal, "the secret disk", {{"path", "/x"}}}),
            R"({"error":{"code":"internal","message":"the hub failed; its log says more"}})");
}

TEST(OtProtocol, presence_survives_the_way_through_an_awareness_state) {
  const User user{"Ada \"A\"", "#abc"};
  for (const Presence& one : {Presence{}, Presence{user, Cursor{4, 2, 1}}, Presence{.user = user, .typing = true}})
    EXPECT_EQ(read_awareness_state(awareness_state(one)), one);
  EXPECT_EQ(read_awareness_state(R"({"typing":1})"), Presence{});
  EXPECT_EQ(presence("doc_1", 5, {.typing = true}), R"({"document":"doc_1","id":5,"user":{},"typing":true})");
  EXPECT_TRUE(read_awareness_state("null").gone);
  for (const std::string_view foreign : {"[]", "7", R"({"user":"x"})", R"({"user":{"name":7}})", R"({"ot":{}})", "{"})
    EXPECT_EQ(read_awareness_state(foreign), Presence{}) << foreign;
  EXPECT_EQ(presence("doc_1", 5, {.gone = true}), R"({"document":"doc_1","id":5,"user":null})");
  EXPECT_EQ(cursor("doc_1", 5, {}), R"({"document":"doc_1","id":5,"position":null})");
}

}  // namespace
}  // namespace concord::documents::ot_protocol
