#include "crdt/conflict_index.h"

namespace concord::crdt {

RunRef ConflictIndex::ending_with(Id unit) {
  const RunRef run = tree_.holding(unit);
  return run == kNone || tree_[run].end == unit.clock + 1 ? run : tree_.cut(run, unit.clock);
}

RunRef ConflictIndex::starting_with(Id unit) {
  const RunRef run = tree_.holding(unit);
  if (run != kNone && tree_[run].first.clock < unit.clock) tree_.cut(run, unit.clock - 1);
  return run;
}

/// The first behind `from` whose origin is left of `bound`.
RunRef ConflictIndex::first_less(RunRef from, RunRef bound) const {
  return tree_.first_between(from, kNone, [&](const OriginSummary& all) { return tree_.is_before(all.least, bound); });
}

bool ConflictIndex::insert(const Entry& entry, Id left) {
  const RunRef origin = entry.origin.present() ? ending_with(entry.origin) : OriginTree::kFront;
  const RunRef before = left.present() ? ending_with(left) : OriginTree::kFront;
  if (before == kNone) return false;
  OriginRun run{.first = entry.id,
                .end = entry.id.clock + entry.length,
                .origin = origin,
                .client_id = entry.client_id,
                .crossed_by = {}};
  // What was put left of what it names as its origin is nobody's sibling, and ends every walk.
  if (origin == kNone || tree_.is_before(before, origin)) run.origin = OriginTree::kBefore;
  if (run.origin != OriginTree::kBefore && before != origin) {
    const RunRef crossing = tree_.first_between(before, first_less(before, origin), [&](const OriginSummary& all) {
      const RunRef attached = all.least == origin ? all.second : all.least;
      return attached != kNone && !tree_.is_before(before, attached);
    });
    if (crossing != kNone) run.crossed_by = tree_[crossing].first;
  }
  tree_.insert(before, run);
  return true;
}

std::optional<Id> ConflictIndex::place(Id origin, Id right_origin, std::uint64_t client_id) {
  const RunRef from = origin.present() ? ending_with(origin) : OriginTree::kFront;
  if (from == kNone) return std::nullopt;
  const RunRef right = right_origin.present() ? starting_with(right_origin) : kNone;
  RunRef end = first_less(from, from);
  if (right != kNone && tree_.is_before(from, right) && (end == kNone || tree_.is_before(right, end))) end = right;

  const RunRef lesser = tree_.last_between(
      from, end, [&](const OriginSummary& all) { return all.least == from && all.client_id < client_id; });
  if (lesser == kNone) return origin;
  const RunRef next = tree_.first_between(lesser, end, [&](const OriginSummary& all) {
    if (all.least != from) return false;
    if (!all.crossed_by.present()) return true;
    return end != kNone && !tree_.is_before(tree_.holding(all.crossed_by), end);
  });
  const OriginRun& left = tree_[tree_.previous(next != kNone ? next : end)];
  return Id{left.first.client, left.end - 1};
}

}  // namespace concord::crdt
