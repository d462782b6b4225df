#pragma once
// What a document keeps of each type, each key of a map and each client. All are referred to by number.

#include <cstdint>

#include "crdt/clock_index.h"
#include "crdt/item.h"
#include "crdt/position_index.h"
#include "crdt/shared_type.h"

namespace concord::crdt {

struct TypeRecord {
  TypeKind kind = TypeKind::kUnknown;
  bool in_use = false;
  bool has_formats = false;    // a format was ever integrated here
  ItemRef item = kNone;        // the item that holds the type; none for a root
  std::uint32_t name = kNone;  // of a root, an XML element or a hook
  ItemRef start = kNone;       // first item of the list
  std::uint32_t length = 0;    // visible units of the list
  PositionTree tree;
  std::uint32_t first_entry = kNone;
  std::uint32_t last_entry = kNone;
  std::uint32_t generation = 0;  // differs for each use of this number
};

/// One key of a map: a list of items of which the last is the value, unless it is deleted.
struct MapEntry {
  TypeRef type = kNone;
  std::uint32_t key = 0;
  ItemRef head = kNone;
  ItemRef tail = kNone;
  std::uint32_t next = kNone;  // entry of the same type, in order of first mention
};

struct ClientRecord {
  std::uint64_t id = 0;
  std::uint32_t state = 0;   // clock after the last struct
  std::uint32_t before = 0;  // the state when transaction `stamp` began
  std::uint64_t stamp = 0;
  std::uint32_t rank = 0;      // clients in the order of their first structs here
  ItemRef slack_item = kNone;  // this client's last item has room to grow up to `slack_end` in the arena
  std::uint32_t slack_end = 0;
  ClockIndex index;
};

}  // namespace concord::crdt
