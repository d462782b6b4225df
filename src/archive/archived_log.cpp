#include "archive/archived_log.h"

#include <fmt/format.h>

#include <algorithm>

#include "archive/archive_reader.h"

namespace concord::archive {

namespace {

constexpr std::size_t kWindowBytes = 1U << 20U;

using engines::Frame;
using engines::FrameType;

}  // namespace

Task<> ArchivedLog::assemble(engines::Blobs& archive, const Manifest& manifest, BlockingPool& pool,
                             RestoreReport& report) {
  CO_TRY_VOID(co_await pool.run<void>([this] { return engines::make_directories(files_, directory_); }));
  for (const auto& [number, pieces] : log_pieces(manifest)) {
    Assembled segment{number, directory_ + "/" + engines::segment_name(number), 0, nullptr};
    CO_TRY(segment.file, files_.open(segment.path, engines::OpenMode::kCreate));
    for (const LogPiece& piece : pieces) {
      if (piece.begin != segment.end) {
        report.add_damage(fmt::format("segment {:x}: bytes {} to {} are in no object of the archive", number,
                                      segment.end, piece.begin));
      }
      std::uint64_t at = piece.begin;
      const std::string key = piece.key();
      auto read = co_await read_pieces(archive, key, *manifest.find(key), [&](ByteView bytes) -> Result<> {
        TRY_VOID(engines::write_all(*segment.file, at, bytes));
        at += bytes.size();
        return {};
      });
      if (!read && read.error().code != Code::kCorrupt) co_return read;
      if (!read) report.add_damage(read.error().message);
      segment.end = piece.end;
      if (at < segment.end) CO_TRY_VOID(segment.file->allocate(at, segment.end - at));
    }
    segments_.push_back(std::move(segment));
  }
  check_chain(report);
  co_return Result<>{};
}

/// Each segment says where the one before ends.
void ArchivedLog::check_chain(RestoreReport& report) const {
  for (const Assembled& segment : segments_) {
    Bytes head(engines::kSegmentHeaderBytes);
    if (!engines::read_full(*segment.file, 0, head)) continue;
    const auto header = engines::decode_header(head);
    if (!header) {
      report.add_damage(fmt::format("segment {:x}: the header's checksum fails", segment.number));
      continue;
    }
    const auto before = std::ranges::find(segments_, header->previous, &Assembled::number);
    if (before == segments_.end() || before->end >= header->previous_end) continue;
    report.add_damage(fmt::format("segment {:x}: the archive has {} of its {} bytes", before->number, before->end,
                                  header->previous_end));
  }
}

Result<> ArchivedLog::walk_segment(const Assembled& segment, const std::function<Result<>(const Item&)>& visit) const {
  Bytes head(engines::kSegmentHeaderBytes);
  TRY(const std::size_t got, engines::read_full(*segment.file, 0, head));
  head.resize(got);
  const auto header = engines::decode_header(head);
  engines::FrameCursor cursor(*segment.file, header ? std::optional(header->tag) : std::nullopt,
                              engines::kSegmentHeaderBytes, segment.end, kWindowBytes);
  for (;;) {
    const std::uint64_t begin = cursor.offset();
    TRY(const auto step, cursor.next());
    if (!step) return {};
    if (*step) {
      TRY_VOID(visit({&segment, begin, cursor.offset(), &**step, {}}));
      continue;
    }
    const engines::FrameFault fault = step->error();
    TRY_VOID(cursor.seek_frame());
    TRY_VOID(visit({&segment, begin, cursor.offset(), nullptr, engines::to_string(fault)}));
  }
}

Result<> ArchivedLog::walk(const std::function<Result<>(const Item&)>& visit) const {
  for (const Assembled& segment : segments_) TRY_VOID(walk_segment(segment, visit));
  return {};
}

Result<> ArchivedLog::visit(const Visit& visit) const {
  std::map<std::uint32_t, std::uint64_t> next;
  return walk([&](const Item& item) -> Result<> {
    if (item.frame == nullptr || item.frame->type != FrameType::kUpdate) return {};
    std::uint64_t& expected = next[item.frame->shard.value];
    if (item.frame->position.value < expected) return {};
    expected = item.frame->position.value + 1;
    return visit(*item.frame);
  });
}

Result<> ArchivedLog::inspect(HybridTime until, RestoreReport& report) {
  return walk([&](const Item& item) -> Result<> {
    if (item.frame != nullptr) {
      ++report.frames;
      note(*item.frame, until);
    } else {
      report.add_damage(
          fmt::format("segment {:x}, bytes {} to {}: {}", item.segment->number, item.begin, item.end, item.fault));
    }
    return {};
  });
}

void ArchivedLog::note(const Frame& frame, HybridTime until) {
  if (frame.type == FrameType::kEnd || frame.position.value == ~std::uint64_t{0}) return;
  Shard& shard = shards_[frame.shard.value];
  const std::uint64_t position = frame.position.value;
  if (frame.type == FrameType::kState) {
    if (frame.sequence > position) return;
    shard.kept = std::max(shard.kept, frame.sequence);
    if (position > shard.next) {
      if (shard.begin != 0) shard.gaps.emplace_back(shard.next, position);
      shard.next = position;
    }
    return;
  }
  if (position < shard.next) return;
  if (shard.begin == 0) shard.begin = position;
  if (position > shard.next && shard.begin != position) shard.gaps.emplace_back(shard.next, position);
  shard.next = position + 1;
  if (frame.time <= until) shard.cut = position;
}

}  // namespace concord::archive
