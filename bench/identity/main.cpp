// What identity costs: a token check that is remembered and one that is not, a password hash, a signature, a refresh;
// and whether the time of a refused sign-in tells that there is such an account. The service on its embedded tables in
// a temporary folder, synced as in production; CPU-bound work is timed on one thread.
#include <unistd.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <future>
#include <latch>

#include "access/access.h"
#include "common/report.h"
#include "crypto/claims.h"
#include "crypto/jws.h"
#include "crypto/password.h"
#include "engines/file_system.h"
#include "engines/sqlite_tables.h"
#include "identity/identity.h"
#include "identity/signing_keys.h"
#include "json/object.h"
#include "net/http.h"

namespace {

using namespace concord;
using Clock = std::chrono::steady_clock;

template <class T>
T must(Result<T> result) {
  if (!result) {
    std::fprintf(stderr, "%s\n", result.error().message.c_str());
    std::exit(1);
  }
  if constexpr (!std::is_void_v<T>) return std::move(*result);
}

double cpu_seconds() {
  timespec now{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

double seconds_since(Clock::time_point from) { return std::chrono::duration<double>(Clock::now() - from).count(); }

/// CPU seconds of one call of `work`, the best of several rounds of `count` calls.
template <class Work>
double best_seconds(int rounds, int count, Work work) {
  double best = 1e9;
  for (int round = 0; round < rounds; ++round) {
    const double from = cpu_seconds();
    for (int i = 0; i < count; ++i) work(i);
    best = std::min(best, (cpu_seconds() - from) / count);
  }
  return best;
}

Task<> stop_audit(audit::Audit& audit) {
  co_await audit.stop();
  co_return Result<>{};
}

Task<> add_things(engines::Transaction& transaction, std::vector<access::Thing> things) {
  for (const access::Thing& thing : things) CO_TRY_VOID(co_await access::AccessStore::add(transaction, thing));
  co_return Result<>{};
}

class Hub {
 public:
  Hub() {
    engines::SqliteTablesOptions options;
    options.connection.path = (folder_ / "tables.db").string();
    tables_ = must(engines::SqliteTables::open(options, clock_, Logger(), metrics_));
    identity::Options identity_options;
    identity_options.sign_ins_per_minute = 0;
    identity_options.sign_in_delay_most_s = 0;
    reactors_.start();
    audit_ = std::make_unique<audit::Audit>(
        audit::Options{}, audit::Audit::Dependencies{*tables_, *files_, blocking_, clock_, metrics_, Logger()});
    must(run(audit_->start(reactors_.at(0))));
    identity_ = std::make_unique<identity::Identity>(
        identity_options, identity::Dependencies{*tables_, blocking_, clock_, ids_, metrics_, Logger(), *audit_});
    must(run(identity_->start()));
    identity_->add_routes(router_);
    access_ =
        std::make_unique<access::Access>(access::Access::Dependencies{*tables_, *identity_, *audit_, clock_, metrics_});
    must(run(access_->start()));
  }
  ~Hub() {
    access_.reset();
    identity_.reset();
    must(run(stop_audit(*audit_)));
    audit_.reset();
    blocking_.stop();
    tables_.reset();
    reactors_.stop();
    std::filesystem::remove_all(folder_);
  }

  template <class T>
  T run(asio::awaitable<T> task) {
    std::promise<T> promise;
    asio::co_spawn(reactors_.at(0).context(), std::move(task),
                   [&promise](std::exception_ptr, T value) { promise.set_value(std::move(value)); });
    return promise.get_future().get();
  }
  Task<net::Response> post(std::string path, std::string body) {
    net::Request request;
    request.method = "POST";
    request.path = std::move(path);
    request.body = std::move(body);
    return router_.match(request.method, request.path).route->handler(std::move(request));
  }
  /// CPU seconds of one check.
  asio::awaitable<double> check_each(const std::vector<std::string>& tokens, std::size_t checks) {
    const double from = cpu_seconds();
    for (std::size_t i = 0; i < checks; ++i) must(co_await identity_->authenticate_bearer(tokens[i % tokens.size()]));
    co_return (cpu_seconds() - from) / static_cast<double>(checks);
  }
  /// Things of the user's, three folders deep.
  std::vector<std::string> things(UserId user, int count) {
    constexpr std::size_t kDepth = 3;
    std::vector<access::Thing> all;
    std::vector<std::string> made;
    all.reserve(kDepth + static_cast<std::size_t>(count));
    made.reserve(static_cast<std::size_t>(count));
    for (std::size_t i = 0; i < kDepth; ++i)
      all.push_back({format_type_id("fld", make_uuid(ids_, user.slot())), user, i == 0 ? "" : all.back().id});
    for (int i = 0; i < count; ++i) {
      made.push_back(DocumentId::make(ids_, user.slot()).str());
      all.push_back({made.back(), user, all[kDepth - 1].id});
    }
    must(run(tables_->transaction([all](engines::Transaction& transaction) { return add_things(transaction, all); })));
    return made;
  }
  /// CPU seconds of one decision.
  asio::awaitable<double> decide_each(UserId who, const std::vector<std::string>& things, std::size_t decisions) {
    const double from = cpu_seconds();
    for (std::size_t i = 0; i < decisions; ++i)
      if (must(co_await access_->decide(who, things[i % things.size()])).level != access::Level::kOwner) std::exit(1);
    co_return (cpu_seconds() - from) / static_cast<double>(decisions);
  }
  asio::awaitable<void> refresh_chain(std::string token, int count) {
    for (int i = 0; i < count; ++i) {
      const auto response = must(co_await post("/auth/refresh", R"({"refresh_token":")" + token + "\"}"));
      token = must(must(json::Object::parse(response.body)).text("refresh_token", {}));
    }
  }
  /// Refreshes a second of many sessions at once.
  double refreshes(const std::vector<std::string>& tokens, int each) {
    std::latch done(static_cast<std::ptrdiff_t>(tokens.size()));
    const auto from = Clock::now();
    for (const std::string& token : tokens)
      asio::co_spawn(reactors_.at(0).context(), refresh_chain(token, each),
                     [&](std::exception_ptr) { done.count_down(); });
    done.wait();
    return static_cast<double>(tokens.size()) * each / seconds_since(from);
  }
  engines::Rows sql(std::string statement) { return must(run(tables_->query({std::move(statement), {}}))); }

 private:
  static std::filesystem::path make_folder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "bench-identity-XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr) std::exit(1);
    return pattern;
  }

  const std::filesystem::path folder_ = make_folder();
  SystemClock clock_;
  SystemIdSource ids_{clock_};
  Metrics metrics_;
  Reactors reactors_{1};
  BlockingPool blocking_{2};
  std::unique_ptr<engines::Tables> tables_;
  std::unique_ptr<engines::FileSystem> files_ = engines::make_posix_file_system();
  std::unique_ptr<audit::Audit> audit_;
  std::unique_ptr<identity::Identity> identity_;
  std::unique_ptr<access::Access> access_;
  net::Router router_;
};

/// Copies of the one session that there is.
std::vector<std::string> more_sessions(Hub& hub, const std::string& user, int count) {
  SystemClock clock;
  SystemIdSource ids(clock);
  std::vector<std::string> made;
  made.reserve(static_cast<std::size_t>(count));
  for (int i = 0; i < count; ++i) {
    made.push_back(identity::SessionId::make(ids, UserId::parse(user)->slot()).str());
    hub.sql(
        "INSERT INTO identity_sessions (id, user_id, family_hash, token_hash, created_ms, refreshed_ms, expires_ms) "
        "SELECT '" +
        made.back() +
        "', user_id, family_hash, token_hash, created_ms, refreshed_ms, expires_ms "
        "FROM identity_sessions LIMIT 1");
  }
  return made;
}

/// Tokens that the hub has not seen yet, signed with its own key: one of each of `count` sessions, then another of
/// each.
std::vector<std::string> fresh_tokens(Hub& hub, const std::string& user, int count) {
  const auto key = must(
      crypto::SigningKey::from_pem(engines::as_string(hub.sql("SELECT private_pem FROM identity_keys").rows[0][0])));
  const std::vector<std::string> sessions = more_sessions(hub, user, count);
  SystemClock clock;
  const std::int64_t now_s = clock.wall_ms() / 1000;
  std::vector<std::string> tokens;
  for (int i = 0; i < 2 * count; ++i) {
    const std::string session = sessions[static_cast<std::size_t>(i % count)];
    const crypto::Claims claims{.issuer = "concord",
                                .subject = user,
                                .audience = "concord",
                                .expires_s = now_s + 900,
                                .issued_s = now_s,
                                .not_before_s = now_s,
                                .token_id = std::to_string(i),
                                .session_id = session};
    tokens.push_back(must(crypto::sign_compact(key, identity::kAccessTokenType, crypto::encode_claims(claims))));
  }
  return tokens;
}

void measure_tokens(Hub& hub, bench::Report& report, const std::string& user) {
  constexpr int kTokens = 1000;
  const std::vector<std::string> all = fresh_tokens(hub, user, kTokens);
  const std::vector<std::string> tokens(all.begin(), all.begin() + kTokens);
  const double cold_s = hub.run(hub.check_each(tokens, kTokens));
  const double session_s = hub.run(hub.check_each({all.begin() + kTokens, all.end()}, kTokens));
  double cached_s = 1e9;
  for (int round = 0; round < 5; ++round) cached_s = std::min(cached_s, hub.run(hub.check_each(tokens, 100'000)));
  report.add({"token check, remembered (1,000 tokens in turn)", cached_s * 1e6, "us"});
  report.add({"token check, first time, of a session that is known", session_s * 1e6, "us"});
  report.add({"token check, first time, with the account's row", cold_s * 1e6, "us"});

  const auto key = must(crypto::SigningKey::generate());
  crypto::TokenVerifier verifier{"at+jwt"};
  verifier.add(key.verifying());
  const std::string payload = crypto::encode_claims({.issuer = "concord",
                                                     .subject = user,
                                                     .audience = "concord",
                                                     .expires_s = 2'000'000'000,
                                                     .token_id = "t",
                                                     .session_id = "s"});
  const std::string token = must(crypto::sign_compact(key, "at+jwt", payload));
  report.add({"token check, signature and claims alone",
              1e6 * best_seconds(5, 2000, [&](int) { must(crypto::parse_claims(must(verifier.verify(token)))); }),
              "us"});
  report.add({"sign an access token",
              1e6 * best_seconds(5, 200, [&](int) { must(crypto::sign_compact(key, "at+jwt", payload)); }), "us"});
}

void measure_passwords(bench::Report& report) {
  const std::string encoded = must(crypto::hash_password("correct horse", {}));
  const double each_s = best_seconds(5, 10, [&](int) { must(crypto::verify_password("correct horse", encoded)); });
  report.add({"sign-ins a core, argon2id 19 MiB, 2 passes", 1 / each_s, "1/s"});
  report.add({"one argon2id hash, 19 MiB, 2 passes", each_s * 1e3, "ms"});
}

void measure_decisions(Hub& hub, bench::Report& report, const std::string& user) {
  constexpr std::size_t kThings = 1000;
  const UserId who = UserId::parse(user).value();
  const auto things = hub.things(who, kThings);
  report.add({"decision, first time, 3 folders deep", 1e6 * hub.run(hub.decide_each(who, things, kThings)), "us"});
  double cached_s = 1e9;
  for (int round = 0; round < 5; ++round) cached_s = std::min(cached_s, hub.run(hub.decide_each(who, things, 200'000)));
  report.add({"decision, remembered (1,000 things in turn)", cached_s * 1e6, "us"});
}

/// How often a known e-mail takes longer than an unknown one; 0.5: the times tell nothing.
double share_longer(const std::vector<double>& known, const std::vector<double>& unknown) {
  double longer = 0;
  for (const double one : known)
    for (const double other : unknown) longer += one > other ? 1 : one == other ? 0.5 : 0;
  return longer / static_cast<double>(known.size() * unknown.size());
}

double quantile(std::vector<double> values, double part) {
  const auto at = values.begin() + static_cast<std::ptrdiff_t>(part * static_cast<double>(values.size() - 1));
  std::ranges::nth_element(values, at);
  return *at;
}

/// Refused sign-ins for a known and an unknown e-mail in turn, as a stranger times them.
void measure_refusals(Hub& hub, bench::Report& report) {
  constexpr std::size_t kEach = 300;
  std::vector<double> known, unknown;
  known.reserve(kEach);
  unknown.reserve(kEach);
  for (std::size_t i = 0; i < 2 * kEach; ++i) {
    const bool is_known = i % 2 == 0;
    const std::string body =
        std::string(R"({"email":")") + (is_known ? "a" : "b") + R"(@example.com","password":"wrong"})";
    const auto from = Clock::now();
    if (hub.run(hub.post("/auth/login", body))) std::exit(1);
    (is_known ? known : unknown).push_back(seconds_since(from) * 1e3);
  }
  report.add({"refused sign-in, known e-mail, median", quantile(known, 0.5), "ms"});
  report.add({"refused sign-in, unknown e-mail, median", quantile(unknown, 0.5), "ms"});
  report.add({"the same, fastest tenth: known less unknown", quantile(known, 0.1) - quantile(unknown, 0.1), "ms"});
  report.add({"a known one takes longer (0.5: nothing to tell)", share_longer(known, unknown), "of pairs"});
}

}  // namespace

int main(int argc, char** argv) {
  bench::Report report(argc, argv);
  Hub hub;
  const auto made =
      must(hub.run(hub.post("/auth/register", R"({"email":"a@example.com","password":"correct horse"})")));
  const auto user = must(must(must(json::Object::parse(made.body)).object("user")).text("id", {}));
  measure_tokens(hub, report, user);
  measure_decisions(hub, report, user);
  measure_passwords(report);
  measure_refusals(hub, report);
  std::vector<std::string> sessions;
  for (int i = 0; i < 32; ++i) {
    const auto in = must(hub.run(hub.post("/auth/login", R"({"email":"a@example.com","password":"correct horse"})")));
    sessions.push_back(must(must(json::Object::parse(in.body)).text("refresh_token", {})));
  }
  report.add({"refreshes of 32 sessions at once, each synced to disk", hub.refreshes(sessions, 50), "1/s"});
  return report.finish();
}
