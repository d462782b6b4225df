// Two updates from anywhere (the first byte says where one ends): merging and cutting never fail on what is well
// formed, and give what is well formed; in V1 and in V2.

#include <cstdlib>

#include "crdt/doc.h"
#include "crdt/update.h"

namespace {

using namespace concord;

void merge(const ByteView (&updates)[2], crdt::UpdateFormat format) {
  constexpr std::uint64_t kFew = 2000;  // so that an input costs little
  const bool well_formed = crdt::check_update(updates[0], format, kFew).has_value() &&
                           crdt::check_update(updates[1], format, kFew).has_value();
  const auto merged = crdt::merge_updates(updates, format, kFew);
  if (well_formed && (!merged || !crdt::check_update(*merged, format))) std::abort();
  if (!merged) return;
  const crdt::StateVector since({{crdt::ClientId{1}, 2}});
  if (crdt::check_update(*merged, format) && !crdt::diff_update(*merged, since, format)) std::abort();
  (void)crdt::state_vector_of_update(*merged, format);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const ByteView rest(data + 1, size - 1);
  const std::size_t cut = std::min<std::size_t>(data[0], rest.size());
  const ByteView updates[2] = {rest.first(cut), rest.subspan(cut)};
  merge(updates, crdt::UpdateFormat::kV1);
  merge(updates, crdt::UpdateFormat::kV2);
  return 0;
}
