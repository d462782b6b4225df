// Relative positions from anywhere: what decodes encodes and goes through JSON to the same, and can be looked for.

#include <cstdlib>

#include "crdt/doc.h"
#include "crdt/relative_position.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace concord;
  const auto decoded = crdt::decode_relative_position(ByteView(data, size));
  if (!decoded) return 0;
  const auto again = crdt::decode_relative_position(crdt::encode_relative_position(*decoded));
  if (!again || *again != *decoded) std::abort();
  const auto from_json = crdt::relative_position_from_json(crdt::relative_position_to_json(*decoded));
  const bool nameless = decoded->root && decoded->root->empty();  // which Yjs's JSON does not tell
  if (!from_json || (!nameless && *from_json != *decoded)) std::abort();

  crdt::Doc doc({.client = crdt::ClientId{1}});
  crdt::Text text = doc.text("t");
  doc.transact([&] {
    (void)text.insert(0, "abcdef");
    (void)text.erase(2, 2);
    (void)doc.array("a").insert_text(0);
  });
  const auto place = doc.resolve(*decoded);
  if (place && place->type == text && place->index > text.length()) std::abort();
  return 0;
}
