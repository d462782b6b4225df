#pragma once
// How large a document is as JSON: an object of its root types by name, texts as Deltas with their formats, XML as
// text, bytes as base64. Nothing is written for it. What was deleted does not count.

#include <cstddef>
#include <string_view>

#include "base/bytes.h"

namespace concord::crdt {

class Any;

/// Of a quoted JSON string.
std::size_t json_string_bytes(std::string_view utf8);
std::size_t json_bytes(const Any& value);

/// At most what applying an update (V1) adds to Doc::json_bytes, in time linear in the update; 0 where it is malformed.
/// But for what is said once more without being in it: a Delta repeats formats for each of the runs that they are
/// parted into, and a map a key that it has had before; or a run that was emptied begins again.
std::size_t most_json_growth(ByteView update);

/// The same, by the length of an update or of an encoded document alone.
constexpr std::size_t kMostJsonPerByte = 6;

}  // namespace concord::crdt
