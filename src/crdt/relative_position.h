#pragma once
// RelativePosition: a place in a shared type that stays with its neighbour while others change the document: a cursor,
// a comment's anchor. Made by SharedType::position_at, turned back into an index by Doc::resolve; the bytes and the
// JSON are those of Yjs.
//
//   varuint 0, id of the neighbour        the place before (assoc >= 0) or behind (assoc < 0) that element
//   varuint 1, var_string name            the end (assoc >= 0) or the beginning of the root type of that name
//   varuint 2, id of the item that holds  the same of another type
//   then varint assoc, which may be missing                             id: varuint client, varuint clock

#include <cstdint>
#include <optional>
#include <string>

#include "base/bytes.h"
#include "base/result.h"
#include "crdt/any.h"
#include "crdt/element.h"
#include "crdt/types.h"

namespace concord::crdt {

struct RelativePosition {
  std::optional<ElementId> type;    // the item that holds the type,
  std::optional<std::string> root;  // or the root type's name
  std::optional<ElementId> item;    // the neighbour; absent at an end
  std::int64_t assoc = 0;           // negative: bound to the left neighbour; else to the right one. Below 2^53

  /// As Y.compareRelativePositions.
  bool operator==(const RelativePosition&) const = default;
};

/// An index in a type, as of now.
struct AbsolutePosition {
  SharedType type;
  std::size_t index = 0;
  std::int64_t assoc = 0;
};

/// As Y.encodeRelativePosition: the type is left out where there is a neighbour. One that names nothing at all, which
/// Yjs refuses to write, is no bytes.
Bytes encode_relative_position(const RelativePosition& position);
/// Fails with kInvalidArgument on an unknown form, truncation, trailing bytes and clocks out of range.
Result<RelativePosition> decode_relative_position(ByteView encoded);

/// As Y.relativePositionToJSON, which leaves out a root type without a name.
Any relative_position_to_json(const RelativePosition& position);
/// Members that are missing or null are absent; fails with kInvalidArgument on members of a wrong form.
Result<RelativePosition> relative_position_from_json(const Any& json);

}  // namespace concord::crdt
