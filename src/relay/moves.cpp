#include "relay/moves.h"

namespace concord::relay {

Moves::Moves(MoveOptions options, link::NodeName here, link::Links& links, Places places, Reactor& reactor,
             Clock& clock, Metrics& metrics)
    : options_(options),
      here_(std::move(here)),
      links_(links),
      places_(std::move(places)),
      clock_(clock),
      moves_(metrics.counter("concord_relay_moves_total",
                             "Shards of which another node was seen to serve them than before.", {})),
      shards_(options.shards),
      tasks_(reactor) {}

asio::awaitable<void> Moves::watch() {
  do {
    for (std::uint32_t i = 0; i < options_.shards; ++i) look(engines::ShardId{i}, shards_[i]);
  } while (co_await sleep_ms(options_.look_ms));
}

void Moves::look(engines::ShardId shard, Served& served) {
  std::string by = here_.value;
  if (!places_.is_here(shard)) {
    const auto peer = places_.elsewhere(shard);
    if (!peer) return;  // nobody does: who did may come back
    by = peer->node.value;
  }
  const std::int64_t now_ns = clock_.monotonic_ns();
  if (by != served.by) {
    if (!served.by.empty()) moves_.add();
    served = {.by = std::move(by), .since_ns = now_ns, .left = served.by.empty()};
  }
  if (served.left || now_ns - served.since_ns < options_.grace_ms * 1'000'000) return;
  served.left = true;
  links_.leave_others(shard.value, {served.by});
}

}  // namespace concord::relay
