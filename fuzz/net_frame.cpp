// A client's bytes to the WebSocket decoder. The first byte is the size of the pieces they come in, the second the
// limit of a message. Whole or in pieces, the events are the same; a payload is never larger than the limit or the
// input.
#include <algorithm>
#include <cstdlib>
#include <vector>

#include "base/varint.h"
#include "net/frame.h"

namespace {

using namespace concord;
using namespace concord::net;
using Kind = FrameDecoder::Kind;

void require(bool holds) {
  if (!holds) std::abort();
}

struct Seen {
  Kind kind;
  Opcode opcode;
  std::uint16_t code;
  Bytes payload;
  bool operator==(const Seen&) const = default;
};

void check(const FrameDecoder::Event& event, std::size_t limit) {
  switch (event.kind) {
    case Kind::kMessage:
      require(event.payload.size() <= limit);
      require(event.opcode == Opcode::kBinary || is_valid_utf8(as_text(event.payload)));
      break;
    case Kind::kPing:
    case Kind::kPong:
      require(event.payload.size() <= kMaxControlPayloadBytes);
      break;
    case Kind::kClose:
      require(event.code == kCloseNoStatus || is_valid_close_code(event.code));
      require(is_valid_utf8(as_text(event.payload)));
      break;
    case Kind::kViolation:
      require(event.code == 1002 || event.code == 1007 || event.code == 1009);
      require(!event.detail.empty());
      break;
    case Kind::kNeedMore:
      break;
  }
}

std::vector<Seen> decode(ByteView bytes, std::size_t piece, std::size_t limit) {
  FrameDecoder decoder;
  std::vector<Seen> seen;
  while (!bytes.empty()) {
    Bytes copy = to_bytes(bytes.first(std::min(piece, bytes.size())));
    bytes = bytes.subspan(copy.size());
    std::span<std::uint8_t> input = copy;
    for (;;) {
      const auto event = decoder.next(input, limit);
      check(event, limit);
      if (event.kind == Kind::kNeedMore) {
        require(input.empty());
        break;
      }
      seen.push_back({event.kind, event.opcode, event.code, to_bytes(event.payload)});
      if (event.kind == Kind::kClose || event.kind == Kind::kViolation) return seen;
    }
  }
  return seen;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const std::size_t piece = 1U + data[0];
  const std::size_t limit = data[1] * 16U;
  const ByteView bytes(data + 2, size - 2);
  require(decode(bytes, bytes.size() + 1, limit) == decode(bytes, piece, limit));
  return 0;
}
