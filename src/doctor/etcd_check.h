#pragma once
// etcd: each member that ETCD_ENDPOINTS names, and what they say of the others.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "doctor/finding.h"
#include "etcd/etcd_options.h"

namespace concord::doctor {

struct EtcdMember {
  std::string address;
  std::string unreachable;  // why; then nothing below is known

  std::string version;
  std::int64_t database_bytes = 0;
  std::int64_t used_bytes = 0;
  std::optional<std::int64_t> quota_bytes;  // nullopt: not told
  bool has_leader = false;
  bool is_learner = false;
  std::vector<std::string> errors;
};

struct EtcdFacts {
  std::vector<EtcdMember> members;  // those that are configured
  std::size_t voters = 0;           // those that the cluster has; 0: not told
  std::string alarms_failure;       // why alarms could not be read
  std::size_t no_space = 0;
  std::size_t corrupt = 0;
  std::int64_t lease_ms = 0;          // as the hub asks for it (SHARD_LEASE_MS)
  std::int64_t granted_lease_ms = 0;  // what etcd makes of it
  std::vector<std::int64_t> write_us;
  std::string write_failure;
};

/// Blocks; each member is given up after some seconds. It writes one key of its own below the prefix, which ends with
/// its lease. kInvalidArgument names the setting.
Result<EtcdFacts> probe_etcd(const etcd::EtcdOptions& options, std::int64_t lease_ms);

std::vector<Finding> judge_etcd(const EtcdFacts& facts);

/// The value of a metric without labels in Prometheus' text format.
std::optional<double> metric_in(std::string_view text, std::string_view name);

}  // namespace concord::doctor
