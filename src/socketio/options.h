#pragma once
// What can be set of the Socket.IO server. Everything from a client is within one of these.

#include <cstdint>
#include <span>

#include "base/config.h"
#include "socketio/packet.h"

namespace concord::socketio {

/// The rows this part adds to the table of settings.
std::span<const Setting> settings();

struct Options {
  std::int64_t ping_interval_ms = 25'000;
  std::int64_t ping_timeout_ms = 20'000;     // from a ping to its pong, or anything else
  std::int64_t connect_timeout_ms = 45'000;  // from opening a session to its first namespace
  std::int64_t upgrade_timeout_ms = 10'000;  // from a probe to the end of the upgrade
  std::int64_t linger_ms = 10'000;           // for a poller to fetch why its session was ended
  std::size_t max_payload_bytes = 1u << 20u;
  std::size_t max_payload_packets = 1'000;
  std::size_t max_queue_bytes = 4u << 20u;  // unsent, of one session on polling; a larger packet goes out alone
  std::size_t max_sessions = 50'000;        // of a node
  std::size_t messages_per_second = 1'000;  // of one session; four seconds' worth at once
  PacketLimits packets;
};

Options options_from(const Config& config);

}  // namespace concord::socketio
