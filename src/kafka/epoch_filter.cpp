#include "kafka/epoch_filter.h"

#include <algorithm>

namespace concord::kafka {

EpochFilter EpochFilter::from_a_kept_message() {
  EpochFilter made;
  made.at_kept_message_ = true;
  return made;
}

Result<> EpochFilter::begin_with(const Frame& frame) {
  const bool begins_batch = frame.kind == Frame::Kind::kBatch && frame.part == 0;
  if (!begins_batch && frame.kind != Frame::Kind::kTruncate)
    return fail(Code::kCorrupt, "the topic has lost its beginning: its first message does not say what was before it");
  state_ = {frame.epoch, frame.writer, begins_batch ? frame.position : frame.keep_from, frame.position};
  at_kept_message_ = false;
  return {};
}

Result<EpochFilter::Judged> EpochFilter::judge(std::int64_t offset, const Frame& frame) {
  if (at_kept_message_) TRY_VOID(begin_with(frame));
  switch (frame.kind) {
    case Frame::Kind::kSeal:
      if (frame.epoch < state_.epoch) return Judged{};
      state_.epoch = frame.epoch;
      state_.writer = frame.writer;
      open_.reset();
      return Judged{Verdict::kCounts, std::nullopt};
    case Frame::Kind::kBatch:
      return judge_batch(offset, frame);
    case Frame::Kind::kTruncate: {
      const bool exact = !open_ && frame.epoch == state_.epoch && frame.writer == state_.writer &&
                         frame.position == state_.next && frame.keep_from >= state_.first;
      // Whoever asks has seen the records that he lets go.
      state_.first = std::max(state_.first, std::min(frame.keep_from, state_.next));
      return Judged{Verdict::kCounts, exact ? std::optional(offset) : std::nullopt};
    }
  }
  return Judged{};
}

EpochFilter::Judged EpochFilter::judge_batch(std::int64_t offset, const Frame& frame) {
  if (frame.epoch != state_.epoch || frame.writer != state_.writer || frame.position != state_.next) return {};
  if (!open_) {
    if (frame.part != 0) return {};
    open_ = OpenBatch{offset, frame.records, frame.parts, 0};
  }
  if (frame.part != open_->next_part || frame.parts != open_->parts || frame.records != open_->records) return {};
  if (++open_->next_part < open_->parts) return {Verdict::kPart, std::nullopt};
  const std::int64_t begun_at = open_->offset;
  state_.next.value += frame.records;
  open_.reset();
  return {Verdict::kCounts, begun_at};
}

}  // namespace concord::kafka
