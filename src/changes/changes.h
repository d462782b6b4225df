#pragma once
// What has changed on one node of a hub, told to all the others: so that what they remember of it ends there too.
//
// A change that was told is heard by every node that can reach the tables, once: by the bus after a moment, or, where
// the bus is away or has lost it, by the tables within `look_ms` and a query. A process that died after it had changed
// something and before it told is noticed after `silent_ms`; then, and after being away for longer than rows are kept,
// a node hears that anything may have changed.

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/reactor.h"
#include "base/task.h"

namespace concord::engines {
class Bus;
class Tables;
}  // namespace concord::engines

namespace concord::changes {

struct Options {
  std::int64_t look_ms = 500;       // how often the tables are looked at
  std::int64_t beat_ms = 5'000;     // how often this process shows that it lives
  std::int64_t silent_ms = 20'000;  // without a beat for so long, a process is taken for dead
  std::size_t queue = 10'000;       // that wait to be told; past it others hear that anything may have changed
};

class Changes {
 public:
  /// All of it outlives the service.
  struct Dependencies {
    engines::Tables& tables;
    engines::Bus& bus;
    Clock& clock;
    IdSource& ids;
    Metrics& metrics;
    Logger logger;
  };
  Changes(Options options, Dependencies dependencies);
  ~Changes();  // stopped, or never started

  /// `hear` is called, on the reactor and one call at a time, with what another node has told; with nullopt where
  /// anything of the topic may have changed. Where it fails it is called again with nullopt, until it does not. Before
  /// `start`.
  using Hear = std::function<Task<>(std::optional<std::string> what)>;
  void listen(std::string topic, Hear hear);

  /// Migrates, and calls all listeners with nullopt: what they remember is from before.
  Task<> start(Reactor& reactor);
  /// Tells what is waiting, once. On the reactor.
  asio::awaitable<void> stop();

  /// Tells the others; this node knows. After the change is durable. Never waits. Any thread. Neither text has a line
  /// feed.
  void tell(std::string topic, std::string what);

 private:
  struct State;
  const std::shared_ptr<State> state_;  // shared with what is on its way to the reactor
};

}  // namespace concord::changes
