#pragma once
// A node of the simulated world: it keeps, serves, snapshots and splits shards, whose streams are numbers that clients
// write.

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "shard/based_log.h"
#include "shard/keeper.h"
#include "shard/membership.h"
#include "shard/shard.h"
#include "shard/simulation_testing.h"
#include "shard/split.h"

namespace concord::shard::testing {

constexpr std::uint32_t kShardsHere = 5;  // at first
constexpr std::int64_t kLeaseMs = 1000;

/// What a stream consists of: the numbers that its client has written.
struct Content {
  std::vector<std::uint64_t> written;
  Position position;
};

/// Where snapshots are: they stay, whoever writes later.
using Snapshots = std::map<std::string, Content>;

/// A stream's name ends with where it lies.
inline Slot slot_in(const std::string& stream) {
  return Slot{static_cast<std::uint16_t>(std::stoul(stream.substr(stream.find('/') + 1)))};
}

/// One shard on a node, with the contents of its streams.
struct Running final : SplitMachine {
  std::optional<Slot> slot_of(const std::string& stream) const override {
    return stream.empty() ? std::nullopt : std::optional(slot_in(stream));
  }
  void ranges_changed() override {
    std::erase_if(contents, [this](const auto& one) { return !shard->has(one.first); });
    std::erase_if(tail, [this](const LogEntry& entry) { return !shard->has(entry.record.stream); });
  }
  asio::awaitable<void> settle(SlotRange slots, std::int64_t /*deadline_ms*/) override {
    for (const auto& [stream, content] : std::map(contents)) {
      if (!slots.contains(slot_in(stream))) continue;
      if (forgets_to_snapshot || co_await write_snapshot(stream, content)) shard->snapshotted(stream, content.position);
    }
  }
  void closed(SlotRange /*slots*/) override {}
  void replay(LogEntry entry) override { tail.push_back(std::move(entry)); }
  Task<> found(LogEntry entry) override {
    apply(entry.record, entry.position);
    co_return Result<>{};
  }
  void apply(const LogRecord& record, Position position) {
    Content& content = contents[record.stream];
    if (position <= content.position) return;  // the snapshot has it
    content.position = position;
    // A write whose answer was lost may come once more, later than the shard remembers: as documents, it knows what it
    // has.
    if (content.written.empty() || record.sequence > content.written.back()) content.written.push_back(record.sequence);
  }

  std::function<Task<>(std::string, Content)> write_snapshot;
  bool forgets_to_snapshot = false;  // and goes on as if it had
  std::unique_ptr<Shard> shard;
  std::vector<LogEntry> tail;
  std::map<std::string, Content> contents;
  bool serves = false;
  int splitting = 0;
};

class Node final : public ShardHost {
  World& world_;

 public:
  Machine machine;
  bool stopped = false;
  bool forgets_to_snapshot = false;

  Node(World& world, Snapshots& snapshots, std::string name, Metrics& metrics)
      : world_(world), machine(world.now()), snapshots_(snapshots), name_(std::move(name)), shard_metrics_(metrics) {
    world_.add(machine);
  }
  ~Node() override { world_.remove(machine); }
  Node(const Node&) = delete;
  Node& operator=(const Node&) = delete;

  const std::string& name() const { return name_; }
  std::size_t count() const { return keeper_.count(); }

  asio::awaitable<void> start() {
    while (!machine.dead && !co_await membership_.join()) (void)co_await sleep_ms(50);
    while (!machine.dead && !co_await keeper_.start()) (void)co_await sleep_ms(50);
    started_ = true;
    follows_ = true;
    co_await follow_map();
  }
  asio::awaitable<void> stop() {
    if (std::exchange(stopped, true)) {
      while (!ended_) (void)co_await sleep_ms(10);
      co_return;
    }
    while (!started_ || follows_) (void)co_await sleep_ms(10);
    co_await membership_.leave();
    co_await keeper_.stop();
    ended_ = true;
  }

  Task<> take(ShardId id) override {
    auto running = std::make_unique<Running>();
    running->forgets_to_snapshot = forgets_to_snapshot;
    running->write_snapshot = [this](std::string stream, Content content) {
      return write_snapshot(std::move(stream), std::move(content));
    };
    running->shard = std::make_unique<Shard>(id, name_, machine.reactor, log_, coordination_, slots_,
                                             ShardLimits{.max_batch_records = 8, .lease_ms = kLeaseMs}, machine,
                                             shard_metrics_, Logger());
    CO_TRY_VOID(co_await running->shard->start(*running));
    auto contents = co_await read_snapshots(id);
    if (!contents) {
      co_await running->shard->drain();
      co_return fail(contents.error());
    }
    running->contents = std::move(*contents);
    for (const LogEntry& entry : running->tail) running->apply(entry.record, entry.position);
    running->serves = true;
    running_[id] = std::move(running);
    co_return Result<>{};
  }
  bool holds(ShardId id) const override {
    const auto found = running_.find(id);
    return found != running_.end() && found->second->shard->state() == Shard::State::kServing;
  }
  asio::awaitable<void> give(ShardId id) override {
    Running& running = *running_.at(id);
    running.serves = false;
    co_await running.shard->drain();
    while (running.splitting) (void)co_await sleep_ms(1);
    running_.erase(id);
  }

