#include "documents/version_cache.h"

namespace concord::documents {

void VersionCache::put(DocumentId id, std::uint64_t version, SharedBytes state) {
  if (state->size() > max_bytes_) return;
  const Key key{id, version};
  if (auto known = entries_.find(key); known != entries_.end()) drop(known->second);
  bytes_ += state->size();
  by_use_.push_front({key, std::move(state)});
  entries_[key] = by_use_.begin();
  while (bytes_ > max_bytes_) drop(std::prev(by_use_.end()));
}

SharedBytes VersionCache::find(DocumentId id, std::uint64_t version) {
  auto known = entries_.find({id, version});
  if (known == entries_.end()) return nullptr;
  by_use_.splice(by_use_.begin(), by_use_, known->second);
  return known->second->state;
}

void VersionCache::forget(DocumentId id) {
  auto at = entries_.lower_bound({id, 0});
  while (at != entries_.end() && at->first.first == id) {
    auto entry = at->second;
    ++at;
    drop(entry);
  }
}

void VersionCache::drop(std::list<Entry>::iterator entry) {
  bytes_ -= entry->state->size();
  entries_.erase(entry->key);
  by_use_.erase(entry);
}

}  // namespace concord::documents
