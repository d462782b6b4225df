// Myers's linear-space comparison: find the middle of a shortest edit script by walking it from both ends at
// once, then do the same before and behind it.

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

#include "ot/alignment.h"

namespace concord::ot {
namespace {

/// The furthest x reached on each diagonal, for diagonals -reach … reach around a walk's start.
class Frontier {
 public:
  void reset(std::ptrdiff_t reach) {
    reach_ = reach;
    x_.assign(static_cast<std::size_t>(2 * reach + 1), -1);
  }
  std::ptrdiff_t& operator[](std::ptrdiff_t diagonal) { return x_[static_cast<std::size_t>(diagonal + reach_)]; }
  std::ptrdiff_t reach() const { return reach_; }

 private:
  std::ptrdiff_t reach_ = 0;
  std::vector<std::ptrdiff_t> x_;
};

struct Point {
  std::size_t x = 0;
  std::size_t y = 0;
};

class Walk {
 public:
  Walk(std::uint64_t& steps, Alignment& out) : steps_(steps), out_(out) {}

  /// False where the steps ran out.
  bool align(Region region) {
    const std::size_t head = common_prefix(region);
    if (head > 0) {
      append({region.from_at, region.to_at, head});
      region = region.part(head, region.from.size() - head, head, region.to.size() - head);
    }
    const std::size_t tail = common_suffix(region);
    const Match end{region.from_at + region.from.size() - tail, region.to_at + region.to.size() - tail, tail};
    region = region.part(0, region.from.size() - tail, 0, region.to.size() - tail);
    if (!region.from.empty() && !region.to.empty()) {
      const auto middle = split(region);
      if (!middle) return false;
      const auto [x, y] = *middle;
      // A split at a corner says that the two have nothing in common.
      const bool corner = (x == 0 && y == region.to.size()) || (y == 0 && x == region.from.size()) ||
                          (x == 0 && y == 0) || (x == region.from.size() && y == region.to.size());
      if (!corner) {
        if (!align(region.part(0, x, 0, y))) return false;
        if (!align(region.part(x, region.from.size() - x, y, region.to.size() - y))) return false;
      }
    }
    if (tail > 0) append(end);
    return true;
  }

 private:
  static std::size_t common_prefix(const Region& region) {
    const auto pair = std::ranges::mismatch(region.from, region.to);
    return static_cast<std::size_t>(pair.in1 - region.from.begin());
  }
  static std::size_t common_suffix(const Region& region) {
    const std::size_t most = std::min(region.from.size(), region.to.size());
    std::size_t length = 0;
    while (length < most && region.from[region.from.size() - 1 - length] == region.to[region.to.size() - 1 - length])
      ++length;
    return length;
  }

  void append(const Match& match) {
    if (!out_.empty()) {
      Match& last = out_.back();
      if (last.from + last.length == match.from && last.to + last.length == match.to) {
        last.length += match.length;
        return;
      }
    }
    out_.push_back(match);
  }

  bool spend(std::uint64_t steps) {
    if (steps > steps_) {
      steps_ = 0;
      return false;
    }
    steps_ -= steps;
    return true;
  }

  /// A point on a shortest edit script, half way along it; nullopt where the steps ran out.
  std::optional<Point> split(const Region& region) {
    const auto n = static_cast<std::ptrdiff_t>(region.from.size());
    const auto m = static_cast<std::ptrdiff_t>(region.to.size());
    const std::ptrdiff_t delta = n - m;
    // After d rounds d^2 diagonals were visited: rounds beyond the root of the steps left cannot happen.
    const auto affordable = static_cast<std::ptrdiff_t>(std::sqrt(static_cast<double>(steps_))) + 1;
    const std::ptrdiff_t rounds = std::min((n + m + 1) / 2, affordable);
    forward_.reset(rounds + 2);
    backward_.reset(rounds + 2);
    forward_[1] = 0;
    backward_[1] = 0;
    Range ahead;
    Range behind;
    for (std::ptrdiff_t d = 0; d <= rounds; ++d) {
      if (!spend(static_cast<std::uint64_t>(2 * d + 2))) return std::nullopt;
      const bool odd = delta % 2 != 0;
      if (auto point = advance<false>(region, d, ahead, odd ? delta : kNoMeeting)) return point;
      if (steps_ == 0) return std::nullopt;
      if (auto point = advance<true>(region, d, behind, odd ? kNoMeeting : delta)) return point;
      if (steps_ == 0) return std::nullopt;
    }
    steps_ = 0;
    return std::nullopt;
  }

  /// How many diagonals at either end of a round lie outside the grid for good.
  struct Range {
    std::ptrdiff_t low = 0;
    std::ptrdiff_t high = 0;
  };
  static constexpr std::ptrdiff_t kNoMeeting = std::numeric_limits<std::ptrdiff_t>::min();

  /// One round of one walk. The backward walk sees both sequences reversed. Where `delta` is given, the point
  /// at which the walk meets the other one.
  template <bool kBackward>
  std::optional<Point> advance(const Region& region, std::ptrdiff_t d, Range& range, std::ptrdiff_t delta) {
    const auto n = static_cast<std::ptrdiff_t>(region.from.size());
    const auto m = static_cast<std::ptrdiff_t>(region.to.size());
    Frontier& mine = kBackward ? backward_ : forward_;
    Frontier& other = kBackward ? forward_ : backward_;
    const char32_t* from = kBackward ? region.from.data() + n - 1 : region.from.data();
    const char32_t* to = kBackward ? region.to.data() + m - 1 : region.to.data();
    constexpr std::ptrdiff_t step = kBackward ? -1 : 1;
    for (std::ptrdiff_t k = -d + range.low; k <= d - range.high; k += 2) {
      std::ptrdiff_t x = k == -d || (k != d && mine[k - 1] < mine[k + 1]) ? mine[k + 1] : mine[k - 1] + 1;
      std::ptrdiff_t y = x - k;
      const std::ptrdiff_t begin = x;
      while (x < n && y < m && from[x * step] == to[y * step]) {
        ++x;
        ++y;
      }
      mine[k] = x;
      if (x > n) {
        range.high += 2;
        continue;
      }
      if (y > m) {
        range.low += 2;
        continue;
      }
      if (!spend(static_cast<std::uint64_t>(x - begin))) return std::nullopt;
      if (delta == kNoMeeting) continue;
      const std::ptrdiff_t facing = delta - k;
      if (facing < -other.reach() || facing > other.reach() || other[facing] < 0) continue;
      if (x + other[facing] >= n)
        return kBackward ? Point{static_cast<std::size_t>(n - x), static_cast<std::size_t>(m - y)}
                         : Point{static_cast<std::size_t>(x), static_cast<std::size_t>(y)};
    }
    return std::nullopt;
  }

  std::uint64_t& steps_;
  Alignment& out_;
  Frontier forward_;
  Frontier backward_;
};

}  // namespace

bool align_exactly(const Region& region, std::uint64_t& steps, Alignment& out) {
  const std::size_t before = out.size();
  const std::optional<Match> last = out.empty() ? std::nullopt : std::optional(out.back());
  if (Walk(steps, out).align(region)) return true;
  out.resize(before);
  if (last) out.back() = *last;
  steps = 0;
  return false;
}

}  // namespace concord::ot
