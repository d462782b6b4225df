#include "crdt/origin_tree.h"

#include <algorithm>
#include <bit>
#include <vector>

namespace concord::crdt {

OriginTree::OriginTree() {
  const std::uint32_t root = new_node(0);
  for (const RunRef run : {kBefore, kFront}) {
    runs_.push_back({});
    put(root, run, run, own(run));
  }
}

// ---- runs

RunRef OriginTree::new_run(const OriginRun& run) {
  const auto number = static_cast<RunRef>(runs_.size());
  runs_.push_back(run);
  by_last_unit_[key({run.first.client, run.end - 1})] = number;
  return number;
}

RunRef OriginTree::holding(Id unit) const {
  const auto found = by_last_unit_.lower_bound(key(unit));
  if (found == by_last_unit_.end()) return kNone;
  const Id first = runs_[found->second].first;
  return first.client == unit.client && first.clock <= unit.clock ? found->second : kNone;
}

RunRef OriginTree::insert(RunRef left, const OriginRun& run) {
  const RunRef number = new_run(run);
  make_room(runs_[left].node, runs_[left].slot + 1);
  put(runs_[left].node, runs_[left].slot + 1, number, own(number));
  absorb_upward(number);
  return number;
}

RunRef OriginTree::cut(RunRef run, std::uint32_t clock) {
  make_room(runs_[run].node, runs_[run].slot);
  OriginRun left = runs_[run];
  left.end = clock + 1;
  const RunRef number = new_run(left);
  const std::uint32_t node = left.node;
  const std::uint32_t slot = left.slot;
  put(node, slot, number, own(number));
  OriginRun& rest = runs_[run];
  rest.first.clock = clock + 1;
  rest.origin = number;
  rest.crossed_by = {};
  nodes_[node].summary[slot + 1] = own(run);
  absorb_upward(run);
  return number;
}

// ---- summaries

OriginSummary OriginTree::own(RunRef run) const {
  const OriginRun& it = runs_[run];
  return {it.origin, kNone, it.client_id, it.crossed_by};
}

/// Runs are never removed, and cutting one adds an origin and takes none away; so summaries only take in more.
void OriginTree::absorb(OriginSummary& into, const OriginSummary& more) const {
  const auto lesser = [this](RunRef a, RunRef b) { return b == kNone || (a != kNone && is_before(a, b)) ? a : b; };
  if (more.least == into.least) {
    into.second = lesser(into.second, more.second);
    into.client_id = std::min(into.client_id, more.client_id);
    if (!into.crossed_by.present() || into.crossed_by == more.crossed_by) return;
    if (!more.crossed_by.present() || is_before(holding(into.crossed_by), holding(more.crossed_by)))
      into.crossed_by = more.crossed_by;
  } else if (into.least == kNone || is_before(more.least, into.least)) {
    const RunRef second = lesser(into.least, more.second);
    into = more;
    into.second = second;
  } else {
    into.second = lesser(into.second, more.least);
  }
}

OriginSummary OriginTree::sum(std::uint32_t node) const {
  OriginSummary all;
  for (std::uint32_t i = 0; i < nodes_[node].count; ++i) absorb(all, nodes_[node].summary[i]);
  return all;
}

void OriginTree::absorb_upward(RunRef run) {
  const OriginSummary more = own(run);
  for (std::uint32_t node = runs_[run].node; nodes_[node].parent != kNone; node = nodes_[node].parent)
    absorb(nodes_[nodes_[node].parent].summary[nodes_[node].slot], more);
}

// ---- nodes

std::uint32_t OriginTree::new_node(std::uint32_t height) {
  Node node{};
  node.parent = kNone;
  node.height = height;
  nodes_.push_back(node);
  return static_cast<std::uint32_t>(nodes_.size() - 1);
}

/// Tells the child at `slot` where it is.
void OriginTree::place_child(std::uint32_t node, std::uint32_t slot) {
  const std::uint32_t child = nodes_[node].child[slot];
  if (nodes_[node].height == 0) {
    runs_[child].node = node;
    runs_[child].slot = slot;
  } else {
    nodes_[child].parent = node;
    nodes_[child].slot = slot;
  }
}

/// Puts `child` at `slot` of a node that has room.
void OriginTree::put(std::uint32_t node, std::uint32_t slot, std::uint32_t child, const OriginSummary& summary) {
  Node& it = nodes_[node];
  for (std::uint32_t i = it.count; i > slot; --i) {
    it.child[i] = it.child[i - 1];
    it.summary[i] = it.summary[i - 1];
    place_child(node, i);
  }
  ++it.count;
  it.child[slot] = child;
  it.summary[slot] = summary;
  place_child(node, slot);
}

/// Cuts a full node in two before something is put at `slot` of it.
void OriginTree::make_room(std::uint32_t node, std::uint32_t slot) {
  if (nodes_[node].count < kFanout) return;
  const std::uint32_t height = nodes_[node].height;
  if (nodes_[node].parent == kNone)
    put(new_node(height + 1), 0, node, {});
  else
    make_room(nodes_[node].parent, nodes_[node].slot + 1);
  // Lists grow at their end more often than elsewhere: then leave the lower node nearly full.
  const std::uint32_t keep = slot == kFanout ? kFanout - kLeast : kFanout / 2;
  const std::uint32_t upper = new_node(height);
  for (std::uint32_t i = keep; i < kFanout; ++i) put(upper, i - keep, nodes_[node].child[i], nodes_[node].summary[i]);
  nodes_[node].count = keep;
  const std::uint32_t parent = nodes_[node].parent;
  put(parent, nodes_[node].slot + 1, upper, {});
  nodes_[parent].summary[nodes_[node].slot] = sum(node);
  nodes_[parent].summary[nodes_[upper].slot] = sum(upper);
}

/// All that is between two runs, from left to right, as children of nodes: up from `a` to where the ways meet, down to
/// `b`.
std::size_t OriginTree::ranges_between(RunRef a, RunRef b, std::array<Slots, kMostRanges>& ranges) const {
  std::size_t count = 0;
  std::size_t down = ranges.size();
  std::uint32_t node_a = runs_[a].node;
  std::uint32_t slot_a = runs_[a].slot;
  std::uint32_t node_b = b != kNone ? runs_[b].node : kNone;
  std::uint32_t slot_b = b != kNone ? runs_[b].slot : 0;
  while (node_a != node_b) {
    ranges[count++] = {node_a, slot_a + 1, nodes_[node_a].count};
    slot_a = nodes_[node_a].slot;
    node_a = nodes_[node_a].parent;
    if (node_b == kNone) continue;
    ranges[--down] = {node_b, 0, slot_b};
    slot_b = nodes_[node_b].slot;
    node_b = nodes_[node_b].parent;
  }
  if (node_a != kNone) ranges[count++] = {node_a, slot_a + 1, slot_b};
  while (down < ranges.size()) ranges[count++] = ranges[down++];
  return count;
}

std::vector<RunRef> OriginTree::in_order() const {
  std::vector<RunRef> order;
  order.reserve(runs_.size());
  order.push_back(kBefore);
  std::array<Slots, kMostRanges> ranges;
  const std::size_t count = ranges_between(kBefore, kNone, ranges);
  std::vector<Slots> open;
  for (std::size_t i = count; i-- > 0;) open.push_back(ranges[i]);
  while (!open.empty()) {
    Slots& next = open.back();
    if (next.from == next.to) {
      open.pop_back();
      continue;
    }
    const Node& node = nodes_[next.node];
    const std::uint32_t child = node.child[next.from++];
    if (node.height == 0)
      order.push_back(child);
    else
      open.push_back({child, 0, nodes_[child].count});
  }
  return order;
}

// ---- crossings

namespace {

/// Numbers by place, of which some can be taken out again; finds one below a bound in a range.
class Minima {
 public:
  explicit Minima(std::uint32_t places) : leaves_(std::bit_ceil(places)), least_(std::size_t{2} * leaves_, kNone) {}

