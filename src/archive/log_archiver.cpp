#include "archive/log_archiver.h"

#include <algorithm>
#include <ranges>

#include "engines/crc32c.h"

namespace concord::archive {

namespace {

constexpr std::size_t kCopyBytes = 1U << 20U;

/// The least level that takes a piece of this size.
std::uint64_t level_of(std::uint64_t size_bytes) {
  std::uint64_t level = LogArchiver::kLeastLevelBytes;
  while (level < size_bytes) level *= LogArchiver::kFanOut;
  return level;
}

}  // namespace

void LogArchiver::load() { pieces_ = log_pieces(archive_.manifest()); }

std::uint64_t LogArchiver::missing_bytes(const Extents& extents) const {
  std::uint64_t missing = 0;
  for (const auto& extent : extents) {
    const auto found = pieces_.find(extent.segment->number);
    const std::uint64_t have = found == pieces_.end() ? 0 : found->second.back().end;
    missing += extent.end - std::min(have, extent.end);
  }
  return missing;
}

Result<> LogArchiver::check_not_ahead(const Extents& extents) const {
  if (pieces_.empty()) return {};
  const std::uint32_t newest = extents.empty() ? 0 : extents.back().segment->number;
  bool ahead = pieces_.rbegin()->first > newest;
  for (const auto& extent : extents) {
    const auto found = pieces_.find(extent.segment->number);
    ahead = ahead || (found != pieces_.end() && found->second.back().end > extent.end);
  }
  if (!ahead) return {};
  return fail(Code::kConflict,
              "the archive has more of the log than the hub: the data directory is an older copy, or has lost what was "
              "durable; restore from the archive, or archive to another place");
}

Task<> LogArchiver::archive(Extents extents) {
  CO_TRY_VOID(check_not_ahead(extents));
  for (const auto& extent : extents) CO_TRY_VOID(co_await add_piece(extent));
  co_return Result<>{};
}

/// How many of the last pieces a new one, up to `end`, is to take in.
std::size_t LogArchiver::absorbed(const std::vector<LogPiece>& pieces, std::uint64_t end) const {
  std::size_t taken = 0;
  for (;;) {
    const std::uint64_t begin = pieces.size() == taken ? pieces[0].begin : pieces[pieces.size() - taken - 1].end;
    const std::uint64_t level = level_of(end - begin);
    std::size_t more = 0;
    for (const LogPiece& piece : pieces | std::views::reverse | std::views::drop(taken)) {
      if (level_of(piece.end - piece.begin) > level) break;
      ++more;
    }
    if (more + 1 < kFanOut) return taken;
    taken += more;
  }
}

Task<> LogArchiver::add_piece(engines::SegmentIndex::Extent extent) {
  const auto found = pieces_.find(extent.segment->number);
  std::vector<LogPiece> pieces = found == pieces_.end() ? std::vector<LogPiece>() : found->second;
  const std::uint64_t have = pieces.empty() ? 0 : pieces.back().end;
  if (extent.end <= have) co_return Result<>{};
  std::size_t taken = pieces.empty() ? 0 : absorbed(pieces, extent.end);
  const std::uint64_t serial = archive_.manifest().number + 1;
  for (;;) {
    const std::vector<LogPiece> old(pieces.end() - static_cast<std::ptrdiff_t>(taken), pieces.end());
    const LogPiece fresh{extent.segment->number, old.empty() ? have : old.front().begin, extent.end, serial};
    CO_TRY(const bool same, co_await copy(*extent.segment, fresh.begin, fresh.end, old, serial));
    if (same) {
      for (const LogPiece& piece : old) archive_.drop(piece.key());
      pieces.resize(pieces.size() - taken);
      pieces.push_back(fresh);
      pieces_[fresh.segment] = std::move(pieces);
      co_return Result<>{};
    }
    logger_.error("archive: bytes of a segment are not what they were when they were archived; the archive's stay",
                  {{"file", extent.segment->path}, {"offset", fresh.begin}, {"end", have}});
    taken = 0;
  }
}

/// Copies [begin, end) of the segment into a new piece. False, and nothing is done, where what `absorbed` pieces have
/// is not what the file has.
Task<bool> LogArchiver::copy(const engines::Segment& segment, std::uint64_t begin, std::uint64_t end,
                             std::vector<LogPiece> absorbed, std::uint64_t serial) {
  const LogPiece piece{segment.number, begin, end, serial};
  CO_TRY(const auto object, co_await archive_.begin(piece.key()));
  std::uint32_t checksum = 0;  // of the absorbed piece in hand
  auto old = absorbed.begin();
  for (std::uint64_t at = begin; at < end;) {
    const std::uint64_t until = old == absorbed.end() ? end : old->end;
    const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(kCopyBytes, until - at));
    CO_TRY(auto bytes, co_await pool_.run<SharedBytes>([&segment, at, count]() -> Result<SharedBytes> {
      auto read = std::make_shared<Bytes>(count);
      TRY(const std::size_t got, engines::read_full(*segment.file, at, *read));
      if (got < count) return fail(Code::kCorrupt, segment.path + " is shorter than what was durable in it");
      return read;
    }));
    checksum = engines::crc32c(*bytes, checksum);
    CO_TRY_VOID(co_await object->write(std::move(bytes)));
    at += count;
    if (old == absorbed.end() || at < old->end) continue;
    const ArchivedObject* known = archive_.manifest().find(old->key());
    if (known == nullptr || known->checksum != checksum) co_return false;
    checksum = 0;
    ++old;
  }
  CO_TRY_VOID(co_await object->commit());
  co_return true;
}

void LogArchiver::drop_old(std::uint32_t passed, std::int64_t before_ms) {
  while (!pieces_.empty() && pieces_.begin()->first < passed) {
    const std::vector<LogPiece>& pieces = pieces_.begin()->second;
    const bool old = std::ranges::all_of(pieces, [&](const LogPiece& piece) {
      const ArchivedObject* object = archive_.manifest().find(piece.key());
      return object == nullptr || object->put_ms < before_ms;
    });
    if (!old) return;
    for (const LogPiece& piece : pieces) archive_.drop(piece.key());
    pieces_.erase(pieces_.begin());
  }
}

}  // namespace concord::archive
