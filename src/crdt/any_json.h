#pragma once
// JSON as JavaScript reads and writes it: parse_json accepts what JSON.parse accepts, and to_json prints what
// JSON.stringify prints, to the byte (number format, escapes, order of keys), because Yjs stores embeds and formats so.

#include <string>
#include <string_view>

#include "base/result.h"
#include "crdt/any.h"

namespace concord::crdt {

/// Arrays and objects may be nested at most so deep, in JSON and in the binary form.
constexpr std::size_t kMaxNesting = 256;

/// RFC 8259 text. Fails with kInvalidArgument, saying what and at which byte. A lone surrogate escape becomes three
/// bytes of generalised UTF-8 (WTF-8) and is printed as the same escape again.
Result<Any> parse_json(std::string_view text);

/// Undefined members are left out and undefined elements are null, as JSON.stringify does. What JSON cannot say is
/// written as the nearest thing: bytes as an object of its indices (as a Uint8Array is), a bigint as its digits.
std::string to_json(const Any& value);
void append_json(std::string& out, const Any& value);
/// A quoted JSON string.
void append_json_string(std::string& out, std::string_view utf8);
/// A number as JavaScript's String(value); NaN and infinities as "null".
void append_json_number(std::string& out, double value);

}  // namespace concord::crdt
