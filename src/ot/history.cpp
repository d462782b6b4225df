#include "ot/history.h"

#include <algorithm>
#include <string>
#include <utility>

namespace concord::ot {
namespace {

// A chunk takes no further change past so many.
constexpr std::size_t kChunkChanges = 256;
constexpr std::size_t kChunkOps = 4096;
constexpr std::size_t kChunkText = 16384;

constexpr std::size_t kMaxLength = 1U << 30U;  // PackedOp holds four times as much

}  // namespace

void HistoryRow::append(PackedView change) {
  const bool full = chunks_.empty() || chunks_.back().ends.size() >= kChunkChanges ||
                    chunks_.back().ops.size() >= kChunkOps || chunks_.back().text.size() >= kChunkText;
  if (full) {
    if (!chunks_.empty()) {  // it keeps this size
      bytes_ -= memory_of(chunks_.back());
      chunks_.back().ops.shrink_to_fit();
      chunks_.back().text.shrink_to_fit();
      chunks_.back().ends.shrink_to_fit();
      bytes_ += memory_of(chunks_.back());
    }
    chunks_.emplace_back().first = end_;
    bytes_ += memory_of(chunks_.back());
  }
  Chunk& chunk = chunks_.back();
  bytes_ -= memory_of(chunk);
  chunk.ops.insert(chunk.ops.end(), change.ops.begin(), change.ops.end());
  chunk.text += change.text;
  chunk.ends.push_back({static_cast<std::uint32_t>(chunk.ops.size()), static_cast<std::uint32_t>(chunk.text.size())});
  bytes_ += memory_of(chunk);
  ++end_;
}

PackedView HistoryRow::at(std::uint64_t number) const {
  const Chunk& chunk = *std::prev(std::ranges::upper_bound(chunks_, number, {}, &Chunk::first));
  const std::size_t index = number - chunk.first;
  const Chunk::End begin = index == 0 ? Chunk::End{} : chunk.ends[index - 1];
  const Chunk::End end = chunk.ends[index];
  return {std::span(chunk.ops).subspan(begin.ops, end.ops - begin.ops),
          std::u16string_view(chunk.text).substr(begin.text, end.text - begin.text)};
}

void HistoryRow::drop_some() {
  if (chunks_.empty()) return;
  bytes_ -= memory_of(chunks_.front());
  chunks_.pop_front();
}

void HistoryRow::drop_before(std::uint64_t number) {
  while (!chunks_.empty() && chunks_.front().first + chunks_.front().ends.size() <= number) drop_some();
  if (chunks_.empty()) end_ = std::max(end_, number);
}

std::size_t HistoryRow::memory_of(const Chunk& chunk) {
  return sizeof(Chunk) + chunk.ops.capacity() * sizeof(PackedOp) + chunk.text.capacity() * sizeof(char16_t) +
         chunk.ends.capacity() * sizeof(Chunk::End);
}

History::History(std::uint64_t version, std::size_t max_bytes) : max_bytes_(max_bytes) {
  std::uint64_t span = 1;
  for (HistoryRow& row : rows_) {
    row = HistoryRow((version + span - 1) / span);
    span *= kBlocks;
  }
}

std::size_t History::bytes() const {
  std::size_t out = values_.bytes() + growth_.size() * sizeof(std::int64_t);
  for (const HistoryRow& row : rows_) out += row.bytes();
  return out;
}

/// Two by two: each step composes changes of about the same size.
PackedDelta History::composed(std::size_t row, std::uint64_t first, std::uint64_t count) {
  PackedDelta out;
  if (count == 1) {
    compose_packed(rows_[row].at(first), {}, values_, out);
    return out;
  }
  const PackedDelta left = composed(row, first, count / 2);
  const PackedDelta right = composed(row, first + count / 2, count - count / 2);
  compose_packed(left.view(), right.view(), values_, out);
  return out;
}

void History::push(const Delta& change) {
  const PackedDelta packed = pack(change, values_);
  growth_.push_back(grown_);
  grown_ += growth(packed.view());
  rows_[0].append(packed.view());
  for (std::size_t row = 0; row + 1 < kRows; ++row) {
    const std::uint64_t number = rows_[row + 1].end();
    if (rows_[row].end() < (number + 1) * kBlocks) break;
    rows_[row + 1].append(composed(row, number * kBlocks, kBlocks).view());
  }
  shrink();
}

void History::shrink() {
  const bool many_values = values_.bytes() > max_bytes_ / 4;
  if (many_values && values_.bytes() > 2 * values_after_renumbering_) renumber_values();
  while (bytes() > max_bytes_ && rows_[0].begin() < rows_[0].end()) {
    const std::uint64_t before = rows_[0].begin();
    rows_[0].drop_some();
    growth_.erase(growth_.begin(), growth_.begin() + static_cast<std::ptrdiff_t>(rows_[0].begin() - before));
    std::uint64_t span = 1;
    for (std::size_t row = 1; row < kRows; ++row) {
      span *= kBlocks;
      rows_[row].drop_before((rows_[0].begin() + span - 1) / span);
    }
    if (many_values) renumber_values();
  }
}

/// Forgets the values that no change has any more.
void History::renumber_values() {
  ValueTable fresh;
  for (HistoryRow& row : rows_) {
    HistoryRow moved(row.begin());
    for (std::uint64_t number = row.begin(); number < row.end(); ++number)
      moved.append(pack(unpack(row.at(number), values_), fresh).view());
    row = std::move(moved);
  }
  values_ = std::move(fresh);
  values_after_renumbering_ = values_.bytes();
}

Result<> History::check(std::uint64_t from, std::uint64_t to) const {
  if (from >= oldest() && from <= to && to <= current()) return {};
  return fail(Error{Code::kInvalidArgument,
                    "version " + std::to_string(from > current() ? from : std::min(from, to)) + " is not known here",
                    {{"oldest_version", std::to_string(oldest())}, {"current_version", std::to_string(current())}}});
}

/// The largest blocks that make up what lies between two versions, in order.
template <class F>
void History::cover(std::uint64_t from, std::uint64_t to, F use) const {
  while (from < to) {
    std::size_t row = 0;
    std::uint64_t span = 1;
    while (row + 1 < kRows && from % (span * kBlocks) == 0 && from + span * kBlocks <= to &&
           rows_[row + 1].has(from / (span * kBlocks))) {
      ++row;
      span *= kBlocks;
    }
    use(row, from / span);
    from += span;
  }
}

Result<Delta> History::between(std::uint64_t from, std::uint64_t to) {
  TRY_VOID(check(from, to));
  // Blocks grow and then shrink again: composed from the small end of both sides.
  struct Block {
    std::size_t row = 0;
    PackedDelta change;
  };
  std::vector<Block> blocks;
  const auto join_last = [&] {
    PackedDelta out;
    compose_packed(blocks[blocks.size() - 2].change.view(), blocks.back().change.view(), values_, out);
    blocks.pop_back();
    blocks.back().change = std::move(out);
  };
  cover(from, to, [&](std::size_t row, std::uint64_t number) {
    blocks.push_back({row, composed(row, number, 1)});
    while (blocks.size() > 1 && blocks[blocks.size() - 2].row <= blocks.back().row) {
      const std::size_t larger = blocks.back().row + (blocks[blocks.size() - 2].row == blocks.back().row ? 1 : 0);
      join_last();
      blocks.back().row = larger;
    }
  });
  while (blocks.size() > 1) join_last();
  if (blocks.empty()) return Delta();
  return unpack(blocks.front().change.view(), values_);
}

void History::pass(PackedDelta& op, std::size_t row, std::uint64_t number) {
  PackedDelta out;
  if (row == 0) {
    transform_packed(op.view(), rows_[0].at(number), values_, out);
  } else if (!transform_over_block(op.view(), rows_[row].at(number), values_, out)) {
    // The block as a whole does not tell; its parts do, at the latest one by one.
    for (std::uint64_t part = 0; part < kBlocks; ++part) pass(op, row - 1, number * kBlocks + part);
    return;
  }
  op = std::move(out);
}

Result<Delta> History::transform(const Delta& op, std::uint64_t version) {
  TRY_VOID(check(version, current()));
  if (op.base_length() > kMaxLength || op.target_length() > kMaxLength)
    return fail(Code::kTooLarge, "the operation is longer than any document");
  PackedDelta moved = pack(op, values_);
  cover(version, current(), [&](std::size_t row, std::uint64_t number) { pass(moved, row, number); });
  return unpack(moved.view(), values_);
}

std::int64_t History::growth_since(std::uint64_t version) const {
  return version == current() ? 0 : grown_ - growth_[version - oldest()];
}

}  // namespace concord::ot
