#include "crdt/clock_index.h"

#include <bit>

namespace concord::crdt {

ClockIndex::~ClockIndex() {
  for (const Block& block : directory_)
    if (!block.dense()) std::free(block.items);
}

std::size_t ClockIndex::heap_bytes() const {
  std::size_t bytes = directory_.heap_bytes();
  for (const Block& block : directory_) bytes += block.capacity * sizeof(ItemRef);
  return bytes;
}

void ClockIndex::make_room(Block& block) {
  if (block.count < block.capacity) return;
  const std::uint32_t capacity = std::bit_ceil(block.count < 4U ? 4U : block.count + 1U);
  ItemRef* old = block.dense() ? nullptr : block.items;
  void* moved = std::realloc(old, capacity * sizeof(ItemRef));
  if (moved == nullptr) throw std::bad_alloc();
  auto* items = static_cast<ItemRef*>(moved);
  if (block.dense())
    for (std::uint32_t i = 0; i < block.count; ++i) items[i] = block.first + i;
  block.items = items;
  block.capacity = static_cast<std::uint16_t>(capacity);
}

std::size_t ClockIndex::count_from(ClockPosition p) const {
  if (p.block == 0) return size_ - p.slot;
  std::size_t count = 0;
  for (std::size_t block = p.block; block < directory_.size(); ++block) count += directory_[block].count;
  return count - p.slot;
}

ClockPosition ClockIndex::find_from(const Item* items, ClockPosition from, std::uint32_t clock) const {
  constexpr int kFew = 8;
  if (items[at(from)].clock > clock) return find(items, clock);
  ClockPosition ahead = from;
  for (int i = 0; i < kFew; ++i, from = ahead)
    if (!next(ahead) || items[at(ahead)].clock > clock) return from;
  return find(items, clock);
}

void ClockIndex::insert_after(ClockPosition p, ItemRef item, const Item* items) {
  if (directory_[p.block].count == kBlock) {
    split_block(p.block, items);
    if (p.slot >= directory_[p.block].count) p = {p.block + 1, p.slot - directory_[p.block].count};
  }
  Block& block = directory_[p.block];
  make_room(block);
  std::memmove(block.items + p.slot + 2, block.items + p.slot + 1, (block.count - p.slot - 1) * sizeof(ItemRef));
  block.items[p.slot + 1] = item;
  ++block.count;
  ++size_;
}

void ClockIndex::erase(ClockPosition p, const Item* items) {
  Block& block = directory_[p.block];
  --size_;
  if (block.count == 1) {
    if (!block.dense()) std::free(block.items);
    directory_.erase(p.block);
    return;
  }
  const bool at_end = p.slot + 1U == block.count;
  if (block.dense() && p.slot == 0) {
    ++block.first;
  } else if (!at_end) {
    if (block.dense()) make_room(block);
    std::memmove(block.items + p.slot, block.items + p.slot + 1, (block.count - p.slot - 1) * sizeof(ItemRef));
  }
  --block.count;
  if (p.slot == 0) block.first_clock = items[block.at(0)].clock;
}

void ClockIndex::clock_moved(std::uint32_t was, std::uint32_t now) {
  Block& block = directory_[block_of(was)];
  if (block.first_clock == was) block.first_clock = now;
}

void ClockIndex::split_block(std::uint32_t number, const Item* items) {
  constexpr std::uint32_t kHalf = kBlock / 2;
  Block& block = directory_[number];
  Block upper(items[block.at(kHalf)].clock, block.at(kHalf));
  if (block.dense()) {
    upper.count = kBlock - kHalf;
  } else {
    for (std::uint32_t i = kHalf + 1; i < kBlock; ++i) {
      make_room(upper);
      upper.items[upper.count++] = block.items[i];
    }
  }
  block.count = kHalf;
  directory_.insert(number + 1, upper);
}

}  // namespace concord::crdt
