#pragma once
// IdTable: a hash table from a 64-bit key to a 32-bit number; open addressing with linear probing and backward-shift
// deletion (Knuth, TAOCP 3, 6.4, algorithm R), so that it never fills with tombstones.

#include <cstdint>

#include "crdt/pod_array.h"

namespace concord::crdt {

class IdTable {
 public:
  static constexpr std::uint32_t kAbsent = 0xffff'ffffU;

  std::uint32_t find(std::uint64_t key) const {
    if (slots_.empty()) return kAbsent;
    for (std::size_t at = home(key);; at = (at + 1) & mask()) {
      const Slot& slot = slots_[at];
      if (slot.value == kAbsent) return kAbsent;
      if (slot.key == key) return slot.value;
    }
  }

  /// Replaces what the key had.
  void set(std::uint64_t key, std::uint32_t value) {
    if ((used_ + 1) * 4 > slots_.size() * 3) rehash(slots_.empty() ? 8 : slots_.size() * 2);
    std::size_t at = home(key);
    while (slots_[at].value != kAbsent && slots_[at].key != key) at = (at + 1) & mask();
    if (slots_[at].value == kAbsent) ++used_;
    slots_[at] = {key, value};
  }

  void erase(std::uint64_t key) {
    if (slots_.empty()) return;
    std::size_t at = home(key);
    while (slots_[at].key != key || slots_[at].value == kAbsent) {
      if (slots_[at].value == kAbsent) return;
      at = (at + 1) & mask();
    }
    --used_;
    for (std::size_t next = (at + 1) & mask(); slots_[next].value != kAbsent; next = (next + 1) & mask()) {
      const std::size_t wanted = home(slots_[next].key);
      if (((next - wanted) & mask()) >= ((next - at) & mask())) {
        slots_[at] = slots_[next];
        at = next;
      }
    }
    slots_[at] = {0, kAbsent};
  }

  void clear() {
    for (Slot& slot : slots_) slot = {0, kAbsent};
    used_ = 0;
  }
  std::size_t size() const { return used_; }
  std::size_t heap_bytes() const { return slots_.heap_bytes(); }

 private:
  struct Slot {
    std::uint64_t key;
    std::uint32_t value;
  };

  std::size_t mask() const { return slots_.size() - 1; }
  std::size_t home(std::uint64_t key) const {
    key *= 0x9e37'79b9'7f4a'7c15ULL;
    return (key ^ key >> 29U) >> 8U & mask();
  }
  void rehash(std::size_t size) {
    PodArray<Slot> old;
    old.swap(slots_);
    slots_.resize(size);
    for (Slot& slot : slots_) slot = {0, kAbsent};
    used_ = 0;
    for (const Slot& slot : old)
      if (slot.value != kAbsent) set(slot.key, slot.value);
  }

  PodArray<Slot> slots_;
  std::size_t used_ = 0;
};

}  // namespace concord::crdt
