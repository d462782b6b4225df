#include "archive/database_archiver.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "archive/layout.h"

namespace concord::archive {

void DatabaseArchiver::load() {
  const auto versions = database_versions(archive_.manifest());
  newest_ = versions.empty() ? 0 : versions.back().version;
  whole_ = 0;  // the pages of the last version are not known any more
  version_ = -1;
  rest_until_ns_ = 0;
  pages_.clear();
}

Task<> DatabaseArchiver::archive() {
  if (clock_.monotonic_ns() < rest_until_ns_) co_return Result<>{};
  if (!copier_) {
    CO_TRY(copier_, co_await pool_.run<std::unique_ptr<engines::SqliteCopier>>(
                        [this] { return engines::SqliteCopier::open(path_); }));
  }
  CO_TRY(const std::int64_t version, co_await pool_.run<std::int64_t>([this] { return copier_->version(); }));
  if (version == version_ && whole_ != 0) co_return Result<>{};
  const std::int64_t began_ns = clock_.monotonic_ns();
  CO_TRY_VOID(co_await copy());
  version_ = version;
  rest_until_ns_ = clock_.monotonic_ns() + kRest * (clock_.monotonic_ns() - began_ns);
  co_return Result<>{};
}

Task<> DatabaseArchiver::copy() {
  DatabasePart part;
  part.version = std::max(static_cast<std::uint64_t>(clock_.wall_ms()), newest_ + 1);
  part.whole = whole_ == 0 || change_bytes_ > std::max(whole_bytes_, kMinChangeBytes);
  CO_TRY(auto parts, co_await pool_.run<std::vector<SharedBytes>>([this, &part]() -> Result<std::vector<SharedBytes>> {
    if (part.whole) pages_.clear();
    std::vector<SharedBytes> made;
    if (Result<> removed = files_.remove(temporary_); !removed && removed.error().code != Code::kNotFound)
      return fail(removed.error());
    Result<> read = copier_->copy(temporary_);
    if (read) {
      read = read_changed_pages(files_, temporary_, pages_, [&made](Bytes bytes) -> Result<> {
        made.push_back(std::make_shared<const Bytes>(std::move(bytes)));
        return {};
      });
    }
    static_cast<void>(files_.remove(temporary_));
    if (!read) return fail(read.error());
    return made;
  }));
  std::uint64_t bytes = 0;
  for (SharedBytes& one : parts) {
    bytes += one->size();
    CO_TRY_VOID(co_await archive_.put(part.key(), std::exchange(one, nullptr)));
    part.part += 1;
  }
  newest_ = part.version;
  if (part.whole) {
    whole_ = part.version;
    whole_bytes_ = bytes;
    change_bytes_ = 0;
  } else {
    change_bytes_ += bytes;
  }
  co_return Result<>{};
}

void DatabaseArchiver::thin_out(std::int64_t now_ms, std::int64_t keep_ms) {
  const auto versions = database_versions(archive_.manifest());
  const auto time_of = [&](std::size_t i) { return static_cast<std::int64_t>(versions[i].version); };
  const auto drop = [&](std::size_t i) {
    for (const std::string& key : versions[i].keys) archive_.drop(key);
  };
  // A run is a whole version and the changes after it; the last run is what a restore of now needs.
  std::vector<std::size_t> runs;
  for (std::size_t i = 0; i < versions.size(); ++i) {
    if (versions[i].whole) runs.push_back(i);
  }
  std::optional<std::int64_t> kept_ms;  // the last version that stays, of the runs so far
  for (std::size_t r = 0; r + 1 < runs.size(); ++r) {
    const std::size_t begin = runs[r];
    const std::size_t end = runs[r + 1];
    const bool fine = time_of(end - 1) >= now_ms - kFineMs;
    const bool expired = keep_ms > 0 && time_of(end) < now_ms - keep_ms;  // the next one is old enough too
    // What goes must not leave a time whose version is older than kCoarseMs, though a later one was there.
    const bool stays = !expired && (fine || !kept_ms || time_of(end) - *kept_ms >= kCoarseMs);
    const bool changes_stay = stays && (fine || time_of(end) - time_of(begin) >= kCoarseMs);
    if (!changes_stay) {
      for (std::size_t i = begin + 1; i < end; ++i) drop(i);
    }
    if (!stays) {
      drop(begin);
    } else {
      kept_ms = time_of(changes_stay ? end - 1 : begin);
    }
  }
}

}  // namespace concord::archive
