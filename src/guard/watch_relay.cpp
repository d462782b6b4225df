// What a watch tells the other nodes, and hears from them.

#include <charconv>

#include "guard/watch.h"
#include "guard/watch_lines.h"

namespace concord::guard {

namespace {

constexpr char kAddress = 'a';
constexpr std::size_t kMostLocksTold = 1000;
constexpr std::int64_t kLocksToldMs = 10'000;                     // not more often, whoever asks
constexpr std::int64_t kLongestLockMs = 31LL * 24 * 3600 * 1000;  // of another node's that is believed

std::optional<std::int64_t> number_in(const std::string& text, std::int64_t least, std::int64_t most) {
  std::int64_t number = 0;
  const char* const end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc() || rest != end || number < least || number > most) return std::nullopt;
  return number;
}

}  // namespace

void Watch::share(Relay& relay) {
  relay_ = &relay;
  relay.listen(lines::kThing, [this](const Relay::Fields& fields) { hear_thing(fields); });
  relay.listen(lines::kFailure, [this](const Relay::Fields& fields) { hear_failure(fields); });
  relay.listen(lines::kLock, [this](const Relay::Fields& fields) { hear_lock(fields); });
  relay.listen(lines::kUnlock, [this](const Relay::Fields& fields) {
    if (const auto id = fields.size() == 1 ? LockId::parse(fields[0]) : std::nullopt) remove(*id);
  });
  relay.listen(lines::kAsk, [this](const Relay::Fields&) { tell_locks(); });
  relay.on_joined([&relay] { relay.tell(lines::kAsk, {}); });
}

void Watch::tell_lock(const Lock& lock) {
  if (relay_ == nullptr) return;
  relay_->tell(lines::kLock, {lock.id.str(), std::to_string(static_cast<int>(lock.kind)), to_text(lock.key),
                              std::to_string(static_cast<int>(lock.why)), std::to_string(lock.since_ms),
                              std::to_string(lock.until_ms), lock.subject});
}

void Watch::tell_locks() {
  const std::int64_t now_ms = on_.clock.monotonic_ns() / 1'000'000;
  if (locks_told_ms_ != 0 && now_ms - locks_told_ms_ < kLocksToldMs) return;
  locks_told_ms_ = now_ms;
  std::vector<Lock> all = locks();
  if (all.size() > kMostLocksTold) all.erase(all.begin(), all.end() - kMostLocksTold);  // those that end last
  for (const Lock& lock : all) tell_lock(lock);
}

void Watch::hear_thing(const Relay::Fields& fields) {
  if (fields.size() != 4) return;
  const auto kind =
      number_in(fields[0], static_cast<int>(ThreatKind::kMassDownload), static_cast<int>(ThreatKind::kEnumeration));
  const auto what = key_from(fields[1]);
  const auto user = UserId::parse(fields[3]);
  if (!kind || !what || (!user && !fields[3].empty())) return;
  report(add_thing(static_cast<ThreatKind>(*kind), *what, fields[2], user, false));
}

void Watch::hear_failure(const Relay::Fields& fields) {
  if (fields.size() != 4) return;
  const auto from = key_from(fields[0]), to = key_from(fields[1]);
  if (!from || !to || from->kind != kAddress) return;
  const auto [spraying, stuffing] = add_failure(*from, *to, fields[2], fields[3], false);
  report(spraying);
  report(stuffing);
}

void Watch::hear_lock(const Relay::Fields& fields) {
  if (fields.size() != 7) return;
  const std::int64_t now_ms = on_.clock.wall_ms();
  const auto id = LockId::parse(fields[0]);
  const auto kind = number_in(fields[1], 0, static_cast<int>(LockKind::kAsking));
  const auto key = key_from(fields[2]);
  const auto why = number_in(fields[3], 0, static_cast<int>(kThreatKinds) - 1);
  const auto since_ms = number_in(fields[4], 0, INT64_MAX);
  const auto until_ms = number_in(fields[5], now_ms + 1, now_ms + kLongestLockMs);
  if (!id || !kind || !key || !why || !since_ms || !until_ms) return;
  Lock lock{.id = *id,
            .kind = static_cast<LockKind>(*kind),
            .key = *key,
            .subject = fields[6],
            .why = static_cast<ThreatKind>(*why),
            .since_ms = *since_ms,
            .until_ms = *until_ms};
  {
    const std::lock_guard guard(mutex_);
    const Lock* const known = locks_.find(lock.kind, lock.key, now_ms);
    if (known != nullptr && known->until_ms >= lock.until_ms) return;
    keep(lock);
  }
  if (on_.on_lock_heard) on_.on_lock_heard(lock);
}

}  // namespace concord::guard
