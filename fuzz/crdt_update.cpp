// An update from anywhere: the check and the document agree on it, no invariant breaks, and what was taken in is
// written so that another document takes it in the same.

#include <cstdlib>

#include "crdt/doc.h"
#include "crdt/update.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace concord;
  const ByteView input(data, size);
  crdt::Doc doc;
  const bool well_formed = crdt::check_update(input).has_value();
  if (doc.apply_update(input).has_value() != well_formed || !doc.validate().empty()) std::abort();
  const Bytes encoded = doc.encode_state_as_update();
  crdt::Doc copy;
  if (!copy.apply_update(encoded) || !copy.validate().empty()) std::abort();
  if (copy.encode_state_vector() != doc.encode_state_vector()) std::abort();
  (void)doc.text("text").to_delta();
  (void)doc.map("map").to_json();
  (void)doc.array("array").to_json();
  return 0;
}
