#include "kafka/shard_view.h"

#include <algorithm>
#include <utility>

namespace concord::kafka {

using engines::Position;

namespace {

constexpr std::int64_t kAttemptMs = 2000;  // of one question, so that closing does not have to wait for long

}  // namespace

ShardView::ShardView(engines::ShardId shard, LogParts& parts, Listener listener)
    : shard_(shard),
      parts_(parts),
      topic_(parts.topic_of(shard)),
      listener_(std::move(listener)),
      beginning_(parts.reactor),
      changed_(parts.reactor) {}

Task<std::optional<Cluster::Ends>> ShardView::ends(std::int64_t deadline_ns) {
  using Ends = std::optional<Cluster::Ends>;
  Backoff backoff = parts_.new_backoff();
  for (;;) {
    auto asked = co_await parts_.blocking.run<Ends>([this, deadline_ns]() -> Result<Ends> {
      const std::int64_t left_ms = parts_.left_ms(deadline_ns);
      if (left_ms <= 0) return parts_.too_late();
      return parts_.cluster.ends(topic_, std::min(left_ms, kAttemptMs));
    });
    if (asked || asked.error().code != Code::kUnavailable) co_return asked;
    const std::int64_t wait_ms = backoff.next_ms(parts_.ids.random64());
    if (parts_.closed || parts_.left_ms(deadline_ns) <= wait_ms) co_return asked;
    CO_TRY_VOID(co_await sleep_ms(wait_ms));
  }
}

Task<bool> ShardView::follow(std::int64_t deadline_ns) {
  if (corrupt_) co_return fail(*corrupt_);
  if (following_ && current_) co_return true;
  const AsyncMutex::Hold hold = co_await beginning_.lock();
  if (corrupt_) co_return fail(*corrupt_);
  if (following_ && current_) co_return true;
  co_return co_await begin(deadline_ns);
}

Task<bool> ShardView::begin(std::int64_t deadline_ns) {
  CO_TRY(const std::optional<Cluster::Ends> found, co_await ends(deadline_ns));
  if (!found) {
    if (following_) lose();
    co_return false;
  }
  if (!following_) {
    if (found->low > 0 && found->low == found->high) {
      co_return fail(Error{Code::kCorrupt,
                           "the topic " + topic_ + " was emptied by somebody else: it does not say what was in it",
                           {{"topic", topic_}}});
    }
    CO_TRY_VOID(co_await parts_.tail.stop(shard_));
    filter_ = found->low == 0 ? EpochFilter() : EpochFilter::from_a_kept_message();
    index_.clear();
    if (found->low == 0) index_.add({.position = Position{1}, .offset = 0}, true);
    low_ = read_to_ = found->low;
    CO_TRY_VOID(co_await parts_.tail.start(shard_, topic_, low_));
    following_ = true;
    parts_.metrics.followed.add(1);
  }
  CO_TRY_VOID(co_await wait_until_read(found->high, deadline_ns));
  current_ = true;
  co_return true;
}

Task<bool> ShardView::catch_up(std::int64_t deadline_ns) {
  CO_TRY(const bool there, co_await follow(deadline_ns));
  if (!there) co_return false;
  CO_TRY(const std::optional<Cluster::Ends> found, co_await ends(deadline_ns));
  if (!found) {
    lose();
    co_return fail(Code::kUnavailable, "the topic " + topic_ + " was removed");
  }
  CO_TRY_VOID(co_await wait_until_read(found->high, deadline_ns));
  co_return true;
}

Task<> ShardView::wait_until_read(std::int64_t next_offset, std::int64_t deadline_ns) {
  std::int64_t before = read_to_;
  while (following_ && read_to_ < next_offset) {
    if (read_to_ > before) deadline_ns = std::max(deadline_ns, parts_.deadline_in(parts_.options.call_timeout_ms));
    before = read_to_;
    const std::int64_t left_ms = parts_.left_ms(deadline_ns);
    if (left_ms <= 0 || parts_.closed) co_return parts_.too_late();
    co_await changed_.wait(std::min<std::int64_t>(left_ms, 1000));
  }
  if (corrupt_) co_return fail(*corrupt_);
  if (!following_) co_return fail(Code::kUnavailable, "what Kafka has of the shard is read anew");
  co_return Result<>();
}

Task<> ShardView::read_past(std::int64_t offset, std::int64_t deadline_ns) {
  co_return co_await wait_until_read(offset + 1, deadline_ns);
}

Task<> ShardView::make(std::int64_t deadline_ns) {
  CO_TRY(const bool there, co_await follow(deadline_ns));
  if (there) co_return Result<>();
  CO_TRY_VOID(co_await parts_.blocking.run<void>([this, deadline_ns]() -> Result<> {
    const std::int64_t left_ms = parts_.left_ms(deadline_ns);
    if (left_ms <= 0) return parts_.too_late();
    return parts_.cluster.make_topic(topic_,
                                     {{"cleanup.policy", "delete"}, {"retention.ms", "-1"}, {"retention.bytes", "-1"}},
                                     std::min(left_ms, kAttemptMs));
  }));
  while (parts_.left_ms(deadline_ns) > 0 && !parts_.closed) {  // until the brokers know of it
    CO_TRY(const bool known, co_await follow(deadline_ns));
    if (known) co_return Result<>();
    CO_TRY_VOID(co_await sleep_ms(parts_.options.backoff_least_ms));
  }
  co_return parts_.too_late();
}

Task<> ShardView::remove_before(Position position, std::int64_t deadline_ns) {
  const std::optional<Landmark> kept = index_.find(position);
  if (!following_ || !kept || kept->offset <= low_) co_return Result<>();
  CO_TRY_VOID(co_await parts_.blocking.run<void>([this, offset = kept->offset, deadline_ns]() -> Result<> {
    const std::int64_t left_ms = parts_.left_ms(deadline_ns);
    if (left_ms <= 0) return parts_.too_late();
    return parts_.cluster.remove_before(topic_, offset, std::min(left_ms, kAttemptMs));
  }));
  if (!following_ || kept->offset <= low_) co_return Result<>();
  low_ = kept->offset;
  index_.drop_before(low_);
  co_return Result<>();
}

void ShardView::lose() {
  if (std::exchange(following_, false)) parts_.metrics.followed.add(-1);
  current_ = false;
  listener_.lost();
  changed_.notify_all();
}

void ShardView::take(const TailEvent& event) {
  if (!following_) return;
  if (event.kind == TailEvent::Kind::kLost || event.offset > read_to_) {
    parts_.logger.warn("the log's place in Kafka is lost, and is read anew", {{"topic", topic_}, {"offset", read_to_}});
    lose();
    return;
  }
  if (event.offset < read_to_) return;
  if (auto taken = take_message(event); !taken) {
    corrupt_ = std::move(taken).error();
    corrupt_->context.emplace_back("topic", topic_);
    corrupt_->context.emplace_back("offset", std::to_string(event.offset));
    parts_.logger.error("the log is damaged",
                        {{"topic", topic_}, {"offset", event.offset}, {"error", corrupt_->message}});
    lose();
    return;
  }
  changed_.notify_all();
}

Result<> ShardView::take_message(const TailEvent& event) {
  TRY(const Frame frame, decode_frame(shard_, event.message));
  TRY(const EpochFilter::Judged judged, filter_.judge(event.offset, frame));
  read_to_ = event.offset + 1;
  if (judged.kept_message) {
    index_.add({frame.position, *judged.kept_message, frame.epoch, frame.writer}, frame.kind == Frame::Kind::kTruncate);
  }
  if (judged.verdict == EpochFilter::Verdict::kDropped) parts_.metrics.dropped.add();
  listener_.judged(frame, judged.verdict);
  return {};
}

}  // namespace concord::kafka
