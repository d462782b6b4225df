// The OpenAPI document against the real routes and their real answers: identity, documents and the gateway's own, on
// the embedded engines.

#include "crypto/base32_testing.h"
#include "crypto/one_time_code.h"
#include "gateway/openapi_hub_testing.h"
#include "identity/authenticator_testing.h"

namespace concord::gateway {
namespace {

namespace bj = boost::json;
using testing::Hub;
using testing::OpenApi;
using testing::openapi_text;
using testing::text_of;

TEST(OpenApiDocument, has_no_faults) {
  for (const std::string& fault : OpenApi(openapi_text()).faults()) ADD_FAILURE() << fault;
}

TEST(OpenApiDocument, describes_what_is_served_and_nothing_else) {
  Hub hub;
  hub.start();
  for (const std::string& line : OpenApi(openapi_text()).differences(hub.gateway().router().routes()))
    ADD_FAILURE() << line;
}

TEST(OpenApiDocument, says_what_identity_answers) {
  Hub hub;
  hub.start();
  EXPECT_EQ(hub.ask("GET", "/auth/setup", "/auth/setup").status, 200);
  EXPECT_EQ(hub.ask("GET", "/auth/me", "/auth/me").status, 401);
  const std::string account = R"({"email":"ada@example.org","password":"a long enough one","name":"Ada"})";
  const auto made = hub.ask("POST", "/auth/register", "/auth/register", account);
  ASSERT_EQ(made.status, 201);
  EXPECT_EQ(hub.ask("POST", "/auth/register", "/auth/register", account).status, 409);
  EXPECT_EQ(hub.ask("POST", "/auth/register", "/auth/register", R"({"email":"ada"})").status, 400);
  EXPECT_EQ(hub.ask("POST", "/auth/register", "/auth/register", "{").status, 400);
  const auto again = hub.ask("POST", "/auth/login", "/auth/login", account);
  EXPECT_EQ(again.status, 200);
  EXPECT_EQ(hub.ask("POST", "/auth/login", "/auth/login", R"({"email":"x@example.org","password":"y"})").status, 401);
  const std::string refresh = R"({"refresh_token":")" + text_of(made, "/refresh_token") + "\"}";
  EXPECT_EQ(hub.ask("POST", "/auth/refresh", "/auth/refresh", refresh).status, 200);
  EXPECT_EQ(hub.ask("POST", "/auth/refresh", "/auth/refresh", refresh).status, 401);
  EXPECT_EQ(hub.ask("POST", "/auth/logout", "/auth/logout", refresh).status, 204);
  EXPECT_EQ(hub.ask("GET", "/.well-known/jwks.json", "/.well-known/jwks.json").status, 200);
  hub.token = text_of(made, "/access_token");
  EXPECT_EQ(hub.ask("GET", "/auth/me", "/auth/me").status, 401);
  hub.token = text_of(again, "/access_token");
  EXPECT_EQ(hub.ask("GET", "/auth/me", "/auth/me").status, 200);
  EXPECT_EQ(text_of(hub.ask("GET", "/audit?limit=1000", "/audit"), "/events/0/action"), "session.refreshed");
  EXPECT_EQ(hub.ask("GET", "/audit?limit=0", "/audit").status, 400);
  EXPECT_EQ(hub.ask("POST", "/auth/keys", "/auth/keys", R"({"at_once":"no"})").status, 400);
  EXPECT_EQ(hub.ask("POST", "/auth/keys", "/auth/keys", "{}").status, 201);
  const auto sessions = hub.ask("GET", "/auth/sessions", "/auth/sessions");
  EXPECT_EQ(sessions.status, 200);
  EXPECT_EQ(hub.ask("DELETE", "/auth/sessions", "/auth/sessions").status, 200);
  const std::string one = "/auth/sessions/{session}";
  EXPECT_EQ(hub.ask("DELETE", "/auth/sessions/ses_nothing", one).status, 404);
  EXPECT_EQ(hub.ask("DELETE", "/auth/sessions/" + text_of(sessions, "/sessions/0/id"), one).status, 204);
  EXPECT_EQ(hub.ask("GET", "/auth/sessions", "/auth/sessions").status, 401);
}

TEST(OpenApiDocument, says_what_services_are_answered) {
  Hub hub;
  hub.start();
  hub.token = text_of(hub.ask("POST", "/auth/register", "/auth/register",
                              R"({"email":"ada@example.org","password":"a long enough one"})"),
                      "/access_token");
  const std::string all = "/services";
  EXPECT_EQ(hub.ask("POST", all, all, R"({"name":"x","audiences":[]})").status, 400);
  const auto made = hub.ask("POST", all, all, R"({"name":"x","audiences":["introspection"]})");
  ASSERT_EQ(made.status, 201);
  EXPECT_EQ(hub.ask("GET", all, all).status, 200);
  const std::string one = all + "/" + text_of(made, "/id");
  const auto renewed = hub.ask("POST", one + "/secret", "/services/{service}/secret");
  ASSERT_EQ(renewed.status, 200);
  const std::string fetch = "/auth/service-token";
  const auto wants = [&](const std::string& audience) {
    return R"({"service":")" + text_of(renewed, "/id") + R"(","secret":")" + text_of(renewed, "/secret") +
           R"(","audience":")" + audience + "\"}";
  };
  EXPECT_EQ(hub.ask("POST", fetch, fetch, "{}").status, 400);
  EXPECT_EQ(hub.ask("POST", fetch, fetch, R"({"service":"x","secret":"y","audience":"z"})").status, 401);
  EXPECT_EQ(hub.ask("POST", fetch, fetch, wants("search")).status, 403);
  const auto given = hub.ask("POST", fetch, fetch, wants("introspection"));
  ASSERT_EQ(given.status, 200);
  const std::string ask = "/auth/introspect";
  const std::string about = R"({"token":")" + hub.token + "\"}";
  EXPECT_EQ(hub.ask("POST", ask, ask, about).status, 401);
  const std::string owner = std::exchange(hub.token, text_of(given, "/access_token"));
  EXPECT_EQ(hub.ask("POST", ask, ask, "{}").status, 400);
  EXPECT_EQ(text_of(hub.ask("POST", ask, ask, about), "/kind"), "user");
  EXPECT_EQ(hub.ask("POST", ask, ask, R"({"token":"x"})").status, 200);
  hub.token = owner;
  EXPECT_EQ(hub.ask("DELETE", one, "/services/{service}").status, 204);
  EXPECT_EQ(hub.ask("DELETE", one, "/services/{service}").status, 404);
  EXPECT_EQ(hub.ask("POST", one + "/secret", "/services/{service}/secret").status, 404);
}

