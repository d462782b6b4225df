#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/clock.h"
#include "doctor/machine_check.h"

namespace concord::doctor {
namespace {

constexpr std::uint64_t kLeastFreeBytes = 1ULL << 30;
constexpr std::int64_t kSlowSyncUs = 50'000;
constexpr std::int64_t kDayMs = 86'400'000;
constexpr std::int64_t kWarnDays = 21;
constexpr std::uint64_t kDescriptorsBeside = 512;  // engines, files, listeners
constexpr unsigned kOthersBits = 077;

void judge_file_system(const MachineFacts& facts, Findings& out) {
  constexpr std::array kVolatile{"tmpfs", "ramfs"};
  constexpr std::array kRemote{"nfs", "cifs", "smb2", "fuse", "9p"};
  const std::string& kind = facts.data.file_system;
  const auto is_one_of = [&kind](const auto& list) { return std::ranges::find(list, kind) != list.end(); };
  if (!facts.keeps_data)
    out.ok("file system", kind);
  else if (is_one_of(kVolatile))
    out.error("file system", kind + ", which is gone when the machine restarts", "set DATA to a directory on a disk");
  else if (kind == "overlay")
    out.warn("file system", "overlay, which is gone with the container", "mount a volume at DATA");
  else if (is_one_of(kRemote))
    out.warn("file system", kind + ", where locks and durability are as good as the server's",
             "set DATA to a directory on a local disk, or use engines outside");
  else
    out.ok("file system", kind);
}

void judge_space(const MachineFacts& facts, Findings& out) {
  const DataDirectory& data = facts.data;
  const std::string found = fmt::format("{} free of {}", size_text(data.free_bytes), size_text(data.total_bytes));
  const bool is_short = data.free_bytes < std::max(kLeastFreeBytes, data.total_bytes / 20);
  const Level level = !is_short                                                    ? Level::kOk
                      : facts.keeps_data && data.free_bytes < kLeastFreeBytes / 10 ? Level::kError
                                                                                   : Level::kWarn;
  out.add(level, "free space", found, "make room, or set DATA to a larger disk: when it is full no edit is taken");
  if (data.total_files > 0 && data.free_files < data.total_files / 20)
    out.warn("free files", fmt::format("{} of {} can still be made", data.free_files, data.total_files),
             "use a file system with more inodes (mkfs.ext4 -i, or xfs)");
}

void judge_data(const MachineFacts& facts, Findings& out) {
  const DataDirectory& data = facts.data;
  if (!data.problem.empty()) {
    out.error("DATA", "\"" + data.path + "\": " + data.problem,
              "make it, and let it belong to the user whom the hub runs as, with mode 0700");
  } else if (!data.is_there) {
    out.ok("DATA", "\"" + data.path + "\" is not there yet; the hub makes it");
  } else if ((data.mode & kOthersBits) != 0) {
    out.warn("DATA", fmt::format("\"{}\" has mode {:04o}: others on this machine may look in", data.path, data.mode),
             "chmod 0700 (the hub does so when it starts as its owner)");
  } else if (!data.is_ours) {
    out.warn("DATA", "\"" + data.path + "\" belongs to another user than the one who asks",
             "run concord doctor as the user whom the hub runs as");
  } else {
    out.ok("DATA", "\"" + data.path + "\", for its owner alone");
  }
  judge_file_system(facts, out);
  judge_space(facts, out);
  if (data.sync_us.empty() || !facts.keeps_data) return;
  const std::int64_t us = median(data.sync_us);
  out.add(us > kSlowSyncUs ? Level::kWarn : Level::kOk, "durable write",
          fmt::format("{} (median of {})", milliseconds(us), data.sync_us.size()),
          "every edit waits so long: use a faster disk");
}

void judge_clock(const MachineFacts& facts, Findings& out) {
  if (!facts.clock_synchronized)
    out.ok("clock", "not told whether it is synchronized");
  else
    out.add(*facts.clock_synchronized ? Level::kOk : Level::kWarn, "clock",
            *facts.clock_synchronized ? "synchronized, to " + milliseconds(facts.clock_error_us) : "not synchronized",
            "run chrony or systemd-timesyncd: tokens, signatures to S3 and codes of authenticators depend on it");
}

void judge_descriptors(const MachineFacts& facts, Findings& out) {
  const std::uint64_t needed = static_cast<std::uint64_t>(facts.max_connections) + kDescriptorsBeside;
  const std::string found = fmt::format(
      "{}; MAX_CONNECTIONS is {}",
      facts.descriptors == UINT64_MAX ? "without limit" : std::to_string(facts.descriptors), facts.max_connections);
  out.add(facts.descriptors < needed ? Level::kWarn : Level::kOk, "open files", found,
          fmt::format("raise the hard limit to {} (LimitNOFILE= of the unit, ulimit -Hn), or lower MAX_CONNECTIONS",
                      needed));
}

void judge_end(const MachineFacts& facts, const Certificate& certificate, const std::string& what,
               const std::string& change, Findings& out) {
  if (!certificate.problem.empty()) return out.error(what, certificate.problem, change);
  if (!certificate.key_fits) return out.error(what, "its key is another's", change);
  const std::int64_t days = (certificate.expires_ms - facts.now_ms) / kDayMs;
  const bool is_over = certificate.expires_ms <= facts.now_ms;
  out.add(is_over            ? Level::kError
          : days < kWarnDays ? Level::kWarn
                             : Level::kOk,
          what,
          is_over ? "ended at " + format_time(certificate.expires_ms)
                  : fmt::format("holds for {} days, until {}", days, format_time(certificate.expires_ms)),
          change);
}

void judge_node_certificate(const MachineFacts& facts, Findings& out) {
  if (!facts.node_certificate) return;
  const Certificate& certificate = *facts.node_certificate;
  const std::string change = "concord node-certificate --ca DIR --node " + certificate.host +
                             " makes one; NODE_CERTIFICATE and NODE_KEY name it, NODE_CA its authority";
  judge_end(facts, certificate, "node certificate " + certificate.file, change, out);
  if (certificate.problem.empty())
    out.add(certificate.names_host ? Level::kOk : Level::kError, "node certificate's name",
            certificate.names_host ? certificate.host : "not " + certificate.host + ", as this node is called", change);
}

void judge_certificate(const MachineFacts& facts, Findings& out) {
  if (!facts.certificate) {
    const bool is_open = facts.is_beyond_loopback && !facts.has_tls;
    out.add(is_open && !facts.has_proxies ? Level::kWarn : Level::kOk, "TLS",
            facts.has_tls                  ? "self-signed; the hub makes its certificate when it starts"
            : is_open && facts.has_proxies ? "none here; proxies are trusted"
            : is_open                      ? "none, and others than this machine reach the hub"
                                           : "none; only this machine reaches the hub",
            "set TLS_CERT_FILE and TLS_KEY_FILE, or TLS=self-signed, or put a proxy before it and name it in "
            "TRUSTED_PROXIES");
    return;
  }
  const Certificate& certificate = *facts.certificate;
  const std::string what = "certificate " + certificate.file;
  judge_end(facts, certificate, what,
            "set TLS_CERT_FILE and TLS_KEY_FILE to a new chain and its key; the hub reads them anew", out);
  if (!certificate.problem.empty()) return;
  if (!certificate.host.empty())
    out.add(certificate.names_host ? Level::kOk : Level::kWarn, "certificate's names",
            certificate.host + (certificate.names_host ? " is one" : ", of PUBLIC_URL, is none of them"),
            "get one for that name, unless a proxy before the hub has it");
}

void judge_address(const MachineFacts& facts, Findings& out) {
  const std::string& url = facts.public_url;
  const std::string host = host_of_url(url);
  const bool is_web = url.starts_with("https://") || url.starts_with("http://");
  if (url.empty())
    out.add(facts.sends_mail           ? Level::kError
            : facts.is_beyond_loopback ? Level::kWarn
                                       : Level::kOk,
            "PUBLIC_URL", "not set",
            "set it to the address that people open (https://…): links, tokens and passkeys name it");
  else if (!is_web || host.empty())
    out.error("PUBLIC_URL", "\"" + url + "\" is no address that a browser opens", "set it to https://HOST");
  else if (url.starts_with("http://") && facts.is_beyond_loopback)
    out.warn("PUBLIC_URL", url + ", without TLS",
             "set it to https://…: without TLS passwords cross the network in the "
             "clear, and browsers offer no passkeys");
  else
    out.ok("PUBLIC_URL", url);
}

void judge_keys(const MachineFacts& facts, Findings& out) {
  if (!facts.encrypts) {
    out.warn("ENCRYPT_AT_REST", "off", "set it to true: documents lie readable on the disk and in backups");
  } else if (facts.has_master_key) {
    out.ok("MASTER_KEY", "set");
  } else if (!facts.outside.empty()) {
    out.add(facts.has_many_nodes ? Level::kError : Level::kWarn, "MASTER_KEY",
            "not set, and engines outside hold what it opens (" + facts.outside + ")",
            "set it (head -c 32 /dev/urandom | base64, or the content of DATA/master.key), the same at every node: "
            "the key is else on this machine alone");
  } else {
    out.ok("MASTER_KEY", facts.key_file_mode != 0 ? "in DATA/master.key: keep a copy of it apart from backups"
                                                  : "not set; the hub makes DATA/master.key");
  }
  if ((facts.key_file_mode & kOthersBits) != 0)
    out.error("DATA/master.key", fmt::format("mode {:04o}: others on this machine may read it", facts.key_file_mode),
              "chmod 0600");
}

}  // namespace

std::vector<Finding> judge_machine(const MachineFacts& facts) {
  Findings out("machine");
  for (const std::string& refused : facts.refused_settings)
    out.error("settings", refused, "correct it: the hub does not start with it");
  if (facts.refused_settings.empty()) out.ok("settings", "the hub takes them");
  judge_data(facts, out);
  judge_clock(facts, out);
  judge_descriptors(facts, out);
  judge_certificate(facts, out);
  judge_node_certificate(facts, out);
  judge_address(facts, out);
  judge_keys(facts, out);
  return std::move(out).take();
}

}  // namespace concord::doctor
