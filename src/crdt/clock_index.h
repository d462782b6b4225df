#pragma once
// ClockIndex: one client's structs in the order of their clocks, in blocks of 64 under a directory of first clocks. A
// search touches one directory (contiguous) and one block; a split in the middle of a long history moves one block,
// not the history.

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
  ~ClockIndex() {
    for (const Entry& entry : directory_) std::free(entry.items);
  }

  bool empty() const { return size_ == 0; }
  std::size_t size() const { return size_; }
  ItemRef at(ClockPosition p) const { return directory_[p.block].items[p.slot]; }
  ItemRef last() const { return directory_.back().items[directory_.back().count - 1]; }
  ItemRef first() const { return directory_[0].items[0]; }
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

  /// Structs from `p` on.
  std::size_t count_from(ClockPosition p) const {
    if (p.block == 0) return size_ - p.slot;
    std::size_t count = 0;
    for (std::size_t block = p.block; block < directory_.size(); ++block) count += directory_[block].count;
    return count - p.slot;
  }

  /// The struct that holds `clock`, which is below the client's state. `items` is the array the numbers refer to.
  ClockPosition find(const Item* items, std::uint32_t clock) const {
    const auto last = static_cast<std::uint32_t>(directory_.size() - 1);
    std::uint32_t block = last;
    if (directory_[last].first_clock > clock) {
      // Gallop down from the end, where most searches are, then halve.
      std::uint32_t low = 0;
      std::uint32_t high = last;  // first_clock[high] > clock
      for (std::uint32_t step = 1; step < high; step *= 2) {
        if (directory_[high - step].first_clock <= clock) {
          low = high - step;
          break;
        }
        high -= step;
      }
      while (low + 1 < high) {
        const std::uint32_t middle = (low + high) / 2;
        (directory_[middle].first_clock <= clock ? low : high) = middle;
      }
      block = low;
    }
    const Entry& entry = directory_[block];
    std::uint32_t low = 0;
    std::uint32_t high = entry.count;
    if (items[entry.items[high - 1]].clock <= clock) return {block, high - 1};
    while (low + 1 < high) {
      const std::uint32_t middle = (low + high) / 2;
      (items[entry.items[middle]].clock <= clock ? low : high) = middle;
    }
    return {block, low};
  }

  void push_back(ItemRef item, std::uint32_t clock) {
    if (directory_.empty() || directory_.back().count == kBlock) directory_.push_back(new_block(clock));
    Entry& entry = directory_.back();
    reserve(entry, entry.count + 1);
    entry.items[entry.count++] = item;
    ++size_;
  }

  void insert_after(ClockPosition p, ItemRef item, const Item* items);

  /// Puts another struct of the same clock in this place.
  void replace(ClockPosition p, ItemRef item) { directory_[p.block].items[p.slot] = item; }

  /// Not the very first struct of the client.
  void erase(ClockPosition p, const Item* items);

  /// A struct begins elsewhere than at `was` now, still between its neighbours.
  void clock_moved(std::uint32_t was, std::uint32_t now);

  std::size_t heap_bytes() const {
    std::size_t bytes = directory_.heap_bytes();
    for (const Entry& entry : directory_) bytes += entry.capacity * sizeof(ItemRef);
    return bytes;
  }

 private:
  struct Entry {
    std::uint32_t first_clock;
    std::uint16_t count;
    std::uint16_t capacity;
    ItemRef* items;
  };

  static Entry new_block(std::uint32_t clock) { return {clock, 0, 0, nullptr}; }
  static void reserve(Entry& entry, std::uint32_t count) {
    if (count <= entry.capacity) return;
    const std::uint32_t capacity = entry.capacity == 0 ? 4 : entry.capacity * 2U;
    void* moved = std::realloc(entry.items, capacity * sizeof(ItemRef));
    if (moved == nullptr) throw std::bad_alloc();
    entry.items = static_cast<ItemRef*>(moved);
    entry.capacity = static_cast<std::uint16_t>(capacity);
  }
  void split_block(std::uint32_t block, const Item* items);

  PodArray<Entry> directory_;
  std::size_t size_ = 0;
};

}  // namespace concord::crdt
