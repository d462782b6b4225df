#pragma once
// What crosses a connection between nodes, inside TLS. All integers are little-endian.
//
//   frame    = length:u32 (of what follows) type:u8 body
//   hello    "cnclink" version:u8 lane:u32          the opener's first frame
//   welcome  version:u8                             the acceptor's first, once the connection is on its reactor
//   open     stream:u32 size:u8 kind[size] payload  numbers count up from 1; only the opener of the connection opens
//   message  stream:u32 payload
//   many     count:u16 stream:u32[count] payload    one message for several streams
//   end      stream:u32 code:u16 reason             the last of that side
//   consumed (stream:u32 bytes:u32)[1…]             of messages, since the last such frame
//   ping     token:u64                              either side; the other answers at once
//   pong     token:u64
//
// A message, many, end or consumed of a stream that has ended here is passed over: the two sides may end it at the
// same time. Anything else that is not as above ends the connection.

#include <optional>
#include <span>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"

namespace concord::link {

constexpr std::uint8_t kVersion = 1;
constexpr std::string_view kMagic = "cnclink";
constexpr std::size_t kFrameHeadBytes = 5;
constexpr std::size_t kHelloBytes = kFrameHeadBytes + kMagic.size() + 1 + 4;
constexpr std::size_t kMaxKindBytes = 64;
constexpr std::size_t kMaxOpeningBytes = 64u << 10u;
constexpr std::size_t kMaxReasonBytes = 255;
constexpr std::size_t kMaxManyStreams = 4096;
/// What a frame has besides a message: the longest is that of `many`.
constexpr std::size_t kMaxOverheadBytes = 1 + 2 + 4 * kMaxManyStreams;

enum class FrameType : std::uint8_t {
  kHello = 1,
  kWelcome,
  kOpen,
  kMessage,
  kMany,
  kEnd,
  kConsumed,
  kPing,
  kPong,
};

/// A frame that was read; which fields count is the type's. What it points to is in the bytes it was read from.
struct Frame {
  FrameType type = FrameType::kPing;
  std::uint32_t stream = 0;  // open, message, end
  std::uint32_t lane = 0;    // hello
  std::uint8_t version = 0;  // hello, welcome
  std::uint16_t code = 0;    // end
  std::uint64_t token = 0;   // ping, pong
  ByteView list;             // many: streams; consumed: pairs; see stream_at and consumed_at
  std::string_view text;     // open: kind; end: reason
  ByteView payload;          // open, message, many
};

struct Consumed {
  std::uint32_t stream = 0;
  std::uint32_t bytes = 0;
};

inline std::size_t streams_in(const Frame& many) { return many.list.size() / 4; }
inline std::uint32_t stream_at(const Frame& many, std::size_t i) {
  return get_le<std::uint32_t>(many.list.data() + 4 * i);
}
inline std::size_t consumed_in(const Frame& frame) { return frame.list.size() / 8; }
inline Consumed consumed_at(const Frame& frame, std::size_t i) {
  const std::uint8_t* at = frame.list.data() + 8 * i;
  return {.stream = get_le<std::uint32_t>(at), .bytes = get_le<std::uint32_t>(at + 4)};
}

/// Type and body of one frame. kInvalidArgument says what is wrong with it.
Result<Frame> parse_frame(ByteView bytes);

/// Each appends a whole frame.
void put_hello(Bytes& out, std::uint32_t lane);
void put_welcome(Bytes& out);
void put_open(Bytes& out, std::uint32_t stream, std::string_view kind, ByteView payload);
void put_end(Bytes& out, std::uint32_t stream, std::uint16_t code, std::string_view reason);
void put_consumed(Bytes& out, std::span<const Consumed> consumed);
void put_ping(Bytes& out, std::uint64_t token);
void put_pong(Bytes& out, std::uint64_t token);
/// All of a frame but its payload, of so many bytes: a message for one stream, many for several.
void put_message_head(Bytes& out, std::span<const std::uint32_t> streams, std::size_t payload_bytes);

/// Cuts a connection's bytes into frames, in place where a frame has come whole.
class FrameReader {
 public:
  explicit FrameReader(std::size_t max_message_bytes) : max_bytes_(max_message_bytes + kMaxOverheadBytes) {}

  /// The next frame, which holds until the next call and while `input`'s bytes do; `input` begins behind it then.
  /// nullopt where the rest of a frame is still to come: `input` has been taken. kInvalidArgument ends it all.
  Result<std::optional<Frame>> next(ByteView& input);

 private:
  Result<std::size_t> length_at(const std::uint8_t* head) const;

  std::size_t max_bytes_;
  Bytes held_;          // a frame's beginning, or the whole of the frame that was given last
  bool whole_ = false;  // held_ is that frame
};

}  // namespace concord::link
