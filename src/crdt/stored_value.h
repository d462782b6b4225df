#pragma once
// The values of embeds and formats as a document keeps them: JSON text, which is what format V1 has; or, where JSON
// cannot say the value exactly (undefined, bytes, bigints, negative zero, numbers that are none), a zero byte and its
// binary form (any_codec.h), which is what format V2 has.

#include <string>
#include <string_view>

#include "base/bytes.h"
#include "crdt/any.h"

namespace concord::crdt {

std::string stored_value(const Any& value);
/// Of valid JSON.
std::string stored_value_of_json(std::string_view json);
/// Of one valid value in its binary form.
std::string stored_value_of_any(ByteView encoded);
Any read_stored_value(std::string_view stored);

inline bool stored_as_any(std::string_view stored) { return !stored.empty() && stored.front() == '\0'; }
/// Whether it is one of those of which JavaScript has many equal ones: an object, an array or bytes.
bool is_compound_value(std::string_view stored);

}  // namespace concord::crdt
