#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/timex.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "base/clock.h"
#include "doctor/machine_check.h"
#include "drivers/options.h"
#include "engines/file_system.h"
#include "identity/options.h"
#include "link/options.h"
#include "net/settings.h"
#include "vault/master_key.h"

namespace concord::doctor {
namespace {

constexpr int kSyncs = 5;
constexpr unsigned kModeBits = 07777;

/// statfs(2), linux/magic.h
std::string file_system_name(std::uint64_t type) {
  struct Known {
    std::uint64_t type;
    const char* name;
  };
  constexpr std::array kKnown{Known{0xEF53, "ext4"},      Known{0x58465342, "xfs"},     Known{0x9123683E, "btrfs"},
                              Known{0x2FC12FC1, "zfs"},   Known{0xF2F52010, "f2fs"},    Known{0x01021994, "tmpfs"},
                              Known{0x858458F6, "ramfs"}, Known{0x794C7630, "overlay"}, Known{0x6969, "nfs"},
                              Known{0xFF534D42, "cifs"},  Known{0xFE534D42, "smb2"},    Known{0x65735546, "fuse"},
                              Known{0x01021997, "9p"},    Known{0x00C36400, "ceph"}};
  const auto known = std::ranges::find(kKnown, type, &Known::type);
  return known == kKnown.end() ? "of another kind" : known->name;
}

std::string words_of(int error) { return std::error_code(error, std::generic_category()).message(); }

void time_syncs(DataDirectory& data) {
  const std::string path = data.path + "/doctor-" + std::to_string(::getpid()) + ".tmp";
  const auto files = engines::make_posix_file_system();
  const SystemClock clock;
  Result<> done;
  {
    auto file = files->open(path, engines::OpenMode::kCreate);
    if (!file) {
      data.problem = file.error().message;
      return;
    }
    const Bytes block(4096, 0);
    for (int i = 0; i < kSyncs && done; ++i) {
      const std::int64_t began = SystemClock().monotonic_ns();
      done = engines::write_all(**file, static_cast<std::uint64_t>(i) * block.size(), block);
      if (done) done = (*file)->sync();
      data.sync_us.push_back((SystemClock().monotonic_ns() - began) / 1000);
    }
  }
  static_cast<void>(files->remove(path));
  if (!done) data.problem = done.error().message;
}

/// The directory, or where it is not there the nearest of its parents that is.
std::string existing(std::string path) {
  struct stat status{};
  while (::stat(path.c_str(), &status) != 0 && path != "/" && path != ".") path = engines::parent_directory(path);
  return path;
}

void read_space(const std::string& path, DataDirectory& data) {
  struct statfs kind{};
  if (::statfs(path.c_str(), &kind) == 0) data.file_system = file_system_name(static_cast<std::uint32_t>(kind.f_type));
  struct statvfs space{};
  if (::statvfs(path.c_str(), &space) != 0) return;
  data.free_bytes = static_cast<std::uint64_t>(space.f_bavail) * space.f_frsize;
  data.total_bytes = static_cast<std::uint64_t>(space.f_blocks) * space.f_frsize;
  data.free_files = space.f_favail;
  data.total_files = space.f_files;
}

DataDirectory look_at_data(const std::string& path) {
  DataDirectory data{.path = path};
  struct stat status{};
  data.is_there = ::stat(path.c_str(), &status) == 0;
  if (!data.is_there && errno != ENOENT) data.problem = words_of(errno);
  const std::string nearest = existing(path);
  read_space(nearest, data);
  if (!data.is_there) {
    if (data.problem.empty() && ::access(nearest.c_str(), W_OK | X_OK) != 0)
      data.problem = "it is not there, and cannot be made in \"" + nearest + "\": " + words_of(errno);
    return data;
  }
  data.mode = status.st_mode & kModeBits;
  data.is_ours = status.st_uid == ::geteuid();
  if (!S_ISDIR(status.st_mode))
    data.problem = "it is no directory";
  else
    time_syncs(data);
  return data;
}

void look_at_clock(MachineFacts& facts) {
  timex clock{};  // modes 0: nothing is set
  const int state = ::adjtimex(&clock);
  if (state < 0) return;
  facts.clock_synchronized = state != TIME_ERROR && (static_cast<unsigned>(clock.status) & STA_UNSYNC) == 0;
  facts.clock_error_us = clock.maxerror;
}

bool is_loopback(const std::string& host) { return host == "localhost" || host == "::1" || host.starts_with("127."); }

void look_at_listening(const Config& config, MachineFacts& facts) {
  auto listen = net::from_config(config);
  if (!listen) {
    facts.refused_settings.push_back(listen.error().message);
    return;
  }
  facts.is_beyond_loopback = !is_loopback(listen->host);
  facts.has_tls = listen->tls_self_signed || !listen->tls_certificate_file.empty();
  const std::string own = config.string("DATA") + "/tls.pem";
  struct stat status{};
  if (!listen->tls_certificate_file.empty())
    facts.certificate =
        read_certificate(listen->tls_certificate_file, listen->tls_key_file, host_of_url(facts.public_url));
  else if (listen->tls_self_signed && ::stat(own.c_str(), &status) == 0)
    facts.certificate = read_certificate(own, own, {});
}

/// As the hub calls itself.
std::string node_name(const Config& config) {
  if (const std::string& name = config.string("NODE_NAME"); !name.empty()) return name;
  std::array<char, 256> name{};
  return ::gethostname(name.data(), name.size() - 1) == 0 && name[0] != 0 ? name.data() : "node";
}

void look_at_links(const Config& config, MachineFacts& facts) {
  const auto options = link::from_config(config, node_name(config));
  if (!options) {
    facts.refused_settings.push_back(options.error().message);
  } else if (options->enabled) {
    for (const std::string_view setting : {"ETCD_ENDPOINTS", "DATABASE_URL", "REDIS_URL", "S3_ENDPOINT"}) {
      if (config.string(setting).empty())
        facts.refused_settings.push_back(
            std::string(setting) +
            " is empty, and NODE_LISTEN says that the hub has several nodes: they need this "
            "engine in common");
    }
    facts.node_certificate = read_node_certificate(options->certificate_file, options->key_file, options->node);
  }
}

void look_at_keys(const Config& config, MachineFacts& facts) {
  const std::string& configured = config.string("MASTER_KEY");
  facts.encrypts = config.boolean("ENCRYPT_AT_REST") || !configured.empty();
  if (!configured.empty()) {
    const auto files = engines::make_posix_file_system();
    const auto keys = vault::load_master_keys(configured, config.string("MASTER_KEYS_PREVIOUS"), {}, *files, Logger());
    facts.has_master_key = keys.has_value();
    if (!keys) facts.refused_settings.push_back(keys.error().message);
  }
  struct stat status{};
  if (::stat((config.string("DATA") + "/master.key").c_str(), &status) == 0)
    facts.key_file_mode = status.st_mode & kModeBits;
}

void look_at_engines(const Config& config, MachineFacts& facts) {
  const bool tables = drivers::is_postgres(config.string("DATABASE_URL"));
  const auto log = drivers::log_url(config);
  if (!log) facts.refused_settings.push_back(log.error().message);
  const bool blobs = !config.string("S3_ENDPOINT").empty();
  facts.has_many_nodes = !config.string("ETCD_ENDPOINTS").empty();
  facts.keeps_data = !tables || (log && log->empty()) || !blobs;
  const auto name = [&facts](bool is_outside, const char* what) {
    if (is_outside) facts.outside += (facts.outside.empty() ? "" : ", ") + std::string(what);
  };
  name(tables, "tables");
  name(log && !log->empty(), "log");
  name(!config.string("REDIS_URL").empty(), "bus");
  name(facts.has_many_nodes, "coordination");
  name(blobs, "blobs");
}

}  // namespace

std::string host_of_url(const std::string& url) {
  const std::size_t scheme = url.find("://");
  if (scheme == std::string::npos) return {};
  std::string host = url.substr(scheme + 3);
  host = host.substr(0, host.find_first_of("/?#"));
  if (host.starts_with('[')) return host.substr(1, std::min(host.find(']'), host.size()) - 1);
  return host.substr(0, host.find(':'));
}

MachineFacts probe_machine(const Config& config) {
  MachineFacts facts;
  facts.now_ms = SystemClock().wall_ms();
  facts.data = look_at_data(config.string("DATA"));
  facts.public_url = config.string("PUBLIC_URL");
  facts.sends_mail = !config.string("SMTP_URL").empty();
  facts.has_proxies = !config.string("TRUSTED_PROXIES").empty();
  facts.max_connections = config.integer("MAX_CONNECTIONS");
  look_at_engines(config, facts);
  look_at_clock(facts);
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) == 0) facts.descriptors = limit.rlim_max;
  look_at_listening(config, facts);
  look_at_links(config, facts);
  if (const auto people = identity::Options::from(config, facts.is_beyond_loopback); !people)
    facts.refused_settings.push_back(people.error().message);
  look_at_keys(config, facts);
  return facts;
}

}  // namespace concord::doctor
