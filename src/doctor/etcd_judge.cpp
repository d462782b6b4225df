#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "doctor/etcd_check.h"

namespace concord::doctor {
namespace {

constexpr std::array<int, 2> kLeastVersion{3, 4};
constexpr std::int64_t kDefaultQuotaBytes = 2LL << 30;
/// A lease is renewed at a third of its time; a write that takes a tenth of it leaves room for a few failures.
constexpr std::int64_t kWritesPerLease = 10;
constexpr std::int64_t kSlowWriteUs = 100'000;

std::array<int, 2> version_of(const std::string& text) {
  std::array<int, 2> version{};
  const char* end = text.data() + text.size();
  const auto [dot, error] = std::from_chars(text.data(), end, version[0]);
  if (error == std::errc() && dot != end) std::from_chars(dot + 1, end, version[1]);
  return version;
}

void judge_member(const EtcdMember& member, Level when_away, Findings& out) {
  if (!member.unreachable.empty()) {
    out.add(when_away, member.address, "does not answer: " + member.unreachable,
            "start it, or correct ETCD_ENDPOINTS and the certificates for it");
    return;
  }
  const std::string at = " at " + member.address;
  out.add(member.has_leader ? Level::kOk : Level::kError, member.address,
          member.has_leader ? "knows of a leader" : "knows of no leader",
          "bring a majority of the members back (etcdctl endpoint status --cluster)");
  out.add(version_of(member.version) < kLeastVersion ? Level::kError : Level::kOk, "version" + at, member.version,
          "use etcd 3.4 or later");
  if (member.is_learner) out.warn("role" + at, "a learner, which has no vote", "etcdctl member promote");
  for (const std::string& error : member.errors)
    out.error("member" + at, error, "see its log, and etcdctl endpoint health");
  const std::int64_t quota = member.quota_bytes.value_or(kDefaultQuotaBytes);
  const bool is_full = member.database_bytes > quota / 10 * 8;
  out.add(is_full ? Level::kWarn : Level::kOk, "database" + at,
          fmt::format("{} ({} of it in use) of {}{}", size_text(static_cast<std::uint64_t>(member.database_bytes)),
                      size_text(static_cast<std::uint64_t>(member.used_bytes)),
                      size_text(static_cast<std::uint64_t>(quota)),
                      member.quota_bytes ? "" : " (its default; it does not tell)"),
          "etcdctl compact and etcdctl defrag, and set --auto-compaction-retention=1h: past --quota-backend-bytes it "
          "takes no writes");
}

void judge_majority(const EtcdFacts& facts, Findings& out) {
  const auto away =
      std::ranges::count_if(facts.members, [](const EtcdMember& member) { return !member.unreachable.empty(); });
  const std::size_t voters = facts.voters != 0 ? facts.voters : facts.members.size();
  const std::string found =
      fmt::format("{} members vote, {} are configured, {} of these do not answer", voters, facts.members.size(), away);
  if (voters == 1)
    out.warn("members", found, "use three on machines of their own: one alone is missed whenever it restarts");
  else if (voters % 2 == 0)
    out.warn("members", found, "use an odd number: one more of an even number bears no further loss");
  else if (facts.members.size() < voters)
    out.warn("members", found, "name all of them in ETCD_ENDPOINTS, so that each can stand in for another");
  else
    out.ok("members", found);
}

void judge_alarms(const EtcdFacts& facts, Findings& out) {
  if (!facts.alarms_failure.empty())
    out.warn("alarms", "not told: " + facts.alarms_failure, "let the hub's user read them, or use etcdctl alarm list");
  else if (facts.no_space > 0)
    out.error("alarms", fmt::format("NOSPACE at {} members: nothing can be written", facts.no_space),
              "etcdctl compact, etcdctl defrag --cluster, and then etcdctl alarm disarm");
  else if (facts.corrupt > 0)
    out.error("alarms", fmt::format("CORRUPT at {} members", facts.corrupt),
              "replace those members by empty ones (etcdctl member remove and add)");
  else
    out.ok("alarms", "none");
}

void judge_lease(const EtcdFacts& facts, Findings& out) {
  if (!facts.write_failure.empty()) {
    out.error("write", "failed: " + facts.write_failure,
              "see the members' logs; with ETCD_USER, grant it readwrite on the range of ETCD_PREFIX");
    return;
  }
  const std::int64_t us = median(facts.write_us);
  const std::string found = fmt::format("{} (median of {})", milliseconds(us), facts.write_us.size());
  if (us * kWritesPerLease > facts.lease_ms * 1000)
    out.error(
        "write", found,
        fmt::format("SHARD_LEASE_MS is {} and is renewed every third of it: raise it to {} at least, or give etcd a "
                    "faster disk",
                    facts.lease_ms, us * kWritesPerLease / 1000));
  else
    out.add(us > kSlowWriteUs ? Level::kWarn : Level::kOk, "write", found,
            "give etcd a disk of its own (it waits for fsync), and keep its members near each other");
  out.add(facts.granted_lease_ms > facts.lease_ms + 1000 ? Level::kWarn : Level::kOk, "lease",
          fmt::format("SHARD_LEASE_MS is {}, etcd makes {} ms of it", facts.lease_ms, facts.granted_lease_ms),
          "a node that died is missed for the longer time: lower etcd's --election-timeout (a lease is at least 1.5 "
          "times that)");
}

}  // namespace

std::vector<Finding> judge_etcd(const EtcdFacts& facts) {
  Findings out("etcd");
  const auto away =
      std::ranges::count_if(facts.members, [](const EtcdMember& member) { return !member.unreachable.empty(); });
  const bool lost = static_cast<std::size_t>(away) * 2 >= facts.members.size();
  for (const EtcdMember& member : facts.members) judge_member(member, lost ? Level::kError : Level::kWarn, out);
  if (static_cast<std::size_t>(away) == facts.members.size()) return std::move(out).take();
  judge_majority(facts, out);
  judge_alarms(facts, out);
  judge_lease(facts, out);
  return std::move(out).take();
}

}  // namespace concord::doctor
