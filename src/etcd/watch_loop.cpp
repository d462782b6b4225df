#include "etcd/watch_loop.h"

#include <utility>

#include "base/reactor.h"
#include "etcd/ownerships.h"

namespace concord::etcd {
namespace {

constexpr std::size_t kMaxWaitingChanges = 65'536;

}  // namespace

WatchMetrics::WatchMetrics(Metrics& metrics)
    : watches(metrics.gauge("concord_etcd_watches", "Watches of ownerships.")),
      restarts(metrics.counter("concord_etcd_watch_restarts_total", "Streams of changes that broke and were resumed.")),
      compacted(metrics.counter("concord_etcd_watch_rereads_total",
                                "Times that all was read again, since what was missed had been compacted.")) {}

WatchLoop::WatchLoop(std::shared_ptr<Client> client, WatchMetrics metrics, std::string prefix,
                     engines::Coordination::OnChange on_change)
    : client_(std::move(client)),
      metrics_(metrics),
      name_prefix_(std::move(prefix)),
      key_(key_of(client_->options().prefix, name_prefix_)),
      end_(end_of_prefix(key_)),
      told_(kMaxWaitingChanges,
            [on_change = std::move(on_change)](const Change& change) { on_change(change.name, change.now); }),
      backoff_(client_->new_backoff()) {
  metrics_.watches.add(1);
}

WatchLoop::~WatchLoop() { metrics_.watches.add(-1); }

Task<> WatchLoop::begin() {
  CO_TRY(Ownerships now, co_await read_ownerships(client_, name_prefix_, limit()));
  held_ = std::move(now.records);
  seen_ = now.revision;
  co_return Result<>();
}

asio::awaitable<void> WatchLoop::follow() {
  while (!stopped()) {
    if (!behind_ || co_await read_again()) co_await follow_stream();
    if (stopped()) break;
    metrics_.restarts.add();
    if (!co_await sleep_ms(backoff_.next_ms(client_->random()))) break;
  }
}

/// Tells how what is held now differs from what was told last.
asio::awaitable<bool> WatchLoop::read_again() {
  metrics_.compacted.add();
  Result<Ownerships> read = co_await read_ownerships(client_, name_prefix_, limit());
  if (!read) {
    client_->logger().warn("the ownerships of a watch could not be read", {{"error", read.error().message}});
    co_return false;
  }
  const std::map<std::string, OwnershipRecord> before = std::exchange(held_, std::move(read->records));
  for (const auto& [name, record] : before) {
    if (!held_.contains(name)) tell(name, nullptr);
  }
  for (const auto& [name, record] : held_) {
    const auto old = before.find(name);
    if (old == before.end() || old->second.epoch != record.epoch) tell(name, &record);
  }
  seen_ = read->revision;
  behind_ = false;
  co_return true;
}

asio::awaitable<void> WatchLoop::follow_stream() {
  const Result<Client::OpenWatch> open = co_await client_->watch({key_, end_, Revision{seen_.value + 1}});
  if (!open || !keep(open->stream)) co_return;
  while (!behind_) {
    const Result<WatchReply> reply = co_await open->stream->next();
    if (stopped()) break;
    if (!reply) {
      if (!std::exchange(broken_, true))
        client_->logger().info("a watch broke and is taken up again", {{"error", reply.error().message}});
      client_->failed(*open, reply.error().code);
      break;
    }
    if (std::exchange(broken_, false)) client_->logger().info("a watch goes on");
    for (const WatchEvent& event : reply->events) apply(event);
    if (!reply->events.empty()) seen_ = reply->events.back().key.revision;
    if (reply->canceled) {
      behind_ = reply->compacted;
      client_->logger().warn("etcd ended a watch", {{"reason", reply->reason}, {"compacted", behind_}});
      if (!behind_) client_->failed(*open, Code::kUnauthenticated);
      break;
    }
    backoff_.reset();
    if (held_.size() > limit()) behind_ = true;
  }
  keep(nullptr);
}

void WatchLoop::apply(const WatchEvent& event) {
  const std::string name(name_of(client_->options().prefix, event.key.key));
  if (event.deleted) {
    if (held_.erase(name) > 0) tell(name, nullptr);
    return;
  }
  auto record = decode(client_->options().prefix, event.key);
  if (!record) {
    client_->logger().warn("a key under the prefix of ownerships is none", {{"key", event.key.key}});
    return;
  }
  OwnershipRecord& known = held_[name];
  const bool changed = known.epoch != record->epoch;  // otherwise it is held by another lease now
  known = std::move(*record);
  if (changed) tell(name, &known);
}

void WatchLoop::tell(std::string name, const OwnershipRecord* now) {
  Change change{std::move(name), std::nullopt};
  if (now != nullptr) change.now = ownership_of(*now);
  told_.push(std::move(change));
}

bool WatchLoop::keep(std::shared_ptr<WatchStream> stream) {
  const std::lock_guard lock(mutex_);
  stream_ = std::move(stream);
  return !stopped_;
}

void WatchLoop::stop() {
  std::shared_ptr<WatchStream> stream;
  {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
    stream = std::move(stream_);
  }
  if (stream) stream->cancel();
  told_.close();
}

std::size_t WatchLoop::limit() const { return static_cast<std::size_t>(client_->options().max_watched_names); }

bool WatchLoop::stopped() const {
  const std::lock_guard lock(mutex_);
  return stopped_ || client_->closed();
}

}  // namespace concord::etcd
