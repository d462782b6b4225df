#include "redis/connection.h"

#include <algorithm>
#include <array>
#include <boost/asio/cancellation_state.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>
#include <deque>

#include "redis/transport.h"

namespace concord::redis {
namespace {

using boost::system::error_code;

constexpr std::size_t kReadBytes = 64U << 10U;
constexpr std::size_t kKeptBytes = 1U << 20U;  // of a buffer that was once larger
constexpr std::size_t kMostShownBytes = 200;   // of what a server says

/// Bulk strings up to the bus's largest message with room for what is around it; a page of a list has some.
constexpr RespLimits kLimits{.bulk_bytes = 64U << 20U, .value_bytes = 128U << 20U};

/// A request that waits for its answer.
struct Pending {
  explicit Pending(asio::io_context& context) : answered(context) {}

  asio::steady_timer answered;  // expires at the request's deadline; cancelled
                                // once there is an answer
  std::optional<Answer> answer;
  bool is_skipped = false;  // nobody waits: the answer to ASKING
  std::string push_kind;
  std::string push_channel;
  std::uint64_t batch = 0;  // of what is written at once
  std::int64_t since_ns = 0;
};

std::string shown(std::string_view text) { return std::string(text.substr(0, kMostShownBytes)); }

}  // namespace

struct RedisConnection::State : std::enable_shared_from_this<State> {
  State(Context c, Endpoint e, OnPush p)
      : context(c),
        endpoint(std::move(e)),
        on_push(std::move(p)),
        transport(c.reactor, endpoint, c.trust),
        has_unsent(c.reactor),
        ended(c.reactor),
        decoder(kLimits),
        last_read_ns(c.clock.monotonic_ns()) {}

  Context context;
  Endpoint endpoint;
  OnPush on_push;
  Transport transport;
  AsyncEvent has_unsent;
  AsyncEvent ended;
  RespDecoder decoder;
  bool is_open = true;
  Error failure;
  std::deque<std::shared_ptr<Pending>> pending;  // shared with the calls that wait
  Bytes unsent;
  Bytes writing;
  std::uint64_t batch = 0;  // being written; what is unsent has the next
  std::int64_t last_read_ns;

  Result<> check_room(std::size_t bytes) const;
  void enqueue(const RespCommand& command, std::shared_ptr<Pending> one);
  void end(std::string_view why);
  void end(Error why);
  void settle(RespValue value);
  Result<> take(ByteView input);
  bool is_silent(const Pending& one) const;

