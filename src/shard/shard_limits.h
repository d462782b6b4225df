#pragma once
// What a shard may take, and what its ownership is called.

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace concord::shard {

/// The name of a shard's ownership begins with this; its number follows.
constexpr std::string_view kOwnershipPrefix = "shard/";

struct ShardLimits {
  std::size_t max_batch_records = 4096;
  std::size_t max_batch_bytes = 4u << 20u;
  std::size_t max_queue_bytes = 64u << 20u;  // records that wait for the log; past it append answers kUnavailable
  std::int64_t lease_ms = 10'000;
};

}  // namespace concord::shard
