#include "engines/local_bus.h"

#include <cmath>
#include <map>
#include <mutex>
#include <set>
#include <unordered_map>

#include "engines/bus_arguments.h"
#include "engines/callback_queue.h"

namespace concord::engines {
namespace {

using Receiver = CallbackQueue<SharedBytes>;

/// Names with values that expire.
template <class T>
class Expiring {
 public:
  /// The live value; nullptr where there is none.
  T* find(const std::string& name) {
    const auto found = values_.find(name);
    return found == values_.end() ? nullptr : &found->second.value;
  }
  void put(const std::string& name, T value, std::int64_t expires_ns) {
    erase(name);
    values_.emplace(name, Held{std::move(value), expires_ns});
    by_time_.emplace(expires_ns, name);
  }
  void erase(const std::string& name) {
    const auto found = values_.find(name);
    if (found == values_.end()) return;
    by_time_.erase({found->second.expires_ns, name});
    values_.erase(found);
  }
  void expire(std::int64_t now_ns) {
    while (!by_time_.empty() && by_time_.begin()->first <= now_ns) {
      values_.erase(by_time_.begin()->second);
      by_time_.erase(by_time_.begin());
    }
  }
  std::size_t size() const { return values_.size(); }

  /// Calls `visit(name, value)` for names with the prefix until it returns false.
  template <class Visit>
  void with_prefix(const std::string& prefix, Visit visit) const {
    for (auto at = values_.lower_bound(prefix); at != values_.end() && at->first.starts_with(prefix); ++at) {
      if (!visit(at->first, at->second.value)) return;
    }
  }

 private:
  struct Held {
    T value;
    std::int64_t expires_ns = 0;
  };
  std::map<std::string, Held> values_;
  std::set<std::pair<std::int64_t, std::string>> by_time_;
};

}  // namespace

struct LocalBus::Channels {
  explicit Channels(std::size_t max, Metrics& metrics)
      : max_waiting(max),
        published(metrics.counter("concord_bus_published_total", "Messages published on the bus.")),
        lost(metrics.counter("concord_bus_lost_total", "Messages lost because a subscriber was too slow.")) {}

  const std::size_t max_waiting;
  Counter& published;
  Counter& lost;
  std::mutex mutex;
  std::unordered_map<std::string, std::vector<std::shared_ptr<Receiver>>> receivers;  // guarded by mutex

  class Held final : public Subscription {
   public:
    Held(std::shared_ptr<Channels> channels, std::string channel, std::shared_ptr<Receiver> receiver)
        : channels_(std::move(channels)), channel_(std::move(channel)), receiver_(std::move(receiver)) {}
    ~Held() override {
      {
        const std::lock_guard lock(channels_->mutex);
        const auto found = channels_->receivers.find(channel_);
        if (found != channels_->receivers.end()) {
          std::erase(found->second, receiver_);
          if (found->second.empty()) channels_->receivers.erase(found);
        }
      }
      receiver_->close();
    }
    Held(const Held&) = delete;
    Held& operator=(const Held&) = delete;

   private:
    std::shared_ptr<Channels> channels_;
    std::string channel_;
    std::shared_ptr<Receiver> receiver_;  // shared with publishers that are calling it
  };
};

struct LocalBus::Keys {
  Keys(std::size_t max, Clock& c, Metrics& metrics)
      : max_keys(max), clock(c), live(metrics.gauge("concord_bus_keys", "Keys, counters and buckets on the bus.")) {}

  const std::size_t max_keys;
  Clock& clock;
  Gauge& live;
  std::mutex mutex;
  Expiring<Bytes> values;           // guarded by mutex
  Expiring<std::int64_t> counters;  // guarded by mutex
  struct Bucket {
    double filled = 0;
    std::int64_t at_ns = 0;
  };
  Expiring<Bucket> buckets;  // guarded by mutex

