#include <gtest/gtest.h>

#include <algorithm>
#include <iterator>

#include "identity/hub_testing.h"

namespace concord::identity::testing {
namespace {

constexpr const char* kJsonType = "application/json";

TEST(Routes, a_person_registers_signs_in_refreshes_and_signs_out) {
  Hub hub;
  const Reply made = hub.call("POST", "/auth/register",
                              R"({"email":"Ada@Example.com","password":"correct horse","name":" Ada Lovelace "})");
  ASSERT_EQ(made.status, 201) << made.error.message;
  EXPECT_EQ(made.header("content-type"), kJsonType);
  EXPECT_EQ(made.header("cache-control"), "no-store");
  const json::Object grant = made.object();
  EXPECT_EQ(grant.size(), 5U);
  EXPECT_EQ(grant.integer("expires_in", 0, 10'000).value(), 900);
  EXPECT_EQ(grant.text("token_type", {}).value(), "Bearer");
  const json::Object user = grant.object("user").value();
  EXPECT_EQ(user.size(), 7U);
  const std::string id = user.text("id", {}).value();
  const std::string created = user.text("created_at", {}).value();
  EXPECT_TRUE(UserId::parse(id));
  EXPECT_EQ(created.size(), 24U);
  const std::string whole = R"({"id":")" + id + R"(","email":"Ada@Example.com","name":"Ada Lovelace","role":"owner",)" +
                            R"("email_verified":true,"active":true,"created_at":")" + created + "\"}";

  const Reply in = hub.call("POST", "/auth/login", R"({"email":"ADA@example.COM","password":"correct horse"})");
  ASSERT_EQ(in.status, 200);
  EXPECT_EQ(in.header("cache-control"), "no-store");
  const Reply me = hub.call("GET", "/auth/me", "", in.text("access_token"));
  ASSERT_EQ(me.status, 200);
  EXPECT_EQ(me.body, whole);

  const Reply refreshed = hub.refresh(in.text("refresh_token"));
  ASSERT_EQ(refreshed.status, 200);
  EXPECT_NE(refreshed.text("refresh_token"), in.text("refresh_token"));
  EXPECT_TRUE(refreshed.body.ends_with(R"("user":)" + whole + "}"));
  EXPECT_EQ(hub.call("GET", "/auth/me", "", refreshed.text("access_token")).status, 200);

  const std::string body = R"({"refresh_token":")" + refreshed.text("refresh_token") + "\"}";
  const Reply out = hub.call("POST", "/auth/logout", body);
  EXPECT_EQ(out.status, 204);
  EXPECT_EQ(out.body, "");
  EXPECT_EQ(hub.call("POST", "/auth/refresh", body).status, 401);
  EXPECT_EQ(hub.call("POST", "/auth/logout", body).status, 204);
}

TEST(Routes, later_accounts_are_members_and_a_name_defaults_to_the_email) {
  Hub hub;
  EXPECT_EQ(hub.register_account("first@example.com").user("role"), "owner");
  const Reply second = hub.register_account("second.person@example.com");
  EXPECT_EQ(second.user("role"), "member");
  EXPECT_EQ(second.user("name"), "second.person");
}

TEST(Routes, an_email_has_one_account_whatever_its_case) {
  Hub hub;
  EXPECT_EQ(hub.register_account("a@example.com").status, 201);
  for (const char* email : {"a@example.com", "A@example.com", "a@EXAMPLE.com"}) {
    const Reply again = hub.register_account(email);
    EXPECT_EQ(again.status, 409) << email;
    EXPECT_EQ(again.fact("field"), "email");
  }
}

struct BadInput {
  const char* name;
  const char* path;
  std::string body;
  int status;
  const char* field;
};

std::string object_of(std::initializer_list<std::string> members) {
  std::string text = "{";
  for (const std::string& member : members) text += (text.size() > 1 ? "," : "") + member;
  return text + "}";
}

const std::string kEmailMember = R"("email":"b@example.com")";
const std::string kPasswordMember = R"("password":"long enough")";

std::vector<BadInput> bad_registrations() {
  const auto with_email = [](const std::string& text) {
    return object_of({R"("email":")" + text + "\"", kPasswordMember});
  };
  const char* reg = "/auth/register";
  std::string many;
  for (int i = 0; i < 100; ++i) many += ",1";
  return {
      {"no body", reg, "", 400, "body"},
      {"no JSON", reg, "email=a", 400, "body"},
      {"an array", reg, "[]", 400, "body"},
      {"cut off", reg, R"({"email":"b@ex)", 400, "body"},
      {"a name twice", reg, object_of({kEmailMember, kPasswordMember, kEmailMember}), 400, "body"},
      {"too deep", reg, object_of({kEmailMember, kPasswordMember, R"("x":[[[[[[1]]]]]])"}), 413, "body"},
      {"too many values", reg, object_of({kEmailMember, kPasswordMember, R"("x":[1)" + many + "]"}), 413, "body"},
      {"no e-mail", reg, object_of({kPasswordMember}), 400, "email"},
      {"e-mail null", reg, object_of({R"("email":null)", kPasswordMember}), 400, "email"},
      {"e-mail a number", reg, object_of({R"("email":7)", kPasswordMember}), 400, "email"},
      {"e-mail empty", reg, with_email(""), 400, "email"},
      {"e-mail without at", reg, with_email("example.com"), 400, "email"},
      {"e-mail without local part", reg, with_email("@example.com"), 400, "email"},
      {"e-mail without domain", reg, with_email("abc@"), 400, "email"},
      {"e-mail with two ats", reg, with_email("a@b@example.com"), 400, "email"},
      {"e-mail with a blank", reg, with_email("a b@example.com"), 400, "email"},
      {"e-mail with a name", reg, with_email("Ada <a@example.com>"), 400, "email"},
      {"e-mail with a line break", reg, with_email("a@example.com\\r\\nBcc: x@example.com"), 400, "email"},
      {"e-mail with a nul", reg, with_email("a@example.com\\u0000"), 400, "email"},
      {"e-mail with a bad domain", reg, with_email("a@-example-.com"), 400, "email"},
      {"e-mail with an empty label", reg, with_email("a@example..com"), 400, "email"},
      {"e-mail not ASCII", reg, with_email("\u00e4@example.com"), 400, "email"},
      {"e-mail too long", reg, with_email(std::string(64, 'a') + "@" + std::string(190, 'b') + ".com"), 400, "email"},
      {"local part too long", reg, with_email(std::string(65, 'a') + "@example.com"), 400, "email"},
      {"no password", reg, object_of({kEmailMember}), 400, "password"},
      {"password too short", reg, object_of({kEmailMember, R"("password":"1234567")"}), 400, "password"},
      {"password too long", reg, object_of({kEmailMember, R"("password":")" + std::string(1025, 'x') + "\""}), 400,
       "password"},
      {"password a list", reg, object_of({kEmailMember, R"("password":["long enough"])"}), 400, "password"},
      {"name too long", reg, object_of({kEmailMember, kPasswordMember, R"("name":")" + std::string(201, 'x') + "\""}),
       400, "name"},
      {"name with a control", reg, object_of({kEmailMember, kPasswordMember, R"("name":"a\u0007b")"}), 400, "name"},
      {"name a boolean", reg, object_of({kEmailMember, kPasswordMember, R"("name":true)"}), 400, "name"},
      {"setup token too long", reg,
       object_of({kEmailMember, kPasswordMember, R"("setup_token":")" + std::string(257, 'x') + "\""}), 400,
       "setup_token"},
      {"too large", reg, object_of({kEmailMember, kPasswordMember, R"("x":")" + std::string(20'000, 'x') + "\""}), 413,
       "body"},
  };
}

