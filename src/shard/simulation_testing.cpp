#include "shard/simulation_testing.h"

#include <algorithm>
#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/co_spawn.hpp>

#include "base/timer_clock.h"

namespace concord::shard::testing {

namespace {

using Timer = boost::asio::basic_waitable_timer<TimerClock>;

constexpr std::int64_t kTickNs = 20'000'000;  // by which time passes where nothing happens, and timers ring
constexpr std::int64_t kNoAnswerMs = 400;     // after which who asked gives up

}  // namespace

void Machine::run(bool timers_too) {
  if (stands_still) return;
  context.restart();
  if (timers_too) {  // a timer that is set makes the reactor look which have rung, this one among them
    bool rang = false;
    Timer bell(context);
    bell.expires_at(Timer::time_point::min());
    bell.async_wait([&rang](const boost::system::error_code&) { rang = true; });
    while (!rang) context.poll();
  }
  context.poll();
  has_work = false;
}

void Machine::spawn(asio::awaitable<void> task) {
  has_work = true;
  asio::co_spawn(context, std::move(task), [](const std::exception_ptr& thrown) {
    if (thrown) std::rethrow_exception(thrown);
  });
}

World::World(Random& random) : random_(random) { TimerClock::simulate(&tick_); }

World::~World() { TimerClock::simulate(nullptr); }

void World::after_ms(std::int64_t delay_ms, std::function<void()> event, Machine* wakes) {
  events_.emplace(std::pair(now_.count() + delay_ms * 1'000'000, event_number_++), Event{std::move(event), wakes});
}

/// Mostly some milliseconds; now and then seconds.
std::int64_t World::delay_ms() {
  if (chance(200)) return static_cast<std::int64_t>(pick(random_, 100, 3000));
  return static_cast<std::int64_t>(pick(random_, 0, 8));
}

void World::travel(Machine& from, bool Machine::* cut, std::function<Answered()> arrive, std::function<void()> resume) {
  if (from.dead) return resume();
  const std::int64_t there_ms = delay_ms();
  const std::int64_t back_ms = delay_ms();
  const bool is_cut = from.*cut || chance(500);
  if (is_cut) return after_ms(kNoAnswerMs, std::move(resume), &from);
  if (there_ms + back_ms >= kNoAnswerMs) {  // who asked gives up; what it asked for is done all the same
    after_ms(kNoAnswerMs, std::move(resume), &from);
    after_ms(there_ms, [arrive = std::move(arrive)] { (void)arrive(); });
    return;
  }
  after_ms(there_ms, [this, &from, cut, back_ms, arrive = std::move(arrive), resume = std::move(resume)] {
    Answered answered = arrive();
    after_ms(
        back_ms,
        [&from, cut, answered = std::move(answered), resume] {
          if (!(from.*cut) && !from.dead) answered();
          resume();
        },
        &from);
  });
}

void World::settle() {
  for (Machine* machine : machines_) {
    if (machine->has_work) machine->run(false);
  }
}

bool World::run_until(const std::function<bool()>& over, std::int64_t longest_ms) {
  const std::int64_t end_ns = now_.count() + longest_ms * 1'000'000;
  std::int64_t tick_ns = now_.count() / kTickNs * kTickNs + kTickNs;
  settle();
  while (!over()) {
    if (now_.count() >= end_ns) return false;
    const std::int64_t event_ns = events_.empty() ? tick_ns : events_.begin()->first.first;
    if (event_ns < tick_ns) {
      now_ = std::chrono::nanoseconds(std::max(event_ns, now_.count()));
      const Event event = std::move(events_.begin()->second);
      events_.erase(events_.begin());
      event.happen();
      if (event.wakes != nullptr) event.wakes->has_work = true;
    } else {
      now_ = tick_ = std::chrono::nanoseconds(tick_ns);
      tick_ns += kTickNs;
      expire();
      std::ranges::shuffle(machines_, random_);
      for (Machine* machine : machines_) machine->run(true);
    }
    settle();
  }
  return true;
}

void World::finish(Machine& machine, asio::awaitable<void> task) {
  bool ended = false;
  machine.has_work = true;
  asio::co_spawn(machine.context, std::move(task), [&ended](const std::exception_ptr& thrown) {
    if (thrown) std::rethrow_exception(thrown);
    ended = true;
  });
  if (!run_until([&ended] { return ended; }, 600'000)) violations.emplace_back("a task did not end");
}

void World::tell(const std::string& name, const std::optional<Ownership>& now) {
  for (const std::shared_ptr<Watcher>& watcher : watchers) {
    if (watcher->gone || !name.starts_with(watcher->prefix)) continue;
    // What a watch misses while it is cut off it does not tell later: that it must not matter is what is tried here.
    if (watcher->machine->coordination_cut || watcher->machine->dead) continue;
    const auto tell_it = [watcher, name, now] {
      if (!watcher->gone) watcher->tell(name, now);
    };
    after_ms(static_cast<std::int64_t>(pick(random_, 0, 8)), tell_it, watcher->machine);
  }
  std::erase_if(watchers, [](const auto& watcher) { return watcher->gone; });
}

void World::expire() {
  std::vector<std::string> lapsed;
  for (const auto& [name, one] : held) {
    if (one.until <= now_) lapsed.push_back(name);
  }
  for (const std::string& name : lapsed) {
    held.erase(name);
    tell(name, std::nullopt);
  }
}

Task<> SimulatedLog::seal(ShardId shard, Epoch epoch) {
  return world_.ask<void>(machine_, &Machine::log_cut, [&world = world_, shard, epoch]() -> Result<> {
    World::ShardLog& log = world.logs[shard.value];
    if (epoch < log.epoch) return fail(Code::kFenced, "sealed at a newer epoch");
    log.epoch = epoch;
    return {};
  });
}

Task<Position> SimulatedLog::append(ShardId shard, Epoch epoch, std::vector<LogRecord> records) {
  return world_.ask<Position>(
      machine_, &Machine::log_cut, [&world = world_, shard, epoch, records = std::move(records)]() -> Result<Position> {
        World::ShardLog& log = world.logs[shard.value];
        if (world.checks_epochs && epoch < log.epoch) return fail(Code::kFenced, "sealed at a newer epoch");
        if (epoch > log.epoch) return fail(Code::kInvalidArgument, "not sealed at this epoch");
        if (!log.entries.empty() && log.entries.back().epoch > epoch)
          world.violations.emplace_back("two owners of shard " + std::to_string(shard.value) + " both committed");
        const Position first{log.next()};
        for (const LogRecord& record : records) log.entries.push_back({Position{log.next()}, epoch, record});
        return first;
      });
}

Task<std::vector<LogEntry>> SimulatedLog::read(ShardId shard, Position from, std::size_t /*max_bytes*/) {
  return world_.ask<std::vector<LogEntry>>(
      machine_, &Machine::log_cut, [&world = world_, shard, from]() -> Result<std::vector<LogEntry>> {
        const World::ShardLog& log = world.logs[shard.value];
        if (from.value < log.first) return fail(Code::kNotFound, "truncated");
        const auto at = log.entries.begin() + static_cast<std::ptrdiff_t>(
                                                  std::min<std::uint64_t>(from.value - log.first, log.entries.size()));
        const auto count = std::min<std::ptrdiff_t>(log.entries.end() - at, pick(world.random(), 1, 40));
        return std::vector<LogEntry>(at, at + count);
      });
}

Task<engines::Log::Bounds> SimulatedLog::bounds(ShardId shard) {
  return world_.ask<Bounds>(machine_, &Machine::log_cut, [&world = world_, shard]() -> Result<Bounds> {
    const World::ShardLog& log = world.logs[shard.value];
    return Bounds{Position{log.first}, Position{log.next()}, log.epoch};
  });
}

Task<> SimulatedLog::truncate(ShardId shard, Position keep_from) {
  return world_.ask<void>(machine_, &Machine::log_cut, [&world = world_, shard, keep_from]() -> Result<> {
    World::ShardLog& log = world.logs[shard.value];
    if (keep_from.value > log.next()) return fail(Code::kInvalidArgument, "past the end");
    if (keep_from.value <= log.first) return {};
    log.entries.erase(log.entries.begin(),
                      log.entries.begin() + static_cast<std::ptrdiff_t>(keep_from.value - log.first));
    log.first = keep_from.value;
    return {};
  });
}

Task<ShardMap> SimulatedMaps::newest() {
  return world_.ask<ShardMap>(machine_, &Machine::log_cut,
                              [&world = world_]() -> Result<ShardMap> { return world.map; });
}

Task<ShardMap> SimulatedMaps::begin(ShardId shard, Epoch epoch) {
  return world_.ask<ShardMap>(machine_, &Machine::log_cut, [&world = world_, shard, epoch]() -> Result<ShardMap> {
    if (world.checks_epochs && epoch < world.map_epochs[shard.value]) return fail(Code::kFenced, "a newer owner");
    world.map_epochs[shard.value] = epoch;
    return world.map;
  });
}

Task<> SimulatedMaps::replace(ShardId shard, Epoch epoch, ShardMap next) {
  return world_.ask<void>(machine_, &Machine::log_cut, [&world = world_, shard, epoch, next]() -> Result<> {
    if (world.checks_epochs && epoch < world.map_epochs[shard.value]) return fail(Code::kFenced, "a newer owner");
    if (world.map.version() + 1 != next.version()) return fail(Code::kConflict, "changed meanwhile");
    world.map_epochs[shard.value] = epoch;
    world.map = next;
    return {};
  });
}

Task<Ownership> SimulatedCoordination::acquire(std::string name, std::string owner, std::int64_t ttl_ms,
                                               std::string note) {
  const std::int64_t asked_ns = machine_.monotonic_ns();
  auto taken = co_await world_.ask<Ownership>(
      machine_, &Machine::coordination_cut, [&world = world_, name, owner, ttl_ms, note]() -> Result<Ownership> {
        world.expire();
        const auto at = world.held.find(name);
        if (at != world.held.end() && at->second.ownership.owner != owner)
          return fail(Code::kConflict, name + " is held by " + at->second.ownership.owner);
        Ownership ownership{name, owner, Epoch{world.next_epoch++}, 0, note};
        world.held[name] = {ownership, world.now() + std::chrono::milliseconds(ttl_ms)};
        world.tell(name, ownership);
        return ownership;
      });
  if (taken) taken->expires_ns = asked_ns + ttl_ms * 1'000'000;
  co_return taken;
}

Task<Ownership> SimulatedCoordination::renew(Ownership held, std::int64_t ttl_ms) {
  const std::int64_t asked_ns = machine_.monotonic_ns();
  auto renewed = co_await world_.ask<Ownership>(
      machine_, &Machine::coordination_cut, [&world = world_, held, ttl_ms]() -> Result<Ownership> {
        world.expire();
        const auto at = world.held.find(held.name);
        if (at == world.held.end() || at->second.ownership.epoch != held.epoch)
          return fail(Code::kFenced, "held no more");
        at->second.until = world.now() + std::chrono::milliseconds(ttl_ms);
        return held;
      });
  if (renewed) renewed->expires_ns = asked_ns + ttl_ms * 1'000'000;
  co_return renewed;
}

Task<> SimulatedCoordination::release(Ownership held) {
  return world_.ask<void>(machine_, &Machine::coordination_cut, [&world = world_, held]() -> Result<> {
    world.expire();
    const auto at = world.held.find(held.name);
    if (at == world.held.end() || at->second.ownership.epoch != held.epoch) return {};
    world.held.erase(at);
    world.tell(held.name, std::nullopt);
    return {};
  });
}

Task<std::optional<Ownership>> SimulatedCoordination::owner(std::string name) {
  return world_.ask<std::optional<Ownership>>(machine_, &Machine::coordination_cut,
                                              [&world = world_, name]() -> Result<std::optional<Ownership>> {
                                                world.expire();
                                                const auto at = world.held.find(name);
                                                if (at == world.held.end()) return std::optional<Ownership>();
                                                return std::optional<Ownership>(at->second.ownership);
                                              });
}

Task<std::vector<Ownership>> SimulatedCoordination::list(std::string prefix, std::size_t limit) {
  return world_.ask<std::vector<Ownership>>(
      machine_, &Machine::coordination_cut, [&world = world_, prefix, limit]() -> Result<std::vector<Ownership>> {
        world.expire();
        std::vector<Ownership> found;
        for (auto at = world.held.lower_bound(prefix); at != world.held.end() && at->first.starts_with(prefix); ++at)
          found.push_back(at->second.ownership);
        if (found.size() > limit) return fail(Code::kTooLarge, "too many");
        return found;
      });
}

namespace {

class HeldWatch final : public engines::Watch {
 public:
  explicit HeldWatch(std::shared_ptr<World::Watcher> watcher) : watcher_(std::move(watcher)) {}
  ~HeldWatch() override { watcher_->gone = true; }
  HeldWatch(const HeldWatch&) = delete;
  HeldWatch& operator=(const HeldWatch&) = delete;

 private:
  std::shared_ptr<World::Watcher> watcher_;  // shared with the world
};

}  // namespace

Task<std::unique_ptr<engines::Watch>> SimulatedCoordination::watch(std::string prefix, OnChange on_change) {
  auto watcher = std::make_shared<World::Watcher>(&machine_, std::move(prefix), std::move(on_change));
  world_.watchers.push_back(watcher);
  co_return std::make_unique<HeldWatch>(std::move(watcher));
}

}  // namespace concord::shard::testing
