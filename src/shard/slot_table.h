#pragma once
// Which shard a slot belongs to, as this node knows: of any thread, without a lock. It follows the map (shard_maps.h),
// and may be behind it; an owner learns the newest map before it serves.

#include <array>
#include <atomic>
#include <functional>
#include <mutex>
#include <optional>

#include "shard/shard_map.h"
#include "shard/shard_maps.h"

namespace concord::shard {

class SlotTable {
 public:
  /// `maps` outlives it.
  explicit SlotTable(ShardMaps& maps, const ShardMap& first = ShardMap());
  SlotTable(const SlotTable&) = delete;
  SlotTable& operator=(const SlotTable&) = delete;

  ShardMaps& maps() const { return maps_; }

  engines::ShardId of(Slot slot) const {
    return engines::ShardId{std::uint32_t{slots_[slot.value].load(std::memory_order_acquire)} & kShardBits};
  }
  /// Whether the slot is on its way to another shard: its owner, which is this node, takes no writes of it.
  bool is_closed(Slot slot) const { return (slots_[slot.value].load(std::memory_order_acquire) & kClosed) != 0; }
  /// What `of` is, while the slot is not on its way.
  std::optional<engines::ShardId> settled(Slot slot) const;
  std::uint32_t size() const { return size_.load(std::memory_order_acquire); }
  /// Behind which position the shard's records are numbered.
  std::uint64_t behind(engines::ShardId shard) const { return behind_[shard.value].load(std::memory_order_acquire); }
  ShardMap map() const;

  /// Takes the map up where it is newer. True where it was.
  bool update(const ShardMap& map);
  /// Reads the newest map and takes it up.
  Task<> refresh();
  /// As ShardMaps::begin, and takes the map up.
  Task<> begin(engines::ShardId shard, engines::Epoch epoch);

  void close(SlotRange slots);
  void open(SlotRange slots);

 private:
  static constexpr std::uint16_t kClosed = 0x8000;
  static constexpr std::uint32_t kShardBits = 0x7fff;

  ShardMaps& maps_;
  std::array<std::atomic<std::uint16_t>, kSlots> slots_{};
  std::array<std::atomic<std::uint64_t>, kMostShards> behind_{};
  std::atomic<std::uint32_t> size_ = 0;
  mutable std::mutex mutex_;  // guards the map, and whoever changes what is above
  ShardMap map_;
};

}  // namespace concord::shard
