#pragma once
// What this node has read of a shard's topic: up to where, and which state that makes. On the driver's reactor.

#include <functional>
#include <optional>

#include "kafka/epoch_filter.h"
#include "kafka/log_parts.h"
#include "kafka/position_index.h"

namespace concord::kafka {

class ShardView {
 public:
  /// Told of every message, after it was judged, and that what was followed is lost.
  struct Listener {
    std::function<void(const Frame&, EpochFilter::Verdict)> judged;
    std::function<void()> lost;
  };
  ShardView(engines::ShardId shard, LogParts& parts, Listener listener);

  /// Follows the topic, and has once read it to what was its end. False where there is none. As long as it gets on, it
  /// may take longer than the deadline.
  Task<bool> follow(std::int64_t deadline_ns);
  /// The same, and what is there when this is called has been read.
  Task<bool> catch_up(std::int64_t deadline_ns);
  /// What is before the offset, and at it, has been read.
  Task<> read_past(std::int64_t offset, std::int64_t deadline_ns);
  /// Makes the topic unless it is there, and follows it.
  Task<> make(std::int64_t deadline_ns);
  /// Lets what is before the position go, as far as readers can do without.
  Task<> remove_before(engines::Position position, std::int64_t deadline_ns);

  void take(const TailEvent& event);
  void close() { changed_.notify_all(); }

  engines::ShardId shard() const { return shard_; }
  const LogState& state() const { return filter_.state(); }
  std::optional<Landmark> landmark(engines::Position position) const { return index_.find(position); }
  /// What is followed is given up; the next call begins anew.
  void lose();

 private:
  Task<std::optional<Cluster::Ends>> ends(std::int64_t deadline_ns);
  Task<bool> begin(std::int64_t deadline_ns);
  Task<> wait_until_read(std::int64_t next_offset, std::int64_t deadline_ns);
  Result<> take_message(const TailEvent& event);

  const engines::ShardId shard_;
  LogParts& parts_;
  const std::string topic_;
  const Listener listener_;
  EpochFilter filter_;
  PositionIndex index_;
  std::int64_t low_ = 0;      // with which the topic begins
  std::int64_t read_to_ = 0;  // the next offset
  bool following_ = false;
  bool current_ = false;  // has been at the end since it follows
  std::optional<Error> corrupt_;
  AsyncMutex beginning_;
  AsyncEvent changed_;
};

}  // namespace concord::kafka
