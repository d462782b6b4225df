// Two updates from anywhere (the first byte says where one ends): merging and cutting never fail on what is well
// formed, and give what is well formed.

#include <cstdlib>

#include "crdt/doc.h"
#include "crdt/update.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace concord;
  if (size == 0) return 0;
  const ByteView rest(data + 1, size - 1);
  const std::size_t cut = std::min<std::size_t>(data[0], rest.size());
  const ByteView updates[] = {rest.first(cut), rest.subspan(cut)};
  const bool well_formed = crdt::check_update(updates[0]).has_value() && crdt::check_update(updates[1]).has_value();
  const auto merged = crdt::merge_updates(updates);
  if (well_formed && (!merged || !crdt::check_update(*merged))) std::abort();
  if (!merged) return 0;
  const crdt::StateVector since({{crdt::ClientId{1}, 2}});
  if (crdt::check_update(*merged) && !crdt::diff_update(*merged, since)) std::abort();
  (void)crdt::state_vector_of_update(*merged);
  return 0;
}
