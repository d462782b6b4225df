// Coarse alignment: passages (windows of a fixed width) that occur once in each sequence tie the two
// together, as unique lines do in patience diff; between them narrower windows, then the exact comparison, as
// far as the steps reach. Which windows are looked at is decided by their content (some bits of their hash),
// so that both sequences choose the same ones wherever they stand.

#include <algorithm>
#include <array>
#include <numeric>

#include "ot/alignment.h"

namespace concord::ot {
namespace {

struct Level {
  std::size_t width;        // symbols in a window
  std::uint64_t keep_mask;  // a window is kept where these bits of its hash are 0
};
constexpr std::array<Level, 3> kLevels{{{64, 15}, {24, 7}, {10, 3}}};

struct Window {
  std::uint64_t hash = 0;
  std::size_t at = 0;
};

constexpr std::uint64_t kBase = 0x9e3779b97f4a7c15ULL;

constexpr std::uint64_t mix(std::uint64_t value) {
  value = (value ^ (value >> 31U)) * 0xbf58476d1ce4e5b9ULL;
  return value ^ (value >> 29U);
}

/// The kept windows that occur once, sorted by hash.
std::vector<Window> unique_windows(std::u32string_view text, const Level& level) {
  std::vector<Window> windows;
  if (text.size() < level.width) return windows;
  std::uint64_t leaving = 1;  // kBase to the power of width - 1
  for (std::size_t i = 1; i < level.width; ++i) leaving *= kBase;
  std::uint64_t rolling = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (i >= level.width) rolling -= leaving * mix(text[i - level.width]);
    rolling = rolling * kBase + mix(text[i]);
    const std::uint64_t hash = mix(rolling);
    if (i + 1 >= level.width && (hash & level.keep_mask) == 0) windows.push_back({hash, i + 1 - level.width});
  }
  std::ranges::sort(windows, {}, &Window::hash);
  std::vector<Window> unique;
  for (std::size_t i = 0; i < windows.size();) {
    std::size_t next = i + 1;
    while (next < windows.size() && windows[next].hash == windows[i].hash) ++next;
    if (next == i + 1) unique.push_back(windows[i]);
    i = next;
  }
  return unique;
}

/// Windows that both have once, by their place in `from`.
std::vector<Match> shared_windows(const Region& region, const Level& level) {
  const auto ours = unique_windows(region.from, level);
  const auto theirs = unique_windows(region.to, level);
  std::vector<Match> shared;
  for (auto a = ours.begin(), b = theirs.begin(); a != ours.end() && b != theirs.end();) {
    if (a->hash < b->hash) {
      ++a;
    } else if (b->hash < a->hash) {
      ++b;
    } else {
      if (region.from.substr(a->at, level.width) == region.to.substr(b->at, level.width))
        shared.push_back({a->at, b->at, level.width});
      ++a;
      ++b;
    }
  }
  std::ranges::sort(shared, {}, &Match::from);
  return shared;
}

/// The longest subsequence that ascends in `to` as well (patience sorting).
std::vector<Match> longest_ascending(const std::vector<Match>& matches) {
  constexpr std::size_t kNone = static_cast<std::size_t>(-1);
  std::vector<std::size_t> tails;  // by length: the match with the least `to` that ends such a subsequence
  std::vector<std::size_t> before(matches.size(), kNone);
  for (std::size_t i = 0; i < matches.size(); ++i) {
    const auto at = std::ranges::lower_bound(tails, matches[i].to, {}, [&](std::size_t t) { return matches[t].to; });
    if (at != tails.begin()) before[i] = *std::prev(at);
    if (at == tails.end()) {
      tails.push_back(i);
    } else {
      *at = i;
    }
  }
  std::vector<Match> out;
  for (std::size_t i = tails.empty() ? kNone : tails.back(); i != kNone; i = before[i]) out.push_back(matches[i]);
  std::ranges::reverse(out);
  return out;
}

/// Widens each match as far as the sequences agree, and drops what the one before it has covered.
std::vector<Match> widened(const Region& region, const std::vector<Match>& anchors) {
  std::vector<Match> out;
  std::size_t from = 0;
  std::size_t to = 0;
  for (Match match : anchors) {
    if (match.from < from || match.to < to) continue;
    while (match.from > from && match.to > to && region.from[match.from - 1] == region.to[match.to - 1]) {
      --match.from;
      --match.to;
      ++match.length;
    }
    while (match.from + match.length < region.from.size() && match.to + match.length < region.to.size() &&
           region.from[match.from + match.length] == region.to[match.to + match.length])
      ++match.length;
    from = match.from + match.length;
    to = match.to + match.length;
    out.push_back(match);
  }
  return out;
}

class CoarseWalk {
 public:
  CoarseWalk(std::uint64_t steps, std::size_t total, Alignment& out) : steps_(steps), out_(out) {
    share_ = steps_ / std::max<std::size_t>(total, 1);
  }

  void align(const Region& region, std::size_t level) {
    if (region.from.empty() || region.to.empty()) return;
    if (level > 0 && try_exactly(region)) return;
    if (level == kLevels.size()) return;
    std::size_t from = 0;
    std::size_t to = 0;
    for (const Match& match : widened(region, longest_ascending(shared_windows(region, kLevels[level])))) {
      align(region.part(from, match.from - from, to, match.to - to), level + 1);
      out_.push_back({region.from_at + match.from, region.to_at + match.to, match.length});
      from = match.from + match.length;
      to = match.to + match.length;
    }
    align(region.part(from, region.from.size() - from, to, region.to.size() - to), level + 1);
  }

 private:
  /// A region may spend its share of the steps, by its size, and a little more; what is left of that goes
  /// back.
  bool try_exactly(const Region& region) {
    constexpr std::uint64_t kSmall = 4096;
    const std::uint64_t allowed = std::min(steps_, kSmall + share_ * (region.from.size() + region.to.size()));
    std::uint64_t left = allowed;
    const bool aligned = align_exactly(region, left, out_);
    steps_ -= allowed - left;
    return aligned;
  }

  std::uint64_t steps_;
  std::uint64_t share_ = 0;
  Alignment& out_;
};

}  // namespace

void align_coarsely(const Region& region, std::uint64_t steps, Alignment& out) {
  CoarseWalk(steps, region.from.size() + region.to.size(), out).align(region, 0);
}

}  // namespace concord::ot
