#include "postgres/connection.h"

#include <libpq-fe.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <deque>

#include "engines/suspend.h"
#include "postgres/exchange.h"
#include "postgres/statement_cache.h"

namespace concord::postgres {
namespace {

using Wait = asio::posix::stream_descriptor::wait_type;
using ErrorCode = boost::system::error_code;

/// libpq's words, on one line.
std::string words_of(const PGconn* connection) {
  std::string text = PQerrorMessage(connection);
  std::ranges::replace(text, '\n', ' ');
  while (!text.empty() && text.back() == ' ') text.pop_back();
  return text.empty() ? "the connection was lost" : text;
}

/// A statement by its text and the types of its arguments.
std::string key_of(const Step& step) {
  std::string key = step.sql;
  for (const Parameter& parameter : step.parameters) key += '\x01' + std::to_string(parameter.type);
  return key;
}

}  // namespace

struct Connection::State : std::enable_shared_from_this<Connection::State> {
  State(Reactor& r, Clock& c, ConnectionLimits l)
      : reactor(r), clock(c), limits(l), socket(r.context()), timer(r.context()), cache(l.cached_statements) {}
  ~State() { close(); }

  Reactor& reactor;
  Clock& clock;
  ConnectionLimits limits;
  PGconn* connection = nullptr;
  asio::posix::stream_descriptor socket;
  asio::steady_timer timer;
  StatementCache cache;
  std::deque<Exchange> in_flight;
  std::int64_t armed_ns = 0;  // when the timer ends; 0: it does not run
  bool writing = false;       // waits until the socket takes more
  bool timed_out = false;

