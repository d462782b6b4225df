#include "socketio/server.h"

#include <gtest/gtest.h>

#include <future>

#include "base/property_testing.h"
#include "base/waiting_testing.h"
#include "json/object.h"
#include "socketio/server_testing.h"

namespace concord::socketio {
namespace {

using concord::testing::eventually;
using namespace std::string_literals;
using net::testing::Client;
using net::testing::client_binary;
using net::testing::client_text;
using net::testing::WebSocketClient;
using testing::RunningSocketIo;

const std::string kPolling = "/socket.io/?EIO=4&transport=polling";
const std::string kWebSocket = "/socket.io/?EIO=4&transport=websocket";

Client::HttpResponse get(RunningSocketIo& server, const std::string& target) {
  return Client(server.port()).get(target);
}

Client::HttpResponse post(RunningSocketIo& server, const std::string& target, std::string_view body,
                          const std::string& more = {}) {
  return Client(server.port())
      .request("POST " + target + " HTTP/1.1\r\nHost: test\r\n" + more +
               "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + std::string(body));
}

std::string sid_in(std::string_view open) {
  EXPECT_TRUE(open.starts_with("0{")) << open;
  return json::Object::parse(open.substr(1))->text("sid", {}).value();
}

/// The target of a new session on polling.
std::string open_polling(RunningSocketIo& server) { return kPolling + "&sid=" + sid_in(get(server, kPolling).body); }

WebSocketClient open_websocket(RunningSocketIo& server, const std::string& connect = "40") {
  WebSocketClient client(server.port(), kWebSocket);
  sid_in(client.read_frame().payload);
  client.send(client_text(connect));
  if (connect != "40") return client;
  EXPECT_TRUE(client.read_frame().payload.starts_with("40{\"sid\":"));
  EXPECT_EQ(client.read_frame().payload, R"(42["auth"])");
  return client;
}

TEST(SocketIoHandshake, tells_what_holds_for_the_session) {
  RunningSocketIo server;
  const auto polled = get(server, kPolling);
  EXPECT_EQ(polled.status, 200);
  EXPECT_EQ(polled.header("content-type"), "text/plain; charset=UTF-8");
  EXPECT_TRUE(polled.body.ends_with(
      R"("upgrades":["websocket"],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1048576})"));
  WebSocketClient client(server.port(), kWebSocket);
  EXPECT_TRUE(client.read_frame().payload.ends_with(
      R"("upgrades":[],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1048576})"));
}

TEST(SocketIoHandshake, is_refused_as_the_protocol_says) {
  RunningSocketIo server;
  const auto refused = [](const Client::HttpResponse& response, int code) {
    EXPECT_EQ(response.status, 400);
    EXPECT_TRUE(response.body.starts_with("{\"code\":" + std::to_string(code) + ",")) << response.body;
  };
  refused(get(server, "/socket.io/?EIO=4"), 0);
  refused(get(server, "/socket.io/?EIO=4&transport=webtransport"), 0);
  refused(get(server, kPolling + "&sid=nobody"), 1);
  refused(get(server, kPolling + "&sid=AAAAAAAAAAAAAAAAAAAAAAAA"), 1);
  refused(get(server, kPolling + "&sid=__AAAAAAAAAAAAAAAAAAAAAA"), 1);
  refused(post(server, kPolling, "4"), 2);
  refused(get(server, kWebSocket), 3);
  refused(get(server, "/socket.io/?EIO=3&transport=polling"), 5);
  refused(get(server, "/socket.io/?transport=polling"), 5);
  EXPECT_THROW(WebSocketClient(server.port(), "/socket.io/?EIO=3&transport=websocket"), std::runtime_error);
  EXPECT_THROW(WebSocketClient(server.port(), kWebSocket + "&sid=AAAAAAAAAAAAAAAAAAAAAAAA"), std::runtime_error);
}

TEST(SocketIoHandshake, only_so_many_sessions_fit) {
  RunningSocketIo server({.max_sessions = 2});  // one a reactor
  int refused = 0;
  for (int i = 0; i < 8; ++i) refused += get(server, kPolling).status == 503 ? 1 : 0;
  EXPECT_GE(refused, 6);
}

TEST(SocketIoPolling, events_go_both_ways_in_payloads) {
  RunningSocketIo server;
  const std::string target = open_polling(server);
  const auto posted = post(server, target, "40{\"token\":\"x\"}");
  EXPECT_EQ(posted.status, 200);
  EXPECT_EQ(posted.body, "ok");
  const std::string connected = get(server, target).body;
  EXPECT_TRUE(connected.starts_with("40{\"sid\":\"")) << connected;
  EXPECT_TRUE(connected.ends_with("\x1e"s + R"(42["auth",{"token":"x"}])")) << connected;
  EXPECT_EQ(post(server, target, "42[\"a\",1]\x1e"s + "427[\"b\",2]\x1e" + "42[\"c\"]").status, 200);
  EXPECT_EQ(get(server, target).body, "42[\"a-back\",1]\x1e"s + "437[2]\x1e" + "42[\"c-back\"]");
}

TEST(SocketIoPolling, a_poll_waits_for_what_comes) {
  RunningSocketIo server;
  const std::string target = open_polling(server);
  auto waiting = std::async(std::launch::async, [&server, &target] { return get(server, target).body; });
  ASSERT_EQ(post(server, target, "40").body, "ok");
  EXPECT_TRUE(waiting.get().starts_with("40{"));
}

TEST(SocketIoPolling, attachments_come_as_base64) {
  RunningSocketIo server;
  const std::string target = open_polling(server);
  post(server, target, "40");
  get(server, target);
  ASSERT_EQ(post(server, target, "451-[\"f\",{\"_placeholder\":true,\"num\":0}]\x1e"s + "bAQIDBA==").body, "ok");
  EXPECT_EQ(get(server, target).body, "42[\"f-back\",{\"_placeholder\":true,\"num\":0}]\x1e"s + "42[\"bytes\",4]");
}

TEST(SocketIoPolling, a_second_poll_at_once_ends_the_session) {
  RunningSocketIo server;
  const std::string target = open_polling(server);
  Client first(server.port());
  first.send("GET " + target + " HTTP/1.1\r\nHost: test\r\n\r\n");
  int refused = 0;
  // Whichever comes second is refused, and the other is told that the session is closed.
  const auto second = get(server, target);
  const auto other = first.read_response();
  for (const auto& response : {second, other}) {
    refused += response.status == 400 ? 1 : 0;
    if (response.status == 200) EXPECT_EQ(response.body, "1");
  }
  EXPECT_EQ(refused, 1);
  EXPECT_EQ(get(server, target).status, 400);
}

TEST(SocketIoPolling, malformed_input_ends_the_session) {
  RunningSocketIo server;
  for (const std::string& body : {"abc"s, "4"s, "48"s, "42[\"a\"]"s, "2"s, ""s, "40[]"s, "bAQID"s, "40\x1e"s + "40"}) {
    const std::string target = open_polling(server);
    const auto posted = post(server, target, body);
    EXPECT_TRUE(posted.status == 400 || posted.body == "ok") << body;
    EXPECT_EQ(get(server, target).status, 400) << body;
  }
  EXPECT_EQ(post(server, open_polling(server), "4", "Content-Type: application/octet-stream\r\n").status, 400);
}

TEST(SocketIoPolling, a_body_over_the_limit_is_refused) {
  RunningSocketIo server({.max_payload_bytes = 1024});
  EXPECT_EQ(post(server, open_polling(server), std::string(1025, '4')).status, 413);
}

TEST(SocketIoPolling, who_closes_is_let_go) {
  RunningSocketIo server;
  const std::string target = open_polling(server);
  auto waiting = std::async(std::launch::async, [&server, &target] { return get(server, target); });
  EXPECT_EQ(post(server, target, "1").body, "ok");
  const auto answer = waiting.get();
  EXPECT_TRUE(answer.body == "6" || answer.status == 400) << answer.body;  // it may have come later
  EXPECT_EQ(get(server, target).status, 400);
}

TEST(SocketIoPolling, who_fetches_too_slowly_is_told_and_ended) {
  RunningSocketIo server({.max_queue_bytes = 16u << 10u});
  const std::string target = open_polling(server);
  post(server, target, "40");
  get(server, target);
  ASSERT_EQ(post(server, target, R"(42["flood"])").body, "ok");
  EXPECT_TRUE(eventually([&server] { return server.seen.count("slow") == 1; }));
  EXPECT_EQ(get(server, target).body, R"(42["ended","slow"])");
  EXPECT_EQ(get(server, target).body, "1");
  EXPECT_EQ(get(server, target).status, 400);
}

TEST(SocketIoWebSocket, events_acknowledgements_and_attachments) {
  RunningSocketIo server;
  WebSocketClient client = open_websocket(server);
  client.send(client_text(R"(42["message",1,"2",{"3":[true]}])"));
  EXPECT_EQ(client.read_frame().payload, R"(42["message-back",1,"2",{"3":[true]}])");
  client.send(client_text(R"(42456["message",1])"));
  EXPECT_EQ(client.read_frame().payload, "43456[1]");
  client.send(client_text(R"(451-["f",{"_placeholder":true,"num":0}])"));
  client.send(client_binary(Bytes{1, 2, 3}));
  EXPECT_EQ(client.read_frame().payload, R"(42["f-back",{"_placeholder":true,"num":0}])");
  EXPECT_EQ(client.read_frame().payload, R"(42["bytes",3])");
  client.disconnect();
  EXPECT_TRUE(eventually([&server] { return server.seen.count("transport_closed") == 1; }));
}

TEST(SocketIoWebSocket, other_namespaces_and_bad_credentials_are_refused_and_the_session_goes_on) {
  RunningSocketIo server;
  WebSocketClient client = open_websocket(server, "40/random,");
  EXPECT_EQ(client.read_frame().payload, R"(44/random,{"message":"Invalid namespace"})");
  client.send(client_text(R"(40{"token":"bad"})"));
  EXPECT_EQ(client.read_frame().payload, R"(44{"message":"no such token","data":{"code":"unauthenticated"}})");
  client.send(client_text("40"));
  EXPECT_TRUE(client.read_frame().payload.starts_with("40{"));
}

TEST(SocketIoWebSocket, malformed_input_closes_it) {
  RunningSocketIo server;
  for (const std::string_view text :
       {"abc", "", "4", "4abc", "42[\"x\"", "42/other,[\"x\"]", "44{}", "40", "2", "45-[\"x\"]", "42[\"connect\"]"}) {
    WebSocketClient client = open_websocket(server);
    client.send(client_text(text));
    EXPECT_EQ(client.read_frame().payload, R"(42["ended","protocol_error"])") << text;
    EXPECT_EQ(client.read_frame().close_code(), 1007) << text;
  }
}

TEST(SocketIoWebSocket, a_message_over_the_limit_closes_it) {
  RunningSocketIo server({.max_payload_bytes = 1024});
  WebSocketClient client = open_websocket(server);
  client.send(client_text("42[\"" + std::string(1025, 'x') + "\"]"));
  EXPECT_EQ(client.read_frame().payload, R"(42["ended","protocol_error"])");
  EXPECT_EQ(client.read_frame().close_code(), 1009);
}

TEST(SocketIoWebSocket, who_is_disconnected_is_told_and_may_leave_by_itself) {
  RunningSocketIo server;
  WebSocketClient client = open_websocket(server);
  client.send(client_text("41"));
  EXPECT_TRUE(eventually([&server] { return server.seen.count("client_left") == 1; }));
  client.send(client_text("40"));
  EXPECT_TRUE(client.read_frame().payload.starts_with("40{"));
  client.read_frame();
  client.send(client_text(R"(42["leave"])"));
  EXPECT_EQ(client.read_frame().payload, "41");
  EXPECT_EQ(client.read_frame().close_code(), 1000);
  EXPECT_EQ(server.seen.count("server_left"), 1u);
}

TEST(SocketIoWebSocket, too_many_messages_close_it) {
  RunningSocketIo server({.messages_per_second = 10});
  WebSocketClient client = open_websocket(server);
  for (int i = 0; i < 60; ++i) client.try_send(as_text(client_text(R"(42["x"])")));
  std::string last;
  while (true) {
    const auto frame = client.read_frame();
    if (frame.first_byte == 0x88) {
      EXPECT_EQ(frame.close_code(), 1013);
      break;
    }
  }
}

TEST(SocketIoHeartbeat, a_client_that_answers_stays_and_one_that_does_not_goes) {
  RunningSocketIo server({.ping_interval_ms = 50, .ping_timeout_ms = 400});
  WebSocketClient alive = open_websocket(server);
  const std::string target = open_polling(server);
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(alive.read_frame().payload, "2");
    alive.send(client_text("3"));
    EXPECT_EQ(get(server, target).body, "2");
    EXPECT_EQ(post(server, target, "3").body, "ok");
  }
  while (alive.read_frame().first_byte != 0x88) continue;
  EXPECT_EQ(server.seen.count("ping_timeout"), 1u);
  while (get(server, target).status == 200) continue;
}

TEST(SocketIoHeartbeat, who_never_connects_is_closed) {
  RunningSocketIo server({.connect_timeout_ms = 50});
  WebSocketClient client(server.port(), kWebSocket);
  client.read_frame();
  EXPECT_EQ(client.read_frame().close_code(), 1008);
}

TEST(SocketIoUpgrade, takes_over_what_waits) {
  RunningSocketIo server;
  const std::string target = open_polling(server);
  post(server, target, "40");
  get(server, target);
  auto waiting = std::async(std::launch::async, [&server, &target] { return get(server, target); });
  WebSocketClient client(server.port(), kWebSocket + target.substr(target.find("&sid=")));
  client.send(client_text("2probe"));
  EXPECT_EQ(client.read_frame().payload, "3probe");
  const auto released = waiting.get();
  EXPECT_EQ(released.body, "6");
  EXPECT_EQ(post(server, target, R"(42["a"])").body, "ok");  // between the poll and the upgrade
  client.send(client_text("5"));
  EXPECT_EQ(client.read_frame().payload, R"(42["a-back"])");
  client.send(client_text(R"(42["b"])"));
  EXPECT_EQ(client.read_frame().payload, R"(42["b-back"])");
  EXPECT_EQ(get(server, target).status, 400);
  EXPECT_EQ(post(server, target, "42[\"c\"]").status, 400);
  EXPECT_THROW(WebSocketClient(server.port(), kWebSocket + target.substr(target.find("&sid="))), std::runtime_error);
  client.send(client_text(R"(42["d"])"));
  EXPECT_EQ(client.read_frame().payload, R"(42["d-back"])");
}

TEST(SocketIoUpgrade, a_probe_that_fails_leaves_the_session_on_polling) {
  RunningSocketIo server({.upgrade_timeout_ms = 50});
  const std::string target = open_polling(server);
  const std::string socket_target = kWebSocket + target.substr(target.find("&sid="));
  WebSocketClient wrong(server.port(), socket_target);
  wrong.send(client_text("4nonsense"));
  EXPECT_EQ(wrong.read_frame().close_code(), 1002);
  wrong.disconnect();
  post(server, target, "40");
  EXPECT_TRUE(get(server, target).body.starts_with("40{"));
  std::optional<WebSocketClient> late;
  EXPECT_TRUE(eventually([&] {  // the first probe's end may not have been seen
    late.emplace(server.port(), socket_target);
    late->send(client_text("2probe"));
    return late->read_frame().payload == "3probe";
  }));
  EXPECT_EQ(late->read_frame().close_code(), 1008);
  post(server, target, R"(42["a"])");
  std::string body = get(server, target).body;
  while (body == "6") body = get(server, target).body;
  EXPECT_EQ(body, R"(42["a-back"])");
}

TEST(SocketIoShutdown, tells_every_client_to_come_again) {
  RunningSocketIo server;
  WebSocketClient client = open_websocket(server);
  const std::string target = open_polling(server);
  auto waiting = std::async(std::launch::async, [&server, &target] { return get(server, target); });
  server.close();
  EXPECT_EQ(client.read_frame().payload, R"(42["ended","shutdown"])");
  EXPECT_EQ(client.read_frame().close_code(), 1001);
  EXPECT_EQ(waiting.get().body, "1");
  EXPECT_EQ(get(server, kPolling).status, 503);
}

TEST(SocketIoSessions, garbage_never_breaks_the_server) {
  RunningSocketIo server;
  concord::testing::for_each_seed(20, [&server](concord::testing::Random& random) {
    static const std::vector<std::string> parts{"4",     "0",    "1", "2",         "3",  "5",           "6",
                                                "b",     "\x1e", "/", ",",         "-",  "[",           "]",
                                                "\"a\"", "{",    "}", "42[\"a\"]", "40", "451-[\"a\"]", "AQID"};
    const std::string target = open_polling(server);
    for (int i = 0; i < 5; ++i) {
      std::string body;
      for (std::uint64_t n = concord::testing::pick(random, 1, 12); n > 0; --n)
        body += parts[concord::testing::pick(random, 0, parts.size() - 1)];
      const int status = post(server, target, body).status;
      EXPECT_TRUE(status == 200 || status == 400);
    }
  });
  WebSocketClient client = open_websocket(server);
  client.send(client_text(R"(42["still"])"));
  EXPECT_EQ(client.read_frame().payload, R"(42["still-back"])");
}

}  // namespace
}  // namespace concord::socketio
