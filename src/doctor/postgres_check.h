#pragma once
// PostgreSQL, for the tables and the log: every server that the URL names is asked, also those that take no writes now.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "doctor/finding.h"
#include "postgres/options.h"

namespace concord::doctor {

/// A standby as the server that it streams from sees it.
struct PostgresStandby {
  std::string name;
  std::string state;  // "streaming", …; empty: not told
  std::string sync;   // "sync", "quorum", "potential", "async"; empty: not told
  std::int64_t behind_bytes = 0;
};

/// Whether it streams, and a commit waits for it.
bool is_waited_for(const PostgresStandby& standby);

struct PostgresServer {
  std::string address;
  std::string unreachable;  // why; then nothing below is known

  std::int64_t version = 0;  // 150004
  bool in_recovery = false;
  bool read_only = false;
  std::string encoding, collation;
  std::string fsync, full_page_writes, wal_level, synchronous_commit, synchronous_standby_names, data_checksums;
  std::int64_t max_connections = 0;
  std::int64_t reserved_connections = 0;
  std::int64_t used_connections = 0;
  bool sees_all = false;  // may look into pg_stat_replication
  std::vector<PostgresStandby> standbys;
  std::int64_t skew_ms = 0;  // its clock less ours
  std::int64_t skew_uncertainty_ms = 0;
  std::vector<std::int64_t> write_us;  // durable writes; only of one that takes writes
  std::string write_failure;
};

struct PostgresFacts {
  std::string use;  // "tables and log", "tables", "log"
  std::vector<PostgresServer> servers;
  std::int64_t connections_per_node = 0;
  bool has_many_nodes = false;  // coordination is outside, so there may be more than one
};

/// Blocks; each server is given up after some seconds. kInvalidArgument where the URL cannot be read.
Result<PostgresFacts> probe_postgres(const postgres::PoolOptions& options);

std::vector<Finding> judge_postgres(const PostgresFacts& facts);

}  // namespace concord::doctor
