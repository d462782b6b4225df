#include "s3/cutting_proxy_testing.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace concord::s3::testing {
namespace {

constexpr int kPoll_ms = 20;

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  return address;
}

[[noreturn]] void give_up(const char* what) { throw std::system_error(errno, std::generic_category(), what); }

bool send_all(int to, const std::string& bytes) {
  for (std::size_t at = 0; at < bytes.size();) {
    const ssize_t sent = ::send(to, bytes.data() + at, bytes.size() - at, MSG_NOSIGNAL);
    if (sent <= 0) return false;
    at += static_cast<std::size_t>(sent);
  }
  return true;
}

/// "" where the other side has ended.
std::string receive(int from) {
  std::string bytes(64U << 10U, '\0');
  const ssize_t count = ::recv(from, bytes.data(), bytes.size(), 0);
  bytes.resize(count < 0 ? 0 : static_cast<std::size_t>(count));
  return bytes;
}

}  // namespace

CuttingProxy::CuttingProxy(std::uint16_t server_port)
    : server_port_(server_port), listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in address = loopback(0);
  socklen_t size = sizeof address;
  if (listener_ < 0 || ::bind(listener_, reinterpret_cast<sockaddr*>(&address), size) != 0 ||
      ::listen(listener_, 64) != 0 || ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) != 0)
    give_up("the proxy's socket");
  port_ = ntohs(address.sin_port);
  acceptor_ = std::thread([this] { accept_all(); });
}

CuttingProxy::~CuttingProxy() {
  stopping_ = true;
  acceptor_.join();
  for (std::thread& each : relays_) each.join();
  ::close(listener_);
}

void CuttingProxy::lose_next(std::string beginning) {
  const std::lock_guard lock(mutex_);
  beginning_ = std::move(beginning);
}

std::string CuttingProxy::last_request() {
  const std::lock_guard lock(mutex_);
  return last_request_;
}

/// Also keeps what was sent.
bool CuttingProxy::is_to_lose(const std::string& sent) {
  const std::lock_guard lock(mutex_);
  if (!sent.empty()) last_request_ = sent;
  if (beginning_.empty() || !sent.starts_with(beginning_)) return false;
  beginning_.clear();
  return true;
}

void CuttingProxy::accept_all() {
  while (!stopping_) {
    pollfd waiting{.fd = listener_, .events = POLLIN, .revents = 0};
    if (::poll(&waiting, 1, kPoll_ms) <= 0) continue;
    const int client = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (client >= 0) relays_.emplace_back([this, client] { relay(client); });
  }
}

void CuttingProxy::relay(int client) {
  const int server = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const sockaddr_in address = loopback(server_port_);
  bool going = ::connect(server, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  bool losing = false;
  while (going && !stopping_) {
    pollfd waiting[] = {{.fd = client, .events = POLLIN, .revents = 0}, {.fd = server, .events = POLLIN, .revents = 0}};
    if (::poll(waiting, 2, kPoll_ms) <= 0) continue;
    if (waiting[0].revents != 0) {
      const std::string sent = receive(client);
      losing = is_to_lose(sent) || losing;
      going = !sent.empty() && send_all(server, sent);
    }
    if (going && waiting[1].revents != 0) {
      const std::string answered = receive(server);
      if (losing) ++lost_;
      going = !losing && !answered.empty() && send_all(client, answered);
    }
  }
  ::close(server);
  ::close(client);
}

}  // namespace concord::s3::testing