TEST(OpenApiDocument, says_what_signing_in_by_two_steps_answers) {
  Hub hub;
  hub.start();
  const std::string account = R"({"email":"ada@example.org","password":"a long enough one"})";
  hub.token = text_of(hub.ask("POST", "/auth/register", "/auth/register", account), "/access_token");
  const std::string factors = "/auth/second-factor";
  const std::string totp = factors + "/totp";
  const std::string shown = R"({"password":"a long enough one"})";
  const auto with = [](const std::string& fields, const std::string& code) {
    return "{" + fields + R"("code":")" + code + "\"}";
  };
  EXPECT_EQ(hub.ask("GET", factors, factors).status, 200);
  EXPECT_EQ(hub.ask("POST", totp + "/confirm", totp + "/confirm", with("", "123456")).status, 409);
  EXPECT_EQ(hub.ask("POST", totp, totp, R"({"password":"no"})").status, 403);
  const auto made = hub.ask("POST", totp, totp, shown);
  ASSERT_EQ(made.status, 200);
  const Bytes secret = concord::testing::base32_decode(text_of(made, "/secret"));
  const auto code = [&secret](std::int64_t steps) {
    return crypto::hotp(secret, static_cast<std::uint64_t>(crypto::code_step(SystemClock().wall_ms()) + steps));
  };
  EXPECT_EQ(hub.ask("POST", totp + "/confirm", totp + "/confirm", with("", code(-9))).status, 403);
  const auto on = hub.ask("POST", totp + "/confirm", totp + "/confirm", with("", code(0)));
  ASSERT_EQ(on.status, 200);
  EXPECT_EQ(hub.ask("POST", totp, totp, shown).status, 409);
  const auto begun = hub.ask("POST", "/auth/login", "/auth/login", account);
  const std::string step = "/auth/login/second-factor";
  const std::string ticket = R"("ticket":")" + text_of(begun, "/ticket") + R"(",)";
  EXPECT_EQ(hub.ask("POST", step, step, with(ticket, "wrong")).status, 401);
  EXPECT_EQ(hub.ask("POST", step, step, with(ticket, text_of(on, "/recovery_codes/0"))).status, 200);
  const std::string password = R"("password":"a long enough one",)";
  const std::string codes = factors + "/recovery-codes";
  const auto renewed = hub.ask("POST", codes, codes, with(password, text_of(on, "/recovery_codes/1")));
  EXPECT_EQ(renewed.status, 200);
  EXPECT_EQ(hub.ask("POST", codes, codes, with(password, text_of(on, "/recovery_codes/2"))).status, 403);
  EXPECT_EQ(hub.ask("DELETE", totp, totp, with(password, text_of(renewed, "/recovery_codes/1"))).status, 204);
  EXPECT_EQ(hub.ask("DELETE", totp, totp, with(password, "123456")).status, 409);
  const std::string self = text_of(hub.ask("GET", "/auth/me", "/auth/me"), "/id");
  EXPECT_EQ(hub.ask("DELETE", "/users/" + self + "/second-factor", "/users/{user}/second-factor").status, 403);
}

