#include "link/core.h"

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cassert>

namespace concord::link {
namespace {

constexpr std::size_t kCipherBytes = 256u << 10u;
constexpr std::size_t kPlainBytes = 256u << 10u;
constexpr auto kReportAfter = std::chrono::milliseconds(5);
constexpr std::int64_t kLongestTickMs = 250;
constexpr int kWarnings = 10;  // within
constexpr std::int64_t kWarningsNs = 1'000'000'000;
constexpr std::size_t kMaxBreakers = 1024;
constexpr CircuitBreaker::Options kBreakerOptions{.failures = 3, .least_ms = 100, .most_ms = 3'000};

}  // namespace

struct LinkCore::Watch {
  explicit Watch(asio::io_context& context) : timer(context), report_timer(context) {}
  asio::steady_timer timer;
  asio::steady_timer report_timer;
  bool ticking = false;
  bool reporting = false;
};

std::shared_ptr<CircuitBreaker> Shared::breaker_of(const Peer& peer) {
  const std::lock_guard lock(mutex);
  if (breakers.size() >= kMaxBreakers)
    std::erase_if(breakers, [](const auto& one) { return one.second.use_count() == 1; });
  auto& breaker = breakers[peer];
  if (!breaker) breaker = std::make_shared<CircuitBreaker>(kBreakerOptions);
  return breaker;
}

bool Shared::may_warn(std::int64_t now_ns) {
  const std::lock_guard lock(mutex);
  if (warnings == 0 || now_ns - warning_since_ns > kWarningsNs) {
    warning_since_ns = now_ns;
    warnings = 0;
  }
  return ++warnings <= kWarnings;
}

LinkCore::LinkCore(Reactor& reactor, std::vector<std::shared_ptr<LinkCore>>& cores, Shared& shared)
    : cipher(kCipherBytes),
      plain(kPlainBytes),
      reactor_(reactor),
      cores_(cores),
      shared_(shared),
      watch_(std::make_unique<Watch>(reactor.context())),
      scope_(reactor) {}

LinkCore::~LinkCore() = default;

Connection* LinkCore::usable(const Peer& peer, std::uint32_t lane) {
  const auto found = usable_.find({peer, lane});
  if (found == usable_.end()) return nullptr;
  if (found->second->usable()) return found->second;
  usable_.erase(found);
  return nullptr;
}

Stream& LinkCore::open(const Peer& peer, const Opening& opening, std::shared_ptr<StreamHandler> handler) {
  assert(reactor_.is_current());
  if (stopped_ || shared_.draining.load(std::memory_order_relaxed))
    return fail_open(std::move(handler), kGoingAway, "this node is shutting down");
  if (shared_.identity() == nullptr) return fail_open(std::move(handler), kBroken, "this node has no links");
  Connection* connection = usable(peer, opening.lane);
  if (connection != nullptr && connection->full())
    return fail_open(std::move(handler), kTooMany, "too many streams are open");
  if (connection == nullptr) {
    auto breaker = shared_.breaker_of(peer);
    if (!breaker->admit(now_ns())) return fail_open(std::move(handler), kBroken, "the node was away just now");
    auto made = std::make_shared<Connection>(*this, peer, opening.lane, std::move(breaker));
    connection = made.get();
    add(made);
    usable_[{peer, opening.lane}] = connection;
    scope_.spawn(dial(std::move(made)));
  }
  return connection->open(opening, std::move(handler));
}

LinkStream& LinkCore::fail_open(std::shared_ptr<StreamHandler> handler, std::uint16_t code, std::string_view reason) {
  auto stream = std::make_unique<LinkStream>(nullptr, 0, std::move(handler));
  stream->detach(code, reason);
  LinkStream& made = *stream;
  ended(std::move(stream));
  return made;
}

void LinkCore::add(const std::shared_ptr<Connection>& connection) {
  connections_.push_back(connection);
  (connection->is_opener() ? shared_.metrics.opened : shared_.metrics.accepted).add(1);
  watch_time();
}

void LinkCore::adopt(std::unique_ptr<Wire> wire, NodeName from, std::uint32_t lane) {
  if (stopped_ || shared_.draining.load(std::memory_order_relaxed)) {
    shared_.accepted.fetch_sub(1, std::memory_order_relaxed);
    return;
  }
  auto made = std::make_shared<Connection>(*this, Peer{.node = std::move(from), .address = {}}, lane, nullptr);
  add(made);
  made->attach(std::move(wire));
}

void LinkCore::mark_dirty(Connection& connection) {
  if (connection.dirty) return;
  connection.dirty = true;
  dirty_.push_back(&connection);
  post_turn_end();
}

void LinkCore::ended(std::unique_ptr<LinkStream> stream) {
  ended_.push_back(std::move(stream));
  post_turn_end();
}

void LinkCore::retire(const Connection& connection) {
  const auto found = usable_.find({connection.peer(), connection.lane()});
  if (found != usable_.end() && found->second == &connection) usable_.erase(found);
}

void LinkCore::gone(Connection& connection) {
  gone_.push_back(&connection);
  post_turn_end();
}

void LinkCore::post_turn_end() {
  if (turn_end_posted_) return;
  assert(reactor_.is_current());  // where a stream may be used
  turn_end_posted_ = true;
  asio::post(reactor_.context(), [self = shared_from_this()] {
    self->turn_end_posted_ = false;
    self->end_turn();
  });
}

void LinkCore::end_turn() {
  for (Connection* connection : std::exchange(dirty_, {})) {
    connection->dirty = false;
    connection->flush();
  }
  // What on_end opens and ends is the next turn's: a node that is away must not keep this one from ending.
  for (const auto& stream : std::exchange(ended_, {})) {
    if (stream->handler) stream->report_end();
  }
  for (Connection* connection : std::exchange(gone_, {})) {
    std::erase(dirty_, connection);
    connection->release();
    (connection->is_opener() ? shared_.metrics.opened : shared_.metrics.accepted).add(-1);
    if (!connection->is_opener()) shared_.accepted.fetch_sub(1, std::memory_order_relaxed);
    std::erase_if(connections_, [connection](const auto& one) { return one.get() == connection; });
  }
  counts.publish(shared_.metrics);
}

void LinkCore::report_consumed_soon() {
  if (watch_->reporting) return;
  watch_->reporting = true;
  watch_->report_timer.expires_after(kReportAfter);
  watch_->report_timer.async_wait([self = shared_from_this()](const boost::system::error_code& error) {
    self->watch_->reporting = false;
    if (error) return;
    for (const auto& connection : self->connections_) connection->report_consumed();
  });
}

void LinkCore::watch_time() {
  if (watch_->ticking || stopped_) return;
  watch_->ticking = true;
  const std::int64_t tick_ms = std::clamp<std::int64_t>(shared_.options.ping_ms / 4, 5, kLongestTickMs);
  watch_->timer.expires_after(std::chrono::milliseconds(tick_ms));
  watch_->timer.async_wait([self = shared_from_this()](const boost::system::error_code& error) {
    self->watch_->ticking = false;
    if (error) return;
    const auto connections = self->connections_;  // a handler may open to yet another node
    for (const auto& connection : connections) connection->tick(self->now_ns());
    if (!self->connections_.empty()) self->watch_time();
  });
}

void LinkCore::close_all() {
  const auto connections = connections_;
  for (const auto& connection : connections) connection->close(kGoingAway, "the node is shutting down");
}

void LinkCore::leave_others(std::uint32_t lane, const NodeName& node) {
  const auto connections = connections_;
  for (const auto& connection : connections) {
    if (connection->is_opener() && connection->lane() == lane && connection->peer().node != node)
      connection->close(kBroken, "another node does this now");
  }
}

asio::awaitable<void> LinkCore::stop() {
  stopped_ = true;
  watch_->timer.cancel();
  watch_->report_timer.cancel();
  const auto connections = connections_;
  for (const auto& connection : connections) connection->break_off(kGoingAway, "the node is shutting down");
  co_await scope_.close();
  end_turn();
}

}  // namespace concord::link
