#include "shard/settings.h"

namespace concord::shard {

std::span<const Setting> settings() {
  static const std::vector<Setting> rows{
      {"SHARD_QUEUE_BYTES", SettingType::kInteger, "67108864", 1 << 20, 8LL << 30,
       "Updates of one shard that may wait for the log; more are refused until it has caught up."},
      {"SHARD_BATCH_BYTES", SettingType::kInteger, "4194304", 4096, 256LL << 20,
       "Updates of one shard that go to the log in one append."},
      {"SHARD_LEASE_MS", SettingType::kInteger, "10000", 1000, 600'000, "How long an ownership lasts without renewal."},
  };
  return rows;
}

ShardLimits limits_from(const Config& config) {
  ShardLimits limits;
  limits.max_queue_bytes = static_cast<std::size_t>(config.integer("SHARD_QUEUE_BYTES"));
  limits.max_batch_bytes = static_cast<std::size_t>(config.integer("SHARD_BATCH_BYTES"));
  limits.lease_ms = config.integer("SHARD_LEASE_MS");
  return limits;
}

}  // namespace concord::shard
