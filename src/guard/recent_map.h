#pragma once
// What is remembered of the keys seen last: beyond its bound the key that was idle longest makes room. One thread.

#include <algorithm>
#include <list>
#include <unordered_map>
#include <utility>

#include "guard/key.h"

namespace concord::guard {

template <class Value>
class RecentMap {
 public:
  explicit RecentMap(std::size_t most) : most_(std::max<std::size_t>(most, 1)) {}

  /// The key's value, which becomes the latest used; `fresh` where there was none.
  Value& touch(const Key& key, const Value& fresh) {
    if (const auto known = index_.find(key); known != index_.end()) {
      entries_.splice(entries_.begin(), entries_, known->second);
      return entries_.front().second;
    }
    if (entries_.size() == most_) {  // its nodes are used again
      index_.erase(entries_.back().first);
      entries_.splice(entries_.begin(), entries_, std::prev(entries_.end()));
      entries_.front() = {key, fresh};
    } else {
      entries_.emplace_front(key, fresh);
    }
    index_.emplace(key, entries_.begin());
    return entries_.front().second;
  }
  /// Null where the key is not known. Its place in the order stays.
  Value* find(const Key& key) {
    const auto known = index_.find(key);
    return known == index_.end() ? nullptr : &known->second->second;
  }
  void erase(const Key& key) {
    const auto known = index_.find(key);
    if (known == index_.end()) return;
    entries_.erase(known->second);
    index_.erase(known);
  }
  std::size_t size() const { return entries_.size(); }

 private:
  using Entries = std::list<std::pair<Key, Value>>;
  const std::size_t most_;
  Entries entries_;  // the latest used first
  std::unordered_map<Key, typename Entries::iterator, KeyHash> index_;
};

}  // namespace concord::guard
