#include "engines/segment_recovery.h"

#include <algorithm>
#include <map>
#include <utility>

namespace concord::engines {
namespace {

constexpr std::size_t kScanWindowBytes = 1U << 20U;

struct Found {
  std::shared_ptr<Segment> segment;
  std::optional<SegmentHeader> header;
  std::uint64_t size = 0;
  std::uint64_t end = 0;  // what a successor says is durable, or the size
  bool finished = false;  // its first write was whole, or a later one followed
};

/// What the frames so far say about a shard.
struct Tracked {
  Epoch epoch;
  std::uint64_t first = 1;
  std::uint64_t next = 1;
  std::uint64_t missing_before = 0;  // records below this position are missing
  std::string missing_at;            // where that was seen
  std::string broken_at;             // positions went back
  std::string known_since;           // where the log itself says that the shard is damaged
  std::string unproven_since;        // damage behind which no frame of the shard was seen
};

std::string where(const std::string& path, std::uint64_t offset) {
  return path + " at offset " + std::to_string(offset);
}

class Recovery {
 public:
  Recovery(FileSystem& files, std::string directory, SegmentIndex& index, const Logger& logger)
      : files_(files), directory_(std::move(directory)), index_(index), logger_(logger) {}

  Result<RecoveredLog> run() {
    TRY_VOID(open_segments());
    TRY_VOID(drop_unfinished());
    TRY_VOID(follow_chain());
    for (std::size_t i = 0; i < chain_.size(); ++i) TRY_VOID(scan(*chain_[i], i + 1 == chain_.size()));
    judge_shards();
    TRY_VOID(files_.sync_directory(directory_));
    return std::move(out_);
  }

 private:
  Result<> open_segments() {
    TRY(const auto entries, files_.list(directory_));
    for (const DirectoryEntry& entry : entries) {
      const auto number = parse_segment_name(entry.name);
      if (!number || entry.is_directory) continue;
      Found found{.segment = std::make_shared<Segment>(), .header = {}};
      found.segment->number = *number;
      found.segment->path = directory_ + "/" + entry.name;
      TRY(found.segment->file, files_.open(found.segment->path, OpenMode::kReadWrite));
      TRY(found.size, found.segment->file->size());
      found.end = found.size;
      Bytes head(kSegmentHeaderBytes);
      TRY(const std::size_t got, read_full(*found.segment->file, 0, head));
      head.resize(got);
      found.header = decode_header(head);
      if (found.header && found.header->number != *number) found.header.reset();
      if (found.header) found.segment->tag = found.header->tag;
      if (!found.header) TRY_VOID(learn_tag(found));
      out_.highest_number = std::max(out_.highest_number, *number);
      found_.emplace(*number, std::move(found));
    }
    return {};
  }

  /// The tag that a damaged header does not tell stands in every frame.
  Result<> learn_tag(Found& found) {
    FrameCursor cursor(*found.segment->file, std::nullopt, 0, found.size, kScanWindowBytes);
    Result<bool> any = cursor.seek_frame();
    if (any && *any) {
      FrameCursor at_frame = cursor;
      TRY(const auto step, at_frame.next());
      found.segment->tag = (*step)->tag;
      any = has_later_write(cursor, 0);
    }
    if (!any && any.error().code != Code::kCorrupt) return fail(any.error());
    found.finished = !any || *any;  // where it cannot be told the segment is kept
    return {};
  }

  /// A newest segment without a whole head, and without a frame of a later write, was being made when the machine died:
  /// nothing in it was acknowledged.
  Result<> drop_unfinished() {
    while (!found_.empty()) {
      Found& newest = found_.rbegin()->second;
      if (newest.header) TRY_VOID(look_at_head(newest));
      if (newest.finished) break;
      logger_.warn("log: removed a segment that was never finished",
                   {{"file", newest.segment->path}, {"bytes", newest.size}});
      out_.cut.push_back({newest.segment->path, 0, newest.size, "a segment that was never finished"});
      TRY_VOID(files_.remove(newest.segment->path));
      found_.erase(std::prev(found_.end()));
    }
    return {};
  }

  static Result<> look_at_head(Found& found) {
    FrameCursor cursor(*found.segment->file, found.segment->tag, kSegmentHeaderBytes, found.size, kScanWindowBytes);
    while (cursor.offset() < found.header->head_end) {
      TRY(const auto step, cursor.next());
      if (step && *step) continue;
      if (!step) return {};
      TRY(found.finished, has_later_write(cursor, 0));
      return {};
    }
    found.finished = true;
    return {};
  }

