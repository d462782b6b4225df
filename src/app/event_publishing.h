#pragma once
// Events for programs outside: the journal that services tell them to, and the job that publishes them, which one node
// of the hub does.

#include <atomic>
#include <memory>
#include <string>

#include "base/clock.h"
#include "base/config.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/reactor.h"
#include "engines/coordination.h"
#include "engines/topics.h"
#include "events/journal.h"
#include "events/publisher.h"
#include "shard/elected.h"

namespace concord::app {

class EventPublishing {
 public:
  /// All of it outlives this.
  struct Dependencies {
    engines::Tables& tables;
    engines::Coordination& coordination;
    Reactor& reactor;
    Clock& clock;
    IdSource& ids;
    Metrics& metrics;
    Logger logger;
    std::string node;
  };
  /// Null where nothing is published. kInvalidArgument names the setting.
  static Result<std::unique_ptr<EventPublishing>> make(const Config& config, Dependencies on);

  events::Journal& journal() { return journal_; }
  /// Migrates; the journal takes events from here on. After the audit record has started.
  Task<> start() { return journal_.start(on_.reactor); }
  /// From here on this node stands for the job. Any thread.
  void publish();
  /// On the reactor.
  asio::awaitable<void> stop();

 private:
  EventPublishing(const Config& config, Dependencies on, std::unique_ptr<engines::Topics> topics);
  Task<> run(shard::Term& term);

  Dependencies on_;
  std::unique_ptr<engines::Topics> topics_;
  events::Journal journal_;
  events::Publisher publisher_;
  shard::Elected job_;
  std::atomic<bool> publishes_ = false;
};

}  // namespace concord::app
