#include "identity/token_cache.h"

#include <algorithm>
#include <cstring>

namespace concord::identity {

std::size_t TokenCache::Hash::operator()(const crypto::Sha256& digest) const {
  std::size_t word = 0;
  std::memcpy(&word, digest.data(), sizeof word);
  return word;
}

TokenCache::TokenCache(std::size_t max_entries, Gauge& entries)
    : entries_(entries), max_entries_per_part_(std::max<std::size_t>(max_entries / kParts, 1)) {}

std::shared_ptr<const Authenticated> TokenCache::find(const crypto::Sha256& token, std::int64_t now_ms) {
  Part& part = parts_[token.back() % kParts];
  const std::lock_guard lock(part.mutex);
  const auto known = part.entries.find(token);
  if (known == part.entries.end() || known->second->expires_ms <= now_ms) return nullptr;
  return known->second;
}

void TokenCache::clear() {
  ++generation_;
  for (Part& part : parts_) {
    const std::lock_guard lock(part.mutex);
    entries_.add(-static_cast<std::int64_t>(part.entries.size()));
    part.entries.clear();
    part.order.clear();
  }
}

void TokenCache::put(const crypto::Sha256& token, std::shared_ptr<const Authenticated> holder,
                     std::uint64_t generation) {
  Part& part = parts_[token.back() % kParts];
  const std::lock_guard lock(part.mutex);
  if (generation != generation_) return;
  if (!part.entries.insert_or_assign(token, std::move(holder)).second) return;
  part.order.push_back(token);
  if (part.order.size() <= max_entries_per_part_) {
    entries_.add(1);
    return;
  }
  part.entries.erase(part.order.front());
  part.order.pop_front();
}

}  // namespace concord::identity