  /// From the newest segment back: each names the one before and where that one ends.
  Result<> follow_chain() {
    if (found_.empty()) return {};
    auto at = std::prev(found_.end());
    chain_.push_back(&at->second);
    while (at != found_.begin()) {
      const auto newer = at;
      std::uint32_t previous = std::prev(at)->first;
      if (newer->second.header) previous = newer->second.header->previous;
      const auto older = found_.find(previous);
      // What lies between was begun after a failed write, and given up in favour of the newer one.
      for (--at; at->first > previous; --at) {
        logger_.warn("log: removed a segment that was given up", {{"file", at->second.segment->path}});
        out_.cut.push_back({at->second.segment->path, 0, at->second.size, "a segment that was given up"});
        TRY_VOID(files_.remove(at->second.segment->path));
        if (at == found_.begin()) break;
      }
      if (older == found_.end()) break;
      at = older;
      if (newer->second.header) at->second.end = newer->second.header->previous_end;
      chain_.push_back(&at->second);
    }
    std::ranges::reverse(chain_);
    return {};
  }

  Result<> scan(Found& found, bool is_last) {
    const Segment& segment = *found.segment;
    index_.add_segment(found.segment);
    index_.set_end(segment.number, found.end);
    if (found.header) out_.identity = found.header->log;
    bool healthy = true;
    if (!found.header) {
      add_damage(segment, 0, kSegmentHeaderBytes, "the header's checksum fails");
      healthy = false;
    }
    FrameCursor cursor(*segment.file, segment.tag, kSegmentHeaderBytes, found.end, kScanWindowBytes);
    group_.clear();
    std::uint64_t end = kSegmentHeaderBytes;  // behind the last whole append
    std::uint64_t last_write = 0;             // where the write of the last frame began
    for (;;) {
      const std::uint64_t offset = cursor.offset();
      TRY(const auto step, cursor.next());
      if (!step) break;
      if (*step) {
        last_write = (*step)->write_at;
        take(segment, **step, offset, cursor.offset());
        if (group_.empty()) end = cursor.offset();
        continue;
      }
      TRY(const bool torn, is_last_write(cursor, is_last, offset));
      if (torn) break;
      flush_group(segment);
      TRY(const bool more, cursor.seek_frame());
      add_damage(segment, offset, cursor.offset(), to_string(step->error()));
      healthy = false;
      end = cursor.offset();
      if (!more) break;
    }
    if (!is_last) {
      flush_group(segment);
      return {};
    }
    return settle_tail(found, end, last_write, healthy);
  }

  /// Whether a bad frame at `offset` can be what a torn write left. Restores the cursor.
  Result<bool> is_last_write(const FrameCursor& cursor, bool is_last, std::uint64_t offset) {
    if (!is_last) return false;
    FrameCursor ahead = cursor;
    TRY(const bool later, has_later_write(ahead, offset));
    return !later;
  }

  /// Whether a frame at or behind the cursor belongs to a write that began behind `offset`.
  static Result<bool> has_later_write(FrameCursor& cursor, std::uint64_t offset) {
    for (bool more = true; more;) {
      for (;;) {
        TRY(const auto step, cursor.next());
        if (!step) return false;
        if (!*step) break;
        if ((*step)->write_at > offset) return true;
      }
      TRY(more, cursor.seek_frame());
    }
    return false;
  }

  /// An append counts when its last frame is there.
  void take(const Segment& segment, const Frame& frame, std::uint64_t begin, std::uint64_t end) {
    ++out_.frames;
    out_.read_bytes += end - begin;
    if (frame.type == FrameType::kEnd) return;
    group_.push_back({frame.type, frame.kind, frame.shard, frame.position, frame.epoch, Position{frame.sequence},
                      static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(end)});
    if (frame.following == 0) flush_group(segment);
  }

  struct Pending {
    FrameType type;
    std::uint8_t kind;
    ShardId shard;
    Position position;
    Epoch epoch;
    Position first;
    std::uint32_t begin;
    std::uint32_t end;
  };

  void flush_group(const Segment& segment) {
    for (const Pending& frame : group_) apply(segment, frame);
    group_.clear();
  }

