#include "shard/slot_table.h"

namespace concord::shard {

SlotTable::SlotTable(ShardMaps& maps, const ShardMap& first) : maps_(maps), map_(first) {
  for (std::uint32_t shard = 0; shard < first.size(); ++shard) {
    const ShardMap::Part& part = first.at(engines::ShardId{shard});
    behind_[shard] = part.behind;
    for (std::size_t slot = part.slots.first; slot <= part.slots.last; ++slot)
      slots_[slot] = static_cast<std::uint16_t>(shard);
  }
  size_ = first.size();
}

std::optional<engines::ShardId> SlotTable::settled(Slot slot) const {
  const std::uint16_t now = slots_[slot.value].load(std::memory_order_acquire);
  if ((now & kClosed) != 0) return std::nullopt;
  return engines::ShardId{now};
}

ShardMap SlotTable::map() const {
  const std::lock_guard lock(mutex_);
  return map_;
}

bool SlotTable::update(const ShardMap& map) {
  const std::lock_guard lock(mutex_);
  if (map.version() <= map_.version()) return false;
  map_ = map;
  // What a shard's records are numbered behind is known before its slots are found to be its.
  for (std::uint32_t shard = 0; shard < map.size(); ++shard) behind_[shard] = map.at(engines::ShardId{shard}).behind;
  size_ = map.size();
  for (std::uint32_t shard = 0; shard < map.size(); ++shard) {
    const SlotRange slots = map.at(engines::ShardId{shard}).slots;
    for (std::size_t slot = slots.first; slot <= slots.last; ++slot) {
      const std::uint32_t closed = slots_[slot].load(std::memory_order_relaxed) & kClosed;
      slots_[slot].store(static_cast<std::uint16_t>(shard | closed), std::memory_order_release);
    }
  }
  return true;
}

Task<> SlotTable::refresh() {
  CO_TRY(const ShardMap newest, co_await maps_.newest());
  update(newest);
  co_return Result<>{};
}

Task<> SlotTable::begin(engines::ShardId shard, engines::Epoch epoch) {
  CO_TRY(const ShardMap newest, co_await maps_.begin(shard, epoch));
  update(newest);
  co_return Result<>{};
}

void SlotTable::close(SlotRange slots) {
  const std::lock_guard lock(mutex_);
  for (std::size_t slot = slots.first; slot <= slots.last; ++slot) slots_[slot].fetch_or(kClosed);
}

void SlotTable::open(SlotRange slots) {
  const std::lock_guard lock(mutex_);
  for (std::size_t slot = slots.first; slot <= slots.last; ++slot)
    slots_[slot].fetch_and(static_cast<std::uint16_t>(kShardBits));
}

}  // namespace concord::shard
