// Many sockets at once, slow ones among them, TLS, and the end of all.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include "base/property_testing.h"
#include "net/socket_testing.h"
#include "net/websocket_engine.h"

namespace concord::net {
namespace {

using testing::client_close;
using testing::client_frame;
using testing::client_text;
using testing::ServerFrame;
using testing::SocketServer;
using testing::TestCertificate;
using testing::WebSocketClient;

TEST(WebSockets, one_frame_reaches_many_sockets) {
  std::vector<WebSocket*> sockets;  // touched on the sockets' reactor
  SocketServer server;
  server.handler->opened = [&](WebSocket& socket) { sockets.push_back(&socket); };
  server.handler->ended = [&](WebSocket& socket, std::uint16_t) { std::erase(sockets, &socket); };
  server.handler->received = [&](WebSocket&, Opcode opcode, ByteView payload) {
    const Frame frame = make_frame(opcode, payload);
    for (WebSocket* socket : sockets) socket->send(frame);
  };
  server.start();
  std::vector<WebSocketClient> clients;
  for (int i = 0; i < 300; ++i) clients.push_back(server.connect());
  while (server.handler->opens < 300) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  for (int round = 0; round < 5; ++round) {
    const std::string text = "round " + std::to_string(round) + std::string(1000, '.');
    clients[static_cast<std::size_t>(round)].send(client_text(text));
    for (auto& client : clients) ASSERT_EQ(client.read_frame().payload, text);
  }
  clients.clear();
  EXPECT_TRUE(server.handler->wait_for_closes(300));
}

/// Every socket that is open, on the sockets' reactor.
struct Audience {
  explicit Audience(SocketServer& server) {
    server.handler->opened = [this](WebSocket& socket) { sockets.push_back(&socket); };
    server.handler->ended = [this](WebSocket& socket, std::uint16_t) { std::erase(sockets, &socket); };
  }
  void send(const std::string& text) {
    const Frame frame = make_frame(Opcode::kText, as_bytes(text));
    for (WebSocket* socket : sockets) socket->send(frame);
  }
  std::vector<WebSocket*> sockets;
};

// 200 turns of the reactor, one behind the other: while the first's frames leave, the next come together.
TEST(WebSockets, what_is_sent_to_many_in_quick_turns_leaves_together_and_in_order) {
  SocketServer server;
  Audience audience(server);
  Reactor& reactor = server.running.reactors.at(1);
  server.handler->received = [&](WebSocket&, Opcode, ByteView) {
    for (int turn = 0; turn < 200; ++turn) reactor.post([&audience, turn] { audience.send(std::to_string(turn)); });
  };
  server.start();
  std::vector<WebSocketClient> clients;
  for (int i = 0; i < 100; ++i) clients.push_back(server.connect());
  while (server.handler->opens < 100) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  clients[0].send(client_text("go"));
  for (auto& client : clients)
    for (int turn = 0; turn < 200; ++turn) ASSERT_EQ(client.read_frame().payload, std::to_string(turn));
  clients.clear();
  EXPECT_TRUE(server.handler->wait_for_closes(100));
  const WebSocketMetrics counted(server.running.metrics);
  EXPECT_GE(counted.frames_sent.value(), 100U * 200U);
  EXPECT_LT(counted.writes.value(), 100U * 100U);
}

TEST(WebSockets, sockets_may_end_while_their_frames_wait_for_others) {
  SocketServer server;
  Audience audience(server);
  Reactor& reactor = server.running.reactors.at(1);
  server.handler->received = [&](WebSocket& self, Opcode, ByteView) {
    for (int turn = 0; turn < 50; ++turn) {
      reactor.post([&audience, &self, turn] {
        audience.send(std::to_string(turn));
        const auto at = static_cast<std::size_t>(turn);
        if (turn % 5 != 4 || at >= audience.sockets.size() || audience.sockets[at] == &self) return;
        audience.sockets[at]->close(CloseCode::kNormal, "");
      });
    }
  };
  server.start();
  std::vector<WebSocketClient> clients;
  for (int i = 0; i < 150; ++i) clients.push_back(server.connect());
  while (server.handler->opens < 150) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  clients[0].send(client_text("go"));
  for (std::size_t i = 100; i < 150; ++i) clients[i].disconnect();
  for (int turn = 0; turn < 50; ++turn) ASSERT_EQ(clients[0].read_frame().payload, std::to_string(turn));
  clients[0].send(client_text("and once more, to end with frames that wait"));
  server.running.stop();
  EXPECT_TRUE(server.handler->wait_for_closes(150));
}

TEST(WebSockets, a_handler_may_close_others_and_send_to_the_closed) {
  std::vector<WebSocket*> sockets;
  SocketServer server;
  server.handler->opened = [&](WebSocket& socket) { sockets.push_back(&socket); };
  server.handler->ended = [&](WebSocket& ended, std::uint16_t) {
    for (WebSocket* socket : sockets) socket->send(make_frame(Opcode::kText, as_bytes("bye")));
    for (WebSocket* socket : sockets) socket->close(CloseCode::kTryAgainLater, "all go");
    std::erase(sockets, &ended);
  };
  server.handler->received = [&](WebSocket& self, Opcode, ByteView) {
    for (WebSocket* socket : sockets)
      if (socket != &self) socket->close(CloseCode::kNotFound, "");
    self.close(CloseCode::kNormal, "");
    self.close(CloseCode::kNormal, "");
  };
  server.start();
  std::vector<WebSocketClient> clients;
  for (int i = 0; i < 20; ++i) clients.push_back(server.connect());
  while (server.handler->opens < 20) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  for (auto& client : clients) client.try_send(as_text(client_text("all at once")));
  EXPECT_TRUE(server.handler->wait_for_closes(20));
}

TEST(WebSockets, a_slow_reader_is_closed_and_the_others_are_not) {
  std::vector<WebSocket*> sockets;
  std::atomic<std::size_t> most_queued{0};
  ServerOptions options;
  options.max_queue_bytes = 256u << 10u;
  options.websocket_close_timeout_ms = 200;
  SocketServer server(options);
  server.handler->opened = [&](WebSocket& socket) { sockets.push_back(&socket); };
  server.handler->ended = [&](WebSocket& socket, std::uint16_t) { std::erase(sockets, &socket); };
  server.handler->received = [&](WebSocket&, Opcode opcode, ByteView payload) {
    const Frame frame = make_frame(opcode, payload);
    for (WebSocket* socket : std::vector(sockets)) {
      socket->send(frame);
      most_queued = std::max(most_queued.load(), socket->queued_bytes());
    }
  };
  server.start();
  auto slow = server.connect(4096);
  auto writer = server.connect();
  while (server.handler->opens < 2) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  const std::string text(32u << 10u, 'm');
  int sent = 0;
  for (; sent < 2000 && server.handler->closes == 0; ++sent) {
    writer.send(client_text(text));
    ASSERT_EQ(writer.read_frame().payload.size(), text.size());
  }
  ASSERT_TRUE(server.handler->wait_for_closes(1));
  EXPECT_EQ(server.handler->last_code, 4408);
  EXPECT_LE(most_queued, options.max_queue_bytes + text.size());
  writer.send(client_text("still here"));
  EXPECT_EQ(writer.read_frame().payload, "still here");
  slow.disconnect();
}

TEST(WebSockets, a_slow_reader_that_wakes_up_learns_why) {
  ServerOptions options;
  options.max_queue_bytes = 64u << 10u;
  SocketServer server(options);
  server.handler->received = [&](WebSocket& socket, Opcode, ByteView) {
    const Frame frame = make_frame(Opcode::kBinary, Bytes(60'000));
    for (int i = 0; i < 1000; ++i) socket.send(frame);
  };
  server.start();
  auto slow = server.connect(4096);
  slow.send(client_text("go"));
  ASSERT_TRUE(server.handler->wait_for_closes(1));
  ServerFrame frame;
  for (frame = slow.read_frame(); frame.first_byte == 0x82; frame = slow.read_frame())
    ASSERT_EQ(frame.payload.size(), 60'000u);  // no frame was cut
  EXPECT_EQ(frame.first_byte, 0x88);
  EXPECT_EQ(frame.close_code(), 4408);
}

TEST(WebSockets, a_handler_learns_that_a_slow_reader_has_taken_all) {
  ServerOptions options;
  options.max_queue_bytes = 64u << 20u;
  SocketServer server(options);
  server.handler->received = [&](WebSocket& socket, Opcode, ByteView) {
    for (int i = 0; i < 24; ++i) socket.send(make_frame(Opcode::kBinary, Bytes(1u << 20u)));
  };
  std::atomic<int> drained = 0;
  server.handler->drained = [&](WebSocket& socket) {
    ++drained;
    EXPECT_EQ(socket.queued_bytes(), 0u);
    socket.send(make_frame(Opcode::kText, as_bytes("all taken")));
  };
  server.start();
  auto slow = server.connect(4096);
  slow.send(client_text("go"));
  for (int i = 0; i < 24; ++i) ASSERT_EQ(slow.read_frame().payload.size(), 1u << 20u);
  EXPECT_EQ(slow.read_frame().payload, "all taken");
  EXPECT_EQ(drained, 1);
}

TEST(WebSockets, a_frame_larger_than_the_queue_goes_out_alone) {
  ServerOptions options;
  options.max_queue_bytes = 1000;
  SocketServer server(options);
  server.handler->received = [&](WebSocket& socket, Opcode, ByteView) {
    socket.send(make_frame(Opcode::kBinary, Bytes(6'000'000)));
  };
  server.start();
  auto client = server.connect();
  client.send(client_text("go"));
  EXPECT_EQ(client.read_frame().payload.size(), 6'000'000u);
}

TEST(WebSockets, silence_is_pinged_and_then_cut) {
  ServerOptions options;
  options.websocket_ping_ms = 200;
  SocketServer server(options);
  server.start();
  auto answering = server.connect();
  auto silent = server.connect();
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(answering.read_frame().first_byte, 0x89);
    answering.send(client_frame(0x8a, {}));
  }
  EXPECT_EQ(silent.read_frame().first_byte, 0x89);
  EXPECT_EQ(silent.receive_all(), "");
  ASSERT_TRUE(server.handler->wait_for_closes(1));
  EXPECT_EQ(server.handler->last_code, 1006);
}

class WebSocketsOverTls : public ::testing::Test {
 protected:
  TestCertificate certificate_;
  ServerOptions options() const {
    ServerOptions options;
    options.tls_certificate_file = certificate_.certificate_file();
    options.tls_key_file = certificate_.key_file();
    return options;
  }
};

TEST_F(WebSocketsOverTls, a_websocket_over_tls_echoes_and_closes) {
  SocketServer server(options());
  server.tls = true;
  server.echo();
  server.start();
  auto client = server.connect();
  for (const std::size_t size : {1u, 20'000u, 2'000'000u}) {
    client.send(client_text(std::string(size, 't')));
    EXPECT_EQ(client.read_frame().payload.size(), size);
  }
  client.send(client_close(1000));
  EXPECT_EQ(client.read_frame().close_code(), 1000);
  EXPECT_EQ(client.receive_all(), "");
  EXPECT_TRUE(server.handler->wait_for_closes(1));
}

TEST_F(WebSocketsOverTls, a_slow_reader_over_tls_gets_no_cut_frame_and_learns_why) {
  auto slow_options = options();
  slow_options.max_queue_bytes = 64u << 10u;
  SocketServer server(slow_options);
  server.tls = true;
  server.handler->received = [&](WebSocket& socket, Opcode, ByteView) {
    for (int i = 0; i < 20'000; ++i)
      socket.send(make_frame(Opcode::kBinary, Bytes(static_cast<std::size_t>(500 + i % 700))));
  };
  server.start();
  auto slow = server.connect(4096);
  slow.send(client_text("go"));
  ASSERT_TRUE(server.handler->wait_for_closes(1));
  std::size_t i = 0;
  ServerFrame frame;
  for (frame = slow.read_frame(); frame.first_byte == 0x82; frame = slow.read_frame())
    ASSERT_EQ(frame.payload.size(), 500 + i++ % 700);
  EXPECT_EQ(frame.close_code(), 4408);
}

TEST_F(WebSocketsOverTls, one_frame_reaches_many_sockets_while_some_are_full) {
  std::vector<WebSocket*> sockets;
  SocketServer server(options());
  server.tls = true;
  server.handler->opened = [&](WebSocket& socket) { sockets.push_back(&socket); };
  server.handler->received = [&](WebSocket&, Opcode opcode, ByteView payload) {
    const Frame frame = make_frame(opcode, payload);
    for (WebSocket* socket : sockets) socket->send(frame);
  };
  server.start();
  std::vector<WebSocketClient> clients;
  for (int i = 0; i < 20; ++i) clients.push_back(server.connect(i % 2 == 0 ? 4096 : 0));
  while (server.handler->opens < 20) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  const std::string text(100'000, 'f');
  for (int round = 0; round < 10; ++round) clients[0].send(client_text(text + std::to_string(round)));
  for (auto& client : clients)
    for (int round = 0; round < 10; ++round) ASSERT_EQ(client.read_frame().payload, text + std::to_string(round));
}

TEST(WebSockets, drain_closes_with_going_away_after_what_is_queued) {
  SocketServer server;
  server.handler->received = [](WebSocket& socket, Opcode, ByteView) {
    for (int i = 0; i < 50; ++i) socket.send(make_frame(Opcode::kBinary, Bytes(100'000)));
  };
  server.start();
  std::vector<WebSocketClient> clients;
  for (int i = 0; i < 5; ++i) clients.push_back(server.connect());
  for (auto& client : clients) client.send(client_text("go"));
  for (auto& client : clients) ASSERT_EQ(client.read_frame().payload.size(), 100'000u);
  std::thread drain([&] { server.running.stop(20'000); });
  for (auto& client : clients) {
    for (int i = 1; i < 50; ++i) ASSERT_EQ(client.read_frame().payload.size(), 100'000u);
    EXPECT_EQ(client.read_frame().close_code(), 1001);
    client.send(client_close(1001));
  }
  drain.join();
  EXPECT_EQ(server.handler->closes, 5);
}

TEST(WebSockets, drain_cuts_a_peer_that_reads_nothing) {
  SocketServer server;
  server.start();
  auto client = server.connect(4096);
  while (server.handler->opens < 1) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  const auto begun = std::chrono::steady_clock::now();
  server.running.stop(100);
  EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::seconds(10));
  EXPECT_EQ(server.handler->closes, 1);
  EXPECT_EQ(server.handler->last_code, 1001);
}

TEST(WebSockets, many_clients_coming_and_going_leave_nothing_behind) {
  std::vector<WebSocket*> sockets;
  SocketServer server({}, 3);
  server.handler->opened = [&](WebSocket& socket) { sockets.push_back(&socket); };
  server.handler->ended = [&](WebSocket& socket, std::uint16_t) { std::erase(sockets, &socket); };
  server.handler->received = [&](WebSocket&, Opcode opcode, ByteView payload) {
    const Frame frame = make_frame(opcode, payload);
    for (WebSocket* socket : sockets) socket->send(frame);
  };
  server.start();
  std::atomic<int> made{0};
  std::vector<std::thread> threads;
  for (unsigned t = 0; t < 3; ++t)
    threads.emplace_back([&, t] {
      concord::testing::Random random(t);
      for (int i = 0; i < 40; ++i) {
        auto client = server.connect();
        ++made;
        for (auto n = concord::testing::pick(random, 0, 5); n > 0; --n) client.try_send(as_text(client_text("hello")));
        switch (concord::testing::pick(random, 0, 3)) {
          case 0:
            client.try_send(as_text(client_close(1000)));
            break;
          case 1:
            client.try_send("garbage that is no frame");
            break;
          case 2:
            client.receive_some();
            break;
          default:
            break;
        }
      }
    });
  for (auto& thread : threads) thread.join();
  EXPECT_TRUE(server.handler->wait_for_closes(made));
  EXPECT_EQ(server.handler->opens, server.handler->closes);
}

}  // namespace
}  // namespace concord::net
