#include "net/reconnects.h"

#include <algorithm>

#include "net/websocket.h"

namespace concord::net {

namespace {

constexpr std::size_t kMostReasonBytes = 123;  // RFC 6455 section 5.5, without the code

/// SplitMix64 (Steele, Lea, Flood, 2014): its state is a counter, so any thread may draw.
std::uint64_t mixed(std::uint64_t x) {
  x = (x ^ (x >> 30U)) * 0xbf58476d1ce4e5b9ULL;
  x = (x ^ (x >> 27U)) * 0x94d049bb133111ebULL;
  return x ^ (x >> 31U);
}

/// The longest beginning of at most so many bytes that ends with a whole character.
std::string_view beginning(std::string_view text, std::size_t most) {
  if (text.size() <= most) return text;
  while (most > 0 && (static_cast<unsigned char>(text[most]) & 0xc0U) == 0x80U) --most;
  return text.substr(0, most);
}

}  // namespace

bool Reconnects::helps(CloseCode code) {
  return code == CloseCode::kGoingAway || code == CloseCode::kTryAgainLater || code == CloseCode::kSlowConsumer;
}

std::int64_t Reconnects::delay_ms() {
  const auto open = static_cast<std::int64_t>(open_.load(std::memory_order_relaxed));
  const std::int64_t window_ms =
      std::clamp(open * 1000 / static_cast<std::int64_t>(per_second_), kLeastWindowMs, kMostWindowMs);
  const std::uint64_t drawn = mixed(state_.fetch_add(0x9e3779b97f4a7c15ULL, std::memory_order_relaxed));
  return kLeastMs + static_cast<std::int64_t>(drawn % static_cast<std::uint64_t>(window_ms));
}

std::string Reconnects::with_hint(CloseCode code, std::string_view reason) {
  if (!helps(code)) return std::string(reason);
  const std::string hint = "; reconnect in " + std::to_string(delay_ms()) + " ms";
  return std::string(beginning(reason, kMostReasonBytes - hint.size())).append(hint);
}

}  // namespace concord::net
