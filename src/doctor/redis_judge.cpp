#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "doctor/redis_check.h"

namespace concord::doctor {
namespace {

constexpr int kLeastVersion = 7;
constexpr std::int64_t kAllSlots = 16'384;
constexpr std::int64_t kSlowPingUs = 20'000;

int major_of(const std::string& version) {
  int major = 0;
  std::from_chars(version.data(), version.data() + version.size(), major);
  return major;
}

/// Beside cached documents what was not used for longest, or least, is to go: that is never who is present.
void judge_policy_with_cache(const RedisServer& server, const std::string& at, Findings& out) {
  const bool fits = server.policy.ends_with("-lru") || server.policy.ends_with("-lfu");
  out.add(fits                            ? Level::kOk
          : server.policy == "noeviction" ? Level::kWarn
                                          : Level::kError,
          "maxmemory-policy" + at, server.policy,
          "CONFIG SET maxmemory-policy volatile-lru, and in redis.conf: with noeviction cached documents fill the "
          "memory, and then nobody is shown as present; else what goes may be who is present. Or "
          "DOCUMENT_CACHE_SECONDS=0");
}

void judge_policy(const RedisServer& server, const std::string& at, Findings& out) {
  // Presence of a document is in hashes without a time of their own: an evicted one takes all of them.
  const bool keeps = server.policy == "noeviction";
  out.add(
      keeps                                   ? Level::kOk
      : server.policy.starts_with("allkeys-") ? Level::kError
                                              : Level::kWarn,
      "maxmemory-policy" + at, server.policy,
      "CONFIG SET maxmemory-policy noeviction, and in redis.conf: what is evicted makes people vanish from documents "
      "and counters start anew");
}

void judge_memory(const RedisFacts& facts, const RedisServer& server, const std::string& at, Findings& out) {
  facts.caches_documents ? judge_policy_with_cache(server, at, out) : judge_policy(server, at, out);
  if (server.max_memory_bytes == 0) {
    out.warn("maxmemory" + at, "no bound",
             "CONFIG SET maxmemory 1gb (or what the machine has to spare), and in redis.conf: else the kernel ends it "
             "when memory is short");
    return;
  }
  const std::string found =
      fmt::format("{}, of which {} are used", size_text(static_cast<std::uint64_t>(server.max_memory_bytes)),
                  size_text(static_cast<std::uint64_t>(server.used_memory_bytes)));
  // A cache fills all there is.
  const bool is_full = !facts.caches_documents && server.used_memory_bytes > server.max_memory_bytes / 10 * 8;
  out.add(is_full ? Level::kWarn : Level::kOk, "maxmemory" + at, found,
          "raise maxmemory, or look for another program's keys");
}

void judge_server(const RedisFacts& facts, const RedisServer& server, Findings& out) {
  const std::string at = facts.servers.size() > 1 ? " at " + server.address : "";
  if (!server.unreachable.empty()) {
    out.error(server.address, "does not answer: " + server.unreachable,
              "start it, or correct the host, the port, the user or the password in REDIS_URL");
    return;
  }
  out.ok(server.address, server.is_replica ? "a replica" : "a primary");
  const std::string version = server.version.empty() ? "not told" : server.version;
  out.add(major_of(server.version) < kLeastVersion ? Level::kError : Level::kOk, "version" + at, version,
          "use Redis 7 or later");
  if (server.is_loading) out.warn("loading" + at, "it is reading its data", "wait until it is done");
  if (server.is_replica && !facts.is_cluster)
    out.error("role" + at, "a replica, which takes no writes", "name the primary in REDIS_URL");
  if (!server.is_replica && facts.is_cluster && server.replicas == 0)
    out.warn("replicas" + at, "none", "add one: while this node is away, so is what its slots hold");
  judge_memory(facts, server, at, out);
  const std::int64_t us = median(server.ping_us);
  out.add(us > kSlowPingUs ? Level::kWarn : Level::kOk, "latency" + at,
          fmt::format("{} (median of {})", milliseconds(us), server.ping_us.size()),
          "who is present is shown so much later: look for slow commands (SLOWLOG GET) and at the network");
}

void judge_cluster(const RedisFacts& facts, Findings& out) {
  const std::string found = fmt::format("{}; {} of {} slots have an owner, {} nodes have failed",
                                        facts.cluster_state.empty() ? "not told" : facts.cluster_state,
                                        facts.slots_assigned, kAllSlots, facts.failed_nodes);
  const bool works = facts.cluster_state == "ok" && facts.slots_assigned == kAllSlots;
  out.add(!works                   ? Level::kError
          : facts.failed_nodes > 0 ? Level::kWarn
                                   : Level::kOk,
          "cluster_state", found,
          "bring its nodes back (redis-cli --cluster check, and --cluster fix where slots have no owner)");
}

}  // namespace

std::vector<Finding> judge_redis(const RedisFacts& facts) {
  Findings out("redis");
  for (const RedisServer& server : facts.servers) judge_server(facts, server, out);
  if (facts.is_cluster) judge_cluster(facts, out);
  return std::move(out).take();
}

}  // namespace concord::doctor
