#pragma once
// OriginTree: one list cut into runs (units of one client that nobody else's origin parts), in their order, in a
// B+-tree. A node knows for each child what the origins of the runs below are, so that the next or last run of which
// something is asked is found by going past subtrees, not runs. Runs are only ever added and cut: what is between two
// runs, and what their origins are, does not change when the document collects or merges items.

#include <array>
#include <cstdint>
#include <map>
#include <vector>

#include "crdt/origin_run.h"
#include "crdt/pod_array.h"

namespace concord::crdt {

class OriginTree {
 public:
  /// Before all of the list; the origin of runs that are left of what they name as their origin.
  static constexpr RunRef kBefore = 0;
  /// The list's front; the origin of runs that have none.
  static constexpr RunRef kFront = 1;

  OriginTree();

  const OriginRun& operator[](RunRef run) const { return runs_[run]; }
  /// Runs, with the two at the front.
  std::size_t size() const { return runs_.size(); }

  /// The run that has the unit, or kNone.
  RunRef holding(Id unit) const;
  /// `run` without its place, which is right behind `left`.
  RunRef insert(RunRef left, const OriginRun& run);
  /// The units up to `clock`, which is not the last, become a run of their own, whose number is returned; `run` is the
  /// rest, so that who has it as origin keeps it.
  RunRef cut(RunRef run, std::uint32_t clock);

  bool is_before(RunRef a, RunRef b) const {
    if (a == b) return false;
    std::uint32_t slot_a = runs_[a].slot;
    std::uint32_t slot_b = runs_[b].slot;
    std::uint32_t node_a = runs_[a].node;
    std::uint32_t node_b = runs_[b].node;
    while (node_a != node_b) {
      slot_a = nodes_[node_a].slot;
      slot_b = nodes_[node_b].slot;
      node_a = nodes_[node_a].parent;
      node_b = nodes_[node_b].parent;
    }
    return slot_a < slot_b;
  }

  /// The first or last run between `a` and `b` (kNone: the end), both exclusive, for which `wanted(summary)` is true of
  /// its own summary, or kNone; `wanted` is true of several runs together where it is true of one of them, and false
  /// where it is of none.
  template <class Wanted>
  RunRef first_between(RunRef a, RunRef b, Wanted wanted) const {
    std::array<Slots, kMostRanges> ranges;
    const std::size_t count = ranges_between(a, b, ranges);
    for (std::size_t i = 0; i < count; ++i)
      for (std::uint32_t slot = ranges[i].from; slot < ranges[i].to; ++slot) {
        std::uint32_t node = ranges[i].node;
        if (!wanted(nodes_[node].summary[slot])) continue;
        while (nodes_[node].height > 0) {
          node = nodes_[node].child[slot];
          for (slot = 0; !wanted(nodes_[node].summary[slot]);) ++slot;
        }
        return nodes_[node].child[slot];
      }
    return kNone;
  }
  template <class Wanted>
  RunRef last_between(RunRef a, RunRef b, Wanted wanted) const {
    std::array<Slots, kMostRanges> ranges;
    for (std::size_t i = ranges_between(a, b, ranges); i-- > 0;)
      for (std::uint32_t slot = ranges[i].to; slot-- > ranges[i].from;) {
        std::uint32_t node = ranges[i].node;
        if (!wanted(nodes_[node].summary[slot])) continue;
        while (nodes_[node].height > 0) {
          node = nodes_[node].child[slot];
          for (slot = nodes_[node].count - 1U; !wanted(nodes_[node].summary[slot]);) --slot;
        }
        return nodes_[node].child[slot];
      }
    return kNone;
  }
  /// The run left of `run`; the last of all for kNone.
  RunRef previous(RunRef run) const {
    return last_between(kBefore, run, [](const OriginSummary&) { return true; });
  }

  /// Finds out which runs are crossed, of runs that were inserted from left to right and not by the rule.
  void find_crossings();

  /// The first broken invariant, or null.
  const char* validate() const;
  std::size_t heap_bytes() const;

 private:
  static constexpr std::uint32_t kFanout = 16;
  static constexpr std::uint32_t kLeast = 4;              // children of a node that was cut
  static constexpr std::size_t kMostRanges = 2 * 17 + 1;  // 17 levels
  struct Node {
    std::uint32_t parent;
    std::uint32_t slot;
    std::uint32_t height;  // 0: its children are runs
    std::uint32_t count;
    std::uint32_t child[kFanout];
    OriginSummary summary[kFanout];
  };
  /// Neighbouring children of a node.
  struct Slots {
    std::uint32_t node;
    std::uint32_t from;
    std::uint32_t to;
  };

  std::size_t ranges_between(RunRef a, RunRef b, std::array<Slots, kMostRanges>& ranges) const;
  static std::uint64_t key(Id unit) { return std::uint64_t{unit.client} << 32U | unit.clock; }
  OriginSummary own(RunRef run) const;
  OriginSummary sum(std::uint32_t node) const;
  void absorb(OriginSummary& into, const OriginSummary& more) const;
  void absorb_upward(RunRef run);
  std::uint32_t new_node(std::uint32_t height);
  void make_room(std::uint32_t node, std::uint32_t slot);
  void put(std::uint32_t node, std::uint32_t slot, std::uint32_t child, const OriginSummary& summary);
  void place_child(std::uint32_t node, std::uint32_t slot);
  RunRef new_run(const OriginRun& run);
  std::vector<RunRef> in_order() const;
  template <class Visit>
  void each_crossing(const std::vector<RunRef>& order, Visit visit) const;

  PodArray<OriginRun> runs_;
  PodArray<Node> nodes_;
  std::map<std::uint64_t, RunRef> by_last_unit_;
};

}  // namespace concord::crdt
