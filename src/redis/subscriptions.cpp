#include "redis/subscriptions.h"

#include <algorithm>

namespace concord::redis {
namespace {

constexpr std::int64_t kMillisecondNs = 1'000'000;
constexpr std::size_t kMostRedirections = 16;

}  // namespace

struct Subscriptions::Channel {
  Channel(std::string n, Reactor& reactor) : name(std::move(n)), slot(key_slot(name)), changed(reactor) {}

  const std::string name;
  const std::uint16_t slot;
  std::vector<std::shared_ptr<Receiver>> receivers;  // shared with their subscriptions
  AsyncEvent changed;
  bool is_kept = false;             // its task runs
  std::shared_ptr<RedisLink> link;  // that carries it, or is asked to; shared with the client
  bool is_live = false;             // the server has said that it is subscribed to
  bool is_lost = false;             // since the link was asked: its connection ended, or the slot has moved
  std::uint64_t failures = 0;
  Error failure;  // the last

  void lose() {
    is_lost = true;
    is_live = false;
    changed.notify_all();
  }
};

/// Leads to the subscriptions while they are there.
struct Subscriptions::Door {
  std::mutex mutex;
  Subscriptions* owner = nullptr;  // guarded by mutex; nullptr once closed
};

class Subscriptions::Held final : public engines::Subscription {
 public:
  Held(std::shared_ptr<Door> door, std::string channel, std::shared_ptr<Receiver> receiver)
      : door_(std::move(door)), channel_(std::move(channel)), receiver_(std::move(receiver)) {}
  ~Held() override {
    receiver_->close();
    const std::lock_guard lock(door_->mutex);
    if (door_->owner == nullptr) return;
    door_->owner->reactor_.post([door = door_, channel = std::move(channel_), receiver = receiver_] {
      if (door->owner != nullptr) door->owner->remove(channel, receiver);  // written on this thread alone
    });
  }
  Held(const Held&) = delete;
  Held& operator=(const Held&) = delete;

