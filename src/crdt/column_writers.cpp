#include "crdt/column_writers.h"

namespace concord::crdt {

void ByteColumnWriter::finish(WireWriter& out) {
  out.var_bytes(bytes_.view());
  bytes_.clear();
  count_ = 0;
}

ByteView NumberColumnWriter::end() {
  flush();
  count_ = 0;
  return bytes_.view();
}

void NumberColumnWriter::clear() {
  bytes_.clear();
  count_ = 0;
}

void NumberColumnWriter::finish(WireWriter& out) {
  out.var_bytes(end());
  clear();
}

void StepColumnWriter::finish(WireWriter& out) {
  flush();
  out.var_bytes(bytes_.view());
  bytes_.clear();
  count_ = 0;
  value_ = step_ = 0;
}

void StringColumnWriter::finish(WireWriter& out) {
  const ByteView text = text_.view();
  const ByteView lengths = lengths_.end();
  std::uint8_t size[kMaxVaruint];
  const auto size_bytes = static_cast<std::size_t>(put_varuint(size, text.size()) - size);
  out.uint(size_bytes + text.size() + lengths.size());
  out.bytes({size, size_bytes});
  out.bytes(text);
  out.bytes(lengths);
  text_.clear();
  lengths_.clear();
}

}  // namespace concord::crdt
