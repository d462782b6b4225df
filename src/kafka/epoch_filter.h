#pragma once
// Which messages of a shard's topic count, and what positions their records have. Every reader that has read the same
// messages comes to the same answer, whoever wrote them and however often:
//
//   a seal counts      where its epoch is not older than the newest before it. From there on its writer alone writes.
//   a batch counts     where its epoch and its writer are those of the newest seal that counts, and its position is
//                      the next one; with all its parts in order, and no seal that counts among them. Its records take
//                      the positions from there on.
//   a truncate counts  always; the first kept position is the greatest that was asked for.
//
// So a message that comes twice, or late, from whom the shard was taken or who has given it up, counts once or not.
//
// A log may begin at a message that is known to count and says what the state was before it: a batch's first part, or
// a truncate that was exact. Nothing else is made a topic's first message (KafkaLog::truncate).

#include <cstdint>
#include <optional>

#include "kafka/frame.h"

namespace concord::kafka {

struct LogState {
  engines::Epoch epoch;
  WriterId writer;
  engines::Position first{1};
  engines::Position next{1};
  auto operator<=>(const LogState&) const = default;
};

class EpochFilter {
 public:
  /// A reader from a topic's very beginning.
  EpochFilter() = default;
  /// A reader from a message before which the state was this.
  explicit EpochFilter(LogState state) : state_(state) {}
  /// A reader from a message with which a truncated topic begins.
  static EpochFilter from_a_kept_message();

  enum class Verdict : std::uint8_t {
    kDropped,
    kCounts,  // a seal or a truncate; a batch with its last part: `state().next` is behind it
    kPart,    // of a batch that counts if the others come
  };
  struct Judged {
    Verdict verdict = Verdict::kDropped;
    /// Of a batch that counts: where its first part is. Of an exact truncate: where it is. A topic may begin there.
    std::optional<std::int64_t> kept_message;
  };
  /// The messages in the order of their offsets, without a gap. kCorrupt where the first cannot be a topic's first.
  Result<Judged> judge(std::int64_t offset, const Frame& frame);

  const LogState& state() const { return state_; }

 private:
  struct OpenBatch {
    std::int64_t offset = 0;
    std::uint32_t records = 0;
    std::uint32_t parts = 0;
    std::uint32_t next_part = 0;
  };

  Result<> begin_with(const Frame& frame);
  Judged judge_batch(std::int64_t offset, const Frame& frame);

  LogState state_;
  std::optional<OpenBatch> open_;  // at state_.next, by state_.writer
  bool at_kept_message_ = false;
};

}  // namespace concord::kafka
