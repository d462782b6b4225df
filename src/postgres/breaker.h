#pragma once
// Keeps callers from a server that is away: after a failure nobody tries for a while, then one does, and what it finds
// decides for all. The while doubles with each failure in a row, and a part of it is by chance, so that many nodes do
// not come back together. One thread.

#include <cstdint>

namespace concord::postgres {

/// The pause behind `failures` (from 1) in a row: it doubles with each, up to `most_ms`. `chance` is any number, and
/// takes away up to a half.
inline std::int64_t backoff_ms(int failures, std::int64_t least_ms, std::int64_t most_ms, std::uint64_t chance) {
  std::int64_t most = least_ms;
  for (int i = 1; i < failures && most < most_ms; ++i) most *= 2;
  if (most > most_ms) most = most_ms;
  return most - most / 2 + static_cast<std::int64_t>(chance % static_cast<std::uint64_t>(most / 2 + 1));
}

class Breaker {
 public:
  struct Options {
    std::int64_t least_ms = 100;
    std::int64_t most_ms = 5000;
  };
  explicit Breaker(Options options) : options_(options) {}

  /// Whether the caller may try now; then it is to say how it went.
  bool allow(std::int64_t now_ns) {
    if (failures_ == 0) return true;
    if (trying_ || now_ns < closed_until_ns_) return false;
    return trying_ = true;
  }
  void succeeded() {
    failures_ = 0;
    trying_ = false;
  }
  void failed(std::int64_t now_ns, std::uint64_t chance) {
    if (failures_ < kCounted) ++failures_;
    trying_ = false;
    closed_until_ns_ = now_ns + backoff_ms(failures_, options_.least_ms, options_.most_ms, chance) * 1'000'000;
  }
  bool is_open() const { return failures_ > 0; }

 private:
  static constexpr int kCounted = 60;

  Options options_;
  int failures_ = 0;
  bool trying_ = false;
  std::int64_t closed_until_ns_ = 0;
};

}  // namespace concord::postgres
