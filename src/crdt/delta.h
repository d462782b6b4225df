#pragma once
// Deltas: a text as Quill's operations, and changes of one.

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "crdt/shared_type.h"

namespace concord::crdt {

/// One operation of a Quill Delta. Read-outs only have inserts.
struct DeltaOp {
  enum class Kind : std::uint8_t { kInsert, kEmbed, kRetain, kDelete };
  Kind kind = Kind::kInsert;
  std::string text;          // kInsert
  Any embed;                 // kEmbed; a nested shared type reads as its JSON,
  SharedType shared;         // and is this
  std::uint64_t length = 0;  // kRetain, kDelete
  Attributes attributes;     // kInsert, kEmbed, kRetain

  static DeltaOp insert(std::string text, Attributes attributes = {});
  static DeltaOp insert_embed(Any embed, Attributes attributes = {});
  static DeltaOp retain(std::uint64_t length, Attributes attributes = {});
  static DeltaOp erase(std::uint64_t length);
};
/// As a JSON value ({"insert": …, "attributes": …}) and back.
Any delta_to_any(std::span<const DeltaOp> delta);
Result<std::vector<DeltaOp>> delta_from_any(const Any& value);

}  // namespace concord::crdt
