#pragma once
// Elements: what a shared type's list is made of, by name. One element is a value, an embed, a type, or one UTF-16 code
// unit of text.

#include "crdt/state_vector.h"

namespace concord::crdt {

struct ElementId {
  ClientId client;
  Clock clock = 0;
  bool operator==(const ElementId&) const = default;
};

/// Neighbours in a list whose names follow each other.
struct ElementRun {
  ClientId client;
  Clock clock = 0;
  Clock length = 0;
  bool deleted = false;
};

}  // namespace concord::crdt
