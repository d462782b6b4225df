#pragma once
// Events: what a transaction changed of one shared type, as Yjs's YEvent tells it: entries with their old values, the
// sequence as a delta.
//
//   Subscription seen = text.observe([](const Event& event) { use(event.text_delta()); });
//   Subscription deep = map.observe_deep([](std::span<const Event> events) { ... });
//
// An observer of a type is called once for a transaction that changed the type, a deep observer once for a transaction
// that changed the type or any that it holds, with their events, the nearest first. Types that the transaction made or
// deleted have no event of their own. The order of calls is that of Yjs: types in the order of their first change, then
// the deep observers, then those of the transaction (transaction.h, which says what observers may do).

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "crdt/transaction.h"
#include "crdt/types.h"
#include "crdt/xml.h"

namespace concord::crdt {

class EventState;

/// From a type to one that it holds: a key of a map or an index of a sequence.
using PathStep = std::variant<std::string, std::size_t>;
using Path = std::vector<PathStep>;

/// What happened to one entry of a map or one attribute.
struct KeyChange {
  enum class Action : std::uint8_t { kAdd, kUpdate, kDelete };
  std::string key;
  Action action = Action::kAdd;
  Value old_value;  // undefined for kAdd; a shared type that was deleted is not alive
};

/// One step over a sequence of values, from its beginning on.
struct ListOp {
  enum class Kind : std::uint8_t { kInsert, kRetain, kDelete };
  Kind kind = Kind::kRetain;
  std::vector<Value> values;  // kInsert
  std::uint64_t length = 0;   // kRetain, kDelete
};

/// Valid during the call of the observer, and meaningful before it has changed the document itself. What it returns is
/// worked out when it is asked for the first time: linear in the type's items.
class Event {
 public:
  Event(EventState& state, const SharedType& current) : state_(state), current_(current) {}

  const Transaction& transaction() const;
  /// The type that changed.
  const SharedType& target() const;
  /// The same as what it is.
  Value target_value() const;
  /// From the type whose observer is called to the target.
  Path path() const;

  /// Whether the sequence changed: characters, elements, children.
  bool list_changed() const;
  /// Which entries or attributes were touched, in the order of their first change.
  std::vector<std::string> keys_changed() const;
  /// Those of them that are not what they were, as Yjs's changes.keys.
  const std::vector<KeyChange>& keys() const;
  /// As Yjs's changes.delta of an array or of children; nothing for a text.
  const std::vector<ListOp>& list_delta() const;
  /// As Yjs's delta of a text; nothing for other types. With DocOptions::clean_formats it deletes, as Yjs does, the
  /// formats which it finds to change nothing, in a transaction that follows.
  const std::vector<DeltaOp>& text_delta() const;
  /// The ids of what came into the sequence or went from it, in its order, neighbours joined; what came and went is in
  /// neither.
  std::vector<IdRange> added() const;
  std::vector<IdRange> deleted() const;

 private:
  EventState& state_;
  SharedType current_;
};

}  // namespace concord::crdt
