#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "doctor/postgres_check.h"

namespace concord::doctor {
namespace {

constexpr std::int64_t kLeastVersion = 140'000;
constexpr std::int64_t kWorthTellingSkewMs = 1000;
constexpr std::int64_t kHarmfulSkewMs = 30'000;
constexpr std::int64_t kSlowWriteUs = 50'000;
constexpr std::int64_t kFarBehindBytes = 64LL << 20;
constexpr std::int64_t kConnectionsBeside = 2;  // cancel requests of a node

std::string set(std::string_view setting, std::string_view value) {
  return fmt::format("ALTER SYSTEM SET {} = {}; SELECT pg_reload_conf()", setting, value);
}

bool takes_writes(const PostgresServer& server) {
  return server.unreachable.empty() && !server.in_recovery && !server.read_only;
}

void judge_servers(const PostgresFacts& facts, Findings& out) {
  const auto writers = std::ranges::count_if(facts.servers, takes_writes);
  for (const PostgresServer& server : facts.servers) {
    if (!server.unreachable.empty()) {
      out.add(writers == 0 ? Level::kError : Level::kWarn, server.address, "does not answer: " + server.unreachable,
              writers == 0 ? "start it, or correct the host, the port, the user or the password in the URL"
                           : "start it, or take it out of the URL: after a promotion nobody is found there");
    } else if (!takes_writes(server)) {
      out.ok(server.address, server.in_recovery ? "a standby" : "takes no writes (default_transaction_read_only)");
    } else {
      out.ok(server.address, "takes writes");
    }
  }
  const bool some_answer = std::ranges::any_of(facts.servers, &std::string::empty, &PostgresServer::unreachable);
  if (writers == 0 && some_answer)
    out.error("primary", "none of the servers takes writes",
              "promote a standby (patronictl failover), or name the primary in the URL too");
  if (writers > 1)
    out.error("primary", fmt::format("{} of the servers take writes", writers),
              "name the servers of one cluster alone; where they are of one, it has split: stop the older primary, "
              "before what it took is lost (pg_rewind brings it back as a standby)");
}

void judge_version(const PostgresServer& server, Findings& out) {
  const std::string version = fmt::format("{}.{}", server.version / 10'000, server.version % 10'000);
  if (server.version < kLeastVersion)
    out.error("version", version, "use PostgreSQL 14 or later (pg_upgrade)");
  else
    out.ok("version", version);
}

void judge_database(const PostgresServer& server, Findings& out) {
  const std::string found = server.encoding + ", collation " + server.collation;
  constexpr std::array kBytewise{"C", "POSIX", "C.UTF-8", "C.utf8"};
  const bool holds = server.encoding == "UTF8" && std::ranges::find(kBytewise, server.collation) != kBytewise.end();
  out.add(holds ? Level::kOk : Level::kError, "database", found,
          "make it anew: CREATE DATABASE … TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C'");
}

void judge_durability(const PostgresServer& server, Findings& out) {
  const auto must_be_on = [&out](const char* setting, const std::string& value, const char* why) {
    out.add(value == "on" ? Level::kOk : Level::kError, setting, value, set(setting, "on") + ": " + why);
  };
  must_be_on("fsync", server.fsync, "without it a crash of the machine loses or damages what was acknowledged");
  must_be_on("full_page_writes", server.full_page_writes, "without it a crash in the middle of a page damages it");
  out.add(server.wal_level == "minimal" ? Level::kWarn : Level::kOk, "wal_level", server.wal_level,
          "ALTER SYSTEM SET wal_level = replica, and restart: standbys and point-in-time backups need it");
  if (!server.data_checksums.empty())
    out.add(server.data_checksums == "on" ? Level::kOk : Level::kWarn, "data_checksums", server.data_checksums,
            "stop the server and run pg_checksums --enable: a page that the disk damaged is then found");
}

void judge_commit(const PostgresServer& server, Findings& out) {
  const std::string& value = server.synchronous_commit;
  const bool waits_for_standbys = !server.synchronous_standby_names.empty();
  if (value == "off")
    out.error("synchronous_commit", value,
              set("synchronous_commit", "on") + ": an update would be acknowledged before it is on disk");
  else if (value == "local" && waits_for_standbys)
    out.error("synchronous_commit", value,
              set("synchronous_commit", "on") + ": no standby is waited for, whatever synchronous_standby_names says");
  else if (value == "remote_write")
    out.warn("synchronous_commit", value,
             set("synchronous_commit", "on") + ": the standby has it in memory alone when it is acknowledged");
  else
    out.ok("synchronous_commit", value);
}

void judge_standbys(const PostgresFacts& facts, const PostgresServer& server, Findings& out) {
  const std::string& names = server.synchronous_standby_names;
  const auto waited_for = std::ranges::count_if(server.standbys, is_waited_for);
  const std::string found =
      fmt::format("\"{}\"; {} standbys stream, {} are waited for", names, server.standbys.size(), waited_for);
  if (names.empty() && (facts.servers.size() > 1 || !server.standbys.empty())) {
    out.error("synchronous_standby_names", found,
              set("synchronous_standby_names", "'ANY 1 (*)'") +
                  " (Patroni: synchronous_mode: true): else a promotion loses what was acknowledged last");
  } else if (names.empty()) {
    out.warn("synchronous_standby_names", found,
             "with this server its disk is all that holds what was acknowledged: add a standby, and then " +
                 set("synchronous_standby_names", "'ANY 1 (*)'"));
  } else if (server.standbys.empty() || (server.sees_all && waited_for == 0)) {
    out.error("synchronous_standby_names", found, "start a standby that it names, or every write waits without end");
  } else if (!server.sees_all) {
    out.warn("synchronous_standby_names",
             fmt::format("\"{}\"; {} standbys, of which the hub's user sees no more", names, server.standbys.size()),
             "GRANT pg_monitor TO the hub's user, so that it is told whether they are waited for");
  } else {
    out.ok("synchronous_standby_names", found);
    if (waited_for == 1 && server.standbys.size() == 1)
      out.ok("standbys", "one: while it is away, no write is acknowledged; a second one would stand in");
  }
  for (const PostgresStandby& standby : server.standbys) {
    if (standby.behind_bytes > kFarBehindBytes)
      out.warn("standby " + standby.name,
               fmt::format("{}, {} behind", standby.state, size_text(static_cast<std::uint64_t>(standby.behind_bytes))),
               "look at its disk and its network: a promotion of it would have to catch up first");
  }
}

void judge_connections(const PostgresFacts& facts, const PostgresServer& server, Findings& out) {
  const std::int64_t room = server.max_connections - server.reserved_connections;
  const std::int64_t node = facts.connections_per_node + kConnectionsBeside;
  const std::int64_t nodes = room / std::max<std::int64_t>(node, 1);
  const std::string found =
      fmt::format("{}, of which {} are in use; a node opens up to {} (POSTGRES_CONNECTIONS), so there is room for {}",
                  server.max_connections, server.used_connections, node, nodes);
  const std::string change = "raise max_connections (ALTER SYSTEM, and restart), or lower POSTGRES_CONNECTIONS";
  if (nodes < 1)
    out.error("max_connections", found, change);
  else if (nodes < 3 && facts.has_many_nodes)
    out.warn("max_connections", found, change);
  else
    out.ok("max_connections", found);
}

void judge_clock(const PostgresServer& server, Findings& out) {
  const std::int64_t least = std::max<std::int64_t>(std::abs(server.skew_ms) - server.skew_uncertainty_ms, 0);
  const std::string found =
      fmt::format("{} ms ahead of this machine's, give or take {} ms", server.skew_ms, server.skew_uncertainty_ms);
  const Level level = least > kHarmfulSkewMs ? Level::kError : least > kWorthTellingSkewMs ? Level::kWarn : Level::kOk;
  out.add(level, "clock", found, "synchronize both machines' clocks (chrony or systemd-timesyncd)");
}

void judge_writes(const PostgresServer& server, Findings& out) {
  if (!server.write_failure.empty()) {
    out.error("durable write", "failed: " + server.write_failure,
              "if it was not answered in time: is a standby there that synchronous_standby_names names, and is there "
              "space on the disk");
    return;
  }
  const std::int64_t us = median(server.write_us);
  out.add(us > kSlowWriteUs ? Level::kWarn : Level::kOk, "durable write",
          fmt::format("{} (median of {})", milliseconds(us), server.write_us.size()),
          "every edit waits so long: look for a faster disk for the write-ahead log, and a nearer standby");
}

}  // namespace

bool is_waited_for(const PostgresStandby& standby) {
  return (standby.sync == "sync" || standby.sync == "quorum") && standby.state == "streaming";
}

std::vector<Finding> judge_postgres(const PostgresFacts& facts) {
  Findings out("postgres");
  if (!facts.use.empty()) out.ok("use", facts.use);
  judge_servers(facts, out);
  for (const PostgresServer& server : facts.servers) {
    if (!takes_writes(server)) {
      if (server.unreachable.empty()) judge_clock(server, out);
      if (server.unreachable.empty()) judge_durability(server, out);  // it may be the primary tomorrow
      continue;
    }
    judge_version(server, out);
    judge_database(server, out);
    judge_durability(server, out);
    judge_commit(server, out);
    judge_standbys(facts, server, out);
    judge_connections(facts, server, out);
    judge_clock(server, out);
    judge_writes(server, out);
  }
  return std::move(out).take();
}

}  // namespace concord::doctor
