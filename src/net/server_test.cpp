#include "net/server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <thread>

#include "net/client_testing.h"
#include "net/server_testing.h"

namespace concord::net {
namespace {

using testing::Client;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::RunningServer;
using testing::TestCertificate;
using testing::text_response;

/// A server with the answers that most tests want.
std::unique_ptr<RunningServer> make_server(ServerOptions options = {}, std::size_t reactors = 2) {
  auto server = std::make_unique<RunningServer>(std::move(options), reactors);
  auto& answers = server->answers.by_path;
  answers["/hello"] = [](Request&) { return text_response("hello"); };
  answers["/echo"] = [](Request& request) { return text_response(request.body); };
  answers["/large"] = [](Request&) {
    Response response;
    response.shared_body = std::make_shared<Bytes>(20u << 20u, std::uint8_t{'x'});
    return response;
  };
  answers["/empty"] = [](Request&) {
    Response response;
    response.status = 204;
    return response;
  };
  answers["/throws"] = [](Request&) -> Response { throw std::runtime_error("secret detail"); };
  EXPECT_TRUE(server->start());
  return server;
}

TEST(Server, keeps_a_connection_and_answers_in_order) {
  const auto server = make_server();
  Client client(server->port());
  EXPECT_EQ(client.get("/hello").body, "hello");
  EXPECT_EQ(client.get("/missing").status, 404);
  client.send(
      "POST /echo HTTP/1.1\r\nHost: t\r\nContent-Length: 3\r\n\r\nabc"
      "GET /hello HTTP/1.1\r\nHost: t\r\n\r\n"
      "POST /echo HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nchunk\r\n0\r\n\r\n"
      "GET /empty HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n");
  EXPECT_EQ(client.read_response().body, "abc");
  EXPECT_EQ(client.read_response().body, "hello");
  EXPECT_EQ(client.read_response().body, "chunk");
  const auto last = client.read_response();
  EXPECT_EQ(last.status, 204);
  EXPECT_EQ(last.header("connection"), "close");
  EXPECT_EQ(last.header("content-length"), "");
  EXPECT_EQ(client.receive_all(), "");
}

TEST(Server, says_no_more_of_itself_than_it_must) {
  const auto server = make_server();
  Client client(server->port());
  const auto response = client.get("/hello");
  EXPECT_THAT(response.head, Not(HasSubstr("\r\nserver:")));
  EXPECT_THAT(response.head, Not(HasSubstr("\r\ndate:")));
  EXPECT_EQ(response.header("x-request-id").size(), 16u);
  const auto broken = client.get("/throws");
  EXPECT_EQ(broken.status, 500);
  EXPECT_EQ(broken.body, "internal error");
  EXPECT_EQ(client.get("/hello").status, 200);
}

TEST(Server, head_has_the_length_of_get_and_no_body) {
  const auto server = make_server();
  Client client(server->port());
  const auto response = client.request("HEAD /hello HTTP/1.1\r\nHost: t\r\n\r\n");
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.header("content-length"), "5");
  EXPECT_EQ(client.get("/hello").body, "hello");
}

TEST(Server, a_large_shared_body_arrives_whole) {
  const auto server = make_server();
  Client client(server->port());
  EXPECT_EQ(client.get("/large").body, std::string(20u << 20u, 'x'));
}

TEST(Server, the_request_tells_who_and_what) {
  RunningServer server;
  Request seen;
  server.answers.by_path["/a b"] = [&seen](Request& request) {
    seen = request;
    return text_response("");
  };
  ASSERT_TRUE(server.start());
  Client client(server.port());
  const auto response = client.request("GET /a%20b?x=%2f HTTP/1.1\r\nHOST: hub:1\r\nX-Request-Id: given-1\r\n\r\n");
  EXPECT_EQ(response.header("x-request-id"), "given-1");
  EXPECT_EQ(seen.path, "/a b");
  EXPECT_EQ(seen.query_value("x"), "/");
  EXPECT_EQ(seen.host, "hub:1");
  EXPECT_EQ(seen.peer_address, "127.0.0.1");
  EXPECT_EQ(seen.request_id, "given-1");
  EXPECT_FALSE(seen.secure);
  EXPECT_EQ(
      client.request("GET /a%20b HTTP/1.1\r\nHost: t\r\nX-Request-Id: a\tb\r\n\r\n").header("x-request-id").size(),
      16u);
}

TEST(Server, continue_is_sent_only_where_the_body_will_be_read) {
  const auto server = make_server();
  server->answers.body_limit = 100;
  Client client(server->port());
  client.send("POST /echo HTTP/1.1\r\nHost: t\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(client.receive_until("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
  client.send("body");
  EXPECT_EQ(client.read_response().body, "body");
  client.send("POST /echo HTTP/1.1\r\nHost: t\r\nContent-Length: 101\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(client.read_response().status, 413);
  EXPECT_EQ(client.receive_all(), "");
}

TEST(Server, a_refused_body_still_lets_the_client_read_the_answer) {
  const auto server = make_server();
  server->answers.body_limit = 1000;
  Client client(server->port());
  client.send("POST /echo HTTP/1.1\r\nHost: t\r\nContent-Length: 900000\r\n\r\n");
  client.try_send(std::string(900'000, 'x'));
  const auto response = client.read_response();
  EXPECT_EQ(response.status, 413);
  EXPECT_THAT(response.body, HasSubstr("1000 bytes"));
  EXPECT_EQ(response.header("connection"), "close");
}

TEST(Server, malformed_and_smuggled_requests_end_the_connection) {
  const auto server = make_server();
  const std::pair<const char*, int> cases[] = {
      {"GET / HTTP/1.1\r\nHost: t\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /hello "
       "HTTP/1.1\r\n",
       400},
      {"POST / HTTP/1.1\r\nHost: t\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n", 400},
      {"GET / HTTP/1.1\r\nHost: t\r\nX: a\r\n b\r\n\r\n", 400},
      {"GET /../etc/passwd HTTP/1.1\r\nHost: t\r\n\r\n", 400},
      {"GET /%2e%2e/x HTTP/1.1\r\nHost: t\r\n\r\n", 400},
      {"GET /%00 HTTP/1.1\r\nHost: t\r\n\r\n", 400},
      {"POST / HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: gzip\r\n\r\n", 501},
      {"GET / HTTP/3.0\r\nHost: t\r\n\r\n", 505},
      {"GET / HTTP/1.1\r\nHost: t\r\nExpect: miracles\r\n\r\n", 417},
      {"nonsense\r\n\r\n", 400},
  };
  for (const auto& [text, status] : cases) {
    Client client(server->port());
    client.send(text);
    EXPECT_EQ(client.read_response().status, status) << text;
    EXPECT_EQ(client.receive_all(), "") << text;
  }
  Client client(server->port());
  client.try_send("GET /" + std::string(20'000, 'a') + " HTTP/1.1\r\n");
  EXPECT_EQ(client.read_response().status, 431);
}

TEST(Server, a_slow_head_is_answered_408_however_it_trickles) {
  ServerOptions options;
  options.header_timeout_ms = 200;
  const auto server = make_server(options);
  Client client(server->port());
  const auto begun = std::chrono::steady_clock::now();
  std::atomic<bool> stop{false};
  std::thread trickle([&] {
    client.try_send("GET / HTTP/1.1\r\n");
    while (!stop && std::chrono::steady_clock::now() - begun < std::chrono::seconds(5)) {
      client.try_send("X: y\r\n");
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
  });
  EXPECT_EQ(client.read_response().status, 408);
  EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::seconds(4));
  stop = true;
  trickle.join();
}

TEST(Server, a_slow_body_is_answered_408) {
  ServerOptions options;
  options.body_timeout_ms = 100;
  const auto server = make_server(options);
  Client client(server->port());
  client.send("POST /echo HTTP/1.1\r\nHost: t\r\nContent-Length: 10\r\n\r\nabc");
  EXPECT_EQ(client.read_response().status, 408);
}

TEST(Server, silent_connections_are_closed_without_a_word) {
  ServerOptions options;
  options.header_timeout_ms = 100;
  options.keep_alive_timeout_ms = 100;
  const auto server = make_server(options);
  Client silent(server->port());
  EXPECT_EQ(silent.receive_all(), "");
  Client idle(server->port());
  EXPECT_EQ(idle.get("/hello").status, 200);
  EXPECT_EQ(idle.receive_all(), "");
}

TEST(Server, a_client_that_reads_nothing_is_cut) {
  ServerOptions options;
  options.body_timeout_ms = 100;
  const auto server = make_server(options, 1);
  Client client(server->port(), false, 4096);
  client.send("GET /large HTTP/1.1\r\nHost: t\r\n\r\n");
  Gauge& open = server->metrics.gauge("concord_net_http_connections", "Open HTTP connections, WebSockets aside.");
  for (int i = 0; i < 400 && open.value() == 0; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(5));
  for (int i = 0; i < 1000 && open.value() > 0; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(5));
  EXPECT_EQ(open.value(), 0);
}

TEST(Server, connections_over_the_limit_get_503_and_a_free_place_serves_again) {
  ServerOptions options;
  options.max_connections = 2;
  const auto server = make_server(options);
  std::optional<Client> first(std::in_place, server->port());
  Client second(server->port());
  EXPECT_EQ(first->get("/hello").status, 200);
  EXPECT_EQ(second.get("/hello").status, 200);
  {
    Client third(server->port());
    EXPECT_EQ(third.read_response().status, 503);
    EXPECT_EQ(third.receive_all(), "");
  }
  first.reset();
  int status = 503;
  for (int i = 0; i < 200 && status != 200; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
    try {
      status = Client(server->port()).get("/hello").status;
    } catch (const std::runtime_error&) {  // refused before the request was sent
    }
  }
  EXPECT_EQ(status, 200);
  EXPECT_EQ(second.get("/hello").status, 200);
}

TEST(Server, serves_tls_1_3) {
  const TestCertificate certificate;
  ServerOptions options;
  options.tls_certificate_file = certificate.certificate_file();
  options.tls_key_file = certificate.key_file();
  const auto server = make_server(options);
  bool secure = false;
  server->answers.by_path["/secure"] = [&secure](Request& request) {
    secure = request.secure;
    return text_response("");
  };
  Client client(server->port(), true);
  EXPECT_EQ(client.get("/hello").body, "hello");
  EXPECT_EQ(client.get("/large").body.size(), 20u << 20u);
  EXPECT_EQ(
      client.request("POST /echo HTTP/1.1\r\nHost: t\r\nContent-Length: 200000\r\n\r\n" + std::string(200'000, 'b'))
          .body.size(),
      200'000u);
  EXPECT_EQ(client.get("/secure").status, 200);
  EXPECT_TRUE(secure);

  Client plain(server->port());
  plain.send("GET /hello HTTP/1.1\r\nHost: t\r\n\r\n");
  EXPECT_THAT(plain.receive_all(), Not(HasSubstr("200")));
}

TEST(Server, tells_why_it_cannot_start) {
  const auto first = make_server();
  ServerOptions options;
  options.port = first->port();
  RunningServer second(options);
  const auto taken = second.start();
  ASSERT_FALSE(taken);
  EXPECT_EQ(taken.error().code, Code::kUnavailable);
  EXPECT_THAT(taken.error().message, HasSubstr("127.0.0.1:" + std::to_string(first->port())));

  ServerOptions no_certificate;
  no_certificate.tls_certificate_file = "/nonexistent.pem";
  RunningServer third(no_certificate);
  EXPECT_THAT(third.start().error().message, HasSubstr("/nonexistent.pem"));

  const TestCertificate one, other;
  ServerOptions mixed;
  mixed.tls_certificate_file = one.certificate_file();
  mixed.tls_key_file = other.key_file();
  RunningServer fourth(mixed);
  EXPECT_EQ(fourth.start().error().code, Code::kInvalidArgument);
}

TEST(Server, the_log_has_no_query_and_the_metrics_count) {
  const auto server = make_server();
  Client client(server->port());
  EXPECT_EQ(client.get("/hello?token=very-secret").status, 200);
  EXPECT_EQ(client.get("/nowhere").status, 404);
  server->stop();
  EXPECT_THAT(server->log->text(), HasSubstr("\"path\":\"/hello\""));
  EXPECT_THAT(server->log->text(), Not(HasSubstr("very-secret")));
  const std::string metrics = server->metrics.prometheus_text();
  EXPECT_THAT(metrics, HasSubstr("concord_net_requests_total{status=\"2xx\"} 1"));
  EXPECT_THAT(metrics, HasSubstr("concord_net_requests_total{status=\"4xx\"} 1"));
  EXPECT_THAT(metrics, HasSubstr("concord_net_request_seconds_count 2"));
}

TEST(Server, drain_lets_requests_end_and_closes_idle_connections) {
  RunningServer server;
  std::atomic<bool> reached{false};
  std::atomic<bool> go{false};
  server.answers.before = [&](const Request&) -> asio::awaitable<void> {
    reached = true;
    while (!go) (void)co_await sleep_ms(2);
  };
  server.answers.by_path["/hello"] = [](Request&) { return text_response("hello"); };
  ASSERT_TRUE(server.start());
  Client idle(server.port());
  Client busy(server.port());
  busy.send("GET /hello HTTP/1.1\r\nHost: t\r\n\r\n");
  while (!reached) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  std::thread drain([&] { server.stop(10'000); });
  EXPECT_EQ(idle.receive_all(), "");
  go = true;
  const auto response = busy.read_response();
  EXPECT_EQ(response.body, "hello");
  EXPECT_EQ(response.header("connection"), "close");
  EXPECT_EQ(busy.receive_all(), "");
  busy.disconnect();
  drain.join();
}

TEST(Server, drain_cuts_what_is_left_at_its_deadline) {
  RunningServer server;
  std::atomic<bool> reached{false};
  server.answers.before = [&](const Request&) -> asio::awaitable<void> {
    reached = true;
    (void)co_await sleep_ms(60'000);
  };
  ASSERT_TRUE(server.start());
  Client busy(server.port());
  busy.send("GET /hello HTTP/1.1\r\nHost: t\r\n\r\n");
  while (!reached) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  const auto begun = std::chrono::steady_clock::now();
  server.stop(100);
  EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::seconds(10));
}

}  // namespace
}  // namespace concord::net
