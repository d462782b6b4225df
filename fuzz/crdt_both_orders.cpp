// Two updates from anywhere, applied in both orders: the documents know the same. (They show the same where one client
// never says two things at one clock, which hostile input may.) And what the second is said to touch holds.

#include <algorithm>
#include <cstdlib>

#include "crdt/any_json.h"
#include "crdt/delta.h"
#include "crdt/doc.h"
#include "crdt/update.h"

namespace {

using namespace concord;

std::string text_of(crdt::Doc& doc) { return crdt::to_json(crdt::delta_to_any(doc.text("text").to_delta())); }
std::string map_of(crdt::Doc& doc) { return crdt::to_json(doc.map("map").to_json()); }

/// Applies `second` to a document that holds `first`.
void hold_what_is_touched(ByteView first, ByteView second) {
  crdt::Doc doc;
  const auto before = doc.apply_update(first);
  if (!before || before->pending) return;
  const auto touched = doc.touches(second);
  const std::string text = text_of(doc);
  const std::string map = map_of(doc);
  const auto after = doc.apply_update(second);
  if (touched.has_value() != after.has_value()) std::abort();
  if (!touched) return;
  if (touched->unknown != after->pending || (touched->empty() && after->changed)) std::abort();
  if (touched->unknown) return;
  const auto told = [&touched](const char* root) { return std::ranges::binary_search(touched->roots, root); };
  if ((text_of(doc) != text && !told("text")) || (map_of(doc) != map && !told("map"))) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const ByteView rest(data + 1, size - 1);
  const std::size_t cut = std::min<std::size_t>(data[0], rest.size());
  const ByteView first = rest.first(cut);
  const ByteView second = rest.subspan(cut);
  hold_what_is_touched(first, second);
  crdt::Doc one;
  crdt::Doc other;
  if (!one.apply_update(first) || !one.apply_update(second)) return 0;
  if (!other.apply_update(second) || !other.apply_update(first)) return 0;
  if (!one.validate().empty() || !other.validate().empty()) std::abort();
  crdt::Doc copy;
  if (!copy.apply_update(one.encode_state_as_update()) || !copy.validate().empty()) std::abort();
  return 0;
}