  void apply(const Segment& segment, const Pending& frame) {
    Tracked& shard = shards_[frame.shard.value];
    const std::uint64_t position = frame.position.value;
    const bool is_update = frame.type == FrameType::kUpdate;
    if (position == ~std::uint64_t{0} || (!is_update && frame.first > frame.position)) {
      shard.broken_at = where(segment.path, frame.begin);
      return;
    }
    if (position > shard.next) {
      shard.missing_before = position;
      shard.missing_at = where(segment.path, frame.begin);
    }
    if (position < shard.next && shard.broken_at.empty()) shard.broken_at = where(segment.path, frame.begin);
    if (is_update || frame.kind == 0) shard.unproven_since.clear();
    shard.epoch = std::max(shard.epoch, frame.epoch);
    if (is_update) {
      shard.next = position + 1;
      const SegmentIndex::Placed placed{frame.shard, frame.position, frame.begin, frame.end};
      index_.publish(segment, {&placed, 1}, {});
      return;
    }
    shard.next = std::max(shard.next, position);
    shard.first = std::max(shard.first, frame.first.value);
    if (frame.kind != 0) shard.known_since = where(segment.path, frame.begin);
  }

  void add_damage(const Segment& segment, std::uint64_t begin, std::uint64_t end, std::string_view what) {
    logger_.error("log: damaged bytes in a segment",
                  {{"file", segment.path}, {"offset", begin}, {"bytes", end - begin}, {"what", what}});
    out_.damage.push_back({segment.path, begin, end, std::string(what)});
    index_.break_runs();
    index_.keep_segments_from(segment.number);
    for (auto& [id, shard] : shards_) shard.unproven_since = where(segment.path, begin);
  }

  Result<> settle_tail(const Found& found, std::uint64_t end, std::uint64_t unproven_from, bool healthy) {
    const Segment& segment = *found.segment;
    out_.last_number = segment.number;
    out_.last_end = end;
    index_.set_end(segment.number, end);
    FrameCursor tail(*segment.file, segment.tag, end, found.size, kScanWindowBytes);
    TRY(const bool unused, tail.only_zeros());
    if (!unused) {
      logger_.warn("log: cut a torn tail", {{"file", segment.path}, {"offset", end}, {"bytes", found.size - end}});
      out_.cut.push_back({segment.path, end, found.size, "a torn tail"});
    }
    // The last write may be in the page cache alone, even marked clean by a sync that failed: write it again.
    if (unproven_from < end) {
      Bytes again(static_cast<std::size_t>(end - unproven_from));
      TRY(const std::size_t got, read_full(*segment.file, unproven_from, again));
      again.resize(got);
      TRY_VOID(write_all(*segment.file, unproven_from, again));
    }
    if (!unused) TRY_VOID(segment.file->truncate(end));
    TRY_VOID(segment.file->sync());
    if (healthy && found.header) {
      out_.active = found.segment;
      out_.active_end = end;
    }
    return {};
  }

  void judge_shards() {
    for (const auto& [id, shard] : shards_) {
      const SegmentIndex::Stated stated{ShardId{id}, shard.epoch, Position{shard.first}, Position{shard.next}};
      index_.publish(*chain_.back()->segment, {}, {&stated, 1});
      std::string reason;
      if (!shard.known_since.empty()) reason = "was found damaged before " + shard.known_since;
      if (shard.missing_before > shard.first) reason = "records are missing before " + shard.missing_at;
      if (!shard.broken_at.empty()) reason = "positions do not follow each other in " + shard.broken_at;
      if (!shard.unproven_since.empty()) reason = "records may be lost in " + shard.unproven_since;
      if (reason.empty()) continue;
      logger_.error("log: a shard is refused", {{"shard", id}, {"reason", reason}});
      index_.set_damage(ShardId{id}, Error{Code::kCorrupt, "shard " + std::to_string(id) + ": " + reason, {}});
    }
    if (out_.damage.empty()) return;
    const SegmentDamage& first = out_.damage.front();
    index_.set_unknown_damage(Error{
        Code::kCorrupt, "a new shard cannot be told from a lost one: damage in " + where(first.path, first.begin), {}});
  }

  FileSystem& files_;
  std::string directory_;
  SegmentIndex& index_;
  const Logger& logger_;
  std::map<std::uint32_t, Found> found_;
  std::vector<Found*> chain_;
  std::map<std::uint32_t, Tracked> shards_;
  std::vector<Pending> group_;  // frames of an append whose last is not there yet
  RecoveredLog out_;
};

}  // namespace

Result<RecoveredLog> recover_segments(FileSystem& files, const std::string& directory, SegmentIndex& index,
                                      const Logger& logger) {
  return Recovery(files, directory, index, logger).run();
}

}  // namespace concord::engines
