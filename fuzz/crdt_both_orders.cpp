// Two updates from anywhere, applied in both orders: the documents know the same. (They show the same where one client
// never says two things at one clock, which hostile input may.)

#include <cstdlib>

#include "crdt/doc.h"
#include "crdt/update.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace concord;
  if (size == 0) return 0;
  const ByteView rest(data + 1, size - 1);
  const std::size_t cut = std::min<std::size_t>(data[0], rest.size());
  const ByteView first = rest.first(cut);
  const ByteView second = rest.subspan(cut);
  crdt::Doc one;
  crdt::Doc other;
  if (!one.apply_update(first) || !one.apply_update(second)) return 0;
  if (!other.apply_update(second) || !other.apply_update(first)) return 0;
  if (!one.validate().empty() || !other.validate().empty()) std::abort();
  crdt::Doc copy;
  if (!copy.apply_update(one.encode_state_as_update()) || !copy.validate().empty()) std::abort();
  return 0;
}
