#include "redis/link.h"

#include <algorithm>

namespace concord::redis {
namespace {

constexpr std::int64_t kMillisecondNs = 1'000'000;
constexpr std::int64_t kMostOpenTimes = 16;                 // as long as at first, at most
constexpr std::int64_t kSteadyNs = 1'000 * kMillisecondNs;  // a connection that held so long was a good one

}  // namespace

std::shared_ptr<RedisLink> RedisLink::start(Context context, Endpoint endpoint, const std::string& purpose,
                                            Events events) {
  auto link = std::make_shared<RedisLink>(context, std::move(endpoint), purpose, std::move(events));
  context.connection.tasks.spawn(keep(link));
  return link;
}

RedisLink::RedisLink(Context context, Endpoint endpoint, const std::string& purpose, Events events)
    : context_(context),
      endpoint_(std::move(endpoint)),
      events_(std::move(events)),
      breaker_state_(context.metrics.all.gauge("concord_redis_breaker_state",
                                               "Whether calls go out: 0 all, 1 one to see, 2 none.",
                                               {{"node", endpoint_.str()}, {"for", purpose}})),
      breaker_({.failures = static_cast<std::int64_t>(context.connection.options.breaker_failures),
                .least_ms = context.connection.options.breaker_open_ms,
                .most_ms = kMostOpenTimes * context.connection.options.breaker_open_ms}),
      changed_(context.connection.reactor) {
  breaker_state_.set(0);
}

asio::awaitable<void> RedisLink::keep(std::shared_ptr<RedisLink> self) {
  const RedisOptions& options = self->context_.connection.options;
  Backoff backoff(options.least_backoff_ms, options.most_backoff_ms);
  while (!self->is_closed_) {
    auto opened = co_await RedisConnection::open(self->context_.connection, self->endpoint_, self->events_.on_push);
    if (self->is_closed_) break;
    if (opened) {
      const std::int64_t since_ns = self->now_ns();
      self->came_up(std::move(*opened));
      co_await self->connection_->wait_for_end();
      if (self->is_closed_) break;
      self->went_down();
      if (self->now_ns() - since_ns >= kSteadyNs) backoff.reset();
    } else {
      self->failed_to_connect(std::move(opened).error());
    }
    const std::int64_t pause_ms = backoff.next_ms(self->context_.random());
    for (const std::int64_t until_ns = self->now_ns() + pause_ms * kMillisecondNs; !self->is_closed_;) {
      const std::int64_t left_ms = (until_ns - self->now_ns()) / kMillisecondNs;
      if (left_ms <= 0) break;
      co_await self->changed_.wait(left_ms);
    }
  }
  self->connection_.reset();
}

void RedisLink::came_up(std::unique_ptr<RedisConnection> connection) {
  if (failed_attempts_ > 0) context_.logger.info("Redis is back", {{"node", endpoint_.str()}});
  connection_ = std::move(connection);
  failed_attempts_ = 0;
  breaker_.succeeded();
  breaker_state_.set(0);
  changed_.notify_all();
}

void RedisLink::went_down() {
  context_.logger.warn("the connection to Redis is lost", {{"error", connection_->failure().message}});
  context_.metrics.reconnects.add();
  connection_.reset();
  changed_.notify_all();
  events_.on_end();
}

void RedisLink::failed_to_connect(Error error) {
  if (failed_attempts_ == 0) context_.logger.warn("Redis is away", {{"error", error.message}});
  failure_ = std::move(error);
  ++failed_attempts_;
  changed_.notify_all();
}

Task<Greeting> RedisLink::ready(std::shared_ptr<RedisLink> self, std::int64_t deadline_ns) {
  while (!self->is_up()) {
    if (self->is_closed_) co_return fail(Code::kUnavailable, "the connection to Redis is closed");
    if (self->failed_attempts_ > 0) co_return fail(self->failure_);
    const std::int64_t left_ms = (deadline_ns - self->now_ns()) / kMillisecondNs;
    if (left_ms <= 0) co_return fail(Code::kUnavailable, "Redis at " + self->endpoint_.str() + " is not there in time");
    co_await self->changed_.wait(left_ms);
  }
  co_return self->connection_->greeting();
}

asio::awaitable<Answer> RedisLink::call(std::shared_ptr<RedisLink> self, Request request, std::int64_t deadline_ns) {
  if (!self->breaker_.admit(self->now_ns()))
    co_return Answer{fail(Code::kUnavailable, "Redis at " + self->endpoint_.str() + " has failed too often just now")};
  self->breaker_state_.set(static_cast<std::int64_t>(self->breaker_.state()));
  if (const auto connected = co_await ready(self, deadline_ns); !connected) {
    self->note(false);
    co_return Answer{fail(connected.error())};
  }
  const std::int64_t left_ms = (deadline_ns - self->now_ns()) / kMillisecondNs;
  Answer answer = co_await self->connection_->call(std::move(request), left_ms);
  self->note(answer.value.has_value());
  co_return answer;
}

void RedisLink::note(bool succeeded) {
  if (succeeded) {
    breaker_.succeeded();
  } else {
    breaker_.failed(now_ns(), context_.random());
  }
  breaker_state_.set(static_cast<std::int64_t>(breaker_.state()));
}

void RedisLink::close() {
  if (is_closed_) return;
  is_closed_ = true;
  if (connection_) connection_->end("is no longer needed");
  changed_.notify_all();
}

}  // namespace concord::redis
