#pragma once
// The newest snapshots of lately used streams, in a cache, and what is counted of it. What it answers may be anything:
// snapshot_store.h says how it is told whether it is the one that was wanted.

#include <optional>
#include <string>

#include "base/metrics.h"
#include "engines/cache.h"

namespace concord::shard {

/// Any reactor.
class SnapshotCache {
 public:
  /// Both outlive it.
  SnapshotCache(engines::Cache& cache, Metrics& metrics);

  /// nullopt where it is not there, or not in time: never an error.
  Task<std::optional<Bytes>> get(std::string key);
  void put(std::string key, SharedBytes stored);
  void erase(std::string key) { cache_.erase(std::move(key)); }

  Counter& hits() { return hits_; }
  Counter& passed() { return passed_; }

 private:
  engines::Cache& cache_;
  Counter& hits_;
  Counter& misses_;
  Counter& passed_;
  Counter& errors_;
  Counter& read_bytes_;
  Counter& put_bytes_;
};

}  // namespace concord::shard
