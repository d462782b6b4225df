// A Socket.IO server that echoes, for client.test.mjs: prints its port, then ends every session when its input has a
// line, and ends with its input.
#include <cstdlib>
#include <iostream>
#include <string>

#include "socketio/server_testing.h"

int main() {
  using namespace concord;
  socketio::Options options{
      .ping_interval_ms = 200, .ping_timeout_ms = 2'000, .connect_timeout_ms = 1'000, .max_queue_bytes = 32u << 10u};
  if (const char* interval = std::getenv("PING_INTERVAL_MS")) options.ping_interval_ms = std::atoll(interval);
  socketio::testing::RunningSocketIo server(options);
  std::cout << server.port() << std::endl;
  for (std::string line; std::getline(std::cin, line);) server.close();
}
