#include "guard/watch.h"

#include "guard/watch_lines.h"

#include <utility>

namespace concord::guard {

namespace {

constexpr char kAddress = 'a';
constexpr char kUser = 'u';
constexpr char kAccount = 'c';
constexpr char kThing = 't';
constexpr std::int64_t kTenMinutesMs = 600'000;
constexpr std::int64_t kHourMs = 3'600'000;
constexpr std::size_t kMostReaders = 4096;  // of each up to the rule's number of documents is remembered

bool is_user(const std::optional<Caller>& caller) { return caller && !caller->visitor; }

/// Who came by a link is anybody, and known by the address.
Key key_of(std::string_view address, const std::optional<Caller>& caller) {
  return is_user(caller) ? Key{kUser, caller->user.uuid()} : address_key_of(kAddress, address);
}

/// Who is locked can still end a lock, where they may.
bool names_a_thing(const net::Route& route) {
  return route.pattern.contains('{') && !route.pattern.starts_with("/locks/");
}

}  // namespace

Watch::Watch(const Options& options, Dependencies dependencies)
    : options_(options),
      on_(std::move(dependencies)),
      active_(
          on_.metrics.gauge("concord_guard_locks", "Locks that hold now, or held when one was last made or ended.")),
      spraying_({options.failures_per_10_minutes, kTenMinutesMs}, options.keys),
      stuffing_({options.failures_per_10_minutes, kTenMinutesMs}, options.keys),
      reads_({options.reads_per_hour, kHourMs}, kMostReaders),
      misses_({options.misses_per_10_minutes, kTenMinutesMs}, kMostReaders) {
  for (std::size_t i = 0; i < kThreatKinds; ++i)
    counters_[i] = &on_.metrics.counter("concord_guard_threats_total", "Threats that were seen, by their kind.",
                                        {{"kind", std::string(to_string(static_cast<ThreatKind>(i)))}});
}

Threat Watch::found(Threat threat, std::optional<LockKind> kind, const Key& key, std::string_view subject) {
  counters_[static_cast<std::size_t>(threat.kind)]->add();
  if (!kind || options_.lock_minutes == 0) return threat;
  const std::int64_t now_ms = on_.clock.wall_ms();
  Lock lock{.id = LockId::make(on_.ids, Slot{}),
            .kind = *kind,
            .key = key,
            .subject = std::string(subject),
            .why = threat.kind,
            .since_ms = now_ms,
            .until_ms = now_ms + options_.lock_minutes * 60'000};
  keep(lock);
  threat.lock = std::move(lock);
  return threat;
}

/// Under the mutex.
void Watch::keep(Lock lock) {
  locks_.forget_ended(on_.clock.wall_ms());
  locks_.add(std::move(lock));
  any_lock_ = true;
  active_.set(static_cast<std::int64_t>(locks_.size()));
}

/// The lock first: who hears of it does not find the threat by itself.
void Watch::report(const std::optional<Threat>& threat) {
  if (!threat) return;
  if (threat->lock) tell_lock(*threat->lock);
  if (on_.on_threat) on_.on_threat(*threat);
}

DistinctCounts& Watch::counts_of(ThreatKind kind) {
  return kind == ThreatKind::kSpraying       ? spraying_
         : kind == ThreatKind::kStuffing     ? stuffing_
         : kind == ThreatKind::kMassDownload ? reads_
                                             : misses_;
}

std::int64_t Watch::most_of(ThreatKind kind) const {
  return kind == ThreatKind::kMassDownload  ? options_.reads_per_hour
         : kind == ThreatKind::kEnumeration ? options_.misses_per_10_minutes
                                            : options_.failures_per_10_minutes;
}

std::optional<Threat> Watch::add(const Seen& seen) {
  if (!counts_of(seen.kind).add(seen.who, seen.what, on_.clock.monotonic_ns() / 1'000'000)) return std::nullopt;
  const bool is_known = options_.lock_minutes == 0 || locks_.find(seen.lock, seen.who, on_.clock.wall_ms()) != nullptr;
  if (!seen.own && is_known) return std::nullopt;  // the node that has seen it tells
  return found({.kind = seen.kind,
                .user = std::string(seen.user),
                .address = std::string(seen.address),
                .count = most_of(seen.kind),
                .lock = {}},
               seen.lock, seen.who, seen.subject);
}

std::optional<Lock> Watch::locked(LockKind kind, const Key& key) {
  if (!any_lock_.load(std::memory_order_relaxed)) return std::nullopt;
  const std::lock_guard guard(mutex_);
  const Lock* lock = locks_.find(kind, key, on_.clock.wall_ms());
  return lock == nullptr ? std::nullopt : std::optional(*lock);
}

std::optional<Error> Watch::refusal(const net::Route& route, std::string_view address,
                                    const std::optional<Caller>& caller) {
  if (!any_lock_.load(std::memory_order_relaxed)) return std::nullopt;
  std::optional<Lock> lock;
  if (route.rate == net::Rate::kSignIn) lock = locked(LockKind::kSigningIn, address_key_of(kAddress, address));
  if (!lock && caller && on_.reads(route)) lock = locked(LockKind::kReading, key_of(address, caller));
  if (!lock && names_a_thing(route)) lock = locked(LockKind::kAsking, key_of(address, caller));
  if (!lock) return std::nullopt;
  return refused_by(*lock);
}

std::optional<Error> Watch::reading_refusal(std::string_view address, const Caller& caller) {
  if (!any_lock_.load(std::memory_order_relaxed)) return std::nullopt;
  const Key key = key_of(address, caller);
  auto lock = locked(LockKind::kReading, key);
  if (!lock) lock = locked(LockKind::kAsking, key);
  if (!lock) return std::nullopt;
  return refused_by(*lock);
}

Error Watch::refused_by(const Lock& lock) {
  const std::int64_t left_s = (lock.until_ms - on_.clock.wall_ms()) / 1000 + 1;
  return Error{Code::kRateLimited,
               "this is locked for a while; an admin can end it sooner",
               {{"lock", lock.id.str()}, {"retry_after", std::to_string(left_s)}}};
}

void Watch::answered(const net::Route& route, int status, std::string_view thing, std::string_view address,
                     const std::optional<Caller>& caller) {
  if (thing.empty()) return;
  const bool read = caller && (status == 200 || status == 101) && on_.reads(route);
  if (read || status == 404) count(read ? ThreatKind::kMassDownload : ThreatKind::kEnumeration, thing, address, caller);
}

void Watch::was_read(std::string_view thing, std::string_view address, const Caller& caller) {
  count(ThreatKind::kMassDownload, thing, address, caller);
}

void Watch::was_missed(std::string_view thing, std::string_view address, const Caller& caller) {
  count(ThreatKind::kEnumeration, thing, address, caller);
}

void Watch::count(ThreatKind kind, std::string_view thing, std::string_view address,
                  const std::optional<Caller>& caller) {
  const Key what = text_key_of(kThing, thing);
  const std::optional<UserId> user = is_user(caller) ? std::optional(caller->user) : std::nullopt;
  report(add_thing(kind, what, address, user, true));
  if (relay_ != nullptr && most_of(kind) > 0)
    relay_->tell(lines::kThing, {std::to_string(static_cast<int>(kind)), to_text(what), std::string(address),
                                 user ? user->str() : std::string()});
}

std::optional<Threat> Watch::add_thing(ThreatKind kind, const Key& what, std::string_view address,
                                       const std::optional<UserId>& user, bool own) {
  const std::string name = user ? user->str() : std::string();
  const std::lock_guard guard(mutex_);
  return add({.kind = kind,
              .lock = kind == ThreatKind::kMassDownload ? LockKind::kReading : LockKind::kAsking,
              .who = user ? Key{kUser, user->uuid()} : address_key_of(kAddress, address),
              .what = what,
              .user = name,
              .address = address,
              .subject = user ? std::string_view(name) : address,
              .own = own});
}

void Watch::sign_in_failed(std::string_view account, std::string_view user, std::string_view address) {
  const Key from = address_key_of(kAddress, address);
  const Key to = text_key_of(kAccount, account);
  const auto [spraying, stuffing] = add_failure(from, to, user, address, true);
  report(spraying);
  report(stuffing);
  if (relay_ != nullptr && options_.failures_per_10_minutes > 0)
    relay_->tell(lines::kFailure, {to_text(from), to_text(to), std::string(user), std::string(address)});
}

std::pair<std::optional<Threat>, std::optional<Threat>> Watch::add_failure(const Key& from, const Key& to,
                                                                           std::string_view user,
                                                                           std::string_view address, bool own) {
  const std::lock_guard guard(mutex_);
  auto spraying = add({.kind = ThreatKind::kSpraying,
                       .lock = LockKind::kSigningIn,
                       .who = from,
                       .what = to,
                       .user = "",
                       .address = address,
                       .subject = address,
                       .own = own});
  auto stuffing = add({.kind = ThreatKind::kStuffing,
                       .lock = LockKind::kSigningIn,
                       .who = to,
                       .what = from,
                       .user = user,
                       .address = address,
                       .subject = user,
                       .own = own});
  return {std::move(spraying), std::move(stuffing)};
}

std::optional<std::int64_t> Watch::locked_account_s(std::string_view account) {
  const auto lock = locked(LockKind::kSigningIn, text_key_of(kAccount, account));
  if (!lock) return std::nullopt;
  return (lock->until_ms - on_.clock.wall_ms()) / 1000 + 1;
}

void Watch::token_reused(std::string_view user, std::string_view address) {
  Threat threat;
  {
    const std::lock_guard guard(mutex_);
    threat = found({.kind = ThreatKind::kTokenReuse,
                    .user = std::string(user),
                    .address = std::string(address),
                    .count = 1,
                    .lock = {}},
                   std::nullopt, {}, user);
  }
  report(threat);
}

std::vector<Lock> Watch::locks() {
  const std::lock_guard guard(mutex_);
  return locks_.list(on_.clock.wall_ms());
}

std::optional<Lock> Watch::unlock(LockId id) {
  if (relay_ != nullptr) relay_->tell(lines::kUnlock, {id.str()});
  return remove(id);
}

std::optional<Lock> Watch::remove(LockId id) {
  const std::lock_guard guard(mutex_);
  auto removed = locks_.remove(id, on_.clock.wall_ms());
  locks_.forget_ended(on_.clock.wall_ms());
  any_lock_ = locks_.size() > 0;
  active_.set(static_cast<std::int64_t>(locks_.size()));
  return removed;
}

}  // namespace concord::guard
