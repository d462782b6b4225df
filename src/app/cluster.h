#pragma once
// A node among the other nodes of its hub: which shards it serves, where the others are, and what goes to them.

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/async.h"
#include "base/config.h"
#include "base/log.h"
#include "base/metrics.h"
#include "documents/documents.h"
#include "engines/coordination.h"
#include "gateway/gateway.h"
#include "link/link.h"
#include "relay/moves.h"
#include "relay/requests.h"
#include "shard/directory.h"
#include "shard/elected.h"
#include "shard/keeper.h"
#include "shard/membership.h"

namespace concord::app {

/// What a node does of the hub's work.
struct Roles {
  bool gateway = true;  // answers clients
  bool shard = true;    // serves documents
  bool worker = true;   // may be elected for jobs of the background
};

std::span<const Setting> cluster_settings();
Result<Roles> roles_from(const Config& config);

/// On a hub of one node a request waits while what it is about goes from one shard to another. What is passed outlives
/// it.
gateway::Elsewhere wait_for_splits(documents::Documents& documents, Clock& clock);

class Cluster {
 public:
  struct Dependencies {
    const Config& config;
    std::string node;
    Reactors& reactors;
    engines::Coordination& coordination;
    documents::Documents& documents;
    net::Reconnects& reconnects;
    Clock& clock;
    Metrics& metrics;
    Logger logger;
  };
  /// Null where NODE_LISTEN is empty: the hub is one node. kInvalidArgument names the setting that several nodes cannot
  /// be without.
  static Result<std::unique_ptr<Cluster>> make(const Config& config, Dependencies on);
  ~Cluster();

  /// What other nodes answer; asks `answer` for what they send here. Before `listen`.
  gateway::Elsewhere elsewhere(relay::Requests::Answer answer);
  /// A job that one of the nodes that are workers does, now and then. Before `start`.
  void add_job(std::string name, std::int64_t every_ms, shard::Elected::Job job);
  /// Takes connections of other nodes. Before the server starts.
  Result<> listen();
  /// Joins the other nodes and takes shards from here on. Not on a reactor.
  Result<> start();
  /// Gives all shards to others, then takes and sends nothing any more. Not on a reactor.
  void stop(std::int64_t deadline_ms);
  const Roles& roles() const { return roles_; }
  /// Which node serves the shard, as far as is known. Any thread.
  std::optional<std::string> node_of(engines::ShardId shard) const;
  /// Success while each shard is served, here or elsewhere, as far as is known; else the reason.
  Result<> ready() const;

 private:
  Cluster(Dependencies on, link::LinkOptions links, Roles roles);
  relay::Places places() const;
  asio::awaitable<void> follow_map();

  Dependencies on_;
  Roles roles_;
  Reactor& reactor_;  // of all that decides
  TaskScope tasks_;
  link::Links links_;
  std::unique_ptr<shard::Membership> membership_;
  std::unique_ptr<shard::Directory> directory_;
  std::unique_ptr<shard::ShardKeeper> keeper_;
  std::unique_ptr<relay::Requests> requests_;
  std::unique_ptr<relay::Moves> moves_;
  std::unique_ptr<documents::FarDocuments> far_;
  std::vector<std::unique_ptr<shard::Elected>> jobs_;
  bool joined_ = false;
  bool keeps_ = false;  // shards
};

}  // namespace concord::app