  /// Called with the mutex held, before any look at what is there.
  std::int64_t expire() {
    const std::int64_t now = clock.monotonic_ns();
    values.expire(now);
    counters.expire(now);
    buckets.expire(now);
    live.set(static_cast<std::int64_t>(size()));
    return now;
  }
  std::size_t size() const { return values.size() + counters.size() + buckets.size(); }
  Result<> check_room() const {
    if (size() < max_keys) return {};
    return fail(Error{Code::kUnavailable, "the bus has too many keys", {{"limit", std::to_string(max_keys)}}});
  }
  static std::int64_t expiry(std::int64_t now_ns, std::int64_t ttl_ms) {
    return now_ns + std::min(ttl_ms, kLongestBusTtlMs) * 1'000'000;
  }
};

LocalBus::LocalBus(LocalBusOptions options, Clock& clock, Metrics& metrics)
    : channels_(std::make_shared<Channels>(options.max_waiting_messages, metrics)),
      keys_(std::make_unique<Keys>(options.max_keys, clock, metrics)) {}
LocalBus::~LocalBus() = default;

Task<> LocalBus::publish(std::string channel, SharedBytes message) {
  CO_TRY_VOID(check_bus_name("channel", channel));
  CO_TRY_VOID(check_bus_message(message));
  std::vector<std::shared_ptr<Receiver>> receivers;
  {
    const std::lock_guard lock(channels_->mutex);
    const auto found = channels_->receivers.find(channel);
    if (found != channels_->receivers.end()) receivers = found->second;
  }
  channels_->published.add();
  for (const auto& receiver : receivers) {
    if (!receiver->push(message)) channels_->lost.add();
  }
  co_return Result<>();
}

Task<std::unique_ptr<Subscription>> LocalBus::subscribe(std::string channel, OnMessage on_message) {
  CO_TRY_VOID(check_bus_name("channel", channel));
  auto receiver = std::make_shared<Receiver>(channels_->max_waiting, std::move(on_message));
  {
    const std::lock_guard lock(channels_->mutex);
    channels_->receivers[channel].push_back(receiver);
  }
  co_return std::make_unique<Channels::Held>(channels_, std::move(channel), std::move(receiver));
}

Task<> LocalBus::set(std::string key, Bytes value, std::int64_t ttl_ms) {
  CO_TRY_VOID(check_bus_name("key", key));
  CO_TRY_VOID(check_bus_ttl(ttl_ms));
  CO_TRY_VOID(check_bus_size("value", value.size()));
  const std::lock_guard lock(keys_->mutex);
  const std::int64_t now = keys_->expire();
  if (keys_->values.find(key) == nullptr) CO_TRY_VOID(keys_->check_room());
  keys_->values.put(key, std::move(value), Keys::expiry(now, ttl_ms));
  co_return Result<>();
}

Task<std::optional<Bytes>> LocalBus::get(std::string key) {
  CO_TRY_VOID(check_bus_name("key", key));
  const std::lock_guard lock(keys_->mutex);
  keys_->expire();
  const Bytes* value = keys_->values.find(key);
  if (value == nullptr) co_return std::optional<Bytes>();
  co_return std::optional<Bytes>(*value);
}

Task<> LocalBus::erase(std::string key) {
  CO_TRY_VOID(check_bus_name("key", key));
  const std::lock_guard lock(keys_->mutex);
  keys_->values.erase(key);
  co_return Result<>();
}

Task<std::vector<Bus::Pair>> LocalBus::list(std::string prefix, std::size_t limit) {
  std::vector<Pair> found;
  const std::lock_guard lock(keys_->mutex);
  keys_->expire();
  keys_->values.with_prefix(prefix, [&](const std::string& key, const Bytes& value) {
    if (found.size() >= limit) return false;
    found.push_back({key, value});
    return true;
  });
  co_return found;
}

Task<std::int64_t> LocalBus::add(std::string counter, std::int64_t delta, std::int64_t ttl_ms) {
  CO_TRY_VOID(check_bus_name("counter", counter));
  CO_TRY_VOID(check_bus_ttl(ttl_ms));
  const std::lock_guard lock(keys_->mutex);
  const std::int64_t now = keys_->expire();
  if (std::int64_t* sum = keys_->counters.find(counter)) {
    std::int64_t next = 0;
    if (__builtin_add_overflow(*sum, delta, &next)) co_return fail(Code::kInvalidArgument, "the counter overflows");
    *sum = next;
    co_return next;
  }
  CO_TRY_VOID(keys_->check_room());
  keys_->counters.put(counter, delta, Keys::expiry(now, ttl_ms));
  co_return delta;
}

Task<std::int64_t> LocalBus::take(std::string bucket, std::int64_t tokens, Filling filling) {
  CO_TRY_VOID(check_bus_name("bucket", bucket));
  CO_TRY_VOID(check_bus_tokens(tokens, filling));
  const std::lock_guard lock(keys_->mutex);
  const std::int64_t now = keys_->expire();
  const auto burst = static_cast<double>(filling.burst);
  const double per_ns = static_cast<double>(filling.per_minute) / 60e9;
  Keys::Bucket next{.filled = burst, .at_ns = now};
  if (const Keys::Bucket* known = keys_->buckets.find(bucket)) {
    next.filled = std::min(burst, known->filled + static_cast<double>(now - known->at_ns) * per_ns);
  } else {
    CO_TRY_VOID(keys_->check_room());
  }
  next.filled = std::max(next.filled - static_cast<double>(tokens), -burst);
  const auto full_ms = static_cast<std::int64_t>((burst - next.filled) / per_ns / 1e6) + 1;
  keys_->buckets.put(bucket, next, Keys::expiry(now, full_ms));
  co_return static_cast<std::int64_t>(std::floor(next.filled));
}

}  // namespace concord::engines
