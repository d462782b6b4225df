#include "relay/places.h"

#include <cassert>

namespace concord::relay {

namespace {
constexpr std::int64_t kLookMs = 10;
}

Reactor& current_reactor(Reactors& reactors) {
  for (std::size_t i = 0; i < reactors.size(); ++i)
    if (reactors.at(i).is_current()) return reactors.at(i);
  assert(false);
  return reactors.at(0);
}

asio::awaitable<std::optional<engines::ShardId>> until_served(const Places& places, Slot slot, std::int64_t deadline_ms,
                                                              Clock& clock) {
  const std::int64_t until_ns = clock.monotonic_ns() + deadline_ms * 1'000'000;
  for (;;) {
    const auto shard = places.shard_of(slot);
    if (shard && (places.is_here(*shard) || places.elsewhere(*shard))) co_return shard;
    if (clock.monotonic_ns() >= until_ns || !co_await sleep_ms(kLookMs)) co_return std::nullopt;
  }
}

}  // namespace concord::relay
