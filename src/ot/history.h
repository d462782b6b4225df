#pragma once
// The changes of a document by version, and what was made for an older version brought to now.
//
// Four changes in a row are composed once, four such blocks once more, and so on; what leads from a version to now is a
// few blocks of each size. So bringing an operation to now takes time in proportion to what the changes since then come
// to when composed, and a push a few compositions at most, of blocks that grow four times as seldom as they grow large.
//
// The order of ties: what is in the history stands before what is brought to now.

#include <array>
#include <cstdint>
#include <deque>
#include <vector>

#include "base/result.h"
#include "ot/packed.h"

namespace concord::ot {

/// Changes of one size, each next to the last, by number. Internal.
class HistoryRow {
 public:
  /// Numbers begin at `first`.
  explicit HistoryRow(std::uint64_t first = 0) : end_(first) {}
  std::uint64_t begin() const { return chunks_.empty() ? end_ : chunks_.front().first; }
  std::uint64_t end() const { return end_; }
  bool has(std::uint64_t number) const { return number >= begin() && number < end_; }

  void append(PackedView change);
  PackedView at(std::uint64_t number) const;
  /// Drops the oldest few.
  void drop_some();
  /// Drops whatever lies wholly before `number`.
  void drop_before(std::uint64_t number);
  std::size_t bytes() const { return bytes_; }

 private:
  struct Chunk {
    std::uint64_t first = 0;
    std::vector<PackedOp> ops;
    std::u16string text;
    struct End {
      std::uint32_t ops = 0;
      std::uint32_t text = 0;
    };
    std::vector<End> ends;
  };
  static std::size_t memory_of(const Chunk& chunk);

  std::deque<Chunk> chunks_;
  std::uint64_t end_;
  std::size_t bytes_ = 0;
};

class History {
 public:
  /// The document is at `version` now, and that is the oldest that the history knows. Past `max_bytes` the oldest
  /// changes go.
  History(std::uint64_t version, std::size_t max_bytes);

  std::uint64_t oldest() const { return rows_[0].begin(); }
  std::uint64_t current() const { return rows_[0].end(); }
  std::size_t bytes() const;

  /// The change that leads from the current version to the next.
  void push(const Delta& change);

  /// Between two versions, in one change that keeps insertions on their side of what is deleted: to be used as it is.
  /// kInvalidArgument where a version is unknown.
  Result<Delta> between(std::uint64_t from, std::uint64_t to);
  Result<Delta> since(std::uint64_t version) { return between(version, current()); }

  /// `op`, made for `version`, as it must be now: the same as if it had been transformed against each change since, one
  /// by one, with Priority::kAgainst. kInvalidArgument where the version is unknown; kTooLarge past 2^30 units.
  Result<Delta> transform(const Delta& op, std::uint64_t version);

  /// By how much the document is longer now than it was at that version, which is known.
  std::int64_t growth_since(std::uint64_t version) const;

 private:
  static constexpr std::uint64_t kBlocks = 4;  // that are composed to one
  static constexpr std::size_t kRows = 12;

  Result<> check(std::uint64_t from, std::uint64_t to) const;
  PackedDelta composed(std::size_t row, std::uint64_t first, std::uint64_t count);
  /// Brings `op` behind block `number` of a row.
  void pass(PackedDelta& op, std::size_t row, std::uint64_t number);
  template <class F>
  void cover(std::uint64_t from, std::uint64_t to, F use) const;
  void shrink();
  void renumber_values();

  std::size_t max_bytes_;
  ValueTable values_;
  std::size_t values_after_renumbering_ = 0;
  std::array<HistoryRow, kRows>
      rows_;  // by the power of kBlocks; row 0 holds single changes, each under the version before it
  std::deque<std::int64_t> growth_;  // of the document from the first version on, by version; one for each of row 0
  std::int64_t grown_ = 0;
};

}  // namespace concord::ot
