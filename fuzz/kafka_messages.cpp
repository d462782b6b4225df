// A topic's messages from a broker that lies. The first byte picks a way; the rest is
//   0  a message    1  a count and the records of a batch    2, 3  a topic, eight bytes a message: what the filter
//   makes of it, from its beginning or from a kept message on, keeps its laws.
#include <cstdlib>

#include "kafka/epoch_filter.h"

namespace {

using namespace concord;
using namespace concord::kafka;

void require(bool holds) {
  if (!holds) std::abort();
}

void decode_a_message(ByteView input) {
  const auto frame = decode_frame(engines::ShardId{7}, input);
  if (!frame) {
    require(frame.error().code == Code::kCorrupt);
    return;
  }
  require(encode_frame(*frame) == to_bytes(input));
}

void decode_a_body(ByteView input) {
  if (input.empty()) return;
  const auto records = decode_records(input.subspan(1), input[0]);
  if (!records) {
    require(records.error().code == Code::kCorrupt);
    return;
  }
  Bytes again;
  for (const engines::LogRecord& record : *records) encode_record(again, record);
  // A length may stand there in more bytes than it needs.
  require(again.size() <= input.size() - 1);
  const auto same = decode_records(again, input[0]);
  require(same && same->size() == records->size());
}

void filter_a_topic(EpochFilter filter, ByteView input) {
  const Bytes body = {1};
  LogState before = filter.state();
  for (std::int64_t offset = 0; input.size() >= 8; ++offset, input = input.subspan(8)) {
    Frame made{.kind = static_cast<Frame::Kind>(1 + input[0] % 3),
               .epoch = engines::Epoch{input[1]},
               .writer = WriterId{input[2]},
               .position = engines::Position{input[3]},
               .keep_from = engines::Position{input[4]},
               .records = input[5],
               .part = input[6],
               .parts = input[7],
               .body = {}};
    if (made.kind == Frame::Kind::kBatch) made.body = body;
    const Bytes message = encode_frame(made);
    const auto frame = decode_frame(made.shard, message);
    if (!frame) continue;
    const auto judged = filter.judge(offset, *frame);
    if (!judged) {
      require(offset == 0 || before == LogState());  // only with what it begins
      return;
    }
    const LogState& now = filter.state();
    require(now.first <= now.next && now.epoch >= before.epoch && now.next >= before.next && now.first >= before.first);
    if (judged->verdict != EpochFilter::Verdict::kCounts) require(now == before);
    if (judged->kept_message) require(*judged->kept_message <= offset);
    before = now;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const ByteView rest(data + 1, size - 1);
  switch (data[0] % 4) {
    case 0:
      decode_a_message(rest);
      break;
    case 1:
      decode_a_body(rest);
      break;
    case 2:
      filter_a_topic(EpochFilter(), rest);
      break;
    default:
      filter_a_topic(EpochFilter::from_a_kept_message(), rest);
  }
  return 0;
}
