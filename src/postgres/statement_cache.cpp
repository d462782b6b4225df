#include "postgres/statement_cache.h"

#include <algorithm>

namespace concord::postgres {

StatementCache::Found StatementCache::find(const std::string& key) {
  if (const auto known = by_key_.find(key); known != by_key_.end()) {
    entries_.splice(entries_.begin(), entries_, known->second);
    return {.name = entries_.front().name, .dropped = std::nullopt};
  }
  Found found{.name = "c" + std::to_string(next_++), .fresh = true, .dropped = std::nullopt};
  if (entries_.size() >= most_) {
    found.dropped = entries_.back().name;
    by_key_.erase(entries_.back().key);
    entries_.pop_back();
  }
  entries_.push_front({key, found.name});
  by_key_.emplace(entries_.front().key, entries_.begin());
  return found;
}

void StatementCache::forget(const std::string& name) {
  const auto found = std::ranges::find(entries_, name, &Entry::name);
  if (found == entries_.end()) return;
  by_key_.erase(found->key);
  entries_.erase(found);
}

}  // namespace concord::postgres
