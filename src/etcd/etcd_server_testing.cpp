#include "etcd/etcd_server_testing.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <thread>

namespace concord::etcd::testing {
namespace {

constexpr int kStarts = 5;  // another may have taken a port meanwhile
constexpr std::chrono::seconds kLongest{60};

/// Calls `holds` until it holds.
template <class Holds>
bool within(std::chrono::seconds longest, Holds holds) {
  const auto end = std::chrono::steady_clock::now() + longest;
  while (!holds()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  return true;
}

std::string output_of(const std::string& command) {
  FILE* pipe = ::popen(command.c_str(), "r");
  if (pipe == nullptr) throw std::runtime_error("popen");
  std::string output;
  std::array<char, 4096> buffer{};
  while (const std::size_t size = std::fread(buffer.data(), 1, buffer.size(), pipe)) output.append(buffer.data(), size);
  ::pclose(pipe);
  return output;
}

}  // namespace

std::int64_t number_in(const std::string& json, const std::string& name) {
  const std::string before = "\"" + name + "\":\"";
  const std::size_t at = json.find(before);
  if (at == std::string::npos) return -1;
  return static_cast<std::int64_t>(std::strtoull(json.c_str() + at + before.size(), nullptr, 10));
}

EtcdServer::EtcdServer(Options options) : options_(std::move(options)) {
  for (int starts = 1;; ++starts) {
    start();
    if (serves_soon()) return;
    if (starts == kStarts) throw std::runtime_error("etcd does not start:\n" + process(0).output());
    members_.clear();
    for (const auto& entry : std::filesystem::directory_iterator(directory_.path()))
      std::filesystem::remove_all(entry.path());
  }
}

void EtcdServer::start() {
  std::string cluster;
  for (std::size_t i = 0; i < options_.members; ++i) {
    members_.push_back(std::make_unique<Member>());
    members_[i]->client_port = engines::testing::free_port();
    members_[i]->peer_port = engines::testing::free_port();
    if (i > 0) cluster += ',';
    cluster += "m" + std::to_string(i) + "=http://127.0.0.1:" + std::to_string(members_[i]->peer_port);
  }
  for (std::size_t i = 0; i < options_.members; ++i) {
    const std::string output = directory_.path() + "/output" + std::to_string(i);
    members_[i]->process = std::make_unique<engines::testing::ServerProcess>(
        engines::testing::ServerProcess::Options{.command = command(i, cluster), .output_path = output});
  }
}

std::vector<std::string> EtcdServer::command(std::size_t index, const std::string& cluster) const {
  const std::string name = "m" + std::to_string(index);
  const std::string peer = "http://127.0.0.1:" + std::to_string(members_[index]->peer_port);
  std::vector<std::string> command = {"etcd",
                                      "--name=" + name,
                                      "--data-dir=" + directory_.path() + "/" + name,
                                      "--listen-client-urls=" + endpoint(index),
                                      "--advertise-client-urls=" + endpoint(index),
                                      "--listen-peer-urls=" + peer,
                                      "--initial-advertise-peer-urls=" + peer,
                                      "--initial-cluster=" + cluster,
                                      "--heartbeat-interval=" + std::to_string(options_.heartbeat_ms),
                                      "--election-timeout=" + std::to_string(options_.election_ms)};
  if (!options_.tls_directory.empty()) {
    command.push_back("--client-cert-auth");
    command.push_back("--trusted-ca-file=" + options_.tls_directory + "/ca.pem");
    command.push_back("--cert-file=" + options_.tls_directory + "/server.pem");
    command.push_back("--key-file=" + options_.tls_directory + "/server.key");
  }
  return command;
}

bool EtcdServer::serves_soon() const {
  const auto died = [](const auto& member) { return !member->process->running(); };
  const auto serves = [this](std::size_t index) { return revision_at(index) >= 1; };
  for (std::size_t i = 0; i < size(); ++i) {
    bool ended = false;
    const bool serving = within(kLongest, [&] {
      ended = std::ranges::any_of(members_, died);
      return ended || serves(i);
    });
    if (ended || !serving) return false;
  }
  return true;
}

std::string EtcdServer::endpoint(std::size_t index) const {
  return scheme() + "127.0.0.1:" + std::to_string(port(index));
}

std::string EtcdServer::endpoints() const {
  std::string all;
  for (std::size_t i = 0; i < size(); ++i) all += (i > 0 ? "," : "") + endpoint(i);
  return all;
}

std::string EtcdServer::post(std::size_t index, const std::string& path, const std::string& json) const {
  std::string command = "curl -s --max-time 5 --noproxy '*' -d '" + json + "' ";
  if (!options_.tls_directory.empty()) {
    const std::string& tls = options_.tls_directory;
    command += "--cacert " + tls + "/ca.pem --cert " + tls + "/client.pem --key " + tls + "/client.key ";
  }
  return output_of(command + endpoint(index) + path);
}

std::int64_t EtcdServer::revision_at(std::size_t index) const {
  return number_in(post(index, "/v3/kv/range", R"({"key":"YQ=="})"), "revision");
}

std::int64_t EtcdServer::revision() const { return revision_at(0); }

void EtcdServer::wait_until_serving(std::size_t index) const {
  if (!within(kLongest, [&] { return revision_at(index) >= 1; })) throw std::runtime_error("etcd does not serve");
}

std::size_t EtcdServer::leader() const {
  std::size_t found = size();
  const bool leads = within(kLongest, [&] {
    for (found = 0; found < size(); ++found) {
      const std::string status = post(found, "/v3/maintenance/status", "{}");
      const std::int64_t leader = number_in(status, "leader");
      if (leader != -1 && leader == number_in(status, "member_id")) return true;
    }
    return false;
  });
  if (!leads) throw std::runtime_error("no member of etcd leads");
  return found;
}

void EtcdServer::compact() const {
  const std::string revision = std::to_string(this->revision());
  const std::string answer = post(0, "/v3/kv/compaction", R"({"physical":true,"revision":")" + revision + R"("})");
  if (number_in(answer, "revision") == -1) throw std::runtime_error("etcd does not compact: " + answer);
}

}  // namespace concord::etcd::testing
