// Snapshots from anywhere, in both formats: what decodes encodes to something that decodes the same, and a document
// that is read as of it, whatever it says, stays sound. Byte 0 picks the format.

#include <cstdlib>

#include "crdt/doc.h"
#include "crdt/snapshot.h"

namespace {

using namespace concord;

crdt::Doc make_doc() {
  crdt::Doc doc({.client = crdt::ClientId{1}, .gc = false});
  crdt::Doc other({.client = crdt::ClientId{2}, .gc = false});
  crdt::Text text = doc.text("t");
  const Bytes first = doc.transact([&] {
    (void)text.insert(0,
                      "ab\xf0\x9f\x98\x80"
                      "cdef");
  });
  (void)other.apply_update(first);
  const Bytes second = other.transact([&] {
    (void)other.text("t").erase(1, 2);
    (void)other.map("m").set("k", crdt::Any(1));
  });
  (void)doc.apply_update(second);
  doc.transact([&] {
    (void)text.insert(3, "typed", {{"bold", crdt::Any(true)}});
    (void)doc.map("m").set("k", crdt::Any(2));
  });
  return doc;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const auto format = data[0] % 2 == 0 ? crdt::UpdateFormat::kV1 : crdt::UpdateFormat::kV2;
  const auto decoded = crdt::decode_snapshot(ByteView(data + 1, size - 1), format);
  if (!decoded) return 0;
  const auto again = crdt::decode_snapshot(crdt::encode_snapshot(*decoded, format), format);
  if (!again || *again != *decoded) std::abort();

  crdt::Doc doc = make_doc();
  (void)doc.text("t").to_delta({.shown = &*decoded});
  (void)doc.text("t").to_delta({.previous = &*decoded});
  (void)doc.map("m").get("k", *decoded);
  if (!doc.validate().empty()) std::abort();
  const auto then = doc.at(*decoded);
  if (!doc.validate().empty() || (then && !then->validate().empty())) std::abort();
  return 0;
}
