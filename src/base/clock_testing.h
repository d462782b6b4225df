#pragma once
// A clock and an identifier source that a test holds.

#include "base/clock.h"
#include "base/property_testing.h"

namespace concord::testing {

/// Stands still until it is moved. One thread.
class ManualClock final : public Clock {
 public:
  explicit ManualClock(std::int64_t wall_ms = 1'780'000'000'000) : wall_ms_(wall_ms) {}

  std::int64_t wall_ms() override { return wall_ms_; }
  std::int64_t monotonic_ns() override { return monotonic_ns_; }

  void advance_ms(std::int64_t ms) {
    wall_ms_ += ms;
    monotonic_ns_ += ms * 1'000'000;
  }
  /// Sets the wall clock alone, as an operator or NTP does.
  void set_wall_ms(std::int64_t ms) { wall_ms_ = ms; }

 private:
  std::int64_t wall_ms_;
  std::int64_t monotonic_ns_ = 0;
};

/// Identifiers that are the same for the same seed. One thread.
class SeededIdSource final : public IdSource {
 public:
  explicit SeededIdSource(Clock& clock, std::uint64_t seed = 1) : clock_(clock), random_(seed) {}
  std::uint64_t unix_ms() override { return static_cast<std::uint64_t>(clock_.wall_ms()); }
  std::uint64_t random64() override { return random_(); }

 private:
  Clock& clock_;
  Random random_;
};

}  // namespace concord::testing
