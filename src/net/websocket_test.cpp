#include "net/websocket.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <thread>
#include <utility>

#include "net/socket_testing.h"

namespace concord::net {
namespace {

using testing::client_binary;
using testing::client_close;
using testing::client_frame;
using testing::client_text;
using ::testing::HasSubstr;
using testing::ServerFrame;
using testing::SocketServer;

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

}  // namespace
}  // namespace concord::net
