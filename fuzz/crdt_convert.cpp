// An update in V1 from anywhere: it converts to V2 exactly if it is well formed, and from there on the way there and
// back changes nothing more. What it does to a document is the same in either format.

#include <cstdlib>

#include "crdt/doc.h"
#include "crdt/update.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace concord;
  constexpr auto kV1 = crdt::UpdateFormat::kV1;
  constexpr auto kV2 = crdt::UpdateFormat::kV2;
  const ByteView input(data, size);
  const auto v2 = crdt::convert_update(input, kV1, kV2);
  const bool well_formed = crdt::check_update(input).has_value();
  if (well_formed && !v2) std::abort();
  if (!v2) return 0;
  const auto v1 = crdt::convert_update(*v2, kV2, kV1);
  if (!v1) std::abort();
  const auto again = crdt::convert_update(*v1, kV1, kV2);
  if (!again || *again != *v2) std::abort();
  const auto back = crdt::convert_update(*again, kV2, kV1);
  if (!back || *back != *v1) std::abort();
  if (*crdt::state_vector_of_update(input) != *crdt::state_vector_of_update(*v2, kV2)) std::abort();

  crdt::Doc one;
  crdt::Doc other;
  if (one.apply_update(input).has_value() != other.apply_update(*v2, kV2).has_value()) std::abort();
  if (one.encode_state_vector() != other.encode_state_vector()) std::abort();
  if (!one.validate().empty() || !other.validate().empty()) std::abort();
  return 0;
}
