#include "crdt/fields_v1.h"

#include "crdt/any_codec.h"
#include "crdt/any_json.h"
#include "crdt/canonical.h"

namespace concord::crdt {

bool FieldReaderV1::value(ByteView& out, bool& canonical) {
  if (!text(out)) return false;
  const JsonForm form = json_form(as_text(out));
  canonical = form.canonical;
  return form.valid || fail("a string is not JSON");
}

bool FieldReaderV1::json_elements(std::uint32_t count, ByteView& out) {
  const std::uint8_t* begin = rest_.at();
  ByteView element;
  for (std::uint32_t i = 0; i < count; ++i) {
    if (!text(element)) return false;
    if (as_text(element) != "undefined" && !json_form(as_text(element)).valid) return fail("a string is not JSON");
  }
  out = {begin, rest_.at()};
  return true;
}

void FieldWriterV1::any_value(ByteView encoded) {
  WireReader in(encoded);
  Any value;
  rest_.var_bytes(as_bytes(read_any(in, value) ? to_json(value) : std::string("null")));
}

}  // namespace concord::crdt
