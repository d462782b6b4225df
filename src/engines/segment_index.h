#pragma once
// Where each shard's records lie in the segments, and what holds for each shard: in memory, rebuilt on open. It has
// what is durable and nothing else. Any thread.
//
// Records of a shard that lie near each other share one run; a run is read as a whole, stepping over what other shards
// have between. So the index costs 24 bytes per 64 KiB of a busy log, and at most 24 bytes per record where thousands
// of shards take turns.

#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <unordered_map>
#include <vector>

#include "engines/log.h"
#include "engines/segment_reader.h"

namespace concord::engines {

class SegmentIndex {
 public:
  struct Shard {
    Epoch epoch;
    Position first{1};
    Position next{1};
    std::optional<Error> damage;  // every call on the shard is answered with it
  };
  /// An update frame at [begin, end) of the segment.
  struct Placed {
    ShardId shard;
    Position position;
    std::uint32_t begin = 0;
    std::uint32_t end = 0;
  };
  struct Stated {
    ShardId shard;
    Epoch epoch;
    Position first;
    Position next;
  };
  /// Where to read: frames of the shard from `position` on within [begin, end).
  struct Run {
    std::shared_ptr<const Segment> segment;
    Position position;
    std::uint32_t begin = 0;
    std::uint32_t end = 0;
  };

  /// A segment, and how much of it is durable.
  struct Extent {
    std::shared_ptr<const Segment> segment;
    std::uint64_t end = 0;
  };

  void add_segment(std::shared_ptr<const Segment> segment);
  /// How much of a segment that was added is durable; what is behind it was not acknowledged.
  void set_end(std::uint32_t number, std::uint64_t end);
  /// What became durable in `segment`, which was added: in the order of the file.
  void publish(const Segment& segment, std::span<const Placed> placed, std::span<const Stated> stated);
  /// The next record of every shard begins a new run: what lies between cannot be stepped over.
  void break_runs();
  void set_damage(ShardId shard, Error error);
  /// From now on shards without a record are answered with `error`: theirs may be among what was damaged.
  void set_unknown_damage(Error error);
  /// Segments from this one on are never passed.
  void keep_segments_from(std::uint32_t number);
  /// Segments from this one on are not passed until a later call names a higher one: an archive does not have them yet.
  void hold_segments_from(std::uint32_t number);

  Shard shard(ShardId shard) const;
  std::vector<std::pair<ShardId, Shard>> shards() const;
  /// Runs from the one that holds `from` on, until their bytes exceed `max_bytes`; the shard's state beside them.
  std::pair<Shard, std::vector<Run>> find(ShardId shard, Position from, std::size_t max_bytes) const;
  /// Takes out the segments before `active` that hold nothing kept any more, oldest first.
  std::vector<std::shared_ptr<const Segment>> take_passed(std::uint32_t active);
  std::size_t segment_count() const;
  /// The segments that are not taken out, oldest first: only the last may grow.
  std::vector<Extent> extents() const;

 private:
  struct Entry {
    std::uint64_t position = 0;
    std::uint32_t segment = 0;
    std::uint32_t begin = 0;
    std::uint32_t end = 0;
  };
  struct State {
    Shard shard;
    std::deque<Entry> runs;
    bool broken = false;  // the next record begins a run
  };
  State& state_of(ShardId shard);

  mutable std::mutex mutex_;  // guards everything below
  std::unordered_map<std::uint32_t, State> shards_;
  std::map<std::uint32_t, std::shared_ptr<const Segment>> segments_;
  std::map<std::uint32_t, std::uint64_t> ends_;  // of segments_
  std::optional<Error> unknown_damage_;
  std::uint32_t pinned_ = ~std::uint32_t{0};
  std::uint32_t held_ = ~std::uint32_t{0};
};

/// What the shard has in the runs from `from` on: as many entries as fit in `max_bytes` of payload, but at least one.
/// Each one's checksum is held again: kCorrupt where it fails.
Result<std::vector<LogEntry>> read_entries(std::span<const SegmentIndex::Run> runs, ShardId shard, Position from,
                                           std::size_t max_bytes);

}  // namespace concord::engines
