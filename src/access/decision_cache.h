#pragma once
// Decisions that still hold. Each remembers the generation of changes that it was made under: a change ends all of them
// at once, and they are made again when they are asked for. Bounded; in parts under locks of their own. Any thread.

#include <array>
#include <atomic>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>

#include "access/decide.h"

namespace concord::access {

class DecisionCache {
 public:
  explicit DecisionCache(std::size_t max_entries) : most_per_part_(max_entries / kParts + 1) {}

  /// Read before the facts of a decision are: `put` then drops one that a change has overtaken.
  std::uint64_t generation() const { return generation_.load(std::memory_order_acquire); }
  /// `who`: the user or agent.
  std::optional<Decision> find(const Uuid& who, const Uuid& thing, std::int64_t now_ms);
  void put(const Uuid& who, const Uuid& thing, const Decision& decision, std::uint64_t generation);
  /// From here on nothing found before is found.
  void changed() { generation_.fetch_add(1, std::memory_order_acq_rel); }

 private:
  struct Key {
    Uuid who, thing;
    bool operator==(const Key&) const = default;
  };
  struct KeyHash {
    std::size_t operator()(const Key& key) const;
  };
  struct Entry {
    std::uint64_t generation = 0;
    Decision decision;
  };
  struct alignas(64) Part {
    std::mutex mutex;
    std::unordered_map<Key, Entry, KeyHash> entries;
  };
  static constexpr std::size_t kParts = 64;
  Part& part_of(const Key& key) { return parts_[KeyHash()(key) % kParts]; }

  const std::size_t most_per_part_;
  std::atomic<std::uint64_t> generation_ = 1;
  std::array<Part, kParts> parts_;
};

}  // namespace concord::access
