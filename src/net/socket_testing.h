#pragma once
// A server whose /socket is a WebSocket with callbacks, and a count of what opens and closes.

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <thread>
#include <utility>

#include "net/client_testing.h"
#include "net/server_testing.h"
#include "net/websocket.h"

namespace concord::net::testing {

/// Calls functions, and counts what must balance.
class Callbacks final : public WebSocketHandler {
 public:
  std::function<void(WebSocket&)> opened;
  std::function<void(WebSocket&, Opcode, ByteView)> received;
  std::function<void(WebSocket&)> drained;
  std::function<void(WebSocket&, std::uint16_t)> ended;
  std::atomic<int> opens{0};
  std::atomic<int> closes{0};
  std::atomic<int> last_code{0};

  void on_open(WebSocket& socket, std::shared_ptr<void>) override {
    ++opens;
    if (opened) opened(socket);
  }
  void on_message(WebSocket& socket, Opcode opcode, ByteView payload) override {
    if (received) received(socket, opcode, payload);
  }
  void on_drained(WebSocket& socket) override {
    if (drained) drained(socket);
  }
  void on_close(WebSocket& socket, std::uint16_t code) override {
    last_code = code;
    if (ended) ended(socket, code);
    ++closes;
  }
  bool wait_for_closes(int count) const {
    for (int i = 0; i < 4000 && closes < count; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(5));
    return closes == count;
  }
};

/// A server whose /socket upgrades to `handler` on the last of its reactors.
class SocketServer {
 public:
  explicit SocketServer(ServerOptions options = {}, std::size_t reactors = 2)
      : handler(std::make_shared<Callbacks>()), running(std::move(options), reactors) {
    running.answers.by_path["/socket"] = [this, reactors](Request& request) {
      Response response;
      EXPECT_TRUE(request.websocket_upgrade);
      response.upgrade = Upgrade{&running.reactors.at(reactors - 1), handler, nullptr};
      response.set("sec-websocket-protocol", "test");
      return response;
    };
  }
  void start() { ASSERT_TRUE(running.start()); }
  WebSocketClient connect(int receive_buffer_bytes = 0) {
    return {running.port(), "/socket", tls, receive_buffer_bytes};
  }
  void echo() {
    handler->received = [](WebSocket& socket, Opcode opcode, ByteView payload) {
      socket.send(make_frame(opcode, payload));
    };
  }

  std::shared_ptr<Callbacks> handler;
  RunningServer running;
  bool tls = false;
};

}  // namespace concord::net::testing