TEST(OpenApiDocument, says_what_is_locked) {
  Hub hub;
  hub.start();
  EXPECT_EQ(hub.ask("GET", "/locks", "/locks").status, 401);
  const auto made = hub.ask("POST", "/auth/register", "/auth/register",
                            R"({"email":"ada@example.org","password":"a long enough one","name":"Ada"})");
  hub.token = text_of(made, "/access_token");
  hub.watch().sign_in_failed("a", "", "192.0.2.1");
  hub.watch().sign_in_failed("b", "", "192.0.2.1");
  const auto locks = hub.ask("GET", "/locks", "/locks");
  EXPECT_EQ(locks.status, 200);
  EXPECT_EQ(text_of(locks, "/locks/0/subject"), "192.0.2.1");
  const std::string path = "/locks/" + text_of(locks, "/locks/0/id");
  EXPECT_EQ(hub.ask("DELETE", path, "/locks/{lock}").status, 204);
  EXPECT_EQ(hub.ask("DELETE", path, "/locks/{lock}").status, 404);
}

TEST(OpenApiDocument, says_what_shards_there_are) {
  Hub hub;
  hub.start();
  EXPECT_EQ(hub.ask("GET", "/shards", "/shards").status, 401);
  const auto made = hub.ask("POST", "/auth/register", "/auth/register",
                            R"({"email":"ada@example.org","password":"a long enough one","name":"Ada"})");
  hub.token = text_of(made, "/access_token");
  const std::string split = "/shards/{shard}/split";
  EXPECT_EQ(hub.ask("POST", "/shards/3/split", split, R"({"at":1000})").status, 200);
  EXPECT_EQ(hub.ask("POST", "/shards/3/split", split, R"({"at":1000})").status, 400);
  EXPECT_EQ(hub.ask("POST", "/shards/99/split", split).status, 404);
  const auto shards = hub.ask("GET", "/shards", "/shards");
  EXPECT_EQ(shards.status, 200);
  EXPECT_NE(shards.body.find(R"("shard":16,"first_slot":1000,"last_slot":1023)"), std::string::npos) << shards.body;
}

TEST(OpenApiDocument, says_what_passkeys_answer) {
  Hub hub;
  hub.start();
  const std::string account = R"({"email":"ada@example.org","password":"a long enough one"})";
  const auto registered = hub.ask("POST", "/auth/register", "/auth/register", account);
  hub.token = text_of(registered, "/access_token");
  const std::string all = "/auth/passkeys";
  const std::string shown = R"({"password":"a long enough one"})";
  identity::testing::Authenticator device;
  device.user_handle = text_of(registered, "/user/id");
  EXPECT_EQ(hub.ask("POST", all + "/options", all + "/options", R"({"password":"no"})").status, 403);
  const auto asked = hub.ask("POST", all + "/options", all + "/options", shown);
  ASSERT_EQ(asked.status, 200);
  const std::string made =
      R"({"name":"Laptop","credential":)" + device.registration(text_of(asked, "/publicKey/challenge")) + "}";
  const auto added = hub.ask("POST", all, all, made);
  ASSERT_EQ(added.status, 201);
  EXPECT_EQ(hub.ask("POST", all, all, made).status, 403);
  EXPECT_EQ(hub.ask("POST", all, all, R"({"name":"x"})").status, 400);
  EXPECT_EQ(hub.ask("GET", "/auth/second-factor", "/auth/second-factor").status, 200);
  EXPECT_EQ(hub.ask("GET", "/auth/me/export", "/auth/me/export").status, 200);

  const std::string login = "/auth/login/passkey";
  const auto begun = hub.ask("POST", login + "/options", login + "/options", "{}");
  ASSERT_EQ(begun.status, 200);
  const std::string answer = R"({"credential":)" + device.assertion(text_of(begun, "/publicKey/challenge")) + "}";
  EXPECT_EQ(hub.ask("POST", login, login, answer).status, 200);
  EXPECT_EQ(hub.ask("POST", login, login, answer).status, 401);
  const auto first = hub.ask("POST", "/auth/login", "/auth/login", account);
  const std::string step = R"({"ticket":")" + text_of(first, "/ticket") + R"(","credential":)" +
                           device.assertion(text_of(first, "/publicKey/challenge")) + "}";
  EXPECT_EQ(hub.ask("POST", "/auth/login/second-factor", "/auth/login/second-factor", step).status, 200);
  const std::string one = all + "/" + text_of(added, "/passkey/id");
  EXPECT_EQ(hub.ask("PATCH", one, all + "/{passkey}", R"({"name":"Blue key"})").status, 200);
  EXPECT_EQ(hub.ask("PATCH", all + "/x", all + "/{passkey}", R"({"name":"Blue key"})").status, 404);
  EXPECT_EQ(hub.ask("DELETE", one, all + "/{passkey}", R"({"password":"no"})").status, 403);
  EXPECT_EQ(hub.ask("DELETE", one, all + "/{passkey}", shown).status, 204);
  EXPECT_EQ(hub.ask("DELETE", one, all + "/{passkey}", shown).status, 404);
}

