// Another node's bytes to the reader of frames. The first byte is the size of the pieces they come in. Whole or in
// pieces, the frames are the same, no part of one reaches beyond what came, and what is wrong is found at the same
// place.
#include <algorithm>
#include <cstdlib>
#include <string>
#include <vector>

#include "link/frame.h"

namespace {

using namespace concord;
using namespace concord::link;

constexpr std::size_t kLimit = 4096;

void require(bool holds) {
  if (!holds) std::abort();
}

struct Read {
  std::vector<Bytes> frames;  // all that each says
  std::string failure;
  bool operator==(const Read&) const = default;
};

Bytes all_of(const Frame& frame) {
  Bytes out{static_cast<std::uint8_t>(frame.type), frame.version};
  put_le(out, frame.stream);
  put_le(out, frame.lane);
  put_le(out, frame.code);
  put_le(out, frame.token);
  for (const ByteView part : {frame.list, as_bytes(frame.text), frame.payload}) {
    put_le(out, static_cast<std::uint64_t>(part.size()));
    append(out, part);
  }
  if (frame.type == FrameType::kMany) {
    require(streams_in(frame) > 0 && streams_in(frame) <= kMaxManyStreams);
    for (std::size_t i = 0; i < streams_in(frame); ++i) put_le(out, stream_at(frame, i));
  }
  if (frame.type == FrameType::kConsumed) {
    require(consumed_in(frame) > 0);
    for (std::size_t i = 0; i < consumed_in(frame); ++i) put_le(out, consumed_at(frame, i).bytes);
  }
  return out;
}

Read read(ByteView bytes, std::size_t piece) {
  Read result;
  FrameReader reader(kLimit);
  while (!bytes.empty()) {
    const Bytes copy = to_bytes(bytes.first(std::min(piece, bytes.size())));
    bytes = bytes.subspan(copy.size());
    for (ByteView input(copy);;) {
      const auto frame = reader.next(input);
      if (!frame) {
        result.failure = frame.error().message;
        return result;
      }
      if (!*frame) break;
      result.frames.push_back(all_of(**frame));
    }
  }
  return result;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const ByteView bytes(data + 1, size - 1);
  require(read(bytes, bytes.size()) == read(bytes, 1U + data[0]));
  return 0;
}
