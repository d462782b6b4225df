#pragma once
// Time, held by the caller so that a test can hold it. The hybrid clock orders, the monotonic clock waits, the wall
// clock is for people.

#include <chrono>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/id.h"

namespace concord {

class Clock {
 public:
  virtual ~Clock() = default;
  /// Milliseconds since the Unix epoch; may jump.
  virtual std::int64_t wall_ms() = 0;
  /// Nanoseconds that never go back; the origin is arbitrary.
  virtual std::int64_t monotonic_ns() = 0;
};

/// The machine's clocks. Any thread.
class SystemClock final : public Clock {
 public:
  std::int64_t wall_ms() override;
  std::int64_t monotonic_ns() override;
};

/// Identifiers from a clock and the system's random source. Any thread.
class SystemIdSource final : public IdSource {
 public:
  explicit SystemIdSource(Clock& clock) : clock_(clock) {}
  std::uint64_t unix_ms() override { return static_cast<std::uint64_t>(clock_.wall_ms()); }
  std::uint64_t random64() override;

 private:
  Clock& clock_;
};

/// 48 bits of wall milliseconds and 16 of counter (Kulkarni et al., "Logical Physical Clocks", 2014).
struct HybridTime {
  std::uint64_t value = 0;
  std::int64_t wall_ms() const { return static_cast<std::int64_t>(value >> 16U); }
  auto operator<=>(const HybridTime&) const = default;
};

/// Strictly increasing on one node, and greater than every time observed. One thread.
class HybridClock {
 public:
  explicit HybridClock(Clock& clock) : clock_(clock) {}
  HybridTime now();
  void observe(HybridTime seen);

 private:
  Clock& clock_;
  HybridTime last_{};
};

/// RFC 3339 in UTC with milliseconds: 2026-11-20T12:00:00.000Z.
std::string format_time(std::int64_t wall_ms);
/// Reads what format_time writes, also with a shorter fraction of a second, or without one: then it is
/// `without_fraction` milliseconds. nullopt where `text` is no such time.
std::optional<std::int64_t> parse_time(std::string_view text, int without_fraction = 0);

}  // namespace concord
