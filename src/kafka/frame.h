#pragma once
// What a message of a shard's topic holds. docs/protocols/kafka-log.md says the same with golden vectors.
//
//    0  'C' 'L'     magic
//    2  u8          version, 1
//    3  u8          kind: 1 seal, 2 batch, 3 truncate
//    4  u32         CRC-32C of what follows it
//    8  u32         shard
//   12  u64         epoch
//   20  u64         writer: a random number that a seal makes known
//   28  u64         position: a batch's first; in a truncate the next of the log as its writer knew it; in a seal 0
//   36  u64         keep_from: of a truncate, else 0
//   44  u32         records of the batch, else 0
//   48  u32         part, from 0
//   52  u32         parts of the batch, else 0
//   56  bytes       of a batch: this part of its records, which stand one behind the other:
//                   u8 kind, u64 time, u64 sequence, and with their lengths stream, principal, client, payload
//
// Integers are little-endian; lengths are the unsigned ones of base/varint.h.

#include <compare>
#include <cstdint>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "engines/log.h"

namespace concord::kafka {

/// Who writes: one number for each seal that was written.
struct WriterId {
  std::uint64_t value = 0;
  auto operator<=>(const WriterId&) const = default;
};

struct Frame {
  enum class Kind : std::uint8_t { kSeal = 1, kBatch = 2, kTruncate = 3 };
  Kind kind = Kind::kSeal;
  engines::ShardId shard;
  engines::Epoch epoch;
  WriterId writer;
  engines::Position position;
  engines::Position keep_from;
  std::uint32_t records = 0;
  std::uint32_t part = 0;
  std::uint32_t parts = 0;
  ByteView body;  // borrowed from what was decoded
};

constexpr std::size_t kFrameHeadBytes = 56;
constexpr std::size_t kMaxPartBytes = 512U << 10U;  // with its head below the megabyte that brokers take
constexpr std::size_t kMaxBatchBytes = 64U << 20U;  // of all records of a batch, encoded
constexpr std::uint32_t kMaxParts = kMaxBatchBytes / kMaxPartBytes;
constexpr std::uint32_t kMaxBatchRecords = 1U << 20U;

Bytes encode_frame(const Frame& frame);
/// kCorrupt where the message is not one of this shard's, or not as it was written.
Result<Frame> decode_frame(engines::ShardId shard, ByteView message);

/// Adds the record. It keeps within the limits of log.h.
void encode_record(Bytes& out, const engines::LogRecord& record);
/// The most that `encode_record` adds to the texts and the payload.
constexpr std::size_t kRecordOverheadBytes = 1 + 8 + 8 + 4 * 5;
/// Exactly `count` records and nothing behind them, else kCorrupt.
Result<std::vector<engines::LogRecord>> decode_records(ByteView bytes, std::uint32_t count);

}  // namespace concord::kafka
