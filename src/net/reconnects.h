#pragma once
// When clients whose connection the hub ends should come back: each at its own time, so that all of them together come
// no faster than the hub can take them. The window in which they are spread grows with the connections that are open.
// A close reason ends with "; reconnect in N ms", an answer 503 has a Retry-After. Any thread.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace concord::net {

enum class CloseCode : std::uint16_t;

class Reconnects {
 public:
  /// `per_second`: how many are to come back in a second.
  Reconnects(std::size_t per_second, std::uint64_t seed) : per_second_(per_second), state_(seed) {}

  /// Connections that are open, which the server counts here.
  std::atomic<std::size_t>& open() { return open_; }

  /// From kLeastMs to kLeastMs and the window.
  std::int64_t delay_ms();
  /// The same for a Retry-After: whole seconds, at least one.
  std::int64_t delay_s() { return (delay_ms() + 999) / 1000; }
  /// Whether to come back later is of use after this: 1001, 1013, 4408.
  static bool helps(CloseCode code);
  /// The reason with the hint behind it, within what a close frame holds; as it is, where coming back is of no
  /// use.
  std::string with_hint(CloseCode code, std::string_view reason);

  static constexpr std::int64_t kLeastMs = 200;
  static constexpr std::int64_t kLeastWindowMs = 600;
  static constexpr std::int64_t kMostWindowMs = 300'000;

 private:
  const std::size_t per_second_;
  std::atomic<std::uint64_t> state_;
  std::atomic<std::size_t> open_ = 0;
};

}  // namespace concord::net