std::vector<BadInput> bad_sign_ins() {
  return {
      {"no e-mail", "/auth/login", object_of({kPasswordMember}), 400, "email"},
      {"e-mail malformed", "/auth/login", object_of({R"("email":"abc")", kPasswordMember}), 400, "email"},
      {"no password", "/auth/login", object_of({kEmailMember}), 400, "password"},
      {"password empty", "/auth/login", object_of({kEmailMember, R"("password":"")"}), 400, "password"},
      {"password too long", "/auth/login", object_of({kEmailMember, R"("password":")" + std::string(1025, 'x') + "\""}),
       400, "password"},
      {"no token", "/auth/refresh", "{}", 400, "refresh_token"},
      {"token a number", "/auth/refresh", R"({"refresh_token":1})", 400, "refresh_token"},
      {"token too long", "/auth/refresh", R"({"refresh_token":")" + std::string(257, 'x') + "\"}", 400,
       "refresh_token"},
      {"no token", "/auth/logout", "{}", 400, "refresh_token"},
      {"no body", "/auth/logout", "", 400, "body"},
  };
}

TEST(Routes, bad_input_is_refused_by_field) {
  Hub hub;
  ASSERT_EQ(hub.register_account("a@example.com").status, 201);
  std::vector<BadInput> cases = bad_registrations();
  std::ranges::move(bad_sign_ins(), std::back_inserter(cases));
  for (const BadInput& c : cases) {
    const Reply reply = hub.call("POST", c.path, c.body);
    EXPECT_EQ(reply.status, c.status) << c.path << ": " << c.name << " " << reply.error.message;
    EXPECT_EQ(reply.fact("field"), c.field) << c.path << ": " << c.name << " " << reply.error.message;
  }
  EXPECT_EQ(hub.sql("SELECT id FROM identity_users").rows.size(), 1U);
}

