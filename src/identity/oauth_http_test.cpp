// Requests to providers over real sockets of this machine.

#include "identity/oauth_http.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <thread>

#include "base/reactor_testing.h"

namespace concord::identity {
namespace {

/// Answers each connection with the bytes it was made with; without any it never answers.
class Server {
 public:
  explicit Server(std::string answer) : answer_(std::move(answer)), listener_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof address;
    if (::bind(listener_, reinterpret_cast<sockaddr*>(&address), length) != 0 || ::listen(listener_, 16) != 0)
      ::abort();
    ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &length);
    url_ = "http://127.0.0.1:" + std::to_string(ntohs(address.sin_port)) + "/x";
    thread_ = std::thread([this] { serve(); });
  }
  ~Server() {
    ::shutdown(listener_, SHUT_RDWR);
    thread_.join();
    ::close(listener_);
    for (const int socket : sockets_) ::close(socket);
  }
  const std::string& url() const { return url_; }
  int connections() const { return connections_; }
  std::string seen;  // of the last request; read it when that was answered

 private:
  void serve() {
    for (int socket = 0; (socket = ::accept(listener_, nullptr, nullptr)) >= 0;) {
      ++connections_;
      sockets_.push_back(socket);
      if (answer_.empty()) continue;
      std::string read;
      char buffer[4096];
      while (read.find("\r\n\r\n") == std::string::npos || (read.starts_with("POST") && !read.ends_with("form=1"))) {
        const ssize_t got = ::recv(socket, buffer, sizeof buffer, 0);
        if (got <= 0) break;
        read.append(buffer, static_cast<std::size_t>(got));
      }
      seen = read;
      (void)!::send(socket, answer_.data(), answer_.size(), MSG_NOSIGNAL);
      ::shutdown(socket, SHUT_WR);
    }
  }

  const std::string answer_;
  int listener_;
  std::string url_;
  std::atomic<int> connections_ = 0;
  std::vector<int> sockets_;
  std::thread thread_;
};

class ProviderRequests : public ::testing::Test {
 protected:
  Result<ProviderAnswer> ask(ProviderRequest request) {
    return concord::testing::run_on(reactors_.at(0), http_.ask(std::move(request)));
  }
  concord::testing::RunningReactors reactors_{1};
  ProviderHttp http_{{.answer_bytes = 1000, .threads = 2, .waiting = 2}};
};

TEST_F(ProviderRequests, carry_a_form_and_who_asks) {
  Server server("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok");
  const auto got = ask({server.url(), std::nullopt, ""});
  ASSERT_TRUE(got) << got.error().message;
  EXPECT_EQ(got->status, 200);
  EXPECT_EQ(got->body, "ok");
  EXPECT_TRUE(server.seen.starts_with("GET /x HTTP/1.1\r\n"));
  EXPECT_NE(server.seen.find("Accept: application/json\r\n"), std::string::npos);
  EXPECT_EQ(server.seen.find("Authorization"), std::string::npos);
  ASSERT_TRUE(ask({server.url(), "form=1", "Bearer t"}));
  EXPECT_TRUE(server.seen.starts_with("POST /x HTTP/1.1\r\n"));
  EXPECT_NE(server.seen.find("Authorization: Bearer t\r\n"), std::string::npos);
  EXPECT_NE(server.seen.find("Content-Type: application/x-www-form-urlencoded\r\n"), std::string::npos);
}

TEST_F(ProviderRequests, do_not_follow_to_elsewhere) {
  Server there("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
  Server server("HTTP/1.1 302 Found\r\nlocation: " + there.url() + "\r\ncontent-length: 0\r\n\r\n");
  const auto got = ask({server.url(), std::nullopt, "Bearer t"});
  ASSERT_TRUE(got);
  EXPECT_EQ(got->status, 302);
  EXPECT_EQ(there.connections(), 0);
}

TEST_F(ProviderRequests, take_no_more_than_a_bounded_answer) {
  for (const std::string head : {"content-length: 1001\r\n\r\n", "\r\n"}) {
    Server server("HTTP/1.1 200 OK\r\n" + head + std::string(1001, 'x'));
    const auto got = ask({server.url(), std::nullopt, ""});
    ASSERT_FALSE(got);
    EXPECT_EQ(got.error().context.front().second, "size");
  }
  Server server("HTTP/1.1 200 OK\r\n\r\n" + std::string(1000, 'x'));
  EXPECT_TRUE(ask({server.url(), std::nullopt, ""}));
}

TEST_F(ProviderRequests, end_where_nobody_answers) {
  Server silent("");
  ProviderHttp impatient({.whole_ms = 300});
  const ProviderRequest request{silent.url(), std::nullopt, ""};
  EXPECT_EQ(concord::testing::run_on(reactors_.at(0), impatient.ask(request)).error().code, Code::kTimeout);
  EXPECT_EQ(ask({"http://127.0.0.1:1/", std::nullopt, ""}).error().code, Code::kUnavailable);
  EXPECT_EQ(ask({"ftp://127.0.0.1:1/", std::nullopt, ""}).error().code, Code::kUnavailable);
}

TEST(ProviderHttp, stops_at_once) {
  concord::testing::RunningReactors reactors(1);
  ProviderHttp http;  // which would wait for ten seconds
  Server silent("");
  std::thread stopper([&] {
    while (silent.connections() == 0) std::this_thread::yield();
    http.stop();
  });
  const auto began = std::chrono::steady_clock::now();
  EXPECT_FALSE(concord::testing::run_on(reactors.at(0), http.ask({silent.url(), std::nullopt, ""})));
  stopper.join();
  EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds(5));
  EXPECT_FALSE(concord::testing::run_on(reactors.at(0), http.ask({silent.url(), std::nullopt, ""})));
}

}  // namespace
}  // namespace concord::identity
