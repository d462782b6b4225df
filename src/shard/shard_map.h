#pragma once
// Which shard each slot belongs to: ranges of slots, which only ever become smaller. A value.
//
// As text, one line for each shard in the order of their numbers: "FIRST-LAST BEHIND\n". FIRST and LAST are slots;
// BEHIND is a position that no record which was written of these slots before the shard began has passed, so the
// shard's own log goes on behind it (based_log.h).

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/id.h"
#include "base/result.h"
#include "engines/log.h"

namespace concord::shard {

constexpr std::uint32_t kFirstShards = 16;  // of a hub that has split none
constexpr std::uint32_t kMostShards = 64;

/// Under whose number the blobs of a slot lie: that of the shard that had it first. It stays, whoever has the slot now.
constexpr engines::ShardId home_of(Slot slot) { return engines::ShardId{slot.value / (kSlots / kFirstShards)}; }

struct SlotRange {
  std::uint16_t first = 0;
  std::uint16_t last = 0;  // belongs to it
  bool contains(Slot slot) const { return slot.value >= first && slot.value <= last; }
  std::size_t size() const { return std::size_t{last} - first + 1; }
  bool operator==(const SlotRange&) const = default;
};

class ShardMap {
 public:
  struct Part {
    SlotRange slots;
    std::uint64_t behind = 0;
    bool operator==(const Part&) const = default;
  };

  /// The first version, 0: equal ranges.
  explicit ShardMap(std::uint32_t shards = kFirstShards);

  std::uint64_t version() const { return version_; }
  std::uint32_t size() const { return static_cast<std::uint32_t>(parts_.size()); }
  const Part& at(engines::ShardId shard) const { return parts_[shard.value]; }
  engines::ShardId of(Slot slot) const;

  /// The next version: the slots of `shard` from `from` on are those of a new shard, whose records are numbered behind
  /// `behind`. kInvalidArgument where there is no such shard, or `from` leaves one of the two without a slot;
  /// kTooLarge where there are kMostShards.
  Result<ShardMap> split(engines::ShardId shard, Slot from, std::uint64_t behind) const;
  /// Where a shard is divided if nobody says where.
  Slot middle_of(engines::ShardId shard) const;
  /// The same ranges, as the next version.
  ShardMap again() const;

  std::string str() const;
  /// kCorrupt where the text is no map: each slot belongs to one shard.
  static Result<ShardMap> parse(std::uint64_t version, std::string_view text);

  bool operator==(const ShardMap&) const = default;

 private:
  std::uint64_t version_ = 0;
  std::vector<Part> parts_;  // by shard
};

}  // namespace concord::shard
