#include "redis/client.h"

#include <algorithm>
#include <charconv>

namespace concord::redis {
namespace {

constexpr std::int64_t kMillisecondNs = 1'000'000;
constexpr std::int64_t kRefreshMs = 500;   // of one node that is asked for the slots
constexpr std::int64_t kLeastAgainMs = 5;  // between two tries of a call
constexpr std::int64_t kMostAgainMs = 200;
constexpr std::int64_t kFreshNs = 100 * kMillisecondNs;
constexpr std::size_t kMostRedirections = 16;
constexpr std::size_t kMostRepeats = 2;  // of a call whose connection failed it
constexpr unsigned kLeastVersion = 7;    // of a Cluster: the first with sharded publishing

std::unexpected<Error> closed() { return fail(Code::kUnavailable, "the bus is closed"); }

}  // namespace

RedisClient::RedisClient(Reactor& reactor, const RedisOptions& options, const TlsTrust* trust, Clock& clock,
                         const Logger& logger, RedisMetrics& metrics, std::uint64_t seed)
    : reactor_(reactor),
      options_(options),
      trust_(trust),
      clock_(clock),
      logger_(logger),
      metrics_(metrics),
      random_(seed),
      tasks_(reactor),
      refreshed_(reactor),
      closing_(reactor) {}

RedisClient::~RedisClient() = default;

void RedisClient::listen(OnPush on_push, OnEnd on_end) {
  on_push_ = std::move(on_push);
  on_end_ = std::move(on_end);
}

void RedisClient::begin() {
  for (const Endpoint& endpoint : options_.endpoints) link_to(endpoint);
}

Task<> RedisClient::connected() { return learn_mode(deadline_ns()); }

Task<RespValue> RedisClient::call(Call call) {
  const std::int64_t start_ns = now_ns();
  Result<RespValue> answer = co_await route(std::move(call), deadline_ns());
  metrics_.calls.add();
  metrics_.seconds.record(static_cast<double>(now_ns() - start_ns) / 1e9);
  if (!answer) metrics_.failures.add();
  co_return answer;
}

Task<RespValue> RedisClient::route(Call call, std::int64_t deadline_ns) {
  Backoff again(kLeastAgainMs, kMostAgainMs);
  std::optional<Endpoint> asking;
  std::size_t redirections = 0;
  std::size_t repeats = 0;
  while (!is_closed_) {
    CO_TRY_VOID(co_await learn_mode(deadline_ns));
    CO_TRY(const Endpoint owned_by, co_await owner(call.slot, deadline_ns));
    if (is_closed_) break;
    const std::shared_ptr<RedisLink> link = link_to(asking.value_or(owned_by));
    Request request{.command = call.command, .is_asking = asking.has_value()};
    Answer answer = co_await RedisLink::call(link, std::move(request), deadline_ns);
    asking.reset();
    if (!answer.value) {
      const bool is_free = !answer.may_have_run || call.is_repeatable;
      if (is_free && ++repeats <= kMostRepeats && co_await may_go_elsewhere(link->endpoint(), call.slot, deadline_ns))
        continue;
      co_return fail(std::move(answer.value).error());
    }
    const Advice advice = advice_in(*answer.value, link->endpoint());
    if (advice.kind == Advice::Kind::kNone || advice.kind == Advice::Kind::kNoScript)
      co_return std::move(*answer.value);
    const bool is_sent_on = advice.kind != Advice::Kind::kTryAgain;
    learn(advice, call.slot);
    if (advice.kind == Advice::Kind::kAsk) asking = advice.to;
    const std::int64_t pause_ms = is_sent_on ? 0 : again.next_ms(random_());
    if (now_ns() + pause_ms * kMillisecondNs >= deadline_ns || (is_sent_on && ++redirections > kMostRedirections))
      co_return fail(Code::kUnavailable, "Redis is not ready: " + std::string(answer.value->text().substr(0, 200)));
    if (pause_ms > 0) co_await closing_.wait(pause_ms);
  }
  co_return closed();
}

void RedisClient::learn(const Advice& advice, std::uint16_t slot) {
  if (advice.kind == Advice::Kind::kMoved || advice.kind == Advice::Kind::kAsk) metrics_.redirections.add();
  if (advice.kind == Advice::Kind::kMoved) slots_.set_owner(slot, advice.to);
  const bool is_stale = advice.kind == Advice::Kind::kMoved || advice.kind == Advice::Kind::kTryAgain;
  if (is_stale && mode_ == Mode::kCluster && !std::exchange(is_refresh_due_, true)) tasks_.spawn(refresh_soon());
}

Task<> RedisClient::learn_mode(std::int64_t deadline_ns) {
  if (mode_ != Mode::kUnknown) co_return Result<>();
  Error failure{Code::kUnavailable, "no Redis is known", {}};
  for (const Endpoint& endpoint : options_.endpoints) {
    if (is_closed_) co_return closed();
    const auto greeting = co_await RedisLink::ready(link_to(endpoint), deadline_ns);
    if (mode_ != Mode::kUnknown) co_return Result<>();
    if (greeting) co_return co_await set_mode(*greeting, endpoint);
    failure = greeting.error();
  }
  co_return fail(std::move(failure));
}

Task<> RedisClient::set_mode(const Greeting& greeting, const Endpoint& endpoint) {
  unsigned major = 0;
  std::from_chars(greeting.version.data(), greeting.version.data() + greeting.version.size(), major);
  if (options_.cluster == true && !greeting.is_cluster)
    co_return fail(Code::kUnavailable, "Redis at " + endpoint.str() + " is not of a Cluster, which REDIS_URL says");
  if (options_.cluster == false && greeting.is_cluster)
    co_return fail(Code::kUnavailable, "Redis at " + endpoint.str() + " is of a Cluster, and REDIS_URL says it is not");
  if (greeting.is_cluster && major < kLeastVersion)
    co_return fail(Code::kUnavailable, "Redis at " + endpoint.str() + " has version " + greeting.version +
                                           "; a Cluster's nodes need 7 for publishing");
  mode_ = greeting.is_cluster ? Mode::kCluster : Mode::kSingle;
  co_return Result<>();
}

Task<Endpoint> RedisClient::owner(std::uint16_t slot, std::int64_t deadline_ns) {
  if (mode_ == Mode::kSingle) co_return options_.endpoints.front();
  Backoff again(kLeastAgainMs, kMostAgainMs);
  while (!is_closed_) {
    if (const Endpoint* found = slots_.owner(slot)) co_return *found;
    CO_TRY_VOID(co_await refresh(deadline_ns));
    if (const Endpoint* found = slots_.owner(slot)) co_return *found;
    const std::int64_t pause_ms = again.next_ms(random_());
    if (now_ns() + pause_ms * kMillisecondNs >= deadline_ns)
      co_return fail(Code::kUnavailable, "no node of the Redis Cluster owns slot " + std::to_string(slot));
    co_await closing_.wait(pause_ms);
  }
  co_return closed();
}

Task<> RedisClient::refresh(std::int64_t deadline_ns) {
  const std::uint64_t seen = refreshes_;
  while (is_refreshing_ && refreshes_ == seen) {
    const std::int64_t left_ms = (deadline_ns - now_ns()) / kMillisecondNs;
    if (left_ms <= 0) co_return fail(Code::kUnavailable, "the slots of the Redis Cluster are not known in time");
    co_await refreshed_.wait(left_ms);
  }
  if (refreshes_ != seen) co_return last_refresh_;
  is_refreshing_ = true;
  last_refresh_ = co_await refresh_from_any(deadline_ns);
  if (last_refresh_) forget_others();
  is_refreshing_ = false;
  refreshed_ns_ = now_ns();
  ++refreshes_;
  refreshed_.notify_all();
  co_return last_refresh_;
}

Task<> RedisClient::refresh_from_any(std::int64_t deadline_ns) {
  std::set<Endpoint> candidates = slots_.owners();
  candidates.insert(options_.endpoints.begin(), options_.endpoints.end());
  std::vector<Endpoint> order(candidates.begin(), candidates.end());
  std::ranges::shuffle(order, random_);
  Error failure{Code::kUnavailable, "no node of the Redis Cluster is known", {}};
  for (const Endpoint& endpoint : order) {
    if (is_closed_) co_return closed();
    const std::int64_t until_ns = std::min(deadline_ns, now_ns() + kRefreshMs * kMillisecondNs);
    auto done = co_await refresh_from(endpoint, until_ns);
    if (done) co_return done;
    failure = std::move(done).error();
    if (now_ns() >= deadline_ns) break;
  }
  co_return fail(std::move(failure));
}

Task<> RedisClient::refresh_from(Endpoint endpoint, std::int64_t deadline_ns) {
  const std::shared_ptr<RedisLink> link = link_to(endpoint);
  Request request{.command = {"CLUSTER", "SLOTS"}};
  const Answer answer = co_await RedisLink::call(link, std::move(request), deadline_ns);
  if (!answer.value) co_return fail(answer.value.error());
  if (answer.value->is_error())
    co_return fail(Code::kUnavailable,
                   "Redis at " + endpoint.str() + ": " + std::string(answer.value->text().substr(0, 200)));
  if (auto read = slots_.read(*answer.value, endpoint); !read) co_return fail(Code::kUnavailable, read.error().message);
  co_return Result<>();
}

asio::awaitable<void> RedisClient::refresh_soon() {
  co_await closing_.wait(static_cast<std::int64_t>(random_() % 100));  // many calls are told at the same time
  if (is_closed_) co_return;
  if (const auto done = co_await refresh(deadline_ns()); !done)
    logger_.warn("the slots of the Redis Cluster cannot be read", {{"error", done.error().message}});
  is_refresh_due_ = false;
}

asio::awaitable<bool> RedisClient::may_go_elsewhere(Endpoint asked, std::uint16_t slot, std::int64_t deadline_ns) {
  if (is_closed_ || now_ns() >= deadline_ns) co_return false;
  if (mode_ == Mode::kSingle) {
    co_return static_cast<bool>(co_await RedisLink::ready(link_to(options_.endpoints.front()), deadline_ns));
  }
  const bool is_fresh = now_ns() - refreshed_ns_ < kFreshNs;  // many calls fail at the same time
  if (!is_fresh && !co_await refresh(deadline_ns)) co_return false;
  const Endpoint* now = slots_.owner(slot);
  if (now != nullptr && *now != asked) co_return true;
  co_return !is_closed_ && now != nullptr && static_cast<bool>(co_await RedisLink::ready(link_to(asked), deadline_ns));
}

Task<std::shared_ptr<RedisLink>> RedisClient::subscriber(std::uint16_t slot, std::int64_t deadline_ns) {
  CO_TRY_VOID(co_await learn_mode(deadline_ns));
  CO_TRY(const Endpoint owned_by, co_await owner(slot, deadline_ns));
  if (is_closed_) co_return closed();
  const std::shared_ptr<RedisLink> link = subscriber_link_to(owned_by);
  const auto connected = co_await RedisLink::ready(link, deadline_ns);
  if (connected) co_return link;
  learn({.kind = Advice::Kind::kTryAgain}, slot);
  co_return fail(connected.error());
}

std::shared_ptr<RedisLink> RedisClient::link_to(const Endpoint& endpoint) {
  std::shared_ptr<RedisLink>& link = links_[endpoint];
  const auto ignore_push = [](const RespValue&) {};
  if (!link)
    link = RedisLink::start(link_context(), endpoint, options_.purpose, {.on_push = ignore_push, .on_end = [] {}});
  return link;
}

std::shared_ptr<RedisLink> RedisClient::subscriber_link_to(const Endpoint& endpoint) {
  const auto found = subscriber_links_.find(endpoint);
  if (found != subscriber_links_.end()) return found->second;
  const auto self = std::make_shared<std::weak_ptr<RedisLink>>();  // shared by the link's two
                                                                   // callbacks
  const auto on_push = [this, self](const RespValue& push) {
    if (const auto link = self->lock()) on_push_(link, push);
  };
  const auto on_end = [this, self] {
    if (const auto link = self->lock()) on_end_(link);
  };
  auto link = RedisLink::start(link_context(), endpoint, "subscriptions", {.on_push = on_push, .on_end = on_end});
  *self = link;
  subscriber_links_.emplace(endpoint, link);
  return link;
}

/// Closes the links to who owns nothing any more, which has told its subscribers so.
void RedisClient::forget_others() {
  const std::set<Endpoint> owners = slots_.owners();
  std::erase_if(links_, [&](const auto& each) {
    if (owners.contains(each.first)) return false;
    each.second->close();
    return true;
  });
  std::erase_if(subscriber_links_, [&](const auto& each) {
    if (owners.contains(each.first)) return false;
    each.second->close();
    on_end_(each.second);
    return true;
  });
}

RedisLink::Context RedisClient::link_context() {
  return {.connection = {.reactor = reactor_, .tasks = tasks_, .options = options_, .clock = clock_, .trust = trust_},
          .metrics = metrics_,
          .logger = logger_,
          .random = random_};
}

asio::awaitable<void> RedisClient::close() {
  is_closed_ = true;
  closing_.notify_all();
  for (const auto& [endpoint, link] : links_) link->close();
  for (const auto& [endpoint, link] : subscriber_links_) link->close();
  co_await tasks_.close();
}

}  // namespace concord::redis
