#pragma once
// The layout of a log segment, version 1 (docs/protocols/log-segments.md has it with golden vectors). Integers are
// little-endian; a segment is a header and then frames, each at a multiple of 8.
//
//   header, 64 bytes                               frame, 64 bytes + texts + payload + 0..7 zeros
//    0  8  "CONCLOG1"                               0 4 CRC-32C of the frame from byte 4 on, padding included
//    8  4  CRC-32C of bytes 12..64                  4 4 size without padding
//   12  4  tag: random, repeated in every frame     8 1 type: 1 update, 2 state, 3 end
//   16  4  number of this segment, from 1           9 1 kind      update: the record's; state: 1 if damaged, or 0
//   20  4  number of the one before, 0: none       10 3 sizes of stream, principal, client
//   24  8  its durable end                         13 3 zero
//   32  8  end of the head: the state frames       16 4 offset in this segment at which the write began that the
//          that every segment begins with              frame was part of
//   40  8  created, Unix milliseconds              20 4 frames of the same append behind this one
//   48 16  identity of the log                     24 4 shard
//                                                  28 4 tag of the segment
//                                                  32 8 position  update: its own; state: the shard's next
//                                                  40 8 epoch
//                                                  48 8 hybrid time
//                                                  56 8 sequence  update: the client's; state: first position kept
//                                                  64 . stream, principal, client, payload
//
// A state frame says what holds for its shard from here on: written when an epoch is sealed, when a truncation moves
// the first position kept, and for every shard at the head of a segment, so that the segments before it can go. An end
// frame is the last of a clean shutdown.

#include <array>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "engines/log.h"
#include "engines/log_records.h"

namespace concord::engines {

constexpr std::size_t kSegmentHeaderBytes = 64;
constexpr std::size_t kFrameHeaderBytes = 64;
constexpr std::size_t kMaxFrameBytes = kFrameHeaderBytes + 3 * kMaxLogTextBytes + kMaxPayloadBytes;

using LogIdentity = std::array<std::uint8_t, 16>;

struct SegmentHeader {
  std::uint32_t tag = 0;
  std::uint32_t number = 0;
  std::uint32_t previous = 0;
  std::uint64_t previous_end = 0;
  std::uint64_t head_end = 0;
  std::int64_t created_ms = 0;
  LogIdentity log{};
};

enum class FrameType : std::uint8_t { kUpdate = 1, kState = 2, kEnd = 3 };

/// The views borrow from what was decoded.
struct Frame {
  FrameType type = FrameType::kUpdate;
  std::uint8_t kind = 0;
  std::uint32_t tag = 0;
  std::uint32_t write_at = 0;
  std::uint32_t following = 0;
  ShardId shard;
  Position position;
  Epoch epoch;
  HybridTime time;
  std::uint64_t sequence = 0;
  std::string_view stream;
  std::string_view principal;
  std::string_view client;
  ByteView payload;
};

enum class FrameFault : std::uint8_t {
  kShort,      // the input ends before the frame does
  kMalformed,  // no frame has such a head
  kChecksum,
};
std::string_view to_string(FrameFault fault);

void encode_header(const SegmentHeader& header, Bytes& out);
/// nullopt where it is not a header of this version or its checksum fails.
std::optional<SegmentHeader> decode_header(ByteView input);

/// What an update frame holds, copied.
LogRecord record_of(const Frame& frame);
/// Bytes of the frame in the file.
std::size_t frame_size(const Frame& frame);
/// Appends the frame, under its tag. The texts are at most kMaxLogTextBytes, the payload at most kMaxPayloadBytes.
void encode_frame(const Frame& frame, Bytes& out);

/// Size in the file, from the first 64 bytes of a frame; a fault where no frame has such a head. Without a tag any
/// tag is taken.
std::expected<std::size_t, FrameFault> peek_frame(ByteView head, std::optional<std::uint32_t> tag);
/// The frame at the beginning of `input`. A foreign tag is kMalformed.
std::expected<Frame, FrameFault> decode_frame(ByteView input, std::optional<std::uint32_t> tag);

/// "0000000000000001.segment", hexadecimal, and back; nullopt for any other name.
std::string segment_name(std::uint32_t number);
std::optional<std::uint32_t> parse_segment_name(std::string_view name);

}  // namespace concord::engines