  asio::awaitable<void> split(ShardId id, Slot from) {
    const auto found = running_.find(id);
    if (found == running_.end() || !found->second->serves) co_return;
    Running& running = *found->second;
    ++running.splitting;
    if (co_await shard::split(*running.shard, running, from, {.open_ms = 1000, .closed_ms = 500})) {
      ++splits;
      keeper_.members_changed();
    }
    --running.splitting;
  }
  std::uint64_t splits = 0;
  const SlotTable& slots() const { return slots_; }

  /// A client's write; `done` is called here.
  void write(const std::string& stream, std::uint64_t number, std::function<void(Result<>)> done) {
    const ShardId id = slots_.of(slot_in(stream));
    const auto found = running_.find(id);
    if (found == running_.end() || !found->second->serves) {
      done(fail(Code::kUnavailable, "not here"));
      return;
    }
    LogRecord record;
    record.stream = stream;
    record.client = stream;
    record.sequence = number;
    record.time = found->second->shard->now();
    record.payload = std::make_shared<const Bytes>();
    Running* running = found->second.get();
    found->second->shard->append(record, [running, record, done = std::move(done)](Result<Shard::Appended> appended) {
      if (appended && !appended->repeated) running->apply(record, appended->position);
      done(appended ? Result<>{} : fail(appended.error()));
    });
  }
  bool serves(ShardId id) const { return running_.contains(id) && running_.at(id)->serves && holds(id); }
  const std::map<std::string, Content>& contents(ShardId id) const { return running_.at(id)->contents; }

  /// Snapshots of what one shard has, one after the other.
  asio::awaitable<void> snapshot(ShardId id) {
    const auto found = running_.find(id);
    if (found == running_.end() || std::exchange(snapshotting_, true)) co_return;
    for (const auto& kept : std::map(found->second->contents)) {
      auto done = co_await write_snapshot(kept.first, kept.second);
      const auto still = running_.find(id);
      if (still == running_.end()) break;
      if (done) still->second->shard->snapshotted(kept.first, kept.second.position);
    }
    snapshotting_ = false;
  }

 private:
  Task<> write_snapshot(std::string stream, Content content) {
    return world_.ask<void>(machine, &Machine::log_cut, [this, stream, content]() -> Result<> {
      Content& newest = snapshots_[stream];
      if (newest.position < content.position) newest = content;
      return {};
    });
  }
  asio::awaitable<void> follow_map() {
    while (!stopped && co_await sleep_ms(100)) {
      const std::uint64_t before = slots_.size();
      if (co_await slots_.refresh() && slots_.size() != before) keeper_.members_changed();
    }
    follows_ = false;
  }
  Task<std::map<std::string, Content>> read_snapshots(ShardId id) {
    return world_.ask<std::map<std::string, Content>>(machine, &Machine::log_cut,
                                                      [this, id]() -> Result<std::map<std::string, Content>> {
                                                        std::map<std::string, Content> found;
                                                        for (const auto& [stream, content] : snapshots_) {
                                                          if (slots_.of(slot_in(stream)) == id) found[stream] = content;
                                                        }
                                                        return found;
                                                      });
  }

  Snapshots& snapshots_;
  std::string name_;
  ShardMetrics shard_metrics_;
  SimulatedMaps maps_{world_, machine};
  SlotTable slots_{maps_, ShardMap(kShardsHere)};
  SimulatedLog log_beneath_{world_, machine};
  BasedLog log_{log_beneath_, slots_};
  SimulatedCoordination coordination_{world_, machine};
  Membership membership_{
      {.self = {name_, "127.0.0.1:1"}, .lease_ms = kLeaseMs}, machine.reactor, coordination_, Logger(), [this] {
        keeper_.members_changed();
      }};
  ShardKeeper keeper_{{}, slots_, machine.reactor, coordination_, membership_, *this, machine, Logger()};
  std::map<ShardId, std::unique_ptr<Running>> running_;
  bool snapshotting_ = false;
  bool started_ = false;
  bool follows_ = false;
  bool ended_ = false;
};

}  // namespace concord::shard::testing
