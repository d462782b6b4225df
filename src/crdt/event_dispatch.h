#pragma once
// Tells the observers of types of a transaction's changes, in Yjs's order.

#include <memory>
#include <vector>

#include "crdt/event_state.h"
#include "crdt/id_table.h"

namespace concord::crdt {

class EventDispatch {
 public:
  EventDispatch(Engine& engine, const Transaction& transaction) : engine_(engine), transaction_(transaction) {}
  void run();

 private:
  struct Place {
    TypeRef deep = kNone;     // the nearest type with deep observers, from here up
    std::uint32_t depth = 0;  // types above
  };
  struct DeepTarget {
    TypeRef type = kNone;
    std::vector<EventState*> events;
  };

  bool alive(TypeRef type) const;
  TypeRef parent(TypeRef type) const;
  TypeRef deep_observed_at_or_above(TypeRef type);
  void note_for_deep(TypeRef above, EventState* event);
  void call_deep(const DeepTarget& target);
  /// The record keeps changed types in the order of their first change.
  const ChangedType* order(const EventState* event) const { return &event->changed(); }

  Engine& engine_;
  const Transaction& transaction_;
  std::vector<std::unique_ptr<EventState>> events_;
  std::vector<Place> places_;
  IdTable place_numbers_;  // by type
  std::vector<DeepTarget> deep_;
  IdTable deep_numbers_;  // by type
};

}  // namespace concord::crdt
