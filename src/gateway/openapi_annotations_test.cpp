// The OpenAPI document against the real answers of the routes of comments and suggestions.

#include "gateway/openapi_hub_testing.h"

namespace concord::gateway {
namespace {

namespace bj = boost::json;
using testing::Hub;
using testing::text_of;

void ask_about_comments(Hub& hub, const std::string& document, const std::string& reader) {
  const std::string all = "/documents/{id}/comments";
  const std::string path = document + "/comments";
  const std::string me = text_of(hub.ask("GET", document, "/documents/{id}"), "/owner");
  const auto made = hub.ask(
      "POST", path, all, R"({"body":"by whom?","anchor":{"start":0,"end":6},"version":1,"mentions":[")" + me + "\"]}");
  ASSERT_EQ(made.status, 201);
  EXPECT_EQ(text_of(made, "/quote"), "agreed");
  EXPECT_EQ(bj::parse(made.body).at_pointer("/anchor/end").to_number<int>(), 6);
  for (const char* wrong : {R"({"body":""})", R"({"body":"x","anchor":{"start":0,"end":6}})",
                            R"({"body":"x","anchor":{"start":6,"end":6},"version":1})",
                            R"({"body":"x","mentions":["x"]})", R"({"body":"x","anchor":[0,6],"version":1})"})
    EXPECT_EQ(hub.ask("POST", path, all, wrong).status, 400) << wrong;
  const auto unread = hub.ask("POST", path, all, R"({"body":"x","mentions":[")" + reader + "\"]}");
  EXPECT_EQ(unread.status, 400);
  EXPECT_EQ(text_of(unread, "/field"), "mentions");
  EXPECT_EQ(hub.ask("POST", path, all, R"({"body":"x","anchor":{"start":0,"end":1},"version":9999})").status, 409);
  const std::string at = path + "/" + text_of(made, "/id");
  const std::string one = all + "/{comment}";
  EXPECT_EQ(hub.ask("GET", at, one).status, 200);
  EXPECT_EQ(hub.ask("GET", path + "/cmt_00000000000000000000000000", one).status, 404);
  EXPECT_EQ(text_of(hub.ask("PATCH", at, one, R"({"body":"by whom, please?"})"), "/body"), "by whom, please?");
  EXPECT_EQ(hub.ask("PATCH", at, one, "{}").status, 400);
  const auto replied = hub.ask("POST", at + "/replies", one + "/replies", R"({"body":"all of us"})");
  ASSERT_EQ(replied.status, 201);
  const std::string reply = at + "/replies/" + text_of(replied, "/replies/0/id");
  const std::string of_reply = one + "/replies/{reply}";
  EXPECT_EQ(text_of(hub.ask("PATCH", reply, of_reply, R"({"body":"us"})"), "/replies/0/body"), "us");
  EXPECT_EQ(text_of(hub.ask("POST", at + "/resolve", one + "/resolve"), "/state"), "resolved");
  EXPECT_EQ(hub.ask("POST", at + "/resolve", one + "/resolve").status, 409);
  EXPECT_EQ(text_of(hub.ask("GET", path + "?state=resolved", all), "/comments/0/resolved_by"), me);
  EXPECT_EQ(hub.ask("GET", path + "?state=x", all).status, 400);
  EXPECT_EQ(text_of(hub.ask("POST", at + "/reopen", one + "/reopen"), "/state"), "open");
  EXPECT_EQ(hub.ask("DELETE", reply, of_reply).status, 204);
  EXPECT_EQ(hub.ask("DELETE", reply, of_reply).status, 404);
  EXPECT_EQ(hub.ask("DELETE", at, one).status, 204);
  EXPECT_EQ(hub.ask("DELETE", at, one).status, 404);
  EXPECT_EQ(hub.ask("GET", path, all).status, 200);
}

void ask_about_suggestions(Hub& hub, const std::string& document) {
  const std::string all = "/documents/{id}/suggestions";
  const std::string path = document + "/suggestions";
  const auto now = hub.ask("GET", document, "/documents/{id}");
  const std::string version = std::to_string(bj::parse(now.body).at("version").to_number<std::int64_t>());
  const std::string proposal = R"({"content":"agreed, and noted by all\n","message":"all","version":)" + version + "}";
  const auto made = hub.ask("POST", path, all, proposal);
  ASSERT_EQ(made.status, 201);
  EXPECT_EQ(text_of(made, "/changes/1/kind"), "added");
  EXPECT_EQ(hub.ask("POST", path, all, R"({"content":"x","version":99999})").status, 409);
  EXPECT_EQ(hub.ask("POST", path, all, R"({"content":"agreed, and noted\n","version":)" + version + "}").status, 400);
  EXPECT_EQ(hub.ask("POST", path, all, R"({"version":1})").status, 400);
  EXPECT_EQ(hub.ask("GET", path + "?state=open", all).status, 200);
  EXPECT_EQ(hub.ask("GET", path + "?state=x", all).status, 400);
  const std::string one = path + "/" + text_of(made, "/id");
  EXPECT_EQ(hub.ask("GET", one, all + "/{suggestion}").status, 200);
  EXPECT_EQ(hub.ask("GET", path + "/sug_00000000000000000000000000", all + "/{suggestion}").status, 404);
  EXPECT_EQ(text_of(hub.ask("POST", one + "/accept", all + "/{suggestion}/accept"), "/content"),
            "agreed, and noted by all\n");
  EXPECT_EQ(hub.ask("POST", one + "/accept", all + "/{suggestion}/accept").status, 409);
  EXPECT_EQ(hub.ask("DELETE", one, all + "/{suggestion}").status, 409);
  EXPECT_EQ(text_of(hub.ask("GET", path, all), "/suggestions/0/state"), "accepted");
}

TEST(OpenApiDocument, says_what_comments_and_suggestions_answer) {
  Hub hub;
  hub.start();
  const auto register_account = [&](const std::string& email) {
    return hub.ask("POST", "/auth/register", "/auth/register",
                   R"({"email":")" + email + R"(","password":"a long enough one"})");
  };
  hub.token = text_of(register_account("ada@example.org"), "/access_token");
  const auto other = register_account("bob@example.org");
  const auto made =
      hub.ask("POST", "/documents", "/documents", R"({"name":"Minutes","content":"agreed, and noted\n"})");
  ASSERT_EQ(made.status, 201);
  const std::string document = "/documents/" + text_of(made, "/id");
  ask_about_suggestions(hub, document);
  ask_about_comments(hub, document, text_of(other, "/user/id"));
}

}  // namespace
}  // namespace concord::gateway
