#include "postgres/pool.h"

#include <algorithm>
#include <array>

#include "postgres/sql_errors.h"

namespace concord::postgres {
namespace {

using engines::as_integer;
using engines::as_string;
using engines::Rows;

constexpr std::size_t kMaxCancelling = 2;

Error closing() { return {Code::kUnavailable, "the connections to PostgreSQL are closing", {}}; }

/// What a database must be for the engines' contracts, and what a commit must wait for.
constexpr const char* kIntroduction =
    "SELECT pg_encoding_to_char(d.encoding), d.datcollate::text, COALESCE(to_jsonb(d) ->> 'datlocprovider', 'c'), "
    "pg_backend_pid(), (SELECT a.backend_start::text FROM pg_stat_activity a WHERE a.pid = pg_backend_pid()), "
    "set_config('synchronous_commit', CASE WHEN current_setting('synchronous_commit') IN ('off', 'local') THEN 'on' "
    "ELSE current_setting('synchronous_commit') END, false), d.datname::text "
    "FROM pg_database d WHERE d.datname = current_database()";

Result<> check_database(const engines::Row& row) {
  constexpr std::array kBytewise = {"C", "POSIX", "C.UTF-8", "C.utf8"};
  const std::string& encoding = as_string(row[0]);
  const std::string& collation = as_string(row[1]);
  const bool bytewise = as_string(row[2]) == "c" && std::ranges::find(kBytewise, collation) != kBytewise.end();
  if (encoding == "UTF8" && bytewise) return {};
  return fail(Error{Code::kUnsupported,
                    "the database " + as_string(row[6]) +
                        " does not order text by its bytes in UTF-8: make it with TEMPLATE template0 ENCODING 'UTF8' "
                        "LC_COLLATE 'C' LC_CTYPE 'C'",
                    {{"field", "collation"}, {"limit", "UTF8 C"}, {"value", encoding + " " + collation}}});
}

}  // namespace

Pool::Instruments::Instruments(Metrics& metrics, const std::string& use)
    : open(metrics.gauge("concord_postgres_connections", "Connections to PostgreSQL.", {{"use", use}})),
      idle(metrics.gauge("concord_postgres_connections_idle", "Connections that nobody uses.", {{"use", use}})),
      waiting(metrics.gauge("concord_postgres_waiting", "Calls that wait for a connection.", {{"use", use}})),
      away(metrics.gauge("concord_postgres_away", "1 from a failure to connect until one succeeds.", {{"use", use}})),
      opened(metrics.counter("concord_postgres_opened_total", "Connections opened.", {{"use", use}})),
      failed(metrics.counter("concord_postgres_connect_failures_total", "Failures to connect.", {{"use", use}})),
      refused(metrics.counter("concord_postgres_refused_total", "Calls that got no connection.", {{"use", use}})),
      timed_out(metrics.counter("concord_postgres_timed_out_total", "Connections dropped since no answer came in time.",
                                {{"use", use}})),
      wait_seconds(metrics.histogram("concord_postgres_wait_seconds", "Time a call waits for a connection.",
                                     latency_bounds(), {{"use", use}})) {}

Pool::Pool(Reactor& reactor, Clock& clock, IdSource& ids, const Logger& logger, Metrics& metrics, PoolOptions options,
           std::vector<Keywords> servers)
    : reactor_(reactor),
      clock_(clock),
      ids_(ids),
      logger_(logger.with("engine", "postgres").with("use", options.use)),
      options_(std::move(options)),
      servers_(std::move(servers)),
      breaker_(options_.breaker),
      instruments_(metrics, options_.use),
      changed_(reactor),
      scope_(reactor) {}

Pool::~Pool() = default;

void Pool::show() {
  instruments_.open.set(static_cast<std::int64_t>(all_.size()));
  instruments_.idle.set(static_cast<std::int64_t>(idle_.size()));
  instruments_.waiting.set(static_cast<std::int64_t>(waiting_.size()));
  instruments_.away.set(breaker_.state() == CircuitBreaker::State::kClosed ? 0 : 1);
}

Task<Pool::Lease> Pool::acquire() {
  const std::int64_t began = clock_.monotonic_ns();
  Result<Held> held = co_await take();
  instruments_.wait_seconds.record(static_cast<double>(clock_.monotonic_ns() - began) * 1e-9);
  show();
  if (!held) {
    instruments_.refused.add();
    co_return fail(std::move(held).error());
  }
  co_return Lease(*this, *std::move(held));
}

Task<Pool::Held> Pool::take() {
  if (closed_) co_return fail(closing());
  while (!idle_.empty()) {
    Held held = std::move(idle_.back());
    idle_.pop_back();
    if (held->is_idle()) co_return held;
    all_.erase(held);
    --taken_;
  }
  if (taken_ < options_.connections) {
    ++taken_;
    co_return co_await open();
  }
  if (waiting_.size() < options_.max_waiting) co_return co_await wait();
  co_return fail(Error{Code::kUnavailable,
                       "too many calls wait for a connection to PostgreSQL",
                       {{"limit", std::to_string(options_.max_waiting)}}});
}

Task<Pool::Held> Pool::wait() {
  Waiter waiter(reactor_);
  const auto place = waiting_.insert(waiting_.end(), &waiter);
  show();
  co_await waiter.turn.wait(options_.max_wait_ms);
  if (waiter.refused) co_return fail(*std::move(waiter.refused));
  if (waiter.given) co_return std::move(waiter.given);
  if (waiter.called) co_return co_await open();
  waiting_.erase(place);
  co_return fail(Error{Code::kUnavailable,
                       "no connection to PostgreSQL came free in time",
                       {{"limit", std::to_string(options_.max_wait_ms)}}});
}

/// On a place that is taken already, and given up where it fails.
Task<Pool::Held> Pool::open() {
  Result<Held> opened = co_await open_any();
  if (opened && !closed_) co_return opened;
  if (closed_) co_return fail(closing());
  --taken_;
  if (all_.empty()) refuse_all(opened.error());  // else who waits may still get one that is in use
  co_return opened;
}

Task<Pool::Held> Pool::open_any() {
  if (!breaker_.admit(clock_.monotonic_ns())) {
    Error away = last_failure_.value_or(closing());
    away.message += " (and is asked again in a moment)";
    co_return fail(std::move(away));
  }
  Error failure;
  for (std::size_t i = 0; i < servers_.size() && !closed_; ++i) {
    const std::size_t server = (preferred_ + i) % servers_.size();
    Result<Held> opened = co_await Connection::open(reactor_, clock_, servers_[server], options_.connection);
    Result<Session> session = opened ? co_await introduce(**opened) : Result<Session>(fail(opened.error()));
    if (session) {
      preferred_ = server;
      breaker_.succeeded();
      instruments_.opened.add();
      if (!closed_) all_.emplace(*opened, *std::move(session));
      co_return opened;
    }
    failure = std::move(session).error();
  }
  breaker_.failed(clock_.monotonic_ns(), chance());
  instruments_.failed.add();
  if (closed_) co_return fail(closing());
  logger_.warn("a connection to PostgreSQL failed", {{"error", failure.message}});
  // Clients are told what comes of it: where the servers are is not their affair.
  if (failure.code == Code::kUnavailable) failure = {Code::kUnavailable, "PostgreSQL cannot be reached", {}};
  last_failure_ = failure;
  co_return fail(std::move(failure));
}

Task<Pool::Session> Pool::introduce(Connection& connection) {
  CO_TRY(const std::vector<Rows> answer,
         co_await connection.run({{kIntroduction, {}}}, options_.connection.connect_timeout_ms));
  if (answer.at(0).empty()) co_return fail(Code::kUnavailable, "PostgreSQL does not know its own database");
  const engines::Row& row = answer[0].rows[0];
  CO_TRY_VOID(check_database(row));
  co_return Session{as_integer(row[3]), as_string(row[4])};
}

void Pool::give_back(Held connection) {
  if (closed_) return;
  if (!connection->is_idle()) return discard(std::move(connection));
  if (waiting_.empty()) {
    idle_.push_back(std::move(connection));
  } else {
    Waiter& first = *waiting_.front();
    waiting_.pop_front();
    first.given = std::move(connection);
    first.called = true;
    first.turn.notify_all();
  }
  show();
}

void Pool::discard(Held connection) {
  const auto known = all_.find(connection);
  const Session session = known == all_.end() ? Session() : std::move(known->second);
  if (known != all_.end()) all_.erase(known);
  --taken_;
  if (connection->has_timed_out()) {
    instruments_.timed_out.add();
    logger_.warn("PostgreSQL did not answer in time", {{"server_process", session.process}});
    drop_idle();  // which are likely no better
    if (cancelling_ < kMaxCancelling) spawn(cancel_on_server(session));
  }
  connection.reset();
  call_next();
  show();
}

void Pool::drop_idle() {
  for (const Held& held : idle_) all_.erase(held);
  taken_ -= idle_.size();
  idle_.clear();
}

/// A place came free.
void Pool::call_next() {
  if (waiting_.empty() || taken_ >= options_.connections) return;
  Waiter& first = *waiting_.front();
  waiting_.pop_front();
  ++taken_;
  first.called = true;
  first.turn.notify_all();
}

void Pool::refuse_all(const Error& error) {
  for (Waiter* waiter : std::exchange(waiting_, {})) {
    waiter->refused = error;
    waiter->called = true;
    waiter->turn.notify_all();
  }
}

/// What nobody waits for any more is not to go on at the server, nor to hold locks there.
asio::awaitable<void> Pool::cancel_on_server(Session session) {
  ++cancelling_;
  auto connection = co_await Connection::open(reactor_, clock_, servers_[preferred_], options_.connection);
  if (connection) {
    std::vector<Step> steps;
    steps.push_back(
        {"SELECT pg_cancel_backend(a.pid) FROM pg_stat_activity a WHERE a.pid = $1 AND "
         "a.backend_start::text = $2",
         {}});
    steps[0].parameters.push_back(parameter_of(session.process));
    steps[0].parameters.push_back(parameter_of(session.since));
    static_cast<void>(co_await (*connection)->run(std::move(steps), options_.connection.connect_timeout_ms));
  }
  --cancelling_;
}

asio::awaitable<void> Pool::close() {
  closed_ = true;
  refuse_all(closing());
  idle_.clear();
  for (const auto& [connection, session] : std::exchange(all_, {})) connection->abort(closing());
  co_await scope_.close();
  while (calls_ > 0) co_await changed_.wait();
}

}  // namespace concord::postgres