TEST(OpenApiDocument, says_that_attempts_are_limited) {
  Hub hub([](identity::Options& options) { options.sign_ins_per_minute = 1; });
  hub.start();
  const std::string wrong = R"({"email":"x@example.org","password":"y"})";
  EXPECT_EQ(hub.ask("POST", "/auth/login", "/auth/login", wrong).status, 401);
  const auto limited = hub.ask("POST", "/auth/login", "/auth/login", wrong);
  EXPECT_EQ(limited.status, 429);
  EXPECT_NE(testing::header(limited, "retry-after"), "");
}

void ask_about_shares(Hub& hub, const std::string& document, const std::string& other) {
  const std::string path = document + "/share";
  const std::string pattern = "/documents/{id}/share";
  EXPECT_EQ(hub.ask("POST", path, pattern, R"({"principal":"bob@example.org","access_level":"comment"})").status, 200);
  EXPECT_EQ(hub.ask("POST", path, pattern, R"({"principal":"nobody@example.org","access_level":"read"})").status, 404);
  EXPECT_EQ(hub.ask("POST", path, pattern, R"({"principal":"bob@example.org","access_level":"all"})").status, 400);
  EXPECT_EQ(hub.ask("GET", path, pattern).status, 200);
  EXPECT_EQ(hub.ask("DELETE", path + "/" + other, pattern + "/{principal}").status, 204);
  EXPECT_EQ(hub.ask("DELETE", path + "/" + other, pattern + "/{principal}").status, 404);
}

void ask_about_links(Hub& hub, const std::string& thing, const std::string& pattern) {
  const std::string all = thing + "/links";
  EXPECT_EQ(hub.ask("POST", all, pattern, R"({"access_level":"share"})").status, 400);
  EXPECT_EQ(hub.ask("POST", all, pattern, R"({"access_level":"read","password":""})").status, 400);
  const auto made = hub.ask("POST", all, pattern, R"({"access_level":"read","name":"Printers","password":"swans"})");
  ASSERT_EQ(made.status, 201);
  EXPECT_EQ(text_of(hub.ask("GET", all, pattern), "/links/0/id"), text_of(made, "/id"));
  const std::string secret = R"({"secret":")" + text_of(made, "/secret") + "\"";
  EXPECT_EQ(hub.ask("POST", "/links/open", "/links/open", R"({"secret":"clk_x"})").status, 404);
  EXPECT_EQ(hub.ask("POST", "/links/open", "/links/open", secret + "}").status, 403);
  EXPECT_EQ(hub.ask("POST", "/links/open", "/links/open", secret + R"(,"password":"geese"})").status, 403);
  const auto opened = hub.ask("POST", "/links/open", "/links/open", secret + R"(,"password":"swans"})");
  ASSERT_EQ(opened.status, 200);
  const std::string user = std::exchange(hub.token, text_of(opened, "/token"));
  EXPECT_EQ(hub.ask("GET", thing, pattern.substr(0, pattern.rfind('/'))).status, 200);
  EXPECT_EQ(hub.ask("GET", thing + "/share", pattern.substr(0, pattern.rfind('/')) + "/share").status, 403);
  EXPECT_EQ(hub.ask("GET", all, pattern).status, 403);
  hub.token = user;
  EXPECT_EQ(hub.ask("DELETE", all + "/" + text_of(made, "/id"), pattern + "/{link}").status, 204);
  EXPECT_EQ(hub.ask("DELETE", all + "/" + text_of(made, "/id"), pattern + "/{link}").status, 404);
  EXPECT_EQ(hub.ask("POST", "/links/open", "/links/open", secret + R"(,"password":"swans"})").status, 404);
}