  static asio::awaitable<Answer> call(std::shared_ptr<State> self, Request request, std::int64_t timeout_ms);
  static asio::awaitable<void> read_all(std::shared_ptr<State> self);
  static asio::awaitable<void> write_all(std::shared_ptr<State> self);
  static asio::awaitable<void> keep_awake(std::shared_ptr<State> self);
  static Task<Greeting> greet(std::shared_ptr<State> self);
};

Result<> RedisConnection::State::check_room(std::size_t bytes) const {
  const auto full = [](std::string_view what, std::size_t limit) {
    return fail(Error{Code::kUnavailable,
                      "too much waits for Redis",
                      {{"field", std::string(what)}, {"limit", std::to_string(limit)}}});
  };
  const RedisOptions& options = context.options;
  if (pending.size() >= options.max_calls) return full("calls", options.max_calls);
  const std::size_t waiting = unsent.size() + writing.size();
  if (waiting > 0 && waiting + bytes > options.max_unsent_bytes) return full("bytes", options.max_unsent_bytes);
  return {};
}

void RedisConnection::State::enqueue(const RespCommand& command, std::shared_ptr<Pending> one) {
  one->batch = batch + 1;
  one->since_ns = context.clock.monotonic_ns();
  command.write(unsent);
  pending.push_back(std::move(one));
}

void RedisConnection::State::end(std::string_view why) {
  end(Error{Code::kUnavailable, "Redis at " + endpoint.str() + " " + std::string(why), {}});
}

void RedisConnection::State::end(Error why) {
  if (!is_open) return;
  is_open = false;
  failure = std::move(why);
  transport.close();
  for (const auto& one : std::exchange(pending, {})) {
    one->answer = Answer{fail(failure), one->batch <= batch};
    one->answered.cancel();
  }
  unsent = {};
  has_unsent.notify_all();
  ended.notify_all();
}

/// A value that is whole: a push message, or the answer to the oldest request.
void RedisConnection::State::settle(RespValue value) {
  if (value.kind == RespValue::Kind::kPush) {
    const bool answers = !pending.empty() && !pending.front()->push_kind.empty() && value.items.size() >= 2 &&
                         value.items[0].text() == pending.front()->push_kind &&
                         value.items[1].text() == pending.front()->push_channel;
    if (!answers) return on_push(value);
  }
  if (pending.empty()) return end("answered what it was not asked");
  const std::shared_ptr<Pending> one = std::move(pending.front());
  pending.pop_front();
  if (one->is_skipped) return;
  one->answer = Answer{std::move(value), true};
  one->answered.cancel();
}

Result<> RedisConnection::State::take(ByteView input) {
  while (is_open && !input.empty()) {
    TRY(auto value, decoder.next(input));
    if (value) settle(std::move(*value));
  }
  return {};
}

/// Whether the server has said nothing since before the request, and for half the time of a whole call: not so soon
/// where a call had but little time left.
bool RedisConnection::State::is_silent(const Pending& one) const {
  const std::int64_t half_ns = context.options.call_timeout_ms * 1'000'000 / 2;
  return last_read_ns <= one.since_ns && context.clock.monotonic_ns() - one.since_ns >= half_ns;
}

asio::awaitable<Answer> RedisConnection::State::call(std::shared_ptr<State> self, Request request,
                                                     std::int64_t timeout_ms) {
  if (!self->is_open) co_return Answer{fail(self->failure)};
  if (auto room = self->check_room(request.command.size_bytes()); !room)
    co_return Answer{fail(std::move(room).error())};
  asio::io_context& context = self->context.reactor.context();
  if (request.is_asking) {
    auto skipped = std::make_shared<Pending>(context);
    skipped->is_skipped = true;
    self->enqueue(RespCommand{"ASKING"}, std::move(skipped));
  }
  const auto one = std::make_shared<Pending>(context);
  one->push_kind = std::move(request.push_kind);
  one->push_channel = std::move(request.push_channel);
  one->answered.expires_after(std::chrono::milliseconds(std::max<std::int64_t>(timeout_ms, 1)));
  self->enqueue(request.command, one);
  request = {};
  self->has_unsent.notify_all();

  error_code ignored;  // answered, or the time is over: the record says which
  co_await one->answered.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
  if (one->answer) co_return std::move(*one->answer);
  if (self->is_silent(*one)) self->end("does not answer");
  if (one->answer) co_return std::move(*one->answer);
  co_return Answer{fail(Code::kUnavailable, "Redis at " + self->endpoint.str() + " does not answer in time"),
                   one->batch <= self->batch};
}

asio::awaitable<void> RedisConnection::State::read_all(std::shared_ptr<State> self) {
  Bytes buffer(kReadBytes);
  while (self->is_open) {
    const auto size = co_await self->transport.read_some(buffer);
    if (!size) co_return self->end(size.error());
    self->last_read_ns = self->context.clock.monotonic_ns();
    if (auto taken = self->take(ByteView(buffer).first(*size)); !taken)
      co_return self->end("says what is not understood: " + taken.error().message);
  }
}

asio::awaitable<void> RedisConnection::State::write_all(std::shared_ptr<State> self) {
  while (self->is_open) {
    if (self->unsent.empty()) {
      co_await self->has_unsent.wait();
      continue;
    }
    std::swap(self->unsent, self->writing);
    ++self->batch;
    if (const auto written = co_await self->transport.write_all(self->writing); !written)
      co_return self->end(written.error());
    self->writing.clear();
    if (self->writing.capacity() > kKeptBytes) self->writing.shrink_to_fit();
  }
}

/// Asks a server that has said nothing for long whether it is there.
asio::awaitable<void> RedisConnection::State::keep_awake(std::shared_ptr<State> self) {
  const std::int64_t pause_ms = self->context.options.ping_ms;
  while (self->is_open) {
    co_await self->ended.wait(pause_ms);
    if (!self->is_open) break;
    if (self->context.clock.monotonic_ns() - self->last_read_ns < pause_ms * 1'000'000) continue;
    Request ping{.command = {"PING"}};
    co_await call(self, std::move(ping), self->context.options.call_timeout_ms);
  }
}

Task<Greeting> RedisConnection::State::greet(std::shared_ptr<State> self) {
  const RedisOptions& options = self->context.options;
  Request hello{.command = {"HELLO", "3"}};
  if (!options.password.empty())
    hello.command.add("AUTH").add(options.user.empty() ? "default" : options.user).add(options.password);
  hello.command.add("SETNAME").add("concord");
  const auto refused = [&self](const RespValue& said) {
    return fail(Code::kUnavailable, "Redis at " + self->endpoint.str() + " refuses us: " + shown(said.text()));
  };
  const Answer answer = co_await call(self, std::move(hello), options.connect_timeout_ms);
  if (!answer.value) co_return fail(answer.value.error());
  if (answer.value->is_error()) co_return refused(*answer.value);
  const RespValue* mode = answer.value->find("mode");
  const RespValue* version = answer.value->find("version");
  if (mode == nullptr || version == nullptr)
    co_return fail(Code::kUnavailable, "what is at " + self->endpoint.str() + " is no Redis");
  const Greeting greeting{.is_cluster = mode->text() == "cluster", .version = shown(version->text())};
  if (options.database != 0) {
    Request select{.command = {"SELECT"}};
    select.command.add(options.database);
    const Answer selected = co_await call(self, std::move(select), options.connect_timeout_ms);
    if (!selected.value) co_return fail(selected.value.error());
    if (selected.value->is_error()) co_return refused(*selected.value);
  }
  co_return greeting;
}

Task<std::unique_ptr<RedisConnection>> RedisConnection::open(Context context, Endpoint endpoint, OnPush on_push) {
  const auto state = std::make_shared<State>(context, std::move(endpoint), std::move(on_push));
  std::unique_ptr<RedisConnection> connection(new RedisConnection(state));
  asio::steady_timer in_time(context.reactor.context());
  in_time.expires_after(std::chrono::milliseconds(context.options.connect_timeout_ms));
  in_time.async_wait([held = std::weak_ptr(state)](error_code error) {
    const auto opening = held.lock();
    if (!error && opening) opening->end("cannot be reached in time");
  });
  const auto connected = co_await state->transport.connect(context.options.connect_timeout_ms);
  if (!state->is_open) co_return fail(state->failure);
  if (!connected) co_return fail(connected.error());
  const asio::cancellation_state cancellation = co_await asio::this_coro::cancellation_state;
  if (cancellation.cancelled() != asio::cancellation_type::none)  // what would read its answers is not begun
                                                                  // any more
    co_return fail(Code::kUnavailable, "the connection to Redis is closed");
  context.tasks.spawn(State::read_all(state));
  context.tasks.spawn(State::write_all(state));
  CO_TRY(connection->greeting_, co_await State::greet(state));
  in_time.cancel();
  if (!state->is_open) co_return fail(state->failure);
  context.tasks.spawn(State::keep_awake(state));
  co_return connection;
}

RedisConnection::RedisConnection(std::shared_ptr<State> state) : state_(std::move(state)) {}
RedisConnection::~RedisConnection() { end("is no longer needed"); }

asio::awaitable<Answer> RedisConnection::call(Request request, std::int64_t timeout_ms) {
  return State::call(state_, std::move(request), timeout_ms);
}

bool RedisConnection::is_open() const { return state_->is_open; }
Error RedisConnection::failure() const { return state_->failure; }

asio::awaitable<void> RedisConnection::wait_for_end() {
  const std::shared_ptr<State> state = state_;
  while (state->is_open) co_await state->ended.wait();
}

void RedisConnection::end(std::string_view why) { state_->end(why); }

}  // namespace concord::redis
