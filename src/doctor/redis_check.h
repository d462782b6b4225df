#pragma once
// Redis: every server that the URL names, and of a Cluster every node that those know of.

#include <cstdint>
#include <string>
#include <vector>

#include "doctor/finding.h"
#include "redis/options.h"

namespace concord::doctor {

struct RedisServer {
  std::string address;
  std::string unreachable;  // why; then nothing below is known

  std::string version;
  bool is_replica = false;
  bool is_loading = false;
  std::string policy;  // maxmemory_policy
  std::int64_t max_memory_bytes = 0;
  std::int64_t used_memory_bytes = 0;
  std::int64_t replicas = 0;
  std::vector<std::int64_t> ping_us;
};

struct RedisFacts {
  std::vector<RedisServer> servers;
  bool caches_documents = false;  // as DOCUMENT_CACHE_SECONDS says
  bool is_cluster = false;
  std::string cluster_state;
  std::int64_t slots_assigned = 0;
  std::size_t failed_nodes = 0;  // as the Cluster itself sees them
};

/// Blocks; each server is given up after some seconds. kInvalidArgument where authorities do not load.
Result<RedisFacts> probe_redis(const redis::RedisOptions& options);

std::vector<Finding> judge_redis(const RedisFacts& facts);

/// The value of a line `name:value` of INFO or CLUSTER INFO; "" where there is none.
std::string info_field(std::string_view text, std::string_view name);

/// What CLUSTER NODES says: who is there, and how many of them have failed.
struct ClusterNodes {
  std::vector<redis::Endpoint> endpoints;
  std::size_t failed = 0;
};
ClusterNodes parse_cluster_nodes(std::string_view text);

}  // namespace concord::doctor
