#pragma once
// Redis for tests: real servers on loopback, alone or as a Cluster, which end with the test.

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/reactor_testing.h"
#include "engines/contract_testing.h"
#include "engines/server_process_testing.h"
#include "redis/options.h"
#include "redis/resp.h"

namespace concord::redis::testing {

/// Waits until it holds; throws with `what` after a minute.
void wait_until(std::string_view what, const std::function<bool()>& holds);

/// One redis-server, which keeps nothing on disk but what a Cluster's node must.
class RedisServer {
 public:
  explicit RedisServer(std::vector<std::string> more_arguments = {});

  Endpoint endpoint() const { return {"127.0.0.1", port_}; }
  std::string url() const { return "redis://" + endpoint().str(); }
  /// Sends one command on a connection of its own; throws where there is no answer, or an error.
  RespValue ask(std::vector<std::string> words);
  /// A line "name:value" of INFO or CLUSTER INFO; empty where there is none.
  std::string info(std::vector<std::string> words, std::string_view name);
  void wait_until_ready();

  engines::testing::ServerProcess& process() { return *process_; }

 private:
  engines::testing::TemporaryDirectory directory_;
  concord::testing::RunningReactors reactors_;
  SystemClock clock_;
  std::uint16_t port_;
  std::unique_ptr<engines::testing::ServerProcess> process_;
};

/// Three masters that share the slots evenly, and replicas of the first.
class RedisCluster {
 public:
  explicit RedisCluster(std::size_t replicas = 0, std::int64_t node_timeout_ms = 10'000);

  static constexpr std::size_t kMasters = 3;
  RedisServer& node(std::size_t index) { return *nodes_[index]; }
  std::string id(std::size_t index) { return std::string(node(index).ask({"CLUSTER", "MYID"}).text()); }
  /// The master that had the slot at first.
  static std::size_t first_owner(std::uint16_t slot);
  std::string url() const;
  RedisOptions options() const { return parse_redis_url(url()).value(); }

  /// Moves a slot with its keys while it is used; `halfway` is called once the keys are there and the slot is not.
  void move_slot(std::uint16_t slot, std::size_t from, std::size_t to, const std::function<void()>& halfway = [] {});

 private:
  std::vector<std::unique_ptr<RedisServer>> nodes_;
};

}  // namespace concord::redis::testing
