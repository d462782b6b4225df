#include "guard/connection_limits.h"

#include <mutex>
#include <unordered_map>

#include "guard/address.h"
#include "guard/rate_limiter.h"

namespace concord::guard {

namespace {

constexpr char kConnections = 'n';
constexpr std::int64_t kSecondsAMinute = 60;
constexpr std::int64_t kBurstsAMinute = 12;  // five seconds' worth may come at once

Counter& refused(Metrics& metrics, std::string why) {
  return metrics.counter("concord_guard_connections_refused_total",
                         "Connections that were closed at once, by the limit.", {{"limit", std::move(why)}});
}

}  // namespace

struct ConnectionLimits::State {
  State(const Options& options, Clock& clock, Metrics& metrics)
      : most_open(options.connections_per_address),
        proxies(options.proxies),
        opened(clock, options.connections_per_second * kSecondsAMinute, options.keys),
        too_many(refused(metrics, "open")),
        too_fast(refused(metrics, "rate")) {}

  const std::size_t most_open;  // 0: without limit
  const TrustedProxies proxies;
  RateLimiter opened;
  Counter &too_many, &too_fast;
  mutable std::mutex mutex;
  std::unordered_map<Key, std::size_t, KeyHash> open;  // no more than there are connections
};

class ConnectionLimits::Ticket final : public net::ConnectionTicket {
 public:
  using Open = std::pair<const Key, std::size_t>;  // an entry of State::open, which stays where it is

  Ticket() = default;  // of an address that is not counted
  Ticket(State* state, Open* open) : state_(state), open_(open) {}
  Ticket(const Ticket&) = delete;
  Ticket& operator=(const Ticket&) = delete;
  ~Ticket() override {
    if (state_ == nullptr) return;
    const std::lock_guard lock(state_->mutex);
    if (--open_->second > 0) return;
    const Key key = open_->first;  // erasing it by itself would read what is gone
    state_->open.erase(key);
  }

 private:
  State* state_ = nullptr;
  Open* open_ = nullptr;
};

ConnectionLimits::ConnectionLimits(const Options& options, Clock& clock, Metrics& metrics)
    : state_(std::make_unique<State>(options, clock, metrics)) {}

ConnectionLimits::~ConnectionLimits() = default;

std::unique_ptr<net::ConnectionTicket> ConnectionLimits::admit(std::string_view address) {
  State& state = *state_;
  const auto parsed = Address::parse(address);
  if (parsed && state.proxies.trusts(*parsed)) return std::make_unique<Ticket>();
  const Key key = address_key_of(kConnections, address);
  const std::int64_t per_minute = state.opened.per_minute();
  if (per_minute > 0 && !state.opened.take(key, per_minute, per_minute / kBurstsAMinute).allowed) {
    state.too_fast.add();
    return nullptr;
  }
  const std::lock_guard lock(state.mutex);
  const auto [at, fresh] = state.open.try_emplace(key, 0);
  if (state.most_open > 0 && at->second >= state.most_open) {
    state.too_many.add();
    return nullptr;
  }
  ++at->second;
  return std::make_unique<Ticket>(&state, &*at);
}

std::size_t ConnectionLimits::addresses() const {
  const std::lock_guard lock(state_->mutex);
  return state_->open.size();
}

}  // namespace concord::guard
