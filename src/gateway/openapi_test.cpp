// The OpenAPI document against the real routes and their real answers: identity, documents and the gateway's own, on
// the embedded engines.

#include "gateway/openapi_testing.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <filesystem>
#include <set>

#include "documents/documents.h"
#include "engines/open.h"
#include "gateway/gateway_testing.h"
#include "identity/identity.h"
#include "mail/mailer.h"
#include "mcp/mcp.h"
#include "shard/shards.h"
#include "shard/snapshot_store.h"
#include "vault/vault_testing.h"

namespace concord::gateway {
namespace {

namespace bj = boost::json;
using testing::make_request;
using testing::OpenApi;

std::string openapi_text() { return std::string(as_text(embedded::openapi_json().identity)); }

/// A directory that is gone at the end.
class TemporaryDirectory {
 public:
  TemporaryDirectory() {
    std::string name = std::filesystem::temp_directory_path() / "concord-gateway-XXXXXX";
    path_ = ::mkdtemp(name.data());
  }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  ~TemporaryDirectory() { std::filesystem::remove_all(path_); }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

/// A whole hub but for its sockets.
class Hub {
 public:
  explicit Hub(std::function<void(identity::Options&)> change = [](identity::Options&) {}) {
    auto opened = engines::open_embedded({.data_directory = directory_.path()}, clock_, Logger(), metrics_);
    if (!opened) throw std::runtime_error(opened.error().message);
    engines_ = std::move(*opened);
    identity::Options options;
    options.password_cost = {.memory_kib = 64, .iterations = 1, .parallelism = 1};
    change(options);
    audit_.emplace(audit::Options{}, audit::Audit::Dependencies{*engines_.tables, *engines_.embedded.files, pool_,
                                                                clock_, metrics_, Logger()});
    must(concord::testing::run_on(reactors_.at(), audit_->start(reactors_.at())));
    identity_.emplace(
        options, identity::Dependencies{*engines_.tables, pool_, clock_, ids_, metrics_, Logger(), *audit_, &mailer_});
    must(concord::testing::run_on(reactors_.at(), identity_->start()));
    shards_.emplace("node-1", reactors_.all(), *engines_.log, *engines_.coordination, shard::ShardLimits{}, clock_,
                    metrics_, Logger());
    vault_.emplace(*engines_.blobs, concord::testing::some_master_keys(), true);
    snapshots_.emplace(*engines_.blobs, *vault_, pool_, 1u << 24u);
    history_.emplace(*engines_.blobs, *vault_, pool_, 1u << 26u);
    access_.emplace(access::Access::Dependencies{*engines_.tables, *identity_, *audit_, clock_, metrics_});
    must(concord::testing::run_on(reactors_.at(), access_->start()));
    documents_.emplace(
        documents::Documents::Dependencies{*shards_, *engines_.tables, *snapshots_, *history_, *identity_, *vault_,
                                           *access_, pool_, clock_, metrics_, Logger()},
        documents::DocumentLimits{});
    mcp_.emplace(mcp::Mcp::Dependencies{*documents_, *access_, *identity_, *audit_, pool_, metrics_, Logger()},
                 documents::DocumentLimits{});
    net::Router router;
    identity_->add_routes(router);
    documents_->add_routes(router);
    mcp_->add_routes(router);
    audit_->add_routes(router, [this](const net::Request& request) { return identity_->require_admin(request); });
    gateway_.emplace(GatewayOptions{}, std::move(router),
                     std::vector<HealthCheck>{{"documents", [this] { return documents_->ready(); }}}, metrics_,
                     Logger());
  }
  ~Hub() {
    concord::testing::run_on(reactors_.at(), documents_->drain(5'000));
    concord::testing::run_on(reactors_.at(), audit_->stop());
    identity_->stop();
    pool_.stop();
  }
  void start() { must(concord::testing::run_on(reactors_.at(), documents_->start())); }

  /// Asks, and holds the answer against the document.
  net::Response ask(std::string method, std::string path, std::string pattern, std::string body = {}) {
    std::vector<net::Header> headers;
    if (!token.empty()) headers.push_back({"authorization", "Bearer " + token});
    headers.insert(headers.end(), more_headers.begin(), more_headers.end());
    auto response = concord::testing::run_on(
        reactors_.at(), gateway_->handle(make_request(method, std::move(path), std::move(headers), std::move(body))));
    for (const std::string& fault : openapi_.answer_faults(method, pattern, response))
      ADD_FAILURE() << fault << "\n" << response.body;
    asked.insert(method + " " + pattern);
    return response;
  }
  const Gateway& gateway() const { return *gateway_; }

  std::string token;
  std::vector<net::Header> more_headers;
  std::set<std::string> asked;

 private:
  static void must(Result<> done) {
    if (!done) throw std::runtime_error(done.error().message);
  }

  TemporaryDirectory directory_;
  OpenApi openapi_{openapi_text()};
  SystemClock clock_;
  SystemIdSource ids_{clock_};
  Metrics metrics_;
  concord::testing::RunningReactors reactors_{2};
  BlockingPool pool_{2};
  engines::Engines engines_;
  std::optional<audit::Audit> audit_;
  mail::Mailer mailer_{{.url = "smtp://127.0.0.1:1", .from = "hub@example.org"}, metrics_, Logger()};
  std::optional<identity::Identity> identity_;
  std::optional<access::Access> access_;
  std::optional<shard::Shards> shards_;
  std::optional<vault::Vault> vault_;
  std::optional<shard::SnapshotStore> snapshots_;
  std::optional<documents::HistoryStore> history_;
  std::optional<documents::Documents> documents_;
  std::optional<mcp::Mcp> mcp_;
  std::optional<Gateway> gateway_;
};

std::string text_of(const net::Response& response, const char* pointer) {
  return std::string(bj::parse(response.body).at_pointer(pointer).as_string());
}

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
  const auto sessions = hub.ask("GET", "/auth/sessions", "/auth/sessions");
  EXPECT_EQ(sessions.status, 200);
  EXPECT_EQ(hub.ask("DELETE", "/auth/sessions", "/auth/sessions").status, 200);
  const std::string one = "/auth/sessions/{session}";
  EXPECT_EQ(hub.ask("DELETE", "/auth/sessions/ses_nothing", one).status, 404);
  EXPECT_EQ(hub.ask("DELETE", "/auth/sessions/" + text_of(sessions, "/sessions/0/id"), one).status, 204);
  EXPECT_EQ(hub.ask("GET", "/auth/sessions", "/auth/sessions").status, 401);
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
  EXPECT_EQ(hub.ask("DELETE", folder + "/share/everybody", one + "/share/{principal}").status, 204);
  EXPECT_EQ(hub.ask("DELETE", folder + "/share/everybody", one + "/share/{principal}").status, 404);
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
  EXPECT_EQ(hub.ask("GET", "/users?after=x", "/users").status, 400);
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
  ask_about_suggestions(hub, document);
  ask_about_shares(hub, document, text_of(other, "/user/id"));
  ask_about_folders(hub, document);
  ask_about_people(hub, text_of(other, "/user/id"));
  ask_about_agents(hub);
  ask_about_accounts(hub, text_of(other, "/user/id"));
  ask_about_history(hub, document);
  EXPECT_EQ(hub.ask("GET", document + "/sync", "/documents/{id}/sync").status, 426);

  hub.ask("POST", document + "/share", "/documents/{id}/share",
          R"({"principal":"bob@example.org","access_level":"read"})");
  const auto again =
      hub.ask("POST", "/auth/login", "/auth/login", R"({"email":"bob@example.org","password":"a long enough one"})");
  hub.token = text_of(again, "/access_token");
  EXPECT_EQ(hub.ask("PUT", document, one, write).status, 403);
  EXPECT_EQ(hub.ask("DELETE", document, one).status, 403);
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

// The checks themselves: each must be able to fail.

std::string changed(const std::function<void(bj::value&)>& change) {
  bj::value document = bj::parse(openapi_text());
  change(document);
  return bj::serialize(document);
}

TEST(OpenApiChecks, find_a_route_that_only_one_side_has) {
  Hub hub;
  const OpenApi without(changed([](bj::value& d) { d.at("paths").as_object().erase("/auth/setup"); }));
  EXPECT_EQ(without.differences(hub.gateway().router().routes()),
            std::vector<std::string>{"GET /auth/setup is served and not described"});
  const OpenApi with(changed([](bj::value& d) { d.at("paths").as_object()["/ghost"] = {{"put", bj::object()}}; }));
  EXPECT_EQ(with.differences(hub.gateway().router().routes()),
            std::vector<std::string>{"PUT /ghost is described and not served"});
}

TEST(OpenApiChecks, find_faults_of_the_document) {
  const auto faults = [](const std::function<void(bj::value&)>& change) {
    return OpenApi(changed(change)).faults().size();
  };
  const auto me = [](bj::value& d) -> bj::object& { return d.at_pointer("/paths/~1auth~1me/get").as_object(); };
  EXPECT_GT(faults([&](bj::value& d) { me(d).erase("summary"); }), 0U);
  EXPECT_GT(faults([&](bj::value& d) { me(d)["operationId"] = "setup"; }), 0U);
  EXPECT_GT(faults([&](bj::value& d) { me(d)["responses"] = {{"200", {{"$ref", "#/nowhere"}}}}; }), 0U);
  EXPECT_GT(faults([&](bj::value& d) { me(d).at("responses").as_object().erase("200"); }), 0U);
  EXPECT_GT(faults([](bj::value& d) { d.at_pointer("/paths/~1documents~1{id}").as_object().erase("parameters"); }), 0U);
  EXPECT_GT(faults([](bj::value& d) { d.at_pointer("/components/schemas").as_object()["Unused"] = bj::object(); }), 0U);
  EXPECT_GT(faults([](bj::value& d) {
              d.at_pointer("/paths/~1auth~1me/get/responses/200/content/application~1json/example/role") = "king";
            }),
            0U);
}

TEST(OpenApiChecks, find_an_answer_that_breaks_its_schema) {
  const OpenApi openapi(openapi_text());
  const std::string good = R"({"status":"ok"})";
  EXPECT_TRUE(openapi.schema_faults("Health", good).empty());
  for (const char* bad : {R"({"status":"fine"})", R"({})", R"({"status":"ok","more":1})", "[]", "\"ok\""})
    EXPECT_FALSE(openapi.schema_faults("Health", bad).empty()) << bad;
  net::Response response;
  response.body = good;
  EXPECT_FALSE(openapi.answer_faults("GET", "/health/live", response).empty());  // no media type
  response.set("content-type", "application/json");
  EXPECT_TRUE(openapi.answer_faults("GET", "/health/live", response).empty());
  response.status = 202;
  EXPECT_FALSE(openapi.answer_faults("GET", "/health/live", response).empty());
  EXPECT_FALSE(openapi.answer_faults("GET", "/nowhere", response).empty());
}

}  // namespace
}  // namespace concord::gateway
