#include "guard/locks.h"

#include <algorithm>
#include <array>

namespace concord::guard {

std::string_view to_string(LockKind kind) {
  static constexpr std::array<std::string_view, 3> kNames{"signing_in", "reading", "asking"};
  return kNames[static_cast<std::size_t>(kind)];
}

void Locks::add(Lock lock) {
  const std::pair at(lock.kind, lock.key);
  if (locks_.size() >= kMost && !locks_.contains(at))
    locks_.erase(std::ranges::min_element(locks_, {}, [](const auto& entry) { return entry.second.until_ms; }));
  locks_.insert_or_assign(at, std::move(lock));
}

const Lock* Locks::find(LockKind kind, const Key& key, std::int64_t now_ms) const {
  const auto at = locks_.find({kind, key});
  return at == locks_.end() || at->second.until_ms <= now_ms ? nullptr : &at->second;
}

std::vector<Lock> Locks::list(std::int64_t now_ms) const {
  std::vector<Lock> all;
  for (const auto& [at, lock] : locks_)
    if (lock.until_ms > now_ms) all.push_back(lock);
  std::ranges::sort(all, {}, [](const Lock& lock) { return std::pair(lock.until_ms, lock.id); });
  return all;
}

std::optional<Lock> Locks::remove(LockId id, std::int64_t now_ms) {
  const auto at = std::ranges::find_if(
      locks_, [&](const auto& entry) { return entry.second.id == id && entry.second.until_ms > now_ms; });
  if (at == locks_.end()) return std::nullopt;
  Lock removed = std::move(at->second);
  locks_.erase(at);
  return removed;
}

void Locks::forget_ended(std::int64_t now_ms) {
  std::erase_if(locks_, [now_ms](const auto& entry) { return entry.second.until_ms <= now_ms; });
}

}  // namespace concord::guard
