#include "engines/segment_index.h"

#include <algorithm>
#include <cassert>

namespace concord::engines {
namespace {

constexpr std::uint32_t kMaxRunBytes = 64U << 10U;
constexpr std::uint32_t kMaxGapBytes = 4U << 10U;
constexpr std::size_t kReadWindowBytes = kMaxRunBytes;

LogEntry to_entry(const Frame& frame) { return {frame.position, frame.epoch, record_of(frame)}; }

/// Reads what a run has from `from` on. False once `max_bytes` of payload are reached.
Result<bool> read_run(const SegmentIndex::Run& run, ShardId shard, Position from, std::size_t max_bytes,
                      std::size_t& bytes, std::vector<LogEntry>& out) {
  FrameCursor cursor(*run.segment->file, run.segment->tag, run.begin, run.end, kReadWindowBytes);
  for (;;) {
    if (!out.empty() && bytes >= max_bytes) return false;
    const std::uint64_t offset = cursor.offset();
    TRY(const auto step, cursor.next_of(shard));
    if (!step) return true;
    if (!*step) {
      if (!out.empty()) return false;  // what is whole first; the next read begins here
      return fail(Code::kCorrupt, std::string(to_string(step->error())) + " in " + run.segment->path + " at offset " +
                                      std::to_string(offset));
    }
    const Frame& frame = **step;
    if (frame.type != FrameType::kUpdate || frame.shard != shard || frame.position < from) continue;
    if (!out.empty() && bytes + frame.payload.size() > max_bytes) return false;
    bytes += frame.payload.size();
    out.push_back(to_entry(frame));
  }
}

}  // namespace

SegmentIndex::State& SegmentIndex::state_of(ShardId shard) { return shards_[shard.value]; }

void SegmentIndex::add_segment(std::shared_ptr<const Segment> segment) {
  const std::lock_guard lock(mutex_);
  const std::uint32_t number = segment->number;
  segments_.emplace(number, std::move(segment));
}

void SegmentIndex::set_end(std::uint32_t number, std::uint64_t end) {
  const std::lock_guard lock(mutex_);
  ends_[number] = end;
}

void SegmentIndex::publish(const Segment& segment, std::span<const Placed> placed, std::span<const Stated> stated) {
  const std::lock_guard lock(mutex_);
  const std::uint32_t number = segment.number;
  for (const Placed& frame : placed) {
    State& state = state_of(frame.shard);
    state.shard.next.value = frame.position.value + 1;
    if (!state.runs.empty() && !state.broken) {
      Entry& last = state.runs.back();
      if (last.segment == number && frame.begin - last.end <= kMaxGapBytes && frame.end - last.begin <= kMaxRunBytes) {
        last.end = frame.end;
        continue;
      }
    }
    state.broken = false;
    state.runs.push_back({frame.position.value, number, frame.begin, frame.end});
  }
  for (const Stated& said : stated) {
    State& state = state_of(said.shard);
    state.shard.epoch = std::max(state.shard.epoch, said.epoch);
    state.shard.first = std::max(state.shard.first, said.first);
    state.shard.next = std::max(state.shard.next, said.next);
    // A run goes once the one behind it, or the next record, begins at or before the first position kept.
    auto& runs = state.runs;
    while (runs.size() > 1 && runs[1].position <= state.shard.first.value) runs.pop_front();
    if (!runs.empty() && state.shard.next <= state.shard.first) runs.clear();
  }
}

void SegmentIndex::break_runs() {
  const std::lock_guard lock(mutex_);
  for (auto& [id, state] : shards_) state.broken = true;
}

void SegmentIndex::set_damage(ShardId shard, Error error) {
  const std::lock_guard lock(mutex_);
  state_of(shard).shard.damage = std::move(error);
}

void SegmentIndex::set_unknown_damage(Error error) {
  const std::lock_guard lock(mutex_);
  unknown_damage_ = std::move(error);
}

void SegmentIndex::keep_segments_from(std::uint32_t number) {
  const std::lock_guard lock(mutex_);
  pinned_ = std::min(pinned_, number);
}

void SegmentIndex::hold_segments_from(std::uint32_t number) {
  const std::lock_guard lock(mutex_);
  held_ = number;
}

SegmentIndex::Shard SegmentIndex::shard(ShardId shard) const {
  const std::lock_guard lock(mutex_);
  const auto found = shards_.find(shard.value);
  if (found != shards_.end()) return found->second.shard;
  Shard fresh;
  fresh.damage = unknown_damage_;
  return fresh;
}

std::vector<std::pair<ShardId, SegmentIndex::Shard>> SegmentIndex::shards() const {
  const std::lock_guard lock(mutex_);
  std::vector<std::pair<ShardId, Shard>> all;
  all.reserve(shards_.size());
  for (const auto& [id, state] : shards_) all.emplace_back(ShardId{id}, state.shard);
  std::ranges::sort(all, {}, [](const auto& pair) { return pair.first; });
  return all;
}

std::pair<SegmentIndex::Shard, std::vector<SegmentIndex::Run>> SegmentIndex::find(ShardId shard, Position from,
                                                                                  std::size_t max_bytes) const {
  std::pair<Shard, std::vector<Run>> found;
  const std::lock_guard lock(mutex_);
  const auto state = shards_.find(shard.value);
  if (state == shards_.end()) {
    found.first.damage = unknown_damage_;
    return found;
  }
  found.first = state->second.shard;
  const auto& runs = state->second.runs;
  auto run = std::ranges::upper_bound(runs, from.value, {}, &Entry::position);
  if (run != runs.begin()) --run;
  for (std::size_t bytes = 0; run != runs.end() && bytes <= max_bytes; ++run) {
    bytes += run->end - run->begin;
    found.second.push_back({segments_.at(run->segment), Position{run->position}, run->begin, run->end});
  }
  return found;
}

std::vector<std::shared_ptr<const Segment>> SegmentIndex::take_passed(std::uint32_t active) {
  const std::lock_guard lock(mutex_);
  std::uint32_t keep = std::min({active, pinned_, held_});
  for (const auto& [id, state] : shards_) {
    if (!state.runs.empty()) keep = std::min(keep, state.runs.front().segment);
  }
  std::vector<std::shared_ptr<const Segment>> passed;
  while (!segments_.empty() && segments_.begin()->first < keep) {
    passed.push_back(std::move(segments_.begin()->second));
    ends_.erase(segments_.begin()->first);
    segments_.erase(segments_.begin());
  }
  return passed;
}

std::size_t SegmentIndex::segment_count() const {
  const std::lock_guard lock(mutex_);
  return segments_.size();
}

std::vector<SegmentIndex::Extent> SegmentIndex::extents() const {
  const std::lock_guard lock(mutex_);
  std::vector<Extent> all;
  all.reserve(segments_.size());
  for (const auto& [number, segment] : segments_) {
    const auto end = ends_.find(number);
    all.push_back({segment, end == ends_.end() ? 0 : end->second});
  }
  return all;
}

Result<std::vector<LogEntry>> read_entries(std::span<const SegmentIndex::Run> runs, ShardId shard, Position from,
                                           std::size_t max_bytes) {
  std::vector<LogEntry> entries;
  std::size_t bytes = 0;
  for (const SegmentIndex::Run& run : runs) {
    TRY(const bool more, read_run(run, shard, from, max_bytes, bytes, entries));
    if (!more) break;
  }
  return entries;
}

}  // namespace concord::engines
