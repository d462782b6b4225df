#pragma once
// How far one node has heard another, whose changes come in order by the tables and perhaps earlier by the bus. Each is
// to be heard once. Time is passed in. One thread.

#include <cstdint>
#include <set>

namespace concord::changes {

class Heard {
 public:
  static constexpr std::size_t kMostAhead = 10'000;

  /// `upto` were told before there was anything to remember here.
  Heard(std::uint64_t upto, std::int64_t beat, std::int64_t now_ms) : upto_(upto), beat_(beat), beat_at_ms_(now_ms) {}

  /// All up to here were heard.
  std::uint64_t upto() const { return upto_; }
  /// Whether this one is news; it is heard from now on.
  bool hears(std::uint64_t number) {
    if (number <= upto_ || ahead_.contains(number)) return false;
    if (ahead_.size() < kMostAhead) ahead_.insert(number);
    close_up();
    return true;
  }
  /// Those up to here were heard, or can be heard no more.
  void passes(std::uint64_t number) {
    if (number > upto_) upto_ = number;
    ahead_.erase(ahead_.begin(), ahead_.upper_bound(upto_));
    close_up();
  }

  /// True once for each time that it has not beaten for so long without having ended in order.
  bool falls_silent(std::int64_t beat, std::int64_t now_ms, std::int64_t after_ms) {
    if (beat != beat_) {
      beat_ = beat;
      beat_at_ms_ = now_ms;
      silent_ = false;
    }
    if (silent_ || beat < 0 || now_ms - beat_at_ms_ < after_ms) return false;
    silent_ = true;
    return true;
  }

 private:
  void close_up() {
    while (!ahead_.empty() && *ahead_.begin() == upto_ + 1) {
      ++upto_;
      ahead_.erase(ahead_.begin());
    }
  }

  std::uint64_t upto_;
  std::set<std::uint64_t> ahead_;  // heard by the bus, with a gap before
  std::int64_t beat_;
  std::int64_t beat_at_ms_;
  bool silent_ = false;
};

}  // namespace concord::changes
