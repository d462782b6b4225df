#pragma once
// Which node serves a shard, for what is sent on.

#include <functional>
#include <optional>

#include "base/id.h"
#include "base/reactor.h"
#include "engines/log.h"
#include "link/link.h"

namespace concord::relay {

/// Why the stream of a relay ended, beside what the transport says.
constexpr std::uint16_t kDone = link::kFirstOwn;         // with the answer given
constexpr std::uint16_t kNotHere = link::kFirstOwn + 1;  // the node does not serve the shard: nothing was done
constexpr std::uint16_t kMalformed = link::kFirstOwn + 2;
/// A WebSocket's close code is this much less.
constexpr std::uint16_t kClosed = 10'000;

/// All of any thread.
struct Places {
  /// Whose the slot is, as far as this node knows; nullopt while it is on its way from one shard of this node's to
  /// another.
  std::function<std::optional<engines::ShardId>(Slot)> shard_of;
  /// Whether this node serves the shard.
  std::function<bool(engines::ShardId)> is_here;
  /// Which other node does; nullopt where that is not known, or none does.
  std::function<std::optional<link::Peer>(engines::ShardId)> elsewhere;
};

/// The reactor of the calling thread.
Reactor& current_reactor(Reactors& reactors);

/// Waits up to `deadline_ms` until the slot's shard is served, here or elsewhere: nullopt where it is not.
asio::awaitable<std::optional<engines::ShardId>> until_served(const Places& places, Slot slot, std::int64_t deadline_ms,
                                                              Clock& clock);

}  // namespace concord::relay
