#pragma once
// What can be configured of the connections between nodes.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "base/config.h"

namespace concord::link {

struct LinkOptions {
  bool enabled = false;  // NODE_LISTEN is set
  std::string node;      // what this node is called
  std::string host;      // to listen on
  std::uint16_t port = 0;
  std::string address;  // what others dial, as host:port; empty: host and the bound port
  std::string ca_file;  // PEM, all three
  std::string certificate_file;
  std::string key_file;

  std::int64_t connect_timeout_ms = 5'000;    // until a stream that waits for its connection is given up
  std::int64_t handshake_timeout_ms = 3'000;  // of one attempt
  std::int64_t ping_ms = 1'000;
  std::int64_t silence_ms = 5'000;             // nothing heard for so long: the connection has broken
  std::int64_t idle_ms = 60'000;               // a connection without streams is closed
  std::int64_t certificate_watch_ms = 10'000;  // how often the files are looked at
  std::size_t max_message_bytes = 64u << 20u;
  std::size_t max_stream_bytes = 128u << 20u;      // sent on a stream and not yet consumed
  std::size_t max_connection_bytes = 256u << 20u;  // queued on a connection and not yet sent
  std::size_t max_streams = 100'000;               // of a connection
  std::size_t max_connections = 4'096;             // that others opened
};

/// The rows for the program's table of settings.
std::span<const Setting> settings();

/// `node` is what this node is called. kInvalidArgument names the setting.
Result<LinkOptions> from_config(const Config& config, std::string node);

}  // namespace concord::link
