#include "crdt/position_index.h"

#include <vector>

namespace concord::crdt {
namespace {

std::uint32_t live_format(const Item& item) { return item.kind() == Kind::kFormat && !item.deleted() ? 1 : 0; }

}  // namespace

LeafRef PositionIndex::new_leaf(TypeRef type) {
  LeafRef leaf = free_leaf_;
  if (leaf != kNone) {
    free_leaf_ = leaves_[leaf].parent;
  } else {
    leaf = static_cast<LeafRef>(leaves_.size());
    leaves_.resize(leaves_.size() + 1);
  }
  leaves_[leaf] = {kNone, 0, kNone, type, 0, 0, 0};
  return leaf;
}

std::uint32_t PositionIndex::new_node(std::uint32_t height) {
  std::uint32_t node = free_node_;
  if (node != kNone) {
    free_node_ = nodes_[node].parent;
  } else {
    node = static_cast<std::uint32_t>(nodes_.size());
    nodes_.resize(nodes_.size() + 1);
  }
  nodes_[node].parent = kNone;
  nodes_[node].count = 0;
  nodes_[node].slot = 0;
  nodes_[node].height = height;
  return node;
}

void PositionIndex::carry_up() {
  std::uint32_t node = leaves_[hot_leaf_].parent;
  std::uint32_t slot = leaves_[hot_leaf_].slot;
  while (node != kNone) {
    nodes_[node].visible[slot] += static_cast<std::uint32_t>(hot_units_);
    nodes_[node].formats[slot] += static_cast<std::uint32_t>(hot_formats_);
    slot = nodes_[node].slot;
    node = nodes_[node].parent;
  }
  hot_units_ = 0;
  hot_formats_ = 0;
}

void PositionIndex::insert(PositionTree& tree, TypeRef type, ItemRef item) {
  Item& entry = items_[item];
  LeafRef leaf = kNone;
  if (entry.left != kNone) {
    leaf = items_[entry.left].home;
  } else if (entry.right != kNone) {
    leaf = items_[entry.right].home;
    leaves_[leaf].first = item;
  } else {
    leaf = new_leaf(type);
    leaves_[leaf].first = item;
    tree = {leaf, 0};
  }
  entry.home = leaf;
  ++leaves_[leaf].count;
  const std::uint32_t units = entry.visible();
  const std::uint32_t formats = live_format(entry);
  if (units != 0 || formats != 0) add(leaf, static_cast<std::int32_t>(units), static_cast<std::int32_t>(formats));
  if (leaves_[leaf].count <= kLeafItems) return;
  if (!deferred_)
    split_leaf(tree, leaf);
  else if (leaves_[leaf].count == kMostItems)
    cut_leaf(tree, leaf);
  else if (leaves_[leaf].count == kLeafItems + 1)
    overflown_.push_back(leaf);
}

void PositionIndex::insert_deferred(LeafRef leaf, std::uint32_t items, std::uint32_t units) {
  const bool fits = leaves_[leaf].count <= kLeafItems;
  leaves_[leaf].count = (leaves_[leaf].count + items) & kMostItems;
  if (fits && leaves_[leaf].count > kLeafItems) overflown_.push_back(leaf);
  if (units != 0) add(leaf, static_cast<std::int32_t>(units));
}

void PositionIndex::split_leaf(PositionTree& tree, LeafRef leaf) {
  flush();
  // Lists grow at their end more often than elsewhere: then leave the lower leaf nearly full.
  ItemRef last = leaves_[leaf].first;
  for (std::uint32_t i = 1; i < leaves_[leaf].count; ++i) last = items_[last].right;
  const std::uint32_t keep = items_[last].right == kNone ? kLeafItems - 8 : kLeafItems / 2;

  ItemRef at = leaves_[leaf].first;
  for (std::uint32_t i = 0; i < keep; ++i) at = items_[at].right;
  const LeafRef upper = move_to_new_leaf(leaf, at, leaves_[leaf].count - keep);
  insert_child(tree, leaf, upper, 0);
}

/// So many items from `at` on, of leaf `from`; `at` moves behind them.
LeafRef PositionIndex::move_to_new_leaf(LeafRef from, ItemRef& at, std::uint32_t count) {
  const LeafRef fresh = new_leaf(leaves_[from].type);
  Leaf& leaf = leaves_[fresh];
  leaf.first = at;
  leaf.count = count & kMostItems;
  for (; count > 0; --count, at = items_[at].right) {
    items_[at].home = fresh;
    leaf.visible += items_[at].visible();
    leaf.formats += live_format(items_[at]);
  }
  leaves_[from].count -= leaf.count;
  leaves_[from].visible -= leaf.visible;
  leaves_[from].formats -= leaf.formats;
  return fresh;
}

/// A leaf that has grown beyond its size becomes as many as it needs, nearly full.
void PositionIndex::cut_leaf(PositionTree& tree, LeafRef leaf) {
  flush();
  constexpr std::uint32_t kKeep = kLeafItems - 8;
  ItemRef at = leaves_[leaf].first;
  for (std::uint32_t i = 0; i < kKeep; ++i) at = items_[at].right;
  std::vector<LeafRef> cut;
  for (std::uint32_t left = leaves_[leaf].count - kKeep; left > 0;) {
    const std::uint32_t count = left < kKeep ? left : kKeep;
    cut.push_back(move_to_new_leaf(leaf, at, count));
    left -= count;
  }
  LeafRef before = leaf;
  for (const LeafRef fresh : cut) {
    insert_child(tree, before, fresh, 0);
    before = fresh;
  }
}

void PositionIndex::sums_of(std::uint32_t child, std::uint32_t height, std::uint32_t& visible,
                            std::uint32_t& formats) const {
  visible = 0;
  formats = 0;
  if (height == 0) {
    visible = leaves_[child].visible;
    formats = leaves_[child].formats;
    return;
  }
  const Node& node = nodes_[child];
  for (std::uint32_t i = 0; i < node.count; ++i) {
    visible += node.visible[i];
    formats += node.formats[i];
  }
}

/// Makes `child` the one at `slot`, with its sums.
void PositionIndex::adopt(std::uint32_t node, std::uint32_t slot, std::uint32_t child) {
  const std::uint32_t height = nodes_[node].height - 1;
  nodes_[node].child[slot] = child;
  sums_of(child, height, nodes_[node].visible[slot], nodes_[node].formats[slot]);
  parent_of(child, height) = node;
  if (height == 0)
    leaves_[child].slot = slot & (kFanout - 1);
  else
    nodes_[child].slot = static_cast<std::uint16_t>(slot);
}

/// Puts `child`, whose contents were part of `left` until now, right beside it.
void PositionIndex::insert_child(PositionTree& tree, std::uint32_t left, std::uint32_t child, std::uint32_t height) {
  std::uint32_t node = parent_of(left, height);
  if (node == kNone) {
    node = new_node(height + 1);
    nodes_[node].count = 2;
    adopt(node, 0, left);
    adopt(node, 1, child);
    tree = {node, height + 1};
    return;
  }
  if (nodes_[node].count == kFanout) {
    const std::uint32_t upper = new_node(height + 1);
    const std::uint32_t keep = slot_of(left, height) + 1U == kFanout ? kFanout - 2 : kFanout / 2;
    for (std::uint32_t i = keep; i < kFanout; ++i) {
      ++nodes_[upper].count;
      adopt(upper, i - keep, nodes_[node].child[i]);
    }
    nodes_[node].count = static_cast<std::uint16_t>(keep);
    insert_child(tree, node, upper, height + 1);
    node = parent_of(left, height);
  }
  const std::uint32_t slot = slot_of(left, height);
  for (std::uint32_t i = nodes_[node].count; i > slot + 1; --i) adopt(node, i, nodes_[node].child[i - 1]);
  ++nodes_[node].count;
  adopt(node, slot, left);
  adopt(node, slot + 1, child);
  // Where a node was cut on the way, the sums above were taken before `child` was under them.
  for (std::uint32_t at = node; nodes_[at].parent != kNone; at = nodes_[at].parent)
    adopt(nodes_[at].parent, nodes_[at].slot, at);
}

void PositionIndex::remove(PositionTree& tree, ItemRef item) {
  const Item& entry = items_[item];
  const LeafRef leaf = entry.home;
  const std::uint32_t units = entry.visible();
  const std::uint32_t formats = live_format(entry);
  if (units != 0 || formats != 0) add(leaf, -static_cast<std::int32_t>(units), -static_cast<std::int32_t>(formats));
  if (--leaves_[leaf].count > 0) {
    if (leaves_[leaf].first == item) leaves_[leaf].first = entry.right;
    return;
  }
  flush();
  const std::uint32_t parent = leaves_[leaf].parent;
  const std::uint32_t slot = leaves_[leaf].slot;
  leaves_[leaf].parent = free_leaf_;
  free_leaf_ = leaf;
  if (parent == kNone)
    tree = {};
  else
    remove_child(tree, parent, slot);
}

void PositionIndex::remove_child(PositionTree& tree, std::uint32_t node, std::uint32_t slot) {
  while (true) {
    Node& entry = nodes_[node];
    --entry.count;
    if (entry.count > 0) break;
    const std::uint32_t parent = entry.parent;
    slot = entry.slot;
    entry.parent = free_node_;
    free_node_ = node;
    if (parent == kNone) {
      tree = {};
      return;
    }
    node = parent;
  }
  for (std::uint32_t i = slot; i < nodes_[node].count; ++i) adopt(node, i, nodes_[node].child[i + 1]);
  // A root with one child is no use.
  while (tree.height > 0 && nodes_[tree.root].count == 1) {
    const std::uint32_t root = tree.root;
    tree = {nodes_[root].child[0], tree.height - 1};
    parent_of(tree.root, tree.height) = kNone;
    nodes_[root].parent = free_node_;
    free_node_ = root;
  }
}

void PositionIndex::clear(PositionTree& tree) {
  flush();
  if (tree.root == kNone) return;
  std::vector<std::pair<std::uint32_t, std::uint32_t>> open{{tree.root, tree.height}};
  while (!open.empty()) {
    const auto [at, height] = open.back();
    open.pop_back();
    if (height == 0) {
      leaves_[at].count = 0;
      leaves_[at].parent = free_leaf_;
      free_leaf_ = at;
      continue;
    }
    for (std::uint32_t i = 0; i < nodes_[at].count; ++i) open.emplace_back(nodes_[at].child[i], height - 1);
    nodes_[at].parent = free_node_;
    free_node_ = at;
  }
  tree = {};
}

void PositionIndex::shrink_to_fit() {
  leaves_.shrink_to_fit();
  nodes_.shrink_to_fit();
}

PositionIndex::Found PositionIndex::find(const PositionTree& tree, std::uint32_t index) {
  flush();
  std::uint32_t at = tree.root;
  std::uint32_t start = 0;
  for (std::uint32_t height = tree.height; height > 0; --height) {
    const Node& node = nodes_[at];
    std::uint32_t slot = 0;
    while (slot + 1U < node.count && start + node.visible[slot] < index) start += node.visible[slot++];
    at = node.child[slot];
  }
  return {at, start};
}

LeafRef PositionIndex::last_leaf(const PositionTree& tree) const {
  std::uint32_t at = tree.root;
  for (std::uint32_t height = tree.height; height > 0; --height) at = nodes_[at].child[nodes_[at].count - 1];
  return at;
}

std::uint32_t PositionIndex::start_of(LeafRef leaf) {
  flush();
  std::uint32_t start = 0;
  std::uint32_t node = leaves_[leaf].parent;
  std::uint32_t slot = leaves_[leaf].slot;
  while (node != kNone) {
    for (std::uint32_t i = 0; i < slot; ++i) start += nodes_[node].visible[i];
    slot = nodes_[node].slot;
    node = nodes_[node].parent;
  }
  return start;
}

LeafRef PositionIndex::next_with_formats(const PositionTree& tree, LeafRef leaf) {
  flush();
  if (tree.root == kNone) return kNone;
  std::uint32_t node = kNone;
  std::uint32_t slot = 0;
  if (leaf == kNone) {
    if (tree.height == 0) return leaves_[tree.root].formats != 0 ? tree.root : kNone;
    node = tree.root;
  } else {
    node = leaves_[leaf].parent;
    slot = leaves_[leaf].slot + 1U;
  }
  while (node != kNone) {
    const Node& entry = nodes_[node];
    while (slot < entry.count && entry.formats[slot] == 0) ++slot;
    if (slot == entry.count) {
      slot = entry.slot + 1U;
      node = entry.parent;
    } else if (entry.height == 1) {
      return entry.child[slot];
    } else {
      node = entry.child[slot];
      slot = 0;
    }
  }
  return kNone;
}

bool PositionIndex::is_before(LeafRef a, LeafRef b) const {
  if (a == b) return false;
  std::uint32_t slot_a = leaves_[a].slot;
  std::uint32_t slot_b = leaves_[b].slot;
  a = leaves_[a].parent;
  b = leaves_[b].parent;
  while (a != b) {
    slot_a = nodes_[a].slot;
    slot_b = nodes_[b].slot;
    a = nodes_[a].parent;
    b = nodes_[b].parent;
  }
  return slot_a < slot_b;
}

const char* PositionIndex::validate_leaf(LeafRef leaf, std::size_t& items) {
  const Leaf& entry = leaves_[leaf];
  if (entry.count == 0 || entry.count > kLeafItems) return "a leaf holds none or too many";
  std::uint32_t visible = 0;
  std::uint32_t formats = 0;
  ItemRef at = entry.first;
  if (items_[at].left != kNone && items_[items_[at].left].home == leaf) return "a leaf begins before its first";
  for (std::uint32_t i = 0; i < entry.count; ++i, at = items_[at].right) {
    if (at == kNone) return "a leaf is longer than its list";
    if (items_[at].home != leaf) return "an item does not know its leaf";
    visible += items_[at].visible();
    formats += live_format(items_[at]);
  }
  if (visible != entry.visible) return "a leaf's visible units are wrong";
  if (formats != entry.formats) return "a leaf's formats are wrong";
  items += entry.count;
  return nullptr;
}

const char* PositionIndex::validate_node(std::uint32_t node, std::uint32_t height, std::size_t& items) {
  const Node& entry = nodes_[node];
  if (entry.height != height || entry.count == 0 || entry.count > kFanout) return "a node is malformed";
  for (std::uint32_t i = 0; i < entry.count; ++i) {
    const std::uint32_t child = entry.child[i];
    if (parent_of(child, height - 1) != node || slot_of(child, height - 1) != i) return "a child is not its node's";
    std::uint32_t visible = 0;
    std::uint32_t formats = 0;
    sums_of(child, height - 1, visible, formats);
    if (visible != entry.visible[i] || formats != entry.formats[i]) return "a node's sums are wrong";
    const char* wrong = height == 1 ? validate_leaf(child, items) : validate_node(child, height - 1, items);
    if (wrong != nullptr) return wrong;
  }
  return nullptr;
}

const char* PositionIndex::validate(const PositionTree& tree, std::size_t& items) {
  flush();
  items = 0;
  if (tree.root == kNone) return nullptr;
  if (parent_of(tree.root, tree.height) != kNone) return "a root has a parent";
  return tree.height == 0 ? validate_leaf(tree.root, items) : validate_node(tree.root, tree.height, items);
}

}  // namespace concord::crdt
