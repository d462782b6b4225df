#include "crdt/clock_index.h"

namespace concord::crdt {

void ClockIndex::insert_after(ClockPosition p, ItemRef item, const Item* items) {
  if (directory_[p.block].count == kBlock) {
    split_block(p.block, items);
    if (p.slot >= directory_[p.block].count) p = {p.block + 1, p.slot - directory_[p.block].count};
  }
  Entry& entry = directory_[p.block];
  reserve(entry, entry.count + 1);
  std::memmove(entry.items + p.slot + 2, entry.items + p.slot + 1, (entry.count - p.slot - 1) * sizeof(ItemRef));
  entry.items[p.slot + 1] = item;
  ++entry.count;
  ++size_;
}

void ClockIndex::erase(ClockPosition p, const Item* items) {
  Entry& entry = directory_[p.block];
  std::memmove(entry.items + p.slot, entry.items + p.slot + 1, (entry.count - p.slot - 1) * sizeof(ItemRef));
  --size_;
  if (--entry.count == 0) {
    std::free(entry.items);
    directory_.erase(p.block);
  } else if (p.slot == 0) {
    entry.first_clock = items[entry.items[0]].clock;
  }
}

void ClockIndex::clock_moved(std::uint32_t was, std::uint32_t now) {
  std::size_t block = directory_.size() - 1;
  if (directory_[block].first_clock > was) {
    std::size_t low = 0;
    for (std::size_t high = block; low + 1 < high;) {
      const std::size_t middle = (low + high) / 2;
      (directory_[middle].first_clock <= was ? low : high) = middle;
    }
    block = low;
  }
  if (directory_[block].first_clock == was) directory_[block].first_clock = now;
}

void ClockIndex::split_block(std::uint32_t block, const Item* items) {
  constexpr std::uint32_t kHalf = kBlock / 2;
  Entry upper = new_block(items[directory_[block].items[kHalf]].clock);
  reserve(upper, kBlock - kHalf);
  for (upper.count = 0; upper.count < kBlock - kHalf;) {
    reserve(upper, upper.count + 1U);
    upper.items[upper.count] = directory_[block].items[kHalf + upper.count];
    ++upper.count;
  }
  directory_[block].count = kHalf;
  directory_.insert(block + 1, upper);
}

}  // namespace concord::crdt