  void set(std::uint32_t place, std::uint32_t value) {
    std::uint32_t at = leaves_ + place;
    least_[at] = value;
    for (at /= 2; at > 0; at /= 2) least_[at] = std::min(least_[2 * at], least_[2 * at + 1]);
  }

  /// A place from `from` on and before `to` with a value below `bound`, or kNone.
  std::uint32_t find(std::uint32_t from, std::uint32_t to, std::uint32_t bound) const {
    std::uint32_t at = 0;
    for (std::uint32_t low = leaves_ + from, high = leaves_ + to; low < high && at == 0; low /= 2, high /= 2) {
      if ((low & 1U) != 0 && least_[low++] < bound) at = low - 1;
      if ((high & 1U) != 0 && least_[--high] < bound) at = high;
    }
    if (at == 0) return kNone;
    while (at < leaves_) at = least_[2 * at] < bound ? 2 * at : 2 * at + 1;
    return at - leaves_;
  }

 private:
  std::uint32_t leaves_;
  std::vector<std::uint32_t> least_;
};

}  // namespace

/// For each run from left to right: it crosses those between its origin and it whose origin is left of its own and
/// that nothing crosses yet. `visit(crossed, by)`.
template <class Visit>
void OriginTree::each_crossing(const std::vector<RunRef>& order, Visit visit) const {
  const auto count = static_cast<std::uint32_t>(order.size());
  std::vector<std::uint32_t> place(count);
  for (std::uint32_t i = 0; i < count; ++i) place[order[i]] = i;
  Minima origins(count);
  for (std::uint32_t i = 2; i < count; ++i) {
    const RunRef origin = runs_[order[i]].origin;
    if (origin == kBefore) continue;
    const std::uint32_t from = place[origin];
    for (std::uint32_t at = 0; (at = origins.find(from + 1, i, from)) != kNone;) {
      visit(order[at], order[i]);
      origins.set(at, kNone);
    }
    origins.set(i, from);
  }
}

void OriginTree::find_crossings() {
  bool any = false;
  each_crossing(in_order(), [&](RunRef crossed, RunRef by) {
    runs_[crossed].crossed_by = runs_[by].first;
    any = true;
  });
  if (!any) return;
  // Nodes were made from the runs upward or cut later; by height, each after those below it.
  std::vector<std::uint32_t> nodes(nodes_.size());
  for (std::uint32_t i = 0; i < nodes.size(); ++i) nodes[i] = i;
  std::ranges::sort(nodes, {}, [this](std::uint32_t node) { return nodes_[node].height; });
  for (const std::uint32_t node : nodes)
    for (std::uint32_t i = 0; i < nodes_[node].count; ++i)
      nodes_[node].summary[i] = nodes_[node].height == 0 ? own(nodes_[node].child[i]) : sum(nodes_[node].child[i]);
}

// ---- invariants

const char* OriginTree::validate() const {
  const std::vector<RunRef> order = in_order();
  if (order.size() != runs_.size() || order[0] != kBefore || order[1] != kFront) return "runs are not in their tree";
  if (by_last_unit_.size() + 2 != runs_.size()) return "runs are not found by their units";
  std::vector<Id> crossed(runs_.size());
  each_crossing(order, [&](RunRef run, RunRef by) { crossed[run] = runs_[by].first; });
  for (std::size_t i = 2; i < order.size(); ++i) {
    const OriginRun& run = runs_[order[i]];
    if (!is_before(order[i - 1], order[i]) || !is_before(run.origin, order[i])) return "runs are in another order";
    if (run.first.clock >= run.end || holding(run.first) != order[i] ||
        holding({run.first.client, run.end - 1}) != order[i])
      return "a run is not found by its units";
    // What is behind the first run whose origin is further left is never asked for.
    const Id by = crossed[order[i]];
    const RunRef bound =
        first_between(order[i], kNone, [&](const OriginSummary& s) { return is_before(s.least, run.origin); });
    const auto matters = [&](Id unit) {
      return unit.present() && run.origin != kBefore && (bound == kNone || is_before(holding(unit), bound));
    };
    if (matters(by) != matters(run.crossed_by) || (matters(by) && !(by == run.crossed_by)))
      return "a run is crossed by another than it knows";
  }
  for (std::uint32_t node = 0; node < nodes_.size(); ++node) {
    const Node& it = nodes_[node];
    for (std::uint32_t i = 0; i < it.count; ++i) {
      const OriginSummary is = it.summary[i];
      const OriginSummary should = it.height == 0 ? own(it.child[i]) : sum(it.child[i]);
      if (is.least != should.least || is.second != should.second || is.client_id != should.client_id ||
          !(is.crossed_by == should.crossed_by))
        return "a node's summary is wrong";
    }
  }
  return nullptr;
}

std::size_t OriginTree::heap_bytes() const {
  constexpr std::size_t kMapNode = 48;
  return runs_.heap_bytes() + nodes_.heap_bytes() + by_last_unit_.size() * kMapNode;
}

}  // namespace concord::crdt
