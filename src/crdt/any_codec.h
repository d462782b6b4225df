#pragma once
// The binary form of Any, as lib0 writes it (encoding.js, writeAny): a tag byte and a body.
//
//   127 undefined | 126 null | 125 integer: varint, |n| < 2^31 | 124 float32 | 123 float64 | 122 bigint: 8 bytes
//   121 false | 120 true | 119 string: var_string | 118 object: varuint count, then var_string name and value each
//   117 array: varuint count, then the values | 116 bytes: var_bytes             (all fixed-width numbers big-endian)
//
// A writer has one form for each value (the first above that fits a number). Values are stored as they came when they
// have that form, and are brought into it when they have not, because that is what a Yjs peer would send on.

#include "base/bytes.h"
#include "crdt/any.h"
#include "crdt/wire.h"

namespace concord::crdt {

/// Steps over one value; clears `canonical` where a writer would have written other bytes. Refuses invalid UTF-8,
/// unknown tags and nesting beyond kMaxNesting.
bool scan_any(WireReader& in, bool& canonical);
/// Reads one value; refuses what scan_any refuses.
bool read_any(WireReader& in, Any& out);
void write_any(WireWriter& out, const Any& value);

}  // namespace concord::crdt