void ask_about_folders(Hub& hub, const std::string& document) {
  const std::string one = "/folders/{id}";
  const auto made = hub.ask("POST", "/folders", "/folders", R"({"name":"Minutes"})");
  ASSERT_EQ(made.status, 201);
  const std::string id = text_of(made, "/id");
  const std::string folder = "/folders/" + id;
  EXPECT_EQ(hub.ask("POST", "/folders", "/folders", R"({"name":"In it","folder":")" + id + "\"}").status, 201);
  EXPECT_EQ(hub.ask("POST", "/folders", "/folders", R"({"name":""})").status, 400);
  EXPECT_EQ(hub.ask("POST", "/folders", "/folders", R"({"name":"x","folder":"fld_00000000000000000000000000"})").status,
            404);
  EXPECT_EQ(hub.ask("GET", "/folders?folder=" + id, "/folders").status, 200);
  EXPECT_EQ(hub.ask("GET", "/folders?folder=x", "/folders").status, 400);
  EXPECT_EQ(hub.ask("GET", folder, one).status, 200);
  EXPECT_EQ(hub.ask("PATCH", folder, one, R"({"name":"Minutes of all"})").status, 200);
  EXPECT_EQ(hub.ask("PATCH", folder, one, R"({"folder":")" + id + "\"}").status, 409);
  EXPECT_EQ(hub.ask("PATCH", document, "/documents/{id}", R"({"folder":")" + id + "\"}").status, 200);
  EXPECT_EQ(text_of(hub.ask("GET", "/documents?folder=" + id, "/documents"), "/documents/0/folder"), id);
  EXPECT_EQ(hub.ask("DELETE", folder, one).status, 409);
  const std::string share = R"({"principal":"everybody","access_level":"read","expires_at":"2099-01-01T00:00:00Z"})";
  EXPECT_EQ(hub.ask("POST", folder + "/share", one + "/share", share).status, 200);
  EXPECT_EQ(hub.ask("GET", folder + "/share", one + "/share").status, 200);
  const auto inherited = hub.ask("GET", document + "/share", "/documents/{id}/share");
  EXPECT_EQ(text_of(inherited, "/inherited/0/principal"), "everybody");
  EXPECT_EQ(text_of(inherited, "/inherited/0/folder/id"), id);
  EXPECT_EQ(hub.ask("DELETE", folder + "/share/everybody", one + "/share/{principal}").status, 204);
  EXPECT_EQ(hub.ask("DELETE", folder + "/share/everybody", one + "/share/{principal}").status, 404);
  ask_about_links(hub, folder, one + "/links");
  EXPECT_EQ(hub.ask("PATCH", document, "/documents/{id}", R"({"folder":null})").status, 200);
  const std::string empty = "/folders/" + text_of(hub.ask("POST", "/folders", "/folders", R"({"name":"x"})"), "/id");
  EXPECT_EQ(hub.ask("DELETE", empty, one).status, 204);
  EXPECT_EQ(hub.ask("GET", empty, one).status, 404);
}

void ask_about_people(Hub& hub, const std::string& other) {
  const std::string one = "/groups/{group}";
  const auto made = hub.ask("POST", "/groups", "/groups", R"({"name":"Editors"})");
  ASSERT_EQ(made.status, 201);
  const std::string group = "/groups/" + text_of(made, "/id");
  EXPECT_EQ(hub.ask("POST", "/groups", "/groups", R"({"name":"Editors"})").status, 409);
  EXPECT_EQ(hub.ask("POST", "/groups", "/groups", R"({"name":""})").status, 400);
  EXPECT_EQ(hub.ask("GET", "/groups", "/groups").status, 200);
  EXPECT_EQ(hub.ask("PUT", group + "/members/" + other, one + "/members/{user}").status, 204);
  EXPECT_EQ(hub.ask("PUT", group + "/members/usr_00000000000000000000000000", one + "/members/{user}").status, 404);
  EXPECT_EQ(text_of(hub.ask("GET", group, one), "/people/0/id"), other);
  EXPECT_EQ(hub.ask("PATCH", group, one, R"({"name":"Readers"})").status, 200);
  EXPECT_EQ(hub.ask("DELETE", group + "/members/" + other, one + "/members/{user}").status, 204);
  EXPECT_EQ(hub.ask("DELETE", group, one).status, 204);
  EXPECT_EQ(hub.ask("DELETE", group, one).status, 404);
  EXPECT_EQ(hub.ask("GET", "/users", "/users").status, 200);
  EXPECT_EQ(text_of(hub.ask("GET", "/users?query=ADA@exam", "/users"), "/users/0/email"), "ada@example.org");
  EXPECT_EQ(text_of(hub.ask("GET", "/users?ids=" + other, "/users"), "/users/0/id"), other);
  EXPECT_EQ(hub.ask("GET", "/users?ids=x", "/users").status, 400);
  EXPECT_EQ(hub.ask("GET", "/users?after=x", "/users").status, 400);
  EXPECT_EQ(hub.ask("GET", "/users?query=" + std::string(201, 'x'), "/users").status, 400);
  EXPECT_EQ(hub.ask("PATCH", "/users/" + other, "/users/{user}", R"({"role":"admin"})").status, 200);
  EXPECT_EQ(hub.ask("PATCH", "/users/" + other, "/users/{user}", R"({"role":"owner"})").status, 400);
  EXPECT_EQ(hub.ask("PATCH", "/users/" + other, "/users/{user}", R"({"role":"member"})").status, 200);
}

