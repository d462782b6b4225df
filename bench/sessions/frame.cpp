#include "sessions/frame.h"

namespace concord::bench {
namespace {

constexpr std::uint8_t kFinal = 0x80;
constexpr std::uint8_t kMasked = 0x80;
constexpr std::uint8_t kMask[4] = {0x37, 0xfa, 0x21, 0x3d};

}  // namespace

void write_client_frame(Bytes& out, Opcode opcode, ByteView payload) {
  out.push_back(kFinal | static_cast<std::uint8_t>(opcode));
  const std::size_t size = payload.size();
  if (size < 126) {
    out.push_back(kMasked | static_cast<std::uint8_t>(size));
  } else {
    const unsigned width = size < 65536 ? 2 : 8;
    out.push_back(kMasked | (width == 2 ? 126 : 127));
    for (unsigned i = width; i-- > 0;) out.push_back(static_cast<std::uint8_t>(size >> (8 * i)));
  }
  out.insert(out.end(), kMask, kMask + 4);
  for (std::size_t i = 0; i < size; ++i) out.push_back(payload[i] ^ kMask[i % 4]);
}

ServerFrame read_server_frame(ByteView input) {
  ServerFrame frame;
  if (input.size() < 2) return frame;
  frame.opcode = static_cast<Opcode>(input[0] & 0x0f);
  frame.malformed = (input[0] & 0xf0) != kFinal || (input[1] & kMasked) != 0 || frame.opcode == Opcode::kContinuation;
  if (frame.malformed) return frame;
  std::uint64_t size = input[1];
  std::size_t head = 2;
  if (size >= 126) {
    const unsigned width = size == 126 ? 2 : 8;
    if (input.size() < head + width) return frame;
    size = 0;
    for (unsigned i = 0; i < width; ++i) size = size << 8 | input[head + i];
    head += width;
  }
  if (input.size() - head < size) return frame;
  frame.payload = input.subspan(head, static_cast<std::size_t>(size));
  frame.size = head + static_cast<std::size_t>(size);
  return frame;
}

}  // namespace concord::bench
