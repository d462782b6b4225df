#include "kafka/frame.h"

#include <gtest/gtest.h>

#include "engines/contract_testing.h"

namespace concord::kafka {
namespace {

using engines::Epoch;
using engines::LogRecord;
using engines::Position;
using engines::ShardId;
using engines::testing::code_of;

constexpr ShardId kShard{7};

Frame seal() { return {.kind = Frame::Kind::kSeal, .shard = kShard, .epoch = Epoch{3}, .writer = WriterId{0x0102}}; }
Frame batch(ByteView body) {
  return {.kind = Frame::Kind::kBatch,
          .shard = kShard,
          .epoch = Epoch{3},
          .writer = WriterId{0x0102},
          .position = Position{5},
          .records = 1,
          .part = 0,
          .parts = 1,
          .body = body};
}
Frame truncate() {
  return {.kind = Frame::Kind::kTruncate,
          .shard = kShard,
          .epoch = Epoch{3},
          .writer = WriterId{0x0102},
          .position = Position{6},
          .keep_from = Position{5}};
}
LogRecord record() {
  LogRecord made;
  made.kind = 1;
  made.stream = "doc_1";
  made.principal = "usr_1";
  made.time = HybridTime{0x0a0b};
  made.client = "c";
  made.sequence = 9;
  made.payload = std::make_shared<const Bytes>(to_bytes("hi"));
  return made;
}
Bytes encoded(const LogRecord& made) {
  Bytes out;
  encode_record(out, made);
  return out;
}

/// As docs/protocols/kafka-log.md has them.
TEST(KafkaFrame, the_golden_vectors) {
  EXPECT_EQ(to_hex(encode_frame(seal())),
            "434c0101bfe4ff9a0700000003000000000000000201000000000000"
            "00000000000000000000000000000000000000000000000000000000");
  EXPECT_EQ(to_hex(encode_frame(batch(encoded(record())))),
            "434c010206e832930700000003000000000000000201000000000000"
            "05000000000000000000000000000000010000000000000001000000"
            "010b0a000000000000090000000000000005646f635f31057573725f310163026869");
  EXPECT_EQ(to_hex(encode_frame(truncate())),
            "434c01035d6cfab20700000003000000000000000201000000000000"
            "06000000000000000500000000000000000000000000000000000000");
  EXPECT_EQ(to_hex(encoded(record())), "010b0a000000000000090000000000000005646f635f31057573725f310163026869");
}

TEST(KafkaFrame, what_is_encoded_is_decoded) {
  const Bytes body = encoded(record());
  for (const Frame& frame : {seal(), batch(body), truncate()}) {
    const Bytes message = encode_frame(frame);
    const auto decoded = decode_frame(kShard, message);
    ASSERT_TRUE(decoded) << decoded.error().message;
    EXPECT_EQ(decoded->kind, frame.kind);
    EXPECT_EQ(decoded->epoch, frame.epoch);
    EXPECT_EQ(decoded->writer, frame.writer);
    EXPECT_EQ(decoded->position, frame.position);
    EXPECT_EQ(decoded->keep_from, frame.keep_from);
    EXPECT_EQ(decoded->records, frame.records);
    EXPECT_EQ(decoded->part, frame.part);
    EXPECT_EQ(decoded->parts, frame.parts);
    EXPECT_EQ(to_bytes(decoded->body), to_bytes(frame.body));
    EXPECT_EQ(encode_frame(*decoded), message);
  }
  const auto records = decode_records(body, 1);
  ASSERT_TRUE(records) << records.error().message;
  EXPECT_EQ(encoded(records->at(0)), body);
}

TEST(KafkaFrame, a_message_that_was_changed_anywhere_is_corrupt) {
  const Bytes message = encode_frame(batch(encoded(record())));
  for (std::size_t at = 0; at < message.size(); ++at) {
    Bytes changed = message;
    changed[at] ^= 0x10;
    EXPECT_EQ(code_of(decode_frame(kShard, changed)), Code::kCorrupt) << at;
    EXPECT_EQ(code_of(decode_frame(kShard, ByteView(message).first(at))), Code::kCorrupt) << at;
  }
}

TEST(KafkaFrame, what_cannot_be_is_corrupt_though_its_checksum_is_right) {
  const Bytes body = encoded(record());
  const auto code = [](const Frame& frame) { return code_of(decode_frame(kShard, encode_frame(frame))); };
  std::vector<Frame> wrong(10, batch(body));
  wrong[0].position = Position{0};
  wrong[1].records = 0;
  wrong[2].records = kMaxBatchRecords + 1;
  wrong[3].part = 1;
  wrong[4].parts = kMaxParts + 1;
  wrong[5].body = {};
  wrong[6].position = Position{~std::uint64_t{0}};
  wrong[7].keep_from = Position{1};
  wrong[8].shard = ShardId{8};
  wrong[9].kind = static_cast<Frame::Kind>(4);
  for (std::size_t i = 0; i < wrong.size(); ++i) EXPECT_EQ(code(wrong[i]), Code::kCorrupt) << i;
  Frame late = truncate();
  late.keep_from = Position{7};
  EXPECT_EQ(code(late), Code::kCorrupt);
  Frame full = seal();
  full.body = body;
  EXPECT_EQ(code(full), Code::kCorrupt);
}

TEST(KafkaFrame, records_are_all_that_a_body_has) {
  const Bytes body = encoded(record());
  EXPECT_EQ(code_of(decode_records(body, 2)), Code::kCorrupt);
  EXPECT_EQ(code_of(decode_records(body, 0)), Code::kCorrupt);
  EXPECT_EQ(code_of(decode_records(ByteView(body).first(body.size() - 1), 1)), Code::kCorrupt);
  LogRecord large = record();
  large.stream = std::string(65, 's');
  EXPECT_EQ(code_of(decode_records(encoded(large), 1)), Code::kCorrupt);
}

}  // namespace
}  // namespace concord::kafka
