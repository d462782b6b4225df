#include "shard/split.h"

namespace concord::shard {

using engines::ShardId;

namespace {

constexpr std::int64_t kLookMs = 5;
constexpr std::int64_t kAgainMs = 200;

std::unexpected<Error> lost() {
  return fail(Code::kUnavailable, "the shard was lost while it was split; its owner knows whether it was");
}

class Closed {
 public:
  Closed(SlotTable& table, SlotRange slots) : table_(table), slots_(slots) { table_.close(slots_); }
  ~Closed() { table_.open(slots_); }
  Closed(const Closed&) = delete;
  Closed& operator=(const Closed&) = delete;

 private:
  SlotTable& table_;
  SlotRange slots_;
};

/// Until what is on its way to the log is answered; false where the shard is lost before.
asio::awaitable<bool> until_answered(Shard& shard, engines::Epoch epoch) {
  const auto passed = std::make_shared<bool>(false);  // shared with the barrier, which may come later
  shard.barrier([passed] { *passed = true; });
  while (!*passed) {
    if (shard.state() != Shard::State::kServing || shard.epoch() != epoch || !co_await sleep_ms(kLookMs))
      co_return false;
  }
  co_return true;
}

/// The answer to `next` was lost: whether it is the map now, once that can change no more.
Task<bool> decide(Shard& shard, engines::Epoch epoch, ShardMap before, ShardMap next) {
  SlotTable& table = shard.slots();
  const ShardId made{next.size() - 1};
  bool fenced = false;  // what was asked for at this epoch cannot happen any more
  while (shard.state() == Shard::State::kServing && shard.epoch() == epoch) {
    const auto newest = co_await table.maps().newest();
    if (newest && (newest->version() >= next.version() || fenced)) {
      table.update(*newest);
      co_return newest->size() > made.value && newest->at(made).behind == next.at(made).behind &&
          newest->at(made).slots.first == next.at(made).slots.first;
    }
    if (newest) {  // it may be on its way still; where another has its place, it is not any more
      const auto again = co_await table.maps().replace(shard.id(), epoch, before.again());
      fenced = !again && again.error().code == Code::kFenced;
      if (again || fenced || again.error().code == Code::kConflict) continue;
    }
    if (!co_await sleep_ms(kAgainMs)) break;
  }
  co_return lost();
}

Task<ShardId> split_closed(Shard& shard, SplitMachine& machine, Slot from, SlotRange slots, std::int64_t closed_ms) {
  SlotTable& table = shard.slots();
  const engines::Epoch epoch = shard.epoch();
  const ShardMap before = table.map();
  if (!co_await until_answered(shard, epoch)) co_return lost();
  machine.closed(slots);
  co_await machine.settle(slots, closed_ms);
  if (!shard.is_sure() || shard.epoch() != epoch || shard.needs_log(slots))
    co_return fail(Code::kUnavailable, "the shard has not come to rest in time; try again");
  CO_TRY(ShardMap next, before.split(shard.id(), from, shard.next().value - 1));
  const auto replaced = co_await table.maps().replace(shard.id(), epoch, next);
  bool done = replaced.has_value();
  if (!replaced) {
    if (replaced.error().code == Code::kFenced || replaced.error().code == Code::kConflict)
      co_return fail(replaced.error());
    CO_TRY(done, co_await decide(shard, epoch, before, next));
  }
  if (!done) co_return fail(Code::kUnavailable, "the map of the shards could not be written; try again");
  table.update(next);
  machine.ranges_changed();
  co_return ShardId{next.size() - 1};
}

}  // namespace

Task<ShardId> split(Shard& shard, SplitMachine& machine, std::optional<Slot> from, SplitLimits limits) {
  SlotTable& table = shard.slots();
  if (!shard.is_sure()) co_return fail(Code::kUnavailable, "this node does not serve the shard just now; try again");
  CO_TRY_VOID(co_await table.refresh());
  const Slot at = from.value_or(table.map().middle_of(shard.id()));
  CO_TRY(const ShardMap wanted, table.map().split(shard.id(), at, 0));
  const SlotRange slots = wanted.at(ShardId{wanted.size() - 1}).slots;
  co_await machine.settle(slots, limits.open_ms);
  if (!shard.is_sure()) co_return lost();
  CO_TRY(const ShardMap still, table.map().split(shard.id(), at, 0));
  if (table.is_closed(Slot{slots.last}) || still.at(ShardId{still.size() - 1}).slots != slots)
    co_return fail(Code::kConflict, "the shard is being split already");
  const Closed closed(table, slots);
  co_return co_await split_closed(shard, machine, at, slots, limits.closed_ms);
}

}  // namespace concord::shard