void ask_about_agents(Hub& hub) {
  const std::string one = "/agents/{agent}";
  const auto made = hub.ask("POST", "/agents", "/agents",
                            R"({"name":"Summaries","scopes":[{"thing":"*","permission":"read"}],"per_minute":1000})");
  ASSERT_EQ(made.status, 201);
  const std::string agent = "/agents/" + text_of(made, "/id");
  for (const char* bad :
       {R"({"scopes":[{"thing":"*","permission":"read"}]})", R"({"name":"x"})", R"({"name":"x","scopes":[]})",
        R"({"name":"x","scopes":[{"thing":"all","permission":"read"}]})",
        R"({"name":"x","scopes":[{"thing":"*","permission":"owner"}]})"})
    EXPECT_EQ(hub.ask("POST", "/agents", "/agents", bad).status, 400) << bad;
  EXPECT_EQ(hub.ask("GET", "/agents", "/agents").status, 200);
  EXPECT_EQ(hub.ask("GET", agent, one).status, 200);
  EXPECT_EQ(hub.ask("PATCH", agent, one, R"({"expires_at":"2099-01-01T00:00:00Z"})").status, 200);
  EXPECT_EQ(hub.ask("PATCH", agent, one, R"({"expires_at":"1999-01-01T00:00:00Z"})").status, 400);
  EXPECT_EQ(hub.ask("PATCH", agent, one, R"({"expires_at":null})").status, 200);
  const auto renewed = hub.ask("POST", agent + "/token", one + "/token");
  EXPECT_EQ(renewed.status, 200);
  const std::string user = std::exchange(hub.token, text_of(renewed, "/token"));
  EXPECT_EQ(hub.ask("GET", "/documents", "/documents").status, 200);
  EXPECT_EQ(hub.ask("GET", "/agents", "/agents").status, 403);
  hub.token = text_of(made, "/token");
  EXPECT_EQ(hub.ask("GET", "/documents", "/documents").status, 401);
  hub.token = user;
  EXPECT_EQ(hub.ask("DELETE", agent, one).status, 204);
  EXPECT_EQ(hub.ask("DELETE", agent, one).status, 404);
}

void ask_about_accounts(Hub& hub, const std::string& other) {
  const std::string owner = hub.token;
  EXPECT_EQ(hub.ask("PATCH", "/auth/me", "/auth/me", R"({"name":"Ada L."})").status, 200);
  EXPECT_EQ(hub.ask("PATCH", "/auth/me", "/auth/me", R"({"name":""})").status, 400);
  const std::string change = R"({"old_password":"a long enough one","new_password":"a longer one still"})";
  EXPECT_EQ(hub.ask("POST", "/auth/password", "/auth/password", change).status, 204);
  EXPECT_EQ(hub.ask("POST", "/auth/password", "/auth/password", change).status, 403);
  const std::string user = "/users/" + other;
  const std::string one = "/users/{user}";
  const auto link = hub.ask("POST", user + "/reset-link", one + "/reset-link");
  ASSERT_EQ(link.status, 201);
  const std::string set = R"({"token":")" + text_of(link, "/token") + R"(","password":"a long enough one"})";
  hub.token.clear();
  const auto post = [&](const char* path, const std::string& body) { return hub.ask("POST", path, path, body).status; };
  EXPECT_EQ(post("/auth/password/reset-request", R"({"email":"x@example.org"})"), 202);
  EXPECT_EQ(post("/auth/password/reset-request", R"({"email":"x"})"), 400);
  EXPECT_EQ(post("/auth/email/confirm", R"({"token":"x"})"), 403);
  EXPECT_EQ(post("/auth/email/confirm-request", ""), 401);
  EXPECT_EQ(hub.ask("POST", "/auth/password/reset", "/auth/password/reset", set).status, 204);
  EXPECT_EQ(hub.ask("POST", "/auth/password/reset", "/auth/password/reset", set).status, 403);
  EXPECT_EQ(hub.ask("GET", "/invitations", "/invitations").status, 401);
  hub.token = owner;
  EXPECT_EQ(post("/auth/email/confirm-request", ""), 409);
  for (const std::string action : {"/confirm", "/deactivate", "/reactivate"}) {
    EXPECT_EQ(hub.ask("POST", user + action, one + action).status, 200);
    EXPECT_EQ(hub.ask("POST", "/users/usr_x" + action, one + action).status, 404);
  }
  const auto invited = hub.ask("POST", "/invitations", "/invitations", R"({"email":"eve@example.org"})");
  ASSERT_EQ(invited.status, 201);
  EXPECT_EQ(hub.ask("POST", "/invitations", "/invitations", "{}").status, 201);
  EXPECT_EQ(hub.ask("POST", "/invitations", "/invitations", R"({"role":"owner"})").status, 400);
  EXPECT_EQ(hub.ask("GET", "/invitations", "/invitations").status, 200);
  const std::string path = "/invitations/" + text_of(invited, "/id");
  EXPECT_EQ(hub.ask("DELETE", path, "/invitations/{invitation}").status, 204);
  EXPECT_EQ(hub.ask("DELETE", path, "/invitations/{invitation}").status, 404);
}