 private:
  std::shared_ptr<Door> door_;
  std::string channel_;
  std::shared_ptr<Receiver> receiver_;  // shared with its channel and with the thread that calls it
};

Subscriptions::Subscriptions(Reactor& reactor, RedisClient& client, Deliveries& deliveries)
    : client_(client), deliveries_(deliveries), reactor_(reactor), closing_(reactor), door_(std::make_shared<Door>()) {
  door_->owner = this;
  client_.listen([this](const std::shared_ptr<RedisLink>& link, RespValue push) { on_push(link, std::move(push)); },
                 [this](const std::shared_ptr<RedisLink>& link) { on_end(link); });
}

Subscriptions::~Subscriptions() = default;

Task<std::unique_ptr<engines::Subscription>> Subscriptions::subscribe(std::string channel,
                                                                      engines::Bus::OnMessage on_message) {
  const RedisOptions& options = client_.options();
  const std::int64_t deadline_ns = client_.deadline_ns();
  CO_TRY(const std::shared_ptr<Channel> to, find_or_add(channel));
  const Receiver::Limits limits{.messages = options.max_waiting_messages, .bytes = options.max_waiting_bytes};
  auto receiver = std::make_shared<Receiver>(limits, std::move(on_message));
  to->receivers.push_back(receiver);
  if (!std::exchange(to->is_kept, true)) client_.tasks().spawn(keep(to));
  auto held = std::make_unique<Held>(door_, std::move(channel), std::move(receiver));
  const std::uint64_t failures = to->failures;
  while (!to->is_live) {
    if (is_closed_) co_return fail(Code::kUnavailable, "the bus is closed");
    if (to->failures != failures) co_return fail(to->failure);
    const std::int64_t left_ms = (deadline_ns - client_.now_ns()) / kMillisecondNs;
    if (left_ms <= 0) co_return fail(Code::kUnavailable, "Redis does not take the subscription in time");
    co_await to->changed.wait(left_ms);
  }
  co_return held;
}

Result<std::shared_ptr<Subscriptions::Channel>> Subscriptions::find_or_add(const std::string& name) {
  if (is_closed_) return fail(Code::kUnavailable, "the bus is closed");
  if (const auto found = channels_.find(name); found != channels_.end()) return found->second;
  const std::size_t most = client_.options().max_channels;
  if (channels_.size() >= most)
    return fail(Error{Code::kUnavailable, "too many channels are subscribed to", {{"limit", std::to_string(most)}}});
  auto channel = std::make_shared<Channel>(name, reactor_);
  channels_.emplace(name, channel);
  client_.metrics().channels.set(static_cast<std::int64_t>(channels_.size()));
  return channel;
}

void Subscriptions::remove(const std::string& channel, const std::shared_ptr<Receiver>& receiver) {
  const auto found = channels_.find(channel);
  if (found == channels_.end()) return;
  std::erase(found->second->receivers, receiver);
  if (found->second->receivers.empty()) found->second->changed.notify_all();
}

/// The life of a channel, from its first subscriber to its last.
asio::awaitable<void> Subscriptions::keep(std::shared_ptr<Channel> channel) {
  Backoff backoff(client_.options().least_backoff_ms, client_.options().most_backoff_ms);
  bool was_live = false;
  while (!is_closed_ && !channel->receivers.empty()) {
    auto begun = co_await begin(channel);
    if (is_closed_) break;
    if (!begun || *begun == Begun::kNotYet) {
      if (!begun) {
        ++channel->failures;
        channel->failure = std::move(begun).error();
        channel->changed.notify_all();
      }
      co_await pause(backoff.next_ms(client_.random()));
      continue;
    }
    backoff.reset();
    if (std::exchange(was_live, true)) client_.metrics().resubscriptions.add();
    channel->is_live = true;
    channel->changed.notify_all();
    while (!is_closed_ && channel->is_live && !channel->receivers.empty()) co_await channel->changed.wait();
    if (!is_closed_ && std::exchange(channel->is_live, false)) co_await end(channel);
  }
  if (is_closed_) co_return;
  channels_.erase(channel->name);
  client_.metrics().channels.set(static_cast<std::int64_t>(channels_.size()));
}

Task<Subscriptions::Begun> Subscriptions::begin(std::shared_ptr<Channel> channel) {
  const std::int64_t deadline_ns = client_.deadline_ns();
  for (std::size_t i = 0; i < kMostRedirections && !is_closed_; ++i) {
    CO_TRY(channel->link, co_await client_.subscriber(channel->slot, deadline_ns));
    const bool is_sharded = client_.is_cluster();
    Request request{.command = {is_sharded ? "SSUBSCRIBE" : "SUBSCRIBE", channel->name},
                    .push_kind = is_sharded ? "ssubscribe" : "subscribe",
                    .push_channel = channel->name};
    channel->is_lost = false;
    const Answer answer = co_await RedisLink::call(channel->link, std::move(request), deadline_ns);
    if (!answer.value) co_return fail(answer.value.error());
    if (channel->is_lost) co_return Begun::kNotYet;
    if (!answer.value->is_error()) co_return Begun::kYes;
    const Advice advice = advice_in(*answer.value, channel->link->endpoint());
    client_.learn(advice, channel->slot);
    if (advice.kind == Advice::Kind::kTryAgain) co_return Begun::kNotYet;
    if (advice.kind != Advice::Kind::kMoved)
      co_return fail(Code::kUnavailable,
                     "Redis refuses a subscription: " + std::string(answer.value->text().substr(0, 200)));
  }
  co_return Begun::kNotYet;
}

asio::awaitable<void> Subscriptions::end(std::shared_ptr<Channel> channel) {
  const bool is_sharded = client_.is_cluster();
  Request request{.command = {is_sharded ? "SUNSUBSCRIBE" : "UNSUBSCRIBE", channel->name},
                  .push_kind = is_sharded ? "sunsubscribe" : "unsubscribe",
                  .push_channel = channel->name};
  // A server that does not answer loses the connection, and the subscription with it.
  co_await RedisLink::call(channel->link, std::move(request), client_.deadline_ns());
}

asio::awaitable<void> Subscriptions::pause(std::int64_t ms) {
  const std::int64_t until_ns = client_.now_ns() + ms * kMillisecondNs;
  while (!is_closed_) {
    const std::int64_t left_ms = (until_ns - client_.now_ns()) / kMillisecondNs;
    if (left_ms <= 0) co_return;
    co_await closing_.wait(left_ms);
  }
}

void Subscriptions::on_push(const std::shared_ptr<RedisLink>& link, RespValue push) {
  if (push.items.size() < 3) return;
  const std::string_view kind = push.items[0].text();
  const std::string channel(push.items[1].text());
  if (kind == "message" || kind == "smessage") return deliver(channel, std::move(push.items[2].bytes));
  if (kind != "sunsubscribe") return;
  const auto found = channels_.find(channel);
  if (found != channels_.end() && found->second->link == link) found->second->lose();
}

void Subscriptions::on_end(const std::shared_ptr<RedisLink>& link) {
  for (const auto& [name, channel] : channels_) {
    if (channel->link == link) channel->lose();
  }
}

void Subscriptions::deliver(const std::string& channel, Bytes message) {
  const auto found = channels_.find(channel);
  if (found == channels_.end()) return;
  const SharedBytes shared = std::make_shared<const Bytes>(std::move(message));
  for (const auto& receiver : found->second->receivers) {
    if (!deliveries_.push(receiver, shared)) client_.metrics().lost.add();
  }
}

void Subscriptions::close() {
  is_closed_ = true;
  {
    const std::lock_guard lock(door_->mutex);
    door_->owner = nullptr;
  }
  closing_.notify_all();
  for (const auto& [name, channel] : channels_) channel->changed.notify_all();
}

}  // namespace concord::redis
