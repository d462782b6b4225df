#include "crdt/canonical.h"

#include "crdt/any_codec.h"
#include "crdt/update_reader.h"
#include "crdt/wire.h"

namespace concord::crdt {

Bytes canonical_document_options(ByteView payload) {
  WireReader in(payload);
  Any options;
  AnyObject kept;
  if (read_any(in, options)) {
    const Any* gc = options.find("gc");
    const Any* load = options.find("autoLoad");
    const Any* meta = options.find("meta");
    const auto* gc_flag = gc != nullptr ? gc->as<bool>() : nullptr;
    const auto* load_flag = load != nullptr ? load->as<bool>() : nullptr;
    if (gc_flag != nullptr && !*gc_flag) kept.push_back({"gc", Any(false)});
    if (load_flag != nullptr && *load_flag) kept.push_back({"autoLoad", Any(true)});
    if (meta != nullptr && !meta->is_null() && !meta->is_undefined()) kept.push_back({"meta", *meta});
  }
  Bytes out;
  WireWriter writer(out);
  write_any(writer, Any(std::move(kept)));
  return out;
}

Bytes canonical_values(ByteView payload) {
  WireReader in(payload);
  Bytes out;
  WireWriter writer(out);
  while (!in.at_end()) {
    Any value;
    if (!read_any(in, value)) break;
    write_any(writer, value);
  }
  return out;
}

Bytes canonical_json_elements(ByteView payload) {
  WireReader in(payload);
  Bytes out;
  WireWriter writer(out);
  ByteView element;
  while (!in.at_end() && in.var_bytes(element)) {
    const std::string_view text = as_text(element);
    writer.var_bytes(as_bytes(text == "undefined" ? std::string(text) : canonical_json(text)));
  }
  return out;
}

}  // namespace concord::crdt