void ask_about_history(Hub& hub, const std::string& document) {
  const std::string one = "/documents/{id}/versions/{version}";
  EXPECT_EQ(hub.ask("GET", document + "/history", "/documents/{id}/history").status, 200);
  EXPECT_EQ(hub.ask("GET", document + "/history?before=2", "/documents/{id}/history").status, 200);
  EXPECT_EQ(hub.ask("GET", document + "/history?before=x", "/documents/{id}/history").status, 400);
  EXPECT_EQ(text_of(hub.ask("GET", document + "/versions/1", one), "/content"), "agreed\n");
  EXPECT_EQ(hub.ask("GET", document + "/versions/99", one).status, 404);
  EXPECT_EQ(hub.ask("GET", document + "/versions/-1", one).status, 400);
  EXPECT_EQ(hub.ask("PUT", document + "/versions/1", one, R"({"name":"Agreed"})").status, 200);
  EXPECT_EQ(hub.ask("PUT", document + "/versions/99", one, R"({"name":"Agreed"})").status, 404);
  EXPECT_EQ(hub.ask("PUT", document + "/versions/1", one, R"({"name":""})").status, 400);
  EXPECT_EQ(text_of(hub.ask("GET", document + "/versions", "/documents/{id}/versions"), "/versions/0/name"), "Agreed");
  EXPECT_EQ(text_of(hub.ask("GET", document + "/history", "/documents/{id}/history"), "/versions/1/name"), "Agreed");
  EXPECT_EQ(hub.ask("DELETE", document + "/versions/1", one).status, 204);
  EXPECT_EQ(hub.ask("DELETE", document + "/versions/1", one).status, 404);
  EXPECT_EQ(text_of(hub.ask("GET", document + "/versions/2/changes", one + "/changes"), "/changes/1/kind"), "added");
  EXPECT_EQ(hub.ask("GET", document + "/versions/2/changes?since=0", one + "/changes").status, 200);
  EXPECT_EQ(hub.ask("GET", document + "/versions/1/changes?since=2", one + "/changes").status, 400);
  EXPECT_EQ(hub.ask("GET", document + "/versions/99/changes", one + "/changes").status, 404);
  const auto restored = hub.ask("POST", document + "/versions/1/restore", one + "/restore");
  EXPECT_EQ(restored.status, 200);
  EXPECT_EQ(text_of(restored, "/content"), "agreed\n");
}

