#pragma once
// ConflictIndex: where an item belongs among concurrent ones, by the rule of integrate.cpp, without a walk over them.
//
// Of an item with origin o and right origin r, the rule's walk goes from o to the right. Call items with origin o
// siblings. The walk's end is the first of: r, and an item whose origin is left of o. The item goes behind the last
// sibling before the end whose client is less (without one, right behind o), and behind all that is attached to that
// sibling, or to what is attached to it: that is, before the next sibling which nothing crosses on this side of the
// end. A run is crossed where the origin of another, further right, lies between its own origin and it. Honest clients
// write no crossings. One comes about only when the crossed run is put in, in front of a right origin which it parts
// from what that is attached to; nothing that comes later crosses it, as a walk to behind it would have ended at it.
//
// The rule's walk also ends at a sibling with the same right origin whose client is not less. That saves steps, and
// decides nothing. Say G is a sibling with right origin r, and look at what is behind G and before both r and all items
// whose origin is left of o: there is no sibling of a lesser client, and nothing that crosses G. For when G came, its
// walk went there (or up to another such sibling of which the same is true), so a lesser client's would have been in
// front of G, and what crosses G is behind r; and a sibling that comes later and is of a lesser client goes in front of
// G. So for a client that is not greater than G's, all that decides is in front of G.

#include <cstdint>
#include <optional>

#include "crdt/origin_tree.h"

namespace concord::crdt {

class ConflictIndex {
 public:
  struct Entry {
    Id id;
    std::uint32_t length = 0;
    Id origin;
    std::uint64_t client_id = 0;
  };

  /// Takes in a whole list, from left to right: insert() each, then this.
  void filled() { tree_.find_crossings(); }
  /// An item has come to stand right behind the unit `left`; absent: at the front. False, and nothing done, if that
  /// unit is not of this list.
  bool insert(const Entry& entry, Id left);
  /// The unit right behind which an item with these origins belongs; absent: the front. nullopt if the origin is not of
  /// this list.
  std::optional<Id> place(Id origin, Id right_origin, std::uint64_t client_id);

  /// Grows with each item.
  std::size_t size() const { return tree_.size(); }
  const OriginTree& tree() const { return tree_; }
  std::size_t heap_bytes() const { return tree_.heap_bytes(); }

 private:
  RunRef ending_with(Id unit);
  RunRef starting_with(Id unit);
  RunRef first_less(RunRef from, RunRef bound) const;

  OriginTree tree_;
};

}  // namespace concord::crdt
