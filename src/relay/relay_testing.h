#pragma once
// Nodes that relay to each other, in one process, over real connections; where a shard is, a test says.

#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>

#include "link/link_testing.h"
#include "relay/places.h"

namespace concord::relay::testing {

using concord::testing::eventually;
using link::testing::Node;

/// Which node serves a shard, for all of them; and what each believes, where that is something else.
class Map {
 public:
  void serve(engines::ShardId shard, const std::string& node) {
    const std::lock_guard lock(mutex_);
    serves_[shard.value] = node;
  }
  void unserve(engines::ShardId shard) {
    const std::lock_guard lock(mutex_);
    serves_.erase(shard.value);
  }
  /// `node` takes it to be with `wrong`, so many times.
  void mislead(const std::string& node, const std::string& wrong, int times) {
    const std::lock_guard lock(mutex_);
    misled_[node] = {wrong, times};
  }
  void add(const std::string& name, const link::Peer& peer) {
    const std::lock_guard lock(mutex_);
    peers_[name] = peer;
  }

  Places seen_by(const std::string& node) {
    return {.shard_of = [](Slot slot) -> std::optional<engines::ShardId> { return engines::ShardId{slot.value}; },
            .is_here =
                [this, node](engines::ShardId shard) {
                  const std::lock_guard lock(mutex_);
                  const auto found = serves_.find(shard.value);
                  return found != serves_.end() && found->second == node;
                },
            .elsewhere = [this, node](engines::ShardId shard) -> std::optional<link::Peer> {
              const std::lock_guard lock(mutex_);
              auto& [wrong, times] = misled_[node];
              if (times > 0) {
                --times;
                return peers_.at(wrong);
              }
              const auto found = serves_.find(shard.value);
              if (found == serves_.end() || found->second == node) return std::nullopt;
              return peers_.at(found->second);
            }};
  }

 private:
  std::mutex mutex_;
  std::map<std::uint32_t, std::string> serves_;
  std::map<std::string, std::pair<std::string, int>> misled_;
  std::map<std::string, link::Peer> peers_;
};

}  // namespace concord::relay::testing
