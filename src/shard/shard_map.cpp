#include "shard/shard_map.h"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <charconv>

namespace concord::shard {

namespace {

std::unexpected<Error> malformed(std::string_view why) {
  return fail(Error{Code::kCorrupt, "the map of the shards is malformed: " + std::string(why), {}});
}

/// Reads a number, and what has to follow it.
template <class Number>
bool take(std::string_view& text, Number& number, char after) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end == text.data() + text.size() || *end != after) return false;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()) + 1);
  return true;
}

}  // namespace

ShardMap::ShardMap(std::uint32_t shards) {
  assert(shards > 0 && shards <= kMostShards);
  for (std::uint32_t i = 0; i < shards; ++i) {
    parts_.push_back(
        {{static_cast<std::uint16_t>(kSlots * i / shards), static_cast<std::uint16_t>(kSlots * (i + 1) / shards - 1)}});
  }
}

engines::ShardId ShardMap::of(Slot slot) const {
  const auto found = std::ranges::find_if(parts_, [slot](const Part& part) { return part.slots.contains(slot); });
  assert(found != parts_.end());
  return engines::ShardId{static_cast<std::uint32_t>(found - parts_.begin())};
}

Result<ShardMap> ShardMap::split(engines::ShardId shard, Slot from, std::uint64_t behind) const {
  if (shard.value >= parts_.size())
    return fail(Error{Code::kInvalidArgument,
                      fmt::format("there is no shard {}; there are {}", shard.value, parts_.size()),
                      {{"field", "shard"}, {"value", std::to_string(shard.value)}}});
  const SlotRange slots = at(shard).slots;
  if (!slots.contains(from) || from.value == slots.first)
    return fail(Error{Code::kInvalidArgument,
                      fmt::format("shard {} has the slots {} to {}: it can be split at one of them but the first",
                                  shard.value, slots.first, slots.last),
                      {{"field", "at"}, {"value", std::to_string(from.value)}}});
  if (parts_.size() >= kMostShards)
    return fail(Error{Code::kTooLarge,
                      fmt::format("a hub has at most {} shards", kMostShards),
                      {{"limit", std::to_string(kMostShards)}}});
  ShardMap out = again();
  out.parts_[shard.value].slots.last = static_cast<std::uint16_t>(from.value - 1);
  out.parts_.push_back({{from.value, slots.last}, behind});
  return out;
}

Slot ShardMap::middle_of(engines::ShardId shard) const {
  const SlotRange slots = at(shard).slots;
  return Slot{static_cast<std::uint16_t>(slots.first + slots.size() / 2)};
}

ShardMap ShardMap::again() const {
  ShardMap out = *this;
  ++out.version_;
  return out;
}

std::string ShardMap::str() const {
  std::string out;
  for (const Part& part : parts_) out += fmt::format("{}-{} {}\n", part.slots.first, part.slots.last, part.behind);
  return out;
}

Result<ShardMap> ShardMap::parse(std::uint64_t version, std::string_view text) {
  ShardMap out;
  out.version_ = version;
  out.parts_.clear();
  std::vector<bool> taken(kSlots, false);
  std::size_t count = 0;
  while (!text.empty()) {
    Part part;
    if (!take(text, part.slots.first, '-') || !take(text, part.slots.last, ' ') || !take(text, part.behind, '\n'))
      return malformed("a line is not FIRST-LAST BEHIND");
    if (part.slots.first > part.slots.last || part.slots.last >= kSlots || out.parts_.size() == kMostShards)
      return malformed("a range is none, or there are too many");
    for (std::size_t slot = part.slots.first; slot <= part.slots.last; ++slot) {
      if (taken[slot]) return malformed("a slot belongs to two shards");
      taken[slot] = true;
      ++count;
    }
    out.parts_.push_back(part);
  }
  if (count != kSlots) return malformed("a slot belongs to no shard");
  return out;
}

}  // namespace concord::shard
