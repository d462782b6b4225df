#pragma once
// Contents as a Yjs peer would write them again after reading them, for input that other writers made.

#include <string>
#include <string_view>

#include "base/bytes.h"

namespace concord::crdt {

/// Options of a subdocument: the three that are kept, in their order.
Bytes canonical_document_options(ByteView payload);
/// Any values, one after the other.
Bytes canonical_values(ByteView payload);
/// JSON texts as var_strings, one after the other; "undefined" stays.
Bytes canonical_json_elements(ByteView payload);

/// A JSON string without escapes, of what is JSON or UTF-8 at least.
bool plain_json_string(std::string_view text);
/// Whether `text` is JSON, and printed as JavaScript prints it (common forms are told without parsing).
struct JsonForm {
  bool valid = false;
  bool canonical = false;
};
JsonForm json_form(std::string_view text);
/// As JavaScript prints it; of valid JSON.
std::string canonical_json(std::string_view text);

}  // namespace concord::crdt