TEST(OpenApiDocument, says_what_documents_answer) {
  Hub hub;
  hub.start();
  const auto register_account = [&](const std::string& email) {
    return hub.ask("POST", "/auth/register", "/auth/register",
                   R"({"email":")" + email + R"(","password":"a long enough one"})");
  };
  hub.token = text_of(register_account("ada@example.org"), "/access_token");
  const auto other = register_account("bob@example.org");
  const std::string one = "/documents/{id}";

  const auto made = hub.ask("POST", "/documents", "/documents", R"({"name":"Minutes","content":"agreed\n"})");
  ASSERT_EQ(made.status, 201);
  const std::string document = "/documents/" + text_of(made, "/id");
  const std::int64_t version = bj::parse(made.body).at("version").to_number<std::int64_t>();
  EXPECT_EQ(
      hub.ask("POST", "/documents?format=delta", "/documents", R"({"name":"D","content":[{"insert":"x\n"}]})").status,
      201);
  EXPECT_EQ(hub.ask("POST", "/documents?format=delta", "/documents", R"({"name":"D","content":[{"retain":1}]})").status,
            400);
  EXPECT_EQ(hub.ask("POST", "/documents", "/documents", R"({"content":"x"})").status, 400);
  EXPECT_EQ(hub.ask("GET", "/documents", "/documents").status, 200);
  EXPECT_EQ(hub.ask("GET", "/documents?limit=1", "/documents").status, 200);
  EXPECT_EQ(hub.ask("GET", "/documents?limit=0", "/documents").status, 400);
  for (const char* format : {"text", "markdown", "delta"})
    EXPECT_EQ(hub.ask("GET", document + "?format=" + format, one).status, 200) << format;
  EXPECT_EQ(hub.ask("GET", document + "?format=html", one).status, 400);
  EXPECT_EQ(hub.ask("GET", "/documents/doc_nothing", one).status, 404);
  const std::string write = R"({"content":"agreed, and noted\n","version":)" + std::to_string(version) + "}";
  EXPECT_EQ(hub.ask("PUT", document, one, write).status, 200);
  const auto conflict = hub.ask("PUT", document, one, R"({"content":"x","version":99999})");
  EXPECT_EQ(conflict.status, 409);
  EXPECT_EQ(bj::parse(conflict.body).at("current_version").to_number<std::int64_t>(), version + 1);
  EXPECT_EQ(hub.ask("PATCH", document, one, R"({"name":"Minutes of Friday"})").status, 200);
  ask_about_shares(hub, document, text_of(other, "/user/id"));
  ask_about_folders(hub, document);
  ask_about_links(hub, document, one + "/links");
  ask_about_people(hub, text_of(other, "/user/id"));
  ask_about_agents(hub);
  ask_about_accounts(hub, text_of(other, "/user/id"));
  ask_about_history(hub, document);
  EXPECT_EQ(hub.ask("GET", document + "/sync", "/documents/{id}/sync").status, 426);
  EXPECT_EQ(hub.ask("GET", "/hocuspocus", "/hocuspocus").status, 426);
  EXPECT_EQ(hub.ask("GET", document + "/presence", "/documents/{id}/presence").status, 200);
  hub.ask("POST", document + "/share", "/documents/{id}/share",
          R"({"principal":"bob@example.org","access_level":"read"})");
  const auto again =
      hub.ask("POST", "/auth/login", "/auth/login", R"({"email":"bob@example.org","password":"a long enough one"})");
  hub.token = text_of(again, "/access_token");
  EXPECT_EQ(hub.ask("PUT", document, one, write).status, 403);
  EXPECT_EQ(hub.ask("DELETE", document, one).status, 403);
  EXPECT_EQ(hub.ask("POST", "/documents", "/documents", R"({"name":"Mine","content":"x"})").status, 201);
  EXPECT_EQ(text_of(hub.ask("GET", "/auth/me/export", "/auth/me/export"), "/documents/0/name"), "Mine");
  EXPECT_EQ(hub.ask("DELETE", "/auth/me", "/auth/me", R"({"password":"not it"})").status, 403);
  EXPECT_EQ(hub.ask("DELETE", "/auth/me", "/auth/me", R"({"password":"a long enough one"})").status, 204);
  EXPECT_EQ(hub.ask("GET", "/auth/me/export", "/auth/me/export").status, 401);
  hub.token.clear();
  EXPECT_EQ(hub.ask("GET", document, one).status, 401);
}

TEST(OpenApiDocument, says_what_the_model_context_protocol_answers) {
  Hub hub;
  hub.start();
  const auto post = [&hub](const std::string& body) { return hub.ask("POST", "/mcp", "/mcp", body).status; };
  const std::string list = R"({"jsonrpc":"2.0","id":1,"method":"tools/list"})";
  const std::string account = R"({"email":"ada@example.org","password":"a long enough one"})";
  hub.token = text_of(hub.ask("POST", "/auth/register", "/auth/register", account), "/access_token");
  EXPECT_EQ(post(list), 415);
  hub.more_headers = {{"content-type", "application/json; charset=utf-8"}};
  EXPECT_EQ(post(list), 200);
  EXPECT_EQ(post(R"({"jsonrpc":"2.0","method":"notifications/initialized"})"), 202);
  EXPECT_EQ(post("{"), 400);
}

TEST(OpenApiDocument, says_what_the_gateway_answers) {
  Hub hub;
  EXPECT_EQ(hub.ask("GET", "/health/ready", "/health/ready").status, 503);
  EXPECT_EQ(hub.ask("GET", "/health", "/health").status, 503);
  hub.start();
  for (const char* path : {"/health", "/health/live", "/health/ready", "/metrics", "/openapi.json"})
    EXPECT_EQ(hub.ask("GET", path, path).status, 200) << path;
}

}  // namespace
}  // namespace concord::gateway
