#include "crdt/string_column.h"

namespace concord::crdt {

StringColumnReader::StringColumnReader(const WireReader& in) : lengths_(in) {
  ByteView text;
  WireReader& wire = lengths_.in();
  if (!wire.var_bytes(text)) return;
  const TextScan scan = scan_utf8(text.data(), text.size());
  if (!scan.valid) {
    wire.fail("its text is not UTF-8");
    return;
  }
  at_ = text.data();
  end_ = at_ + text.size();
  ascii_ = scan.ascii;
}

bool StringColumnReader::read(ByteView& out, TextScan& scan) {
  std::uint64_t units = 0;
  if (!lengths_.read(units)) return false;
  if (!ascii_) return read_wide(units, out, scan);
  if (units > static_cast<std::uint64_t>(end_ - at_)) return in().fail("a string reaches beyond the text");
  scan = {true, true, static_cast<std::size_t>(units)};
  out = {at_, static_cast<std::size_t>(units)};
  at_ += units;
  return true;
}

bool StringColumnReader::read_wide(std::uint64_t units, ByteView& out, TextScan& scan) {
  const bool half_before = half_ && units > 0;
  std::uint64_t left = units;
  if (half_before) {
    at_ += 4;
    --left;
    half_ = false;
  }
  const std::uint8_t* begin = at_;
  bool ascii = true;
  while (left > 0 && at_ != end_) {
    if (*at_ < 0x80) {
      ++at_;
      --left;
      continue;
    }
    ascii = false;
    if (*at_ < 0xf0) {
      at_ += *at_ < 0xe0 ? 2 : 3;
      --left;
    } else if (left == 1) {
      half_ = true;
      left = 0;
    } else {
      at_ += 4;
      left -= 2;
    }
  }
  if (left > 0) return in().fail("a string reaches beyond the text");
  scan = {true, ascii && !half_before, static_cast<std::size_t>(units)};
  out = {begin, at_};
  if (!half_before && !half_) return true;
  if (units == 0) return true;
  Bytes& cut = cut_.emplace_front();
  WireWriter writer(cut);
  if (half_before) writer.bytes({kReplacement, sizeof(kReplacement)});
  writer.bytes(out);
  if (half_) writer.bytes({kReplacement, sizeof(kReplacement)});
  out = cut;
  return true;
}

}  // namespace concord::crdt
