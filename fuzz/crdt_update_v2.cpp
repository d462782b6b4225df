// An update in V2 from anywhere: the check and the document agree on it, no invariant breaks, and what was taken in is
// written, in both formats, so that another document takes it in the same.

#include <cstdlib>

#include "crdt/doc.h"
#include "crdt/update.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace concord;
  constexpr auto kV2 = crdt::UpdateFormat::kV2;
  constexpr std::uint64_t kFew = 2000;  // so that an input costs little
  const ByteView input(data, size);
  crdt::Doc doc({.max_run_structs = kFew});
  const bool well_formed = crdt::check_update(input, kV2, kFew).has_value();
  if (doc.apply_update(input, kV2).has_value() != well_formed || !doc.validate().empty()) std::abort();
  if (crdt::describe_update(input, kV2, kFew).has_value() != well_formed) std::abort();

  const Bytes v2 = doc.encode_state_as_update({}, kV2);
  crdt::Doc copy;
  if (!copy.apply_update(v2, kV2) || !copy.validate().empty()) std::abort();
  if (copy.encode_state_vector() != doc.encode_state_vector()) std::abort();
  crdt::Doc other;
  if (!other.apply_update(doc.encode_state_as_update()) || !other.validate().empty()) std::abort();
  if (other.encode_state_vector() != doc.encode_state_vector()) std::abort();
  (void)doc.text("text").to_delta();
  (void)doc.map("map").to_json();
  (void)doc.array("array").to_json();
  return 0;
}