  Task<> connect(const Keywords& keywords);
  Task<> poll();
  bool send(const Step& step, std::vector<Command>& commands);
  void submit(const std::vector<Step>& steps, std::int64_t timeout_ms, Done done);
  void arm_timer(std::int64_t deadline_ns);
  void on_timer();
  void wait_to_read();
  void on_readable();
  void flush();
  void process();
  void take(PGresult* result);
  void announce_next();
  void lose(const Error& error);
  void lose() { lose({Code::kUnavailable, "PostgreSQL: " + words_of(connection), {}}); }
  void close();
};

void Connection::State::close() {
  if (connection == nullptr) return;
  timer.cancel();
  if (socket.is_open()) socket.release();  // the socket is libpq's
  PQfinish(connection);
  connection = nullptr;
}

/// Ends the connection and answers everybody who waits.
void Connection::State::lose(const Error& error) {
  const auto self = shared_from_this();
  close();
  std::deque<Exchange> lost = std::exchange(in_flight, {});
  for (Exchange& exchange : lost) exchange.finish_early(error);
}

Task<> Connection::State::connect(const Keywords& keywords) {
  std::vector<const char*> names;
  std::vector<const char*> values;
  for (const auto& [name, value] : keywords) {
    names.push_back(name.c_str());
    values.push_back(value.c_str());
  }
  names.push_back(nullptr);
  values.push_back(nullptr);
  connection = PQconnectStartParams(names.data(), values.data(), 0);
  if (connection == nullptr) co_return fail(Code::kUnavailable, "PostgreSQL: out of memory");
  PQsetNoticeReceiver(
      connection,
      [](void* state, const PGresult* notice) {
        auto& of = *static_cast<State*>(state);
        if (!of.in_flight.empty() && is_end_of_replication_wait(notice)) of.in_flight.front().not_replicated();
      },
      this);
  timer.expires_after(std::chrono::milliseconds(limits.connect_timeout_ms));
  timer.async_wait([self = shared_from_this()](const ErrorCode& error) {
    if (error) return;
    self->timed_out = true;
    if (self->socket.is_open()) self->socket.cancel();
  });
  Result<> done = co_await poll();
  timer.cancel();
  if (done && connection == nullptr) done = fail(Code::kUnavailable, "the connection was closed");
  if (done && (PQsetnonblocking(connection, 1) != 0 || PQenterPipelineMode(connection) != 1))
    done = fail(Code::kUnavailable, "PostgreSQL: " + words_of(connection));
  if (!done) {
    close();
    co_return done;
  }
  wait_to_read();
  co_return Result<>();
}

Task<> Connection::State::poll() {
  PostgresPollingStatusType want = PGRES_POLLING_WRITING;
  while (PQstatus(connection) != CONNECTION_BAD) {
    ErrorCode error;
    if (socket.is_open()) socket.release();  // the next address has another socket
    socket.assign(PQsocket(connection), error);
    if (error) co_return fail(Code::kUnavailable, "PostgreSQL: " + error.message());
    if (!timed_out) {
      const Wait wait = want == PGRES_POLLING_READING ? Wait::wait_read : Wait::wait_write;
      co_await socket.async_wait(wait, asio::redirect_error(asio::use_awaitable, error));
    }
    if (connection == nullptr) co_return fail(Code::kUnavailable, "the connection was closed");
    if (timed_out) {
      co_return fail(Error{Code::kUnavailable,
                           "PostgreSQL did not let us in in time",
                           {{"limit", std::to_string(limits.connect_timeout_ms)}}});
    }
    want = PQconnectPoll(connection);
    if (want == PGRES_POLLING_OK) co_return Result<>();
    if (want == PGRES_POLLING_FAILED) break;
  }
  co_return fail(Code::kUnavailable, "PostgreSQL: " + words_of(connection));
}

bool Connection::State::send(const Step& step, std::vector<Command>& commands) {
  std::vector<Oid> types;
  std::vector<const char*> values;
  std::vector<int> sizes;
  for (const Parameter& parameter : step.parameters) {
    const ByteView bytes = parameter.view();
    types.push_back(parameter.type);
    // An empty value still needs an address: none is NULL.
    values.push_back(parameter.is_null() ? nullptr : bytes.empty() ? "" : reinterpret_cast<const char*>(bytes.data()));
    sizes.push_back(static_cast<int>(bytes.size()));
  }
  const std::vector<int> binary(types.size(), 1);
  const int count = static_cast<int>(types.size());

  StatementCache::Found found = cache.find(key_of(step));
  if (found.dropped) {
    const std::string drop = "DEALLOCATE " + *found.dropped;
    if (PQsendQueryParams(connection, drop.c_str(), 0, nullptr, nullptr, nullptr, nullptr, 1) != 1) return false;
    commands.push_back({Command::Kind::kDrop, *std::move(found.dropped)});
  }
  if (found.fresh) {
    if (PQsendPrepare(connection, found.name.c_str(), step.sql.c_str(), count, types.data()) != 1) return false;
    commands.push_back({Command::Kind::kPrepare, found.name});
  }
  if (PQsendQueryPrepared(connection, found.name.c_str(), count, values.data(), sizes.data(), binary.data(), 1) != 1)
    return false;
  commands.push_back({Command::Kind::kRun, std::move(found.name)});
  return true;
}

void Connection::State::submit(const std::vector<Step>& steps, std::int64_t timeout_ms, Done done) {
  if (connection == nullptr) {
    reactor.post([done = std::move(done)]() mutable { done(fail(Code::kUnavailable, "the connection was lost")); });
    return;
  }
  std::vector<Command> commands;
  bool sent = true;
  for (const Step& step : steps) sent = sent && send(step, commands);
  sent = sent && PQpipelineSync(connection) == 1;
  const std::int64_t deadline = clock.monotonic_ns() + timeout_ms * 1'000'000;
  in_flight.emplace_back(std::move(commands), steps.size(), deadline, limits.max_result_bytes, std::move(done));
  if (in_flight.size() == 1) announce_next();
  arm_timer(deadline);
  // Not in this call: who is told of a failure may hold on to what it was about to keep.
  reactor.post([self = shared_from_this(), sent] {
    if (self->connection == nullptr) return;
    sent ? self->flush() : self->lose();
  });
}

void Connection::State::arm_timer(std::int64_t deadline_ns) {
  if (armed_ns != 0 && armed_ns <= deadline_ns) return;
  armed_ns = deadline_ns;
  timer.expires_after(std::chrono::nanoseconds(std::max<std::int64_t>(deadline_ns - clock.monotonic_ns(), 0)));
  timer.async_wait([self = shared_from_this()](const ErrorCode& error) {
    if (!error && self->connection != nullptr) self->on_timer();
  });
}

void Connection::State::on_timer() {
  armed_ns = 0;
  if (in_flight.empty()) return;
  const std::int64_t first = std::ranges::min_element(in_flight, {}, &Exchange::deadline_ns)->deadline_ns();
  if (clock.monotonic_ns() < first) return arm_timer(first);
  timed_out = true;
  lose({Code::kUnavailable, "PostgreSQL did not answer in time", {}});
}

void Connection::State::wait_to_read() {
  socket.async_wait(Wait::wait_read, [self = shared_from_this()](const ErrorCode& error) {
    if (!error && self->connection != nullptr) self->on_readable();
  });
}

void Connection::State::on_readable() {
  const bool more = PQconsumeInput(connection) == 1;
  process();  // also what came before the end
  if (connection == nullptr) return;
  if (!more || PQstatus(connection) == CONNECTION_BAD) return lose();
  flush();
  if (connection != nullptr) wait_to_read();
}

void Connection::State::flush() {
  const int left = PQflush(connection);
  if (left < 0) return lose();
  if (left == 0 || writing) return;
  writing = true;
  socket.async_wait(Wait::wait_write, [self = shared_from_this()](const ErrorCode& error) {
    self->writing = false;
    if (!error && self->connection != nullptr) self->flush();
  });
}

/// Row by row, so that no result is held whole before its size is known.
void Connection::State::announce_next() {
  if (!in_flight.empty() && in_flight.front().runs_next()) PQsetSingleRowMode(connection);
}

void Connection::State::process() {
  const auto self = shared_from_this();
  while (connection != nullptr && !in_flight.empty() && PQisBusy(connection) == 0) {
    PGresult* result = PQgetResult(connection);
    if (result == nullptr) {
      if (PQstatus(connection) == CONNECTION_BAD) return;
      if (const std::string unknown = in_flight.front().command_ended(); !unknown.empty()) cache.forget(unknown);
      announce_next();
      continue;
    }
    take(result);
    PQclear(result);
  }
}

void Connection::State::take(PGresult* result) {
  if (PQresultStatus(result) == PGRES_PIPELINE_SYNC) {
    Exchange done = std::move(in_flight.front());
    in_flight.pop_front();
    announce_next();
    if (done.ends_connection()) lose({Code::kUnavailable, "PostgreSQL has ended the connection's use", {}});
    done.finish();
    return;
  }
  if (Result<> taken = in_flight.front().take(result); !taken) {
    Exchange large = std::move(in_flight.front());
    in_flight.pop_front();
    lose({Code::kUnavailable, "the connection was closed by another's result, which was too large", {}});
    large.finish_early(std::move(taken).error());
  }
}

Task<std::shared_ptr<Connection>> Connection::open(Reactor& reactor, Clock& clock, Keywords keywords,
                                                   ConnectionLimits limits) {
  auto state = std::make_shared<State>(reactor, clock, limits);
  CO_TRY_VOID(co_await state->connect(keywords));
  co_return std::shared_ptr<Connection>(new Connection(std::move(state)));
}

Connection::Connection(std::shared_ptr<State> state) : state_(std::move(state)) {}
Connection::~Connection() {
  if (state_->connection != nullptr) state_->lose({Code::kUnavailable, "the connection was closed", {}});
}

void Connection::submit(const std::vector<Step>& steps, std::int64_t timeout_ms, Done done) {
  state_->submit(steps, timeout_ms, std::move(done));
}

Task<std::vector<engines::Rows>> Connection::run(std::vector<Step> steps, std::int64_t timeout_ms) {
  Result<std::vector<engines::Rows>> answer;
  co_await engines::suspend([this, &steps, &answer, timeout_ms](engines::Resume resume) {
    submit(steps, timeout_ms, [&answer, resume = std::move(resume)](Result<std::vector<engines::Rows>> result) mutable {
      answer = std::move(result);
      resume();
    });
  });
  co_return answer;
}

void Connection::abort(const Error& error) {
  if (state_->connection != nullptr) state_->lose(error);
}

bool Connection::is_open() const { return state_->connection != nullptr; }
bool Connection::has_timed_out() const { return state_->timed_out; }
bool Connection::is_idle() const {
  return is_open() && state_->in_flight.empty() && PQtransactionStatus(state_->connection) == PQTRANS_IDLE;
}
std::size_t Connection::in_flight() const { return state_->in_flight.size(); }
std::int64_t Connection::server_process() const {
  return state_->connection == nullptr ? 0 : PQbackendPID(state_->connection);
}

}  // namespace concord::postgres
