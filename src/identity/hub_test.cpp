#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <latch>

#include "engines/tables_opener_testing.h"
#include "identity/hub_testing.h"
#include "net/target.h"

namespace concord::identity::testing {

namespace {

std::filesystem::path make_folder() {
  std::string pattern = (std::filesystem::temp_directory_path() / "identity-test-XXXXXX").string();
  EXPECT_NE(::mkdtemp(pattern.data()), nullptr);
  return pattern;
}

/// As the gateway maps them.
int status_of(Code code) {
  switch (code) {
    case Code::kInvalidArgument:
      return 400;
    case Code::kUnauthenticated:
      return 401;
    case Code::kPermissionDenied:
      return 403;
    case Code::kNotFound:
      return 404;
    case Code::kConflict:
      return 409;
    case Code::kTooLarge:
      return 413;
    case Code::kRateLimited:
      return 429;
    case Code::kUnavailable:
      return 503;
    case Code::kUnsupported:
      return 501;
    default:
      return 500;
  }
}

}  // namespace

Hub::Hub(Options options, const std::string& smtp_url) : folder_(make_folder()) {
  if (!smtp_url.empty()) {
    mailer_ =
        std::make_unique<mail::Mailer>(mail::Options{.url = smtp_url, .from = "hub@example.com"}, metrics_, Logger());
  }
  tables_ = concord::testing::open_tables(folder_, clock_, metrics_);
  blobs_ =
      engines::DirectoryBlobs::open(*files_, {.directory = (folder_ / "blobs").string()}, Logger(), metrics_).value();
  vault_ = std::make_unique<vault::Vault>(*blobs_, concord::testing::some_master_keys(), true);
  audit_ = std::make_unique<audit::Audit>(
      audit::Options{}, audit::Audit::Dependencies{*tables_, *files_, blocking_, clock_, metrics_, Logger()});
  EXPECT_TRUE(run(audit_->start(reactors_.at(0))).has_value());
  start(std::move(options));
}

Hub::~Hub() {
  identity_.reset();
  run([](audit::Audit& audit) -> Task<> {
    co_await audit.stop();
    co_return Result<>{};
  }(*audit_))
      .value();
  audit_.reset();
  blocking_.stop();
  tables_.reset();
  std::filesystem::remove_all(folder_);
}

void Hub::start(Options options) {
  identity_ =
      std::make_unique<Identity>(std::move(options), Dependencies{*tables_, blocking_, clock_, ids_, metrics_,
                                                                  Logger(log_, LogLevel::kDebug, LogFormat::kJson),
                                                                  *audit_, mailer_.get(), vault_.get()});
  const Result<> started = run(identity_->start());
  ASSERT_TRUE(started) << started.error().message;
  router_ = std::make_unique<net::Router>();
  identity_->add_routes(*router_);
}

void Hub::restart(Options options) {
  identity_.reset();
  start(std::move(options));
}

net::Request Hub::request(std::string method, std::string path, std::string body, std::string bearer) {
  net::Request request;
  request.method = std::move(method);
  if (path.contains('?')) {
    auto target = net::parse_target(path).value();
    path = std::move(target.path);
    request.query = std::move(target.query);
  }
  request.path = std::move(path);
  request.body = std::move(body);
  request.peer_address = peer_address;
  request.request_id = "req-1";
  request.headers = more_headers;
  if (!bearer.empty()) request.headers.push_back({"authorization", "Bearer " + std::move(bearer)});
  return request;
}

asio::awaitable<Reply> Hub::handle(net::Request request) {
  const auto match = router_->match(request.method, request.path);
  if (match.route == nullptr) co_return Reply{.status = match.allowed.empty() ? 404 : 405};
  request.parameters = match.parameters;
  auto response = co_await match.route->handler(std::move(request));
  if (!response) co_return Reply{.status = status_of(response.error().code), .error = response.error()};
  co_return Reply{.status = response->status, .body = response->body, .headers = response->headers};
}

Reply Hub::call(std::string method, std::string path, std::string body, std::string bearer) {
  return run(handle(request(std::move(method), std::move(path), std::move(body), std::move(bearer))));
}

std::vector<Reply> Hub::call_at_once(const std::string& method, const std::string& path,
                                     const std::vector<std::string>& bodies) {
  std::vector<Reply> replies(bodies.size());
  std::latch done(static_cast<std::ptrdiff_t>(bodies.size()));
  for (std::size_t i = 0; i < bodies.size(); ++i) {
    asio::co_spawn(reactors_.at(i % reactors_.all().size()).context(), handle(request(method, path, bodies[i], "")),
                   [&replies, &done, i](const std::exception_ptr& thrown, Reply reply) {
                     if (!thrown) replies[i] = std::move(reply);
                     done.count_down();
                   });
  }
  done.wait();
  return replies;
}

Reply Hub::register_account(const std::string& email, const std::string& password) {
  return call("POST", "/auth/register", R"({"email":")" + email + R"(","password":")" + password + R"("})");
}

Reply Hub::log_in(const std::string& email, const std::string& password) {
  return call("POST", "/auth/login", R"({"email":")" + email + R"(","password":")" + password + R"("})");
}

Reply Hub::refresh(const std::string& token) {
  return call("POST", "/auth/refresh", R"({"refresh_token":")" + token + R"("})");
}

double Hub::metric(const std::string& series) const {
  const std::string text = "\n" + metrics_text();
  const auto at = text.find("\n" + series + " ");
  return at == std::string::npos ? 0 : std::stod(text.substr(at + series.size() + 2));
}

namespace {

TEST(Setup, on_loopback_the_first_account_needs_no_token) {
  Hub hub;
  EXPECT_EQ(hub.identity().setup_token(), std::nullopt);
  EXPECT_EQ(
      hub.call("GET", "/auth/setup").body,
      R"({"needs_owner":true,"setup_token_required":false,"registration":"open","mail":false,"passkeys_at":"http://localhost"})");
  EXPECT_EQ(hub.register_account("a@example.com").status, 201);
  EXPECT_EQ(
      hub.call("GET", "/auth/setup").body,
      R"({"needs_owner":false,"setup_token_required":false,"registration":"open","mail":false,"passkeys_at":"http://localhost"})");
}

TEST(Setup, beyond_loopback_only_the_printed_token_makes_the_first_account) {
  Options options = quick_options();
  options.first_account_needs_token = true;
  Hub hub(options);
  const std::string token = hub.identity().setup_token().value();
  EXPECT_GE(token.size(), 32U);
  EXPECT_EQ(
      hub.call("GET", "/auth/setup").body,
      R"({"needs_owner":true,"setup_token_required":true,"registration":"open","mail":false,"passkeys_at":"http://localhost"})");
  const auto attempt = [&](const std::string& more) {
    return hub.call("POST", "/auth/register", R"({"email":"a@example.com","password":"long enough")" + more + "}");
  };
  for (const std::string& more :
       {std::string(), std::string(R"(,"setup_token":"x")"), R"(,"setup_token":")" + token.substr(1) + "\"",
        std::string(R"(,"setup_token":null)")}) {
    const Reply refused = attempt(more);
    EXPECT_EQ(refused.status, 403) << more;
    EXPECT_EQ(refused.fact("field"), "setup_token") << more;
  }
  hub.restart(options);
  EXPECT_EQ(hub.identity().setup_token(), token);  // the printed link stays good until it is used
  const Reply made = attempt(R"(,"setup_token":")" + token + "\"");
  EXPECT_EQ(made.status, 201);
  EXPECT_EQ(hub.identity().setup_token(), std::nullopt);
  EXPECT_EQ(hub.register_account("b@example.com").status, 201);  // later ones need none
  hub.restart(options);
  EXPECT_EQ(hub.identity().setup_token(), std::nullopt);
  EXPECT_TRUE(hub.sql("SELECT token FROM identity_setup").empty());
}

TEST(Setup, a_closed_hub_lets_in_its_owner_alone) {
  Options options = quick_options();
  options.registration = Registration::kClosed;
  Hub hub(options);
  EXPECT_EQ(
      hub.call("GET", "/auth/setup").body,
      R"({"needs_owner":true,"setup_token_required":false,"registration":"closed","mail":false,"passkeys_at":"http://localhost"})");
  EXPECT_EQ(hub.register_account("a@example.com").status, 201);
  const Reply second = hub.register_account("b@example.com");
  EXPECT_EQ(second.status, 403);
  EXPECT_NE(second.error.message.find("closed"), std::string::npos);
}

TEST(Settings, become_options) {
  std::vector<Setting> table(settings().begin(), settings().end());
  const std::vector<std::string> flags{
      "--public-url=https://hub.example", "--registration=closed", "--argon2-memory-kib=65536",
      "--access-token-seconds=60",        "--sign-in-threads=3",   "--sign-in-rate-per-minute=0"};
  const auto nothing = [](std::string_view) { return std::optional<std::string>(); };
  const Options set = Options::from(Config::load(table, flags, nothing).value(), true).value();
  EXPECT_EQ(set.issuer, "https://hub.example");
  EXPECT_EQ(set.registration, Registration::kClosed);
  EXPECT_EQ(set.password_cost.memory_kib, 65'536U);
  EXPECT_EQ(set.access_token_seconds, 60);
  EXPECT_EQ(set.hash_threads, 3U);
  EXPECT_EQ(set.sign_ins_per_minute, 0);
  EXPECT_TRUE(set.first_account_needs_token);

  const Options defaults = Options::from(Config::load(table, {}, nothing).value(), false).value();
  const Options built_in;
  EXPECT_EQ(defaults.issuer, built_in.issuer);
  EXPECT_EQ(defaults.password_cost, built_in.password_cost);
  EXPECT_EQ(defaults.password_min_bytes, built_in.password_min_bytes);
  EXPECT_EQ(defaults.access_token_seconds, built_in.access_token_seconds);
  EXPECT_EQ(defaults.refresh_token_days, built_in.refresh_token_days);
  EXPECT_EQ(defaults.sign_ins_per_minute, built_in.sign_ins_per_minute);
  EXPECT_EQ(defaults.registrations_per_minute, built_in.registrations_per_minute);
  EXPECT_EQ(defaults.token_cache_entries, built_in.token_cache_entries);
  EXPECT_EQ(defaults.registration, Registration::kOpen);
  EXPECT_GE(defaults.hash_threads, 1U);
}

}  // namespace
}  // namespace concord::identity::testing
