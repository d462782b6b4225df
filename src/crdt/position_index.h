#pragma once
// PositionIndex: from an index in a list to an item, and back. A B+-tree whose leaves are runs of up to 64 consecutive
// items of the list. A leaf knows its first item, how many follow, and how many code units of them are visible; the
// items themselves stay in the linked list and each knows its leaf. So a leaf costs 24 bytes for 64 items, inserting an
// item writes to its leaf alone, and only sums go up.
//
// Sums go up late: the leaf that was changed last keeps its difference (`hot`) until another leaf is changed or a
// search comes. Typing in one place therefore costs one addition. And leaves are cut late: while an update is applied
// they may grow beyond their size and are cut at its end, so that a document that is loaded gets its tree in one pass.

#include <cstdint>
#include <vector>

#include "crdt/item.h"
#include "crdt/pod_array.h"

namespace concord::crdt {

using LeafRef = std::uint32_t;

/// One list's tree: a leaf at height 0, else a node.
struct PositionTree {
  std::uint32_t root = kNone;
  std::uint32_t height = 0;
};

class PositionIndex {
 public:
  explicit PositionIndex(PodArray<Item>& items) : items_(items) {}

  /// Takes in an item that has just been linked into the list of `type`.
  void insert(PositionTree& tree, TypeRef type, ItemRef item);
  /// The same while deferred, for so many items with so many visible units behind others of `leaf`.
  void insert_deferred(LeafRef leaf, std::uint32_t items, std::uint32_t units);
  /// From here on leaves may overflow, until settle() has been called; meanwhile nothing is searched by position.
  void defer() { deferred_ = true; }
  /// Cuts what has overflown; `tree_of(type)` is the tree of a type.
  template <class TreeOf>
  void settle(TreeOf tree_of) {
    deferred_ = false;
    for (const LeafRef leaf : overflown_)
      if (leaves_[leaf].count > kLeafItems) cut_leaf(tree_of(leaves_[leaf].type), leaf);
    overflown_.clear();
  }
  /// Lets go of an item that is still linked.
  void remove(PositionTree& tree, ItemRef item);
  /// Lets go of all at once; the items' homes are left as they are.
  void clear(PositionTree& tree);

  /// An item of the leaf became visible, grew, or went out of sight; and the same for live formats.
  void add(LeafRef leaf, std::int32_t units, std::int32_t formats = 0) {
    leaves_[leaf].visible += static_cast<std::uint32_t>(units);
    leaves_[leaf].formats += static_cast<std::uint32_t>(formats);
    if (leaves_[leaf].parent == kNone) return;
    if (leaf != hot_leaf_) {
      flush();
      hot_leaf_ = leaf;
    }
    hot_units_ += units;
    hot_formats_ += formats;
  }

  TypeRef type_of(LeafRef leaf) const { return leaves_[leaf].type; }

  struct Found {
    LeafRef leaf = kNone;
    std::uint32_t start = 0;  // visible units before the leaf
  };
  /// The leaf with the unit before `index`, which is at least 1 and at most the list's length.
  Found find(const PositionTree& tree, std::uint32_t index);
  ItemRef first_item(LeafRef leaf) const { return leaves_[leaf].first; }
  LeafRef last_leaf(const PositionTree& tree) const;
  /// Visible units before the leaf.
  std::uint32_t start_of(LeafRef leaf);
  std::uint32_t leaf_visible(LeafRef leaf) const { return leaves_[leaf].visible; }
  std::uint32_t leaf_count(LeafRef leaf) const { return leaves_[leaf].count; }
  std::uint32_t leaf_formats(LeafRef leaf) const { return leaves_[leaf].formats; }
  /// The next leaf to the right of `leaf` (or the first of all, for kNone) that has live formats; kNone if none has.
  LeafRef next_with_formats(const PositionTree& tree, LeafRef leaf);

  /// Whether leaf `a` is left of leaf `b` of the same tree.
  bool is_before(LeafRef a, LeafRef b) const;

  /// The first broken invariant, or null; `items` counts the items under the tree.
  const char* validate(const PositionTree& tree, std::size_t& items);
  std::size_t heap_bytes() const { return leaves_.heap_bytes() + nodes_.heap_bytes(); }
  void shrink_to_fit();

  static constexpr std::uint32_t kLeafItems = 64;
  static constexpr std::uint32_t kFanout = 16;
  static constexpr std::uint32_t kMostItems = (1U << 28U) - 1;  // in a leaf that may overflow
 private:
  struct Leaf {
    ItemRef first;
    std::uint32_t visible;
    std::uint32_t parent;  // node, or kNone at the root; links the free leaves
    TypeRef type;
    std::uint32_t formats;
    std::uint32_t count : 28;
    std::uint32_t slot : 4;
  };
  struct Node {
    std::uint32_t parent;
    std::uint16_t count;
    std::uint16_t slot;
    std::uint32_t height;  // 1: its children are leaves
    std::uint32_t child[kFanout];
    std::uint32_t visible[kFanout];
    std::uint32_t formats[kFanout];
  };

  void flush() {
    if (hot_leaf_ != kNone && (hot_units_ != 0 || hot_formats_ != 0)) carry_up();
    hot_leaf_ = kNone;
  }
  void carry_up();
  LeafRef new_leaf(TypeRef type);
  std::uint32_t new_node(std::uint32_t height);
  void split_leaf(PositionTree& tree, LeafRef leaf);
  void cut_leaf(PositionTree& tree, LeafRef leaf);
  LeafRef move_to_new_leaf(LeafRef from, ItemRef& at, std::uint32_t count);
  void adopt(std::uint32_t node, std::uint32_t slot, std::uint32_t child);
  void sums_of(std::uint32_t child, std::uint32_t height, std::uint32_t& visible, std::uint32_t& formats) const;
  void insert_child(PositionTree& tree, std::uint32_t left, std::uint32_t child, std::uint32_t height);
  void remove_child(PositionTree& tree, std::uint32_t node, std::uint32_t slot);
  std::uint32_t& parent_of(std::uint32_t child, std::uint32_t height) {
    return height == 0 ? leaves_[child].parent : nodes_[child].parent;
  }
  std::uint32_t slot_of(std::uint32_t child, std::uint32_t height) const {
    return height == 0 ? leaves_[child].slot : nodes_[child].slot;
  }
  const char* validate_node(std::uint32_t node, std::uint32_t height, std::size_t& items);
  const char* validate_leaf(LeafRef leaf, std::size_t& items);

  PodArray<Item>& items_;
  PodArray<Leaf> leaves_;
  PodArray<Node> nodes_;
  std::uint32_t free_leaf_ = kNone;
  std::uint32_t free_node_ = kNone;
  LeafRef hot_leaf_ = kNone;
  std::int32_t hot_units_ = 0;
  std::int32_t hot_formats_ = 0;
  bool deferred_ = false;
  std::vector<LeafRef> overflown_;
};

}  // namespace concord::crdt
