#include <algorithm>
#include <array>

#include "base/async.h"
#include "base/reactor.h"
#include "doctor/postgres_check.h"
#include "postgres/connection.h"

namespace concord::doctor {
namespace {

using engines::as_integer;
using engines::as_string;
using engines::Rows;
using postgres::Connection;
using postgres::Keywords;

constexpr std::int64_t kConnectTimeoutMs = 4000;
constexpr std::int64_t kQueryTimeoutMs = 4000;
constexpr std::int64_t kWriteTimeoutMs = 4000;
constexpr int kWrites = 5;

/// Settings that a server does not have are empty.
constexpr const char* kFacts =
    "SELECT current_setting('server_version_num')::bigint, pg_is_in_recovery(), "
    "current_setting('transaction_read_only') = 'on', "
    "(SELECT pg_encoding_to_char(encoding)::text FROM pg_database WHERE datname = current_database()), "
    "(SELECT datcollate::text FROM pg_database WHERE datname = current_database()), "
    "current_setting('fsync'), current_setting('full_page_writes'), current_setting('wal_level'), "
    "current_setting('synchronous_commit'), current_setting('synchronous_standby_names'), "
    "coalesce(current_setting('data_checksums', true), ''), current_setting('max_connections')::bigint, "
    "current_setting('superuser_reserved_connections')::bigint, "
    "(SELECT coalesce(sum(numbackends), 0)::bigint FROM pg_stat_database), "
    "pg_has_role(current_user, 'pg_monitor', 'USAGE')";

constexpr const char* kStandbys =
    "SELECT coalesce(application_name, '')::text, coalesce(state, '')::text, coalesce(sync_state, '')::text, "
    "coalesce(pg_wal_lsn_diff(pg_current_wal_lsn(), flush_lsn), 0)::bigint FROM pg_stat_replication LIMIT 64";

constexpr const char* kTime = "SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint";

/// A record in the write-ahead log, in a transaction that is committed as every other; it touches no table.
constexpr const char* kWrite = "SELECT pg_logical_emit_message(true, 'concord doctor', 'probe')::text";

std::string word(const Keywords& keywords, std::string_view name, std::string otherwise) {
  for (const auto& [key, value] : keywords) {
    if (key == name && !value.empty()) return value;
  }
  return otherwise;
}

std::string address_of(const Keywords& keywords) {
  return word(keywords, "host", word(keywords, "hostaddr", "local socket")) + ":" + word(keywords, "port", "5432");
}

/// The same server, whether or not it takes writes.
Keywords any_state(Keywords keywords) {
  for (auto& [key, value] : keywords) {
    if (key == "target_session_attrs") value = "any";
  }
  return keywords;
}

Task<Rows> ask(Connection& connection, std::string sql, std::int64_t timeout_ms) {
  std::vector<postgres::Step> steps;
  steps.push_back({std::move(sql), {}});
  CO_TRY(std::vector<Rows> answer, co_await connection.run(std::move(steps), timeout_ms));
  co_return std::move(answer.at(0));
}

Task<> read_facts(Connection& connection, PostgresServer& server) {
  CO_TRY(const Rows facts, co_await ask(connection, kFacts, kQueryTimeoutMs));
  const engines::Row& row = facts.rows.at(0);
  server.version = as_integer(row[0]);
  server.in_recovery = as_integer(row[1]) != 0;
  server.read_only = as_integer(row[2]) != 0;
  const std::array<std::string*, 8> texts{&server.encoding,
                                          &server.collation,
                                          &server.fsync,
                                          &server.full_page_writes,
                                          &server.wal_level,
                                          &server.synchronous_commit,
                                          &server.synchronous_standby_names,
                                          &server.data_checksums};
  for (std::size_t i = 0; i < texts.size(); ++i) *texts.at(i) = as_string(row[i + 3]);
  server.max_connections = as_integer(row[11]);
  server.reserved_connections = as_integer(row[12]);
  server.used_connections = as_integer(row[13]);
  server.sees_all = as_integer(row[14]) != 0;
  co_return Result<>();
}

Task<> read_clock(Connection& connection, Clock& clock, PostgresServer& server) {
  CO_TRY_VOID(co_await ask(connection, kTime, kQueryTimeoutMs));  // prepares it
  const std::int64_t before = clock.wall_ms();
  CO_TRY(const Rows time, co_await ask(connection, kTime, kQueryTimeoutMs));
  const std::int64_t after = clock.wall_ms();
  server.skew_ms = as_integer(time.rows.at(0)[0]) - (before + after) / 2;
  server.skew_uncertainty_ms = (after - before) / 2 + 1;
  co_return Result<>();
}

Task<> read_standbys(Connection& connection, PostgresServer& server) {
  CO_TRY(const Rows standbys, co_await ask(connection, kStandbys, kQueryTimeoutMs));
  for (const engines::Row& row : standbys.rows)
    server.standbys.push_back({as_string(row[0]), as_string(row[1]), as_string(row[2]), as_integer(row[3])});
  co_return Result<>();
}

Task<> time_writes(Connection& connection, Clock& clock, PostgresServer& server) {
  for (int i = 0; i <= kWrites; ++i) {  // the first prepares it
    const std::int64_t began = clock.monotonic_ns();
    const auto written = co_await ask(connection, kWrite, kWriteTimeoutMs);
    if (!written) {
      server.write_failure = written.error().message;
      break;
    }
    if (i > 0) server.write_us.push_back((clock.monotonic_ns() - began) / 1000);
  }
  co_return Result<>();
}

/// A write that is given up leaves a session behind that goes on waiting.
bool would_wait_for_ever(const PostgresServer& server) {
  if (server.synchronous_standby_names.empty() || server.synchronous_commit == "local" ||
      server.synchronous_commit == "off")
    return false;
  return server.standbys.empty() || (server.sees_all && std::ranges::none_of(server.standbys, is_waited_for));
}

Task<> look_at(Reactor& reactor, Clock& clock, Keywords keywords, PostgresServer& server) {
  CO_TRY(const auto connection, co_await Connection::open(reactor, clock, any_state(std::move(keywords)),
                                                          {.connect_timeout_ms = kConnectTimeoutMs}));
  CO_TRY_VOID(co_await read_facts(*connection, server));
  CO_TRY_VOID(co_await read_clock(*connection, clock, server));
  if (server.in_recovery || server.read_only) co_return Result<>();
  CO_TRY_VOID(co_await read_standbys(*connection, server));
  if (would_wait_for_ever(server)) {
    server.write_failure = "not tried: it would wait for a standby that is not there";
    co_return Result<>();
  }
  co_return co_await time_writes(*connection, clock, server);
}

}  // namespace

Result<PostgresFacts> probe_postgres(const postgres::PoolOptions& given) {
  postgres::PoolOptions options = given;
  options.isolation = "read committed";  // a standby knows no other that is ours
  TRY(const std::vector<Keywords> servers, postgres::servers_of(options));
  PostgresFacts facts;
  facts.connections_per_node = static_cast<std::int64_t>(options.connections);
  SystemClock clock;
  Reactors reactors(1);
  reactors.start();
  for (const Keywords& keywords : servers) {
    PostgresServer server;
    server.address = address_of(keywords);
    const Result<> looked = wait_for(reactors.at(0), look_at(reactors.at(0), clock, keywords, server));
    if (!looked) server.unreachable = looked.error().message;
    facts.servers.push_back(std::move(server));
  }
  reactors.stop();
  return facts;
}

}  // namespace concord::doctor
