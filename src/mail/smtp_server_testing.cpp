#include "mail/smtp_server_testing.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <utility>

#include "base/bytes.h"
#include "crypto/base64.h"

namespace concord::mail::testing {

std::string Received::text() const {
  std::string body = data.substr(data.find("\r\n\r\n") + 4);
  std::erase_if(body, [](char c) { return c == '\r' || c == '\n' || c == '='; });
  const auto decoded = crypto::base64_decode_unpadded(body);
  return decoded ? std::string(as_text(*decoded)) : "not base64: " + body;
}

SmtpServer::SmtpServer() : listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  if (::bind(listener_, reinterpret_cast<sockaddr*>(&address), length) != 0 || ::listen(listener_, 16) != 0) ::abort();
  ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &length);
  port_ = ntohs(address.sin_port);
  thread_ = std::thread([this] { serve(); });
}

SmtpServer::~SmtpServer() {
  ::shutdown(listener_, SHUT_RDWR);
  thread_.join();
  ::close(listener_);
}

void SmtpServer::refuse(int code, int times) {
  const std::lock_guard lock(mutex_);
  refuse_code_ = code;
  refuse_times_ = times;
}

int SmtpServer::connections() {
  const std::lock_guard lock(mutex_);
  return connections_;
}

std::vector<Received> SmtpServer::wait_for(std::size_t messages) {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, std::chrono::seconds(10), [&] { return received_.size() >= messages; });
  return received_;
}

void SmtpServer::serve() {
  for (;;) {
    const int socket = ::accept(listener_, nullptr, nullptr);
    if (socket < 0) return;
    {
      const std::lock_guard lock(mutex_);
      ++connections_;
    }
    const timeval patience{.tv_sec = 5, .tv_usec = 0};
    ::setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    talk(socket);
    ::close(socket);
  }
}

void SmtpServer::talk(int socket) {
  const auto say = [socket](const std::string& text) { (void)!::send(socket, text.data(), text.size(), MSG_NOSIGNAL); };
  say("220 test\r\n");
  Received message;
  bool in_data = false;
  std::string read;
  char buffer[4096];
  for (ssize_t got = 0; (got = ::recv(socket, buffer, sizeof buffer, 0)) > 0;) {
    read.append(buffer, static_cast<std::size_t>(got));
    for (auto end = read.find("\r\n"); end != std::string::npos; end = read.find("\r\n")) {
      const std::string line = read.substr(0, end);
      read.erase(0, end + 2);
      say(answer(line, message, in_data));
      if (line == "QUIT") return;
    }
  }
}

std::string SmtpServer::answer(const std::string& line, Received& message, bool& in_data) {
  const std::lock_guard lock(mutex_);
  if (in_data && line != ".") {
    message.data += line + "\r\n";
    return "";
  }
  if (in_data) {
    in_data = false;
    received_.push_back(std::exchange(message, {}));
    changed_.notify_all();
    return "250 taken\r\n";
  }
  if (line.starts_with("MAIL FROM:")) message.from = line.substr(10);
  if (line.starts_with("RCPT TO:")) {
    message.to = line.substr(8);
    if (refuse_times_ > 0) {
      --refuse_times_;
      return std::to_string(refuse_code_) + " not now\r\n";
    }
  }
  in_data = line == "DATA";
  return in_data ? "354 go on\r\n" : line == "QUIT" ? "221 bye\r\n" : "250 ok\r\n";
}

}  // namespace concord::mail::testing