TEST(Routes, a_form_on_a_foreign_page_makes_no_account) {
  Hub hub;
  for (const char* type : {"text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", ""}) {
    hub.more_headers = {{"origin", "https://evil.example"}, {"content-type", type}};
    const Reply refused = hub.register_account("a@example.com");
    EXPECT_EQ(refused.status, 403) << type;
    EXPECT_EQ(refused.fact("field"), "content-type");
  }
  hub.more_headers = {{"origin", "null"}};
  EXPECT_EQ(hub.register_account("a@example.com").status, 403);
  hub.more_headers = {{"origin", "https://hub.example"}, {"content-type", "application/json; charset=utf-8"}};
  EXPECT_EQ(hub.register_account("a@example.com").status, 201);
  hub.more_headers = {};  // no browser
  EXPECT_EQ(hub.register_account("b@example.com").status, 201);
}

TEST(Routes, a_password_may_be_anything_of_its_length) {
  Hub hub;
  int n = 0;
  for (const std::string& password :
       {std::string("        "), std::string(1024, 'x'), std::string(R"(tab\tnul\u0000quote\")"),
        std::string("\u5bc6\u7801\u5bc6\u7801")}) {
    const std::string email = "p" + std::to_string(n++) + "@example.com";
    EXPECT_EQ(hub.register_account(email, password).status, 201) << password;
    EXPECT_EQ(hub.log_in(email, password).status, 200) << password;
    EXPECT_EQ(hub.log_in(email, "long enough").status, 401) << password;
  }
}

TEST(Routes, a_name_of_blanks_is_no_name) {
  Hub hub;
  const Reply made =
      hub.call("POST", "/auth/register", R"({"email":"ada@example.com","password":"long enough","name":"  "})");
  EXPECT_EQ(made.user("name"), "ada");
}

TEST(Routes, other_methods_and_paths_are_not_there) {
  Hub hub;
  EXPECT_EQ(hub.call("GET", "/auth/login").status, 405);
  EXPECT_EQ(hub.call("POST", "/auth/me", "{}").status, 405);
  EXPECT_EQ(hub.call("POST", "/.well-known/jwks.json", "{}").status, 405);
  EXPECT_EQ(hub.call("GET", "/auth/users").status, 404);
}

TEST(Routes, the_published_keys_are_public_halves_that_verify_tokens) {
  Hub hub;
  const Reply reply = hub.call("GET", "/.well-known/jwks.json");
  ASSERT_EQ(reply.status, 200);
  EXPECT_EQ(reply.header("content-type"), kJsonType);
  EXPECT_EQ(reply.header("cache-control"), "public, max-age=300");
  EXPECT_TRUE(reply.body.starts_with(R"({"keys":[{"kty":"RSA","use":"sig","alg":"RS256","kid":")")) << reply.body;
  for (const char* secret : {"d", "p", "q", "dp", "dq", "qi"})
    EXPECT_EQ(reply.body.find("\"" + std::string(secret) + "\":"), std::string::npos) << secret;
}

TEST(Routes, no_secret_reaches_the_log_or_the_tables) {
  Hub hub;
  const std::string password = "very secret words";
  const Reply made = hub.register_account("ada@example.com", password);
  const Reply in = hub.log_in("ada@example.com", password);
  hub.log_in("ada@example.com", "another secret");
  hub.refresh(made.text("refresh_token"));
  hub.refresh(made.text("refresh_token"));
  const std::string log = hub.log().text();
  EXPECT_NE(log.find("signed in"), std::string::npos);
  EXPECT_NE(log.find("sign-in refused"), std::string::npos);
  EXPECT_NE(log.find("a refresh token was used twice"), std::string::npos);
  std::string stored;
  for (const char* query : {"SELECT * FROM identity_users", "SELECT * FROM identity_sessions"})
    for (const engines::Row& row : hub.sql(query).rows)
      for (const engines::Value& value : row)
        if (const auto* text = std::get_if<std::string>(&value)) stored += *text + "\n";
  for (const std::string& secret : {password, std::string("another secret"), made.text("access_token"),
                                    made.text("refresh_token"), in.text("refresh_token")}) {
    EXPECT_EQ(log.find(secret), std::string::npos);
    EXPECT_EQ(stored.find(secret), std::string::npos);
    EXPECT_EQ(stored.find(secret.substr(secret.size() / 2)), std::string::npos);
  }
  EXPECT_EQ(log.find("ada@example.com"), std::string::npos);
}

}  // namespace
}  // namespace concord::identity::testing
