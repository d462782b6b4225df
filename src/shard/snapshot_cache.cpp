#include "shard/snapshot_cache.h"

namespace concord::shard {

SnapshotCache::SnapshotCache(engines::Cache& cache, Metrics& metrics)
    : cache_(cache),
      hits_(metrics.counter("concord_document_cache_hits_total", "Documents opened from a cached snapshot.", {})),
      misses_(metrics.counter("concord_document_cache_misses_total", "Snapshots that the cache did not have.", {})),
      passed_(metrics.counter("concord_document_cache_passed_total",
                              "Cached snapshots that were not the newest, or damaged, and so not used.", {})),
      errors_(metrics.counter("concord_document_cache_errors_total",
                              "Times that the cache did not answer, or not in time.", {})),
      read_bytes_(metrics.counter("concord_document_cache_read_bytes_total", "Bytes that came from the cache.", {})),
      put_bytes_(metrics.counter("concord_document_cache_put_bytes_total", "Bytes given to the cache.", {})) {}

Task<std::optional<Bytes>> SnapshotCache::get(std::string key) {
  auto found = co_await cache_.get(std::move(key));
  if (!found) {
    errors_.add();
    co_return std::nullopt;
  }
  if (!*found) {
    misses_.add();
    co_return std::nullopt;
  }
  read_bytes_.add((*found)->size());
  co_return std::move(*found);
}

void SnapshotCache::put(std::string key, SharedBytes stored) {
  if (stored->size() > cache_.max_value_bytes()) return cache_.erase(std::move(key));  // what is there is passed now
  put_bytes_.add(stored->size());
  cache_.put(std::move(key), std::move(stored));
}

}  // namespace concord::shard
