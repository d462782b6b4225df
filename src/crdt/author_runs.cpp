#include "crdt/author_runs.h"

#include <algorithm>

namespace concord::crdt {
namespace {

void append(std::vector<AuthorRun>& runs, AuthorRun run, std::uint32_t from, std::uint32_t to) {
  if (from >= to) return;
  if (!runs.empty() && runs.back().end() == from && runs.back().same_as(run)) {
    runs.back().length += to - from;
    return;
  }
  run.clock = from;
  run.length = to - from;
  runs.push_back(run);
}

}  // namespace

AuthorRuns::Place AuthorRuns::first_touching(std::uint32_t clock) const {
  const auto ends_before = [clock](const AuthorRun& run) { return run.end() < clock; };
  const auto block = std::ranges::partition_point(blocks_, [&](const auto& runs) { return ends_before(runs.back()); });
  if (block == blocks_.end()) return {blocks_.size(), 0};
  const auto run = std::ranges::partition_point(*block, ends_before);
  return {static_cast<std::size_t>(block - blocks_.begin()), static_cast<std::size_t>(run - block->begin())};
}

const AuthorRun* AuthorRuns::from(std::uint32_t clock) const {
  const auto [block, slot] = first_touching(clock);
  if (block == blocks_.size()) return nullptr;
  const AuthorRun& run = blocks_[block][slot];
  if (run.end() > clock) return &run;
  if (slot + 1 < blocks_[block].size()) return &blocks_[block][slot + 1];
  return block + 1 < blocks_.size() ? &blocks_[block + 1][0] : nullptr;
}

void AuthorRuns::add(const AuthorRun& run, const Order& precedes) {
  if (run.length == 0) return;
  const Place first = first_touching(run.clock);
  std::vector<AuthorRun> merged;
  std::size_t count = 0;
  bool news = false;
  std::uint32_t at = run.clock;  // what is before is in `merged`
  Place place = first;
  while (place.block < blocks_.size()) {
    const AuthorRun& known = blocks_[place.block][place.slot];
    if (known.clock > run.end()) break;
    if (++place.slot == blocks_[place.block].size()) place = {place.block + 1, 0};
    ++count;
    const std::uint32_t from = std::max(known.clock, run.clock);
    const std::uint32_t to = std::max(from, std::min(known.end(), run.end()));
    const bool wins = from < to && precedes(run, known);
    news = news || at < from || wins;
    append(merged, known, known.clock, std::min(from, known.end()));
    append(merged, run, at, from);
    append(merged, wins ? run : known, from, to);
    append(merged, known, to, known.end());
    at = std::max(at, to);
  }
  append(merged, run, at, run.end());
  if (news || at < run.end()) replace(first, count, merged);
}

/// Puts `runs` in the place of `count` runs.
void AuthorRuns::replace(Place first, std::size_t count, const std::vector<AuthorRun>& runs) {
  size_ += runs.size() - count;
  if (first.block == blocks_.size()) {
    if (!blocks_.empty() && blocks_.back().size() < kBlock)
      first = {blocks_.size() - 1, blocks_.back().size()};
    else
      blocks_.emplace_back();
  }
  std::vector<AuthorRun>& block = blocks_[first.block];
  const std::size_t here = std::min(count, block.size() - first.slot);
  const std::size_t same = std::min(here, runs.size());
  const auto slot = block.begin() + static_cast<std::ptrdiff_t>(first.slot);
  std::copy_n(runs.begin(), same, slot);
  if (same < here)
    block.erase(slot + static_cast<std::ptrdiff_t>(same), slot + static_cast<std::ptrdiff_t>(here));
  else
    block.insert(slot + static_cast<std::ptrdiff_t>(same), runs.begin() + static_cast<std::ptrdiff_t>(same),
                 runs.end());

  // The rest of what is replaced lies in the blocks that follow.
  std::size_t left = count - here;
  std::size_t last = first.block + 1;
  while (left > 0 && left >= blocks_[last].size()) left -= blocks_[last++].size();
  if (left > 0) blocks_[last].erase(blocks_[last].begin(), blocks_[last].begin() + static_cast<std::ptrdiff_t>(left));
  const auto begin = blocks_.begin() + static_cast<std::ptrdiff_t>(first.block);
  blocks_.erase(begin + 1, blocks_.begin() + static_cast<std::ptrdiff_t>(last));
  if (blocks_[first.block].empty()) {
    blocks_.erase(blocks_.begin() + static_cast<std::ptrdiff_t>(first.block));
    return;
  }

  // A block that has grown too large is cut into halves of what a block may have.
  if (blocks_[first.block].size() <= kBlock) return;
  const std::vector<AuthorRun> large = std::move(blocks_[first.block]);
  std::vector<std::vector<AuthorRun>> parts;
  const bool at_end = first.block + 1 == blocks_.size();
  const std::size_t part = at_end ? kBlock : kBlock / 2;
  for (std::size_t i = 0; i < large.size(); i += part)
    parts.emplace_back(large.begin() + static_cast<std::ptrdiff_t>(i),
                       large.begin() + static_cast<std::ptrdiff_t>(std::min(i + part, large.size())));
  blocks_[first.block] = std::move(parts[0]);
  blocks_.insert(blocks_.begin() + static_cast<std::ptrdiff_t>(first.block) + 1,
                 std::make_move_iterator(parts.begin() + 1), std::make_move_iterator(parts.end()));
}

std::size_t AuthorRuns::heap_bytes() const {
  std::size_t bytes = blocks_.capacity() * sizeof(blocks_[0]);
  for (const auto& block : blocks_) bytes += block.capacity() * sizeof(AuthorRun);
  return bytes;
}

}  // namespace concord::crdt
