// State vectors from anywhere: what decodes encodes to something that decodes the same.

#include <cstdlib>

#include "crdt/state_vector.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace concord;
  const auto decoded = crdt::decode_state_vector(ByteView(data, size));
  if (!decoded) return 0;
  const auto again = crdt::decode_state_vector(decoded->encode());
  if (!again || *again != *decoded) std::abort();
  return 0;
}
