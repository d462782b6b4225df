#pragma once
// ClockIndex: one client's structs in the order of their clocks, in blocks of 64 under a directory of first clocks. A
// search touches one directory (contiguous) and one block; a split in the middle of a long history moves one block,
// not the history. Structs that were numbered as they came, as in a document that was loaded, need no array: their
// block is dense and only knows the first number.

#include <cstdint>

#include "crdt/item.h"
#include "crdt/pod_array.h"

namespace concord::crdt {

/// A place in a ClockIndex.
struct ClockPosition {
  std::uint32_t block = 0;
  std::uint32_t slot = 0;
  bool operator==(const ClockPosition&) const = default;
};

class ClockIndex {
 public:
  static constexpr std::uint32_t kBlock = 64;

  ClockIndex() = default;
  ClockIndex(ClockIndex&&) noexcept = default;
  ClockIndex& operator=(ClockIndex&&) noexcept = default;
  ~ClockIndex();

  bool empty() const { return size_ == 0; }
  std::size_t size() const { return size_; }
  ItemRef at(ClockPosition p) const { return directory_[p.block].at(p.slot); }
  ItemRef last() const { return directory_.back().at(directory_.back().count - 1U); }
  ClockPosition begin() const { return {0, 0}; }
  ClockPosition last_position() const {
    const auto block = static_cast<std::uint32_t>(directory_.size() - 1);
    return {block, directory_[block].count - 1U};
  }

  /// Moves on; false, and no move, at the end.
  bool next(ClockPosition& p) const {
    if (p.slot + 1 < directory_[p.block].count) {
      ++p.slot;
      return true;
    }
    if (p.block + 1 >= directory_.size()) return false;
    p = {p.block + 1, 0};
    return true;
  }
  bool previous(ClockPosition& p) const {
    if (p.slot > 0) {
      --p.slot;
      return true;
    }
    if (p.block == 0) return false;
    p = {p.block - 1, directory_[p.block - 1].count - 1U};
    return true;
  }

  /// Calls f(at, count) for each block, where at(i) is the i-th struct of it, i < count.
  template <class F>
  void each(F f) const {
    for (const Block& block : directory_) {
      if (block.dense())
        f([first = block.first](std::uint32_t i) { return first + i; }, block.count);
      else
        f([items = block.items](std::uint32_t i) { return items[i]; }, block.count);
    }
  }

  /// Structs from `p` on.
  std::size_t count_from(ClockPosition p) const;

  /// The struct that holds `clock`, which is below the client's state. `items` is the array the numbers refer to.
  ClockPosition find(const Item* items, std::uint32_t clock) const {
    const std::uint32_t number = block_of(clock);
    const Block& block = directory_[number];
    std::uint32_t slot = block.count - 1U;
    if (items[block.at(slot)].clock <= clock) return {number, slot};
    slot = 0;
    for (std::uint32_t left = block.count; left > 1;) {  // without a branch to guess
      const std::uint32_t half = left / 2;
      slot += items[block.at(slot + half)].clock <= clock ? half : 0;
      left -= half;
    }
    return {number, slot};
  }

  /// The same where it is likely to be at `from`, a place of before, or a few structs behind it.
  ClockPosition find_from(const Item* items, ClockPosition from, std::uint32_t clock) const;

  void push_back(ItemRef item, std::uint32_t clock) {
    ++size_;
    if (directory_.empty() || directory_.back().count == kBlock) return directory_.push_back(Block(clock, item));
    Block& block = directory_.back();
    if (!block.dense() || item != block.first + block.count) make_room(block);
    if (!block.dense()) block.items[block.count] = item;
    ++block.count;
  }

  void insert_after(ClockPosition p, ItemRef item, const Item* items);

  /// Not the very first struct of the client.
  void erase(ClockPosition p, const Item* items);

  /// A struct begins elsewhere than at `was` now, still between its neighbours.
  void clock_moved(std::uint32_t was, std::uint32_t now);

  std::size_t heap_bytes() const;
  void shrink_to_fit() { directory_.shrink_to_fit(); }

 private:
  struct Block {
    Block(std::uint32_t clock, ItemRef item) : first_clock(clock), count(1), capacity(0), first(item) {}
    std::uint32_t first_clock;
    std::uint16_t count;
    std::uint16_t capacity;  // 0 where it is dense
    union {
      ItemRef* items;
      ItemRef first;
    };
    bool dense() const { return capacity == 0; }
    ItemRef at(std::uint32_t slot) const { return dense() ? first + slot : items[slot]; }
  };

  /// The last block that begins at or before `clock`: a gallop down from the end, where most searches are, then
  /// halving.
  std::uint32_t block_of(std::uint32_t clock) const {
    const auto last = static_cast<std::uint32_t>(directory_.size() - 1);
    if (directory_[last].first_clock <= clock) return last;
    std::uint32_t high = last;  // begins after `clock`
    std::uint32_t step = 1;
    for (; step < high && directory_[high - step].first_clock > clock; step *= 2) high -= step;
    std::uint32_t low = step < high ? high - step : 0;
    for (std::uint32_t left = high - low; left > 1;) {
      const std::uint32_t half = left / 2;
      low += directory_[low + half].first_clock <= clock ? half : 0;
      left -= half;
    }
    return low;
  }

  static void make_room(Block& block);  // an array, with room for one more
  void split_block(std::uint32_t number, const Item* items);

  PodArray<Block> directory_;
  std::size_t size_ = 0;
};

}  // namespace concord::crdt
