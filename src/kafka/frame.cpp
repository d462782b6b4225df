#include "kafka/frame.h"

#include "base/varint.h"
#include "engines/crc32c.h"
#include "engines/log_records.h"

namespace concord::kafka {
namespace {

using engines::LogRecord;

constexpr std::size_t kChecksumAt = 4;
constexpr std::size_t kCheckedFrom = 8;
constexpr std::uint8_t kVersion = 1;

std::unexpected<Error> corrupt(const std::string& what) { return fail(Code::kCorrupt, "a message of the log " + what); }

bool is_whole(const Frame& frame) {
  switch (frame.kind) {
    case Frame::Kind::kSeal:
      return frame.position.value == 0 && frame.keep_from.value == 0 && frame.records == 0 && frame.part == 0 &&
             frame.parts == 0 && frame.body.empty();
    case Frame::Kind::kBatch:
      return frame.position.value >= 1 && frame.keep_from.value == 0 && frame.records >= 1 &&
             frame.records <= kMaxBatchRecords && frame.parts >= 1 && frame.parts <= kMaxParts &&
             frame.part < frame.parts && !frame.body.empty() && frame.body.size() <= kMaxPartBytes &&
             frame.position.value + frame.records > frame.position.value;
    case Frame::Kind::kTruncate:
      return frame.position.value >= 1 && frame.keep_from.value >= 1 && frame.keep_from <= frame.position &&
             frame.records == 0 && frame.part == 0 && frame.parts == 0 && frame.body.empty();
  }
  return false;
}

Result<std::uint64_t> read_u64(VarReader& reader) {
  TRY(const ByteView bytes, reader.bytes(8));
  return get_le<std::uint64_t>(bytes.data());
}

Result<std::string> read_text(VarReader& reader) {
  TRY(const ByteView bytes, reader.var_bytes());
  if (bytes.size() > engines::kMaxLogTextBytes) return corrupt("has a text that is too long");
  return std::string(as_text(bytes));
}

Result<LogRecord> read_record(VarReader& reader) {
  LogRecord record;
  TRY(record.kind, reader.byte());
  TRY(record.time.value, read_u64(reader));
  TRY(record.sequence, read_u64(reader));
  TRY(record.stream, read_text(reader));
  TRY(record.principal, read_text(reader));
  TRY(record.client, read_text(reader));
  TRY(const ByteView payload, reader.var_bytes());
  if (payload.size() > engines::kMaxPayloadBytes) return corrupt("has a payload that is too long");
  record.payload = std::make_shared<const Bytes>(to_bytes(payload));
  return record;
}

}  // namespace

Bytes encode_frame(const Frame& frame) {
  Bytes out;
  out.reserve(kFrameHeadBytes + frame.body.size());
  append(out, as_bytes("CL"));
  out.push_back(kVersion);
  out.push_back(static_cast<std::uint8_t>(frame.kind));
  put_le<std::uint32_t>(out, 0);
  put_le(out, frame.shard.value);
  put_le(out, frame.epoch.value);
  put_le(out, frame.writer.value);
  put_le(out, frame.position.value);
  put_le(out, frame.keep_from.value);
  put_le(out, frame.records);
  put_le(out, frame.part);
  put_le(out, frame.parts);
  append(out, frame.body);
  Bytes checksum;
  put_le(checksum, engines::crc32c(ByteView(out).subspan(kCheckedFrom)));
  std::copy(checksum.begin(), checksum.end(), out.begin() + kChecksumAt);
  return out;
}

Result<Frame> decode_frame(engines::ShardId shard, ByteView message) {
  if (message.size() < kFrameHeadBytes || as_text(message.first(2)) != "CL") return corrupt("is not one of its own");
  const std::uint8_t* at = message.data();
  if (at[2] != kVersion) return corrupt("has the unknown version " + std::to_string(at[2]));
  if (engines::crc32c(message.subspan(kCheckedFrom)) != get_le<std::uint32_t>(at + kChecksumAt))
    return corrupt("is not as it was written");
  Frame frame;
  if (at[3] < 1 || at[3] > 3) return corrupt("has the unknown kind " + std::to_string(at[3]));
  frame.kind = static_cast<Frame::Kind>(at[3]);
  frame.shard.value = get_le<std::uint32_t>(at + 8);
  frame.epoch.value = get_le<std::uint64_t>(at + 12);
  frame.writer.value = get_le<std::uint64_t>(at + 20);
  frame.position.value = get_le<std::uint64_t>(at + 28);
  frame.keep_from.value = get_le<std::uint64_t>(at + 36);
  frame.records = get_le<std::uint32_t>(at + 44);
  frame.part = get_le<std::uint32_t>(at + 48);
  frame.parts = get_le<std::uint32_t>(at + 52);
  frame.body = message.subspan(kFrameHeadBytes);
  if (frame.shard != shard) return corrupt("is of shard " + std::to_string(frame.shard.value));
  if (!is_whole(frame)) return corrupt("has fields that cannot be");
  return frame;
}

void encode_record(Bytes& out, const LogRecord& record) {
  out.push_back(record.kind);
  put_le(out, record.time.value);
  put_le(out, record.sequence);
  write_var_bytes(out, as_bytes(record.stream));
  write_var_bytes(out, as_bytes(record.principal));
  write_var_bytes(out, as_bytes(record.client));
  write_var_bytes(out, *record.payload);
}

Result<std::vector<LogRecord>> decode_records(ByteView bytes, std::uint32_t count) {
  std::vector<LogRecord> records;
  VarReader reader(bytes);
  for (std::uint32_t i = 0; i < count; ++i) {
    auto record = read_record(reader);
    if (!record) return corrupt("ends within a record: " + record.error().message);
    records.push_back(std::move(*record));
  }
  if (!reader.at_end()) return corrupt("has bytes behind its records");
  return records;
}

}  // namespace concord::kafka
