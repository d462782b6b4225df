#include <vector>

#include "socketio/options.h"

namespace concord::socketio {

std::span<const Setting> settings() {
  static const std::vector<Setting> rows{
      {"SOCKETIO_PING_INTERVAL_MS", SettingType::kInteger, "25000", 100, 600'000,
       "Time from a Socket.IO client's last pong to the next ping."},
      {"SOCKETIO_PING_TIMEOUT_MS", SettingType::kInteger, "20000", 100, 600'000,
       "Time that a Socket.IO client has for the answer to a ping."},
      {"SOCKETIO_CONNECT_MS", SettingType::kInteger, "10000", 100, 600'000,
       "Time from an opened Socket.IO session to its connect."},
      {"SOCKETIO_MAX_PAYLOAD_BYTES", SettingType::kInteger, "1048576", 1024, 64LL << 20,
       "Largest message, or body of a polling request, of a Socket.IO client."},
      {"SOCKETIO_MAX_QUEUE_BYTES", SettingType::kInteger, "4194304", 4096, 1LL << 30,
       "Unsent bytes of one Socket.IO client that polls; one that fetches too slowly is disconnected."},
      {"SOCKETIO_MAX_SESSIONS", SettingType::kInteger, "50000", 1, 10'000'000,
       "Socket.IO sessions open at once; shared out among the event loops."},
      {"SOCKETIO_MESSAGES_PER_SECOND", SettingType::kInteger, "1000", 1, 1'000'000,
       "Packets and polls of one Socket.IO session; four seconds' worth may come at once."},
  };
  return rows;
}

Options options_from(const Config& config) {
  const auto size = [&config](std::string_view name) { return static_cast<std::size_t>(config.integer(name)); };
  Options options;
  options.ping_interval_ms = config.integer("SOCKETIO_PING_INTERVAL_MS");
  options.ping_timeout_ms = config.integer("SOCKETIO_PING_TIMEOUT_MS");
  options.connect_timeout_ms = config.integer("SOCKETIO_CONNECT_MS");
  options.max_payload_bytes = size("SOCKETIO_MAX_PAYLOAD_BYTES");
  options.max_queue_bytes = size("SOCKETIO_MAX_QUEUE_BYTES");
  options.max_sessions = size("SOCKETIO_MAX_SESSIONS");
  options.messages_per_second = size("SOCKETIO_MESSAGES_PER_SECOND");
  options.packets.json.max_bytes = options.max_payload_bytes;
  return options;
}

}  // namespace concord::socketio
