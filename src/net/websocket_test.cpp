#include "net/websocket.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <functional>
#include <mutex>
#include <thread>

#include "base/property_testing.h"
#include "net/client_testing.h"
#include "net/server_testing.h"

namespace concord::net {
namespace {

using testing::client_binary;
using testing::client_close;
using testing::client_frame;
using testing::client_text;
using ::testing::HasSubstr;
using testing::RunningServer;
using testing::ServerFrame;
using testing::TestCertificate;
using testing::WebSocketClient;

/// Calls functions, and counts what must balance.
class Callbacks final : public WebSocketHandler {
 public:
  std::function<void(WebSocket&)> opened;
  std::function<void(WebSocket&, Opcode, ByteView)> received;
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

TEST(WebSocket, the_handshake_answers_the_key_of_the_rfc) {
  SocketServer server;
  server.start();
  const auto client = server.connect();
  EXPECT_THAT(client.handshake, HasSubstr("sec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"));
  EXPECT_THAT(client.handshake, HasSubstr("sec-websocket-protocol: test\r\n"));
}

TEST(WebSocket, an_unknown_version_is_told_the_known_one) {
  SocketServer server;
  server.start();
  testing::Client client(server.running.port());
  const auto response = client.request(
      "GET /socket HTTP/1.1\r\nHost: t\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 8\r\n\r\n");
  EXPECT_EQ(response.status, 426);
  EXPECT_EQ(response.header("sec-websocket-version"), "13");
}

TEST(WebSocket, echoes_messages_of_every_size) {
  SocketServer server;
  server.echo();
  server.start();
  auto client = server.connect();
  for (const std::size_t size : {0u, 1u, 125u, 126u, 65535u, 65536u, 300'000u, 5'000'000u}) {
    const std::string text(size, 'a');
    client.send(client_text(text));
    const ServerFrame frame = client.read_frame();
    EXPECT_EQ(frame.first_byte, 0x81);
    EXPECT_EQ(frame.payload, text);
  }
  client.send(client_binary(Bytes{1, 2, 3}));
  EXPECT_EQ(client.read_frame().first_byte, 0x82);
}

TEST(WebSocket, frames_right_behind_the_handshake_are_not_lost) {
  SocketServer server;
  server.echo();
  server.start();
  testing::Client client(server.running.port());
  client.send(testing::handshake_request("/socket") + std::string(as_text(client_text("one"))) +
              std::string(as_text(client_text("two"))).substr(0, 4));
  client.receive_until("\r\n\r\n");
  EXPECT_EQ(client.receive(5), "\x81\x03one");
  client.send(std::string(as_text(client_text("two"))).substr(4));
  EXPECT_EQ(client.receive(5), "\x81\x03two");
}

TEST(WebSocket, pings_are_answered_between_fragments) {
  SocketServer server;
  server.echo();
  server.start();
  auto client = server.connect();
  client.send(client_frame(0x01, as_bytes("frag")));
  client.send(client_frame(0x89, as_bytes("are you there")));
  const ServerFrame pong = client.read_frame();
  EXPECT_EQ(pong.first_byte, 0x8a);
  EXPECT_EQ(pong.payload, "are you there");
  client.send(client_frame(0x8a, as_bytes("unasked")));
  client.send(client_frame(0x80, as_bytes("ment")));
  EXPECT_EQ(client.read_frame().payload, "fragment");
}

TEST(WebSocket, the_close_of_the_peer_is_answered_and_reported) {
  SocketServer server;
  server.start();
  auto client = server.connect();
  client.send(client_close(4001, "done"));
  const ServerFrame close = client.read_frame();
  EXPECT_EQ(close.first_byte, 0x88);
  EXPECT_EQ(close.close_code(), 4001);
  EXPECT_EQ(client.receive_all(), "");
  ASSERT_TRUE(server.handler->wait_for_closes(1));
  EXPECT_EQ(server.handler->last_code, 4001);

  auto silent = server.connect();
  silent.send(client_frame(0x88, {}));
  EXPECT_EQ(silent.read_frame().payload, "");
  ASSERT_TRUE(server.handler->wait_for_closes(2));
  EXPECT_EQ(server.handler->last_code, 1005);
}

TEST(WebSocket, a_broken_connection_is_reported_as_1006) {
  SocketServer server;
  server.start();
  auto client = server.connect();
  client.disconnect();
  ASSERT_TRUE(server.handler->wait_for_closes(1));
  EXPECT_EQ(server.handler->last_code, 1006);
  EXPECT_EQ(server.handler->opens, 1);
}

TEST(WebSocket, violations_close_with_their_code) {
  ServerOptions options;
  options.max_frame_bytes = 1000;
  SocketServer server(options);
  server.start();
  int closed = 0;
  const std::pair<Bytes, std::uint16_t> cases[] = {
      {client_frame(0xc1, {}), 1002},
      {client_text("\xff"), 1007},
      {client_binary(Bytes(1001)), 1009},
      {client_close(1005), 1002},
  };
  for (const auto& [bytes, code] : cases) {
    auto client = server.connect();
    client.send(bytes);
    EXPECT_EQ(client.read_frame().close_code(), code);
    client.try_send(std::string(100'000, 'x'));  // thrown away
    EXPECT_EQ(client.receive_all(), "");
    client.disconnect();
    ASSERT_TRUE(server.handler->wait_for_closes(++closed));
    EXPECT_EQ(server.handler->last_code, code);
  }
}

TEST(WebSocket, a_close_of_ours_comes_after_what_was_queued) {
  SocketServer server;
  server.handler->received = [](WebSocket& socket, Opcode opcode, ByteView) {
    for (int i = 0; i < 200; ++i) socket.send(make_frame(opcode, as_bytes(std::to_string(i))));
    socket.close(CloseCode::kPermissionDenied, "not allowed");
    socket.send(make_frame(opcode, as_bytes("too late")));
    socket.close(CloseCode::kNormal, "");
  };
  server.start();
  auto client = server.connect();
  client.send(client_text("go"));
  client.send(client_text("ignored after the close"));
  for (int i = 0; i < 200; ++i) EXPECT_EQ(client.read_frame().payload, std::to_string(i));
  const ServerFrame close = client.read_frame();
  EXPECT_EQ(close.close_code(), 4403);
  EXPECT_EQ(close.payload.substr(2), "not allowed");
  ASSERT_TRUE(server.handler->wait_for_closes(1));
  EXPECT_EQ(server.handler->last_code, 4403);
  client.send(client_close(4403));
  EXPECT_EQ(client.receive_all(), "");
}

TEST(WebSocket, a_peer_that_does_not_answer_a_close_is_cut) {
  ServerOptions options;
  options.websocket_close_timeout_ms = 100;
  SocketServer server(options);
  server.handler->opened = [](WebSocket& socket) { socket.close(CloseCode::kUnauthenticated, "who are you"); };
  server.start();
  auto client = server.connect();
  EXPECT_EQ(client.read_frame().close_code(), 4401);
  EXPECT_EQ(client.receive_all(), "");
}

TEST(WebSocket, sends_from_outside_a_turn_leave_at_its_end) {
  std::atomic<WebSocket*> socket{nullptr};
  SocketServer server;
  server.handler->opened = [&](WebSocket& opened) { socket = &opened; };
  server.start();
  auto client = server.connect();
  while (socket.load() == nullptr) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  server.running.reactors.at(1).post([&] {
    EXPECT_TRUE(server.running.reactors.at(1).is_current());
    socket.load()->send(make_frame(Opcode::kText, as_bytes("a")));
    socket.load()->send(make_frame(Opcode::kText, as_bytes("b")));
    EXPECT_EQ(socket.load()->queued_bytes(), 6u);
  });
  EXPECT_EQ(client.receive(6),
            "\x81\x01"
            "a\x81\x01"
            "b");
}

TEST(WebSocket, one_frame_reaches_many_sockets) {
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

TEST(WebSocket, a_handler_may_close_others_and_send_to_the_closed) {
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

TEST(WebSocket, a_slow_reader_is_closed_and_the_others_are_not) {
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

TEST(WebSocket, a_slow_reader_that_wakes_up_learns_why) {
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

TEST(WebSocket, a_frame_larger_than_the_queue_goes_out_alone) {
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

TEST(WebSocket, silence_is_pinged_and_then_cut) {
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

class Tls : public ::testing::Test {
 protected:
  TestCertificate certificate_;
  ServerOptions options() const {
    ServerOptions options;
    options.tls_certificate_file = certificate_.certificate_file();
    options.tls_key_file = certificate_.key_file();
    return options;
  }
};

TEST_F(Tls, a_websocket_over_tls_echoes_and_closes) {
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

TEST_F(Tls, a_slow_reader_over_tls_gets_no_cut_frame_and_learns_why) {
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

TEST_F(Tls, one_frame_reaches_many_sockets_while_some_are_full) {
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

TEST(WebSocket, drain_closes_with_going_away_after_what_is_queued) {
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

TEST(WebSocket, drain_cuts_a_peer_that_reads_nothing) {
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

TEST(WebSocket, many_clients_coming_and_going_leave_nothing_behind) {
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
