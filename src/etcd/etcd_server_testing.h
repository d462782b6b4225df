#pragma once
// Real etcd for tests: one member or several on loopback, in a directory that goes with the test.

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "engines/contract_testing.h"
#include "engines/server_process_testing.h"

namespace concord::etcd::testing {

struct EtcdServerOptions {
  std::size_t members = 1;
  int heartbeat_ms = 50;
  int election_ms = 500;      // the shortest lease is one and a half of it, in whole seconds
  std::string tls_directory;  // with ca.pem, server.pem, server.key: members ask for certificates of that authority
};

/// Throws where etcd does not start. One thread at a time.
class EtcdServer {
 public:
  using Options = EtcdServerOptions;
  explicit EtcdServer(Options options = {});

  /// As ETCD_ENDPOINTS has them.
  std::string endpoints() const;
  std::string endpoint(std::size_t index) const;
  std::uint16_t port(std::size_t index) const { return members_[index]->client_port; }
  std::size_t size() const { return members_.size(); }
  engines::testing::ServerProcess& process(std::size_t index) { return *members_[index]->process; }

  /// The member that leads; waits until there is one among those that answer.
  std::size_t leader() const;
  /// Waits until the member answers reads that a majority confirms.
  void wait_until_serving(std::size_t index) const;
  /// The revision of the store, as the first member sees it.
  std::int64_t revision() const;
  /// Forgets what was before the newest revision.
  void compact() const;
  /// Sends JSON to etcd's HTTP gateway and gives what is answered; empty where it does not answer.
  std::string post(std::size_t index, const std::string& path, const std::string& json) const;

 private:
  struct Member {
    std::uint16_t client_port = 0;
    std::uint16_t peer_port = 0;
    std::unique_ptr<engines::testing::ServerProcess> process;
  };

  void start();
  bool serves_soon() const;
  std::int64_t revision_at(std::size_t index) const;
  std::string scheme() const { return options_.tls_directory.empty() ? "http://" : "https://"; }
  std::vector<std::string> command(std::size_t index, const std::string& cluster) const;

  Options options_;
  engines::testing::TemporaryDirectory directory_;
  std::vector<std::unique_ptr<Member>> members_;
};

/// A number that stands in JSON of etcd's as "name":"…"; -1 where it does not.
std::int64_t number_in(const std::string& json, const std::string& name);

}  // namespace concord::etcd::testing
