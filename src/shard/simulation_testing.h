#pragma once
// A world of its own for a cluster's code: its time, its network, its log and its coordination, all from one seed and
// on one thread. Nodes run their real code on reactors that the world drives; what they ask of the engines travels, is
// late, is lost on the way there or back, and they stand still, die and come back.

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/property_testing.h"
#include "base/reactor.h"
#include "engines/coordination.h"
#include "engines/log.h"
#include "engines/suspend.h"
#include "shard/shard_maps.h"

namespace concord::shard::testing {

using concord::testing::pick;
using concord::testing::Random;
using engines::Epoch;
using engines::LogEntry;
using engines::LogRecord;
using engines::Ownership;
using engines::Position;
using engines::ShardId;

/// What a node runs on: one reactor, and clocks of its own.
class Machine final : public Clock {
 public:
  explicit Machine(const std::chrono::nanoseconds& now) : now_(now) {}
  std::int64_t wall_ms() override { return 1'780'000'000'000 + now_.count() / 1'000'000 + wall_ahead_ms; }
  std::int64_t monotonic_ns() override { return now_.count(); }
  /// Runs what it can now, unless it stands still.
  void run(bool timers_too);
  void spawn(asio::awaitable<void> task);

  boost::asio::io_context context;
  Reactor reactor{0, context};
  bool stands_still = false;
  bool log_cut = false;           // from the log, there and back
  bool coordination_cut = false;  // likewise
  bool dead = false;              // nothing of it reaches anybody
  bool has_work = true;           // maybe
  std::int64_t wall_ahead_ms = 0;

 private:
  const std::chrono::nanoseconds& now_;
};

class World {
 public:
  explicit World(Random& random);
  ~World();
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  Random& random() { return random_; }
  const std::chrono::nanoseconds& now() const { return now_; }
  std::int64_t now_ms() const { return now_.count() / 1'000'000; }
  /// One in `odds`.
  bool chance(std::uint64_t odds) { return pick(random_, 1, odds) == 1; }
  /// `event` happens then, and may give `wakes` something to do.
  void after_ms(std::int64_t delay_ms, std::function<void()> event, Machine* wakes = nullptr);

  void add(Machine& machine) { machines_.push_back(&machine); }
  void remove(Machine& machine) { std::erase(machines_, &machine); }
  /// Whether nothing is on its way.
  bool is_quiet() const { return events_.empty(); }
  /// Lets time pass until `over` holds; false where it does not within so long.
  bool run_until(const std::function<bool()>& over, std::int64_t longest_ms);
  /// Runs a task on a machine to its end.
  void finish(Machine& machine, asio::awaitable<void> task);

  /// Asks an engine behind a link: `answer` is taken there, once, some time later, or never.
  template <class T>
  Task<T> ask(Machine& from, bool Machine::* cut, std::function<Result<T>()> answer) {
    Result<T> result = fail(Code::kUnavailable, "no answer came");
    co_await engines::suspend([&](engines::Resume resume) {
      auto shared = std::make_shared<engines::Resume>(std::move(resume));  // of events, which are copied
      travel(
          from, cut, [&result, answer = std::move(answer)] { return [&result, got = answer()] { result = got; }; },
          [shared] { (*shared)(); });
    });
    co_return result;
  }

  // Of what is true, by shard or name.
  struct ShardLog {
    Epoch epoch;
    std::uint64_t first = 1;
    std::vector<LogEntry> entries;  // from `first` on
    std::uint64_t next() const { return first + entries.size(); }
  };
  struct Watcher {
    Machine* machine;
    std::string prefix;
    engines::Coordination::OnChange tell;
    bool gone = false;
  };
  struct Held {
    Ownership ownership;
    std::chrono::nanoseconds until{};
  };
  std::map<std::uint32_t, ShardLog> logs;
  std::map<std::string, Held> held;
  ShardMap map;  // the newest
  std::map<std::uint32_t, Epoch> map_epochs;
  std::uint64_t next_epoch = 1;
  std::vector<std::shared_ptr<Watcher>> watchers;
  std::vector<std::string> violations;  // of what must never be
  bool checks_epochs = true;            // the log; without it two owners both commit

  void tell(const std::string& name, const std::optional<Ownership>& now);
  void expire();

 private:
  struct Event {
    std::function<void()> happen;
    Machine* wakes;
  };
  using Answered = std::function<void()>;  // writes the answer where it is waited for
  void travel(Machine& from, bool Machine::* cut, std::function<Answered()> arrive, std::function<void()> resume);
  std::int64_t delay_ms();
  void settle();

  Random& random_;
  std::chrono::nanoseconds now_{0};
  std::chrono::nanoseconds tick_{0};  // by which timers go: in steps, so that none rings while events are handled
  std::uint64_t event_number_ = 0;
  std::map<std::pair<std::int64_t, std::uint64_t>, Event> events_;  // by time in ns, then as they came
  std::vector<Machine*> machines_;
};

/// The log as one node sees it.
class SimulatedLog final : public engines::Log {
 public:
  SimulatedLog(World& world, Machine& machine) : world_(world), machine_(machine) {}
  Task<> seal(ShardId shard, Epoch epoch) override;
  Task<Position> append(ShardId shard, Epoch epoch, std::vector<LogRecord> records) override;
  Task<std::vector<LogEntry>> read(ShardId shard, Position from, std::size_t max_bytes) override;
  Task<Bounds> bounds(ShardId shard) override;
  Task<> truncate(ShardId shard, Position keep_from) override;

 private:
  World& world_;
  Machine& machine_;
};

/// Where the map of the shards is, as one node sees it: where the log is.
class SimulatedMaps final : public ShardMaps {
 public:
  SimulatedMaps(World& world, Machine& machine) : world_(world), machine_(machine) {}
  Task<ShardMap> newest() override;
  Task<ShardMap> begin(ShardId shard, Epoch epoch) override;
  Task<> replace(ShardId shard, Epoch epoch, ShardMap next) override;

 private:
  World& world_;
  Machine& machine_;
};

/// The coordination as one node sees it.
class SimulatedCoordination final : public engines::Coordination {
 public:
  SimulatedCoordination(World& world, Machine& machine) : world_(world), machine_(machine) {}
  Task<Ownership> acquire(std::string name, std::string owner, std::int64_t ttl_ms, std::string note) override;
  Task<Ownership> renew(Ownership held, std::int64_t ttl_ms) override;
  Task<> release(Ownership held) override;
  Task<std::optional<Ownership>> owner(std::string name) override;
  Task<std::vector<Ownership>> list(std::string prefix, std::size_t limit) override;
  Task<std::unique_ptr<engines::Watch>> watch(std::string prefix, OnChange on_change) override;

 private:
  World& world_;
  Machine& machine_;
};

}  // namespace concord::shard::testing
