// Attribution tables from anywhere: what decodes encodes to the same bytes; merged with another, in either order, it
// gives the same. What is left of the input is fed as an update. Byte 0 says where the table ends.

#include <cstdlib>

#include "crdt/attribution.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace concord;
  if (size == 0) return 0;
  const ByteView rest(data + 1, size - 1);
  const std::size_t cut = std::min<std::size_t>(data[0], rest.size());
  auto table = crdt::Attribution::decode(rest.first(cut));
  if (!table) return 0;
  if (!std::ranges::equal(table->encode(), rest.first(cut))) std::abort();
  crdt::Attribution other(table->grain());
  (void)other.add(rest.subspan(cut), "somebody", 5);
  crdt::Attribution merged(table->grain());
  if (!merged.merge(other) || !merged.merge(*table) || !table->merge(other) || *table != merged) std::abort();
  return 0;
}
