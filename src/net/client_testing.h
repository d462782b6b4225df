#pragma once
// A client for tests on loopback: blocking, with a deadline on every read, and able to send what no
// well-behaved client would.

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <openssl/ssl.h>

#include "base/bytes.h"

namespace concord::net::testing {

inline constexpr int kPatienceMs = 20'000;

/// A connected socket, plain or TLS. Throws std::runtime_error on what a test cannot go on from.
class Client {
 public:
  explicit Client(std::uint16_t port, bool tls = false, int receive_buffer_bytes = 0) {
    fd_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (receive_buffer_bytes > 0)
      ::setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &receive_buffer_bytes, sizeof receive_buffer_bytes);
    const int on = 1;
    ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
      throw std::runtime_error("connect failed");
    if (tls) start_tls();
  }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;
  Client(Client&& other) noexcept
      : fd_(std::exchange(other.fd_, -1)),
        ssl_(std::exchange(other.ssl_, nullptr)),
        context_(std::exchange(other.context_, nullptr)),
        unread_(std::move(other.unread_)) {}
  ~Client() { disconnect(); }

  int fd() const { return fd_; }

  void disconnect() {
    SSL_free(std::exchange(ssl_, nullptr));
    SSL_CTX_free(std::exchange(context_, nullptr));
    if (fd_ >= 0) ::close(std::exchange(fd_, -1));
  }

  void send(std::string_view bytes) {
    while (!bytes.empty()) {
      const auto sent = ssl_ != nullptr ? SSL_write(ssl_, bytes.data(), static_cast<int>(bytes.size()))
                                        : ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) throw std::runtime_error("send failed");
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
  }
  void send(const Bytes& bytes) { send(as_text(bytes)); }
  /// As send, but a connection that the server has ended is no failure.
  void try_send(std::string_view bytes) {
    try {
      send(bytes);
    } catch (const std::runtime_error&) {
    }
  }

  /// Some bytes, or "" at the end of the connection.
  std::string receive_some() {
    if (!unread_.empty()) return std::exchange(unread_, {});
    char buffer[65536];
    if (ssl_ == nullptr || SSL_pending(ssl_) == 0) {
      pollfd readable{fd_, POLLIN, 0};
      if (::poll(&readable, 1, kPatienceMs) <= 0) throw std::runtime_error("the server sent nothing in time");
    }
    const auto n = ssl_ != nullptr ? SSL_read(ssl_, buffer, sizeof buffer) : ::recv(fd_, buffer, sizeof buffer, 0);
    return n > 0 ? std::string(buffer, static_cast<std::size_t>(n)) : std::string();
  }
  std::string receive(std::size_t count) {
    std::string out;
    while (out.size() < count) {
      const std::string more = receive_some();
      if (more.empty()) throw std::runtime_error("the connection ended early");
      out += more;
    }
    unread_ = out.substr(count);
    out.resize(count);
    return out;
  }
  /// Up to and with `mark`.
  std::string receive_until(std::string_view mark) {
    std::string out;
    std::size_t at = 0;
    while ((at = out.find(mark)) == std::string::npos) {
      const std::string more = receive_some();
      if (more.empty()) throw std::runtime_error("the connection ended early: " + out);
      out += more;
    }
    unread_ = out.substr(at + mark.size());
    out.resize(at + mark.size());
    return out;
  }
  /// Everything until the server ends the connection.
  std::string receive_all() {
    std::string out;
    for (std::string more = receive_some(); !more.empty(); more = receive_some()) out += more;
    return out;
  }

  struct HttpResponse {
    int status = 0;
    std::string head;
    std::string body;
    /// The value of a header, by its lower-case name.
    std::string header(const std::string& name) const {
      const std::size_t at = head.find("\r\n" + name + ": ");
      if (at == std::string::npos) return {};
      const std::size_t begin = at + name.size() + 4;
      return head.substr(begin, head.find("\r\n", begin) - begin);
    }
  };
  HttpResponse read_response(bool head_request = false) {
    HttpResponse response;
    response.head = receive_until("\r\n\r\n");
    response.status = std::stoi(response.head.substr(9, 3));
    const std::string length = response.header("content-length");
    if (!head_request && !length.empty()) response.body = receive(std::stoul(length));
    return response;
  }
  HttpResponse request(std::string_view text) {
    send(text);
    return read_response(text.starts_with("HEAD "));
  }
  HttpResponse get(const std::string& target) { return request("GET " + target + " HTTP/1.1\r\nHost: test\r\n\r\n"); }

 private:
  void start_tls() {
    context_ = SSL_CTX_new(TLS_client_method());
    ssl_ = SSL_new(context_);
    SSL_set_fd(ssl_, fd_);
    if (SSL_connect(ssl_) != 1) throw std::runtime_error("the TLS handshake failed");
  }

  int fd_ = -1;
  SSL* ssl_ = nullptr;
  SSL_CTX* context_ = nullptr;
  std::string unread_;
};

/// One masked frame of a client.
inline Bytes client_frame(std::uint8_t first_byte, ByteView payload, std::uint32_t mask = 0x12345678) {
  Bytes out{first_byte};
  if (payload.size() < 126) {
    out.push_back(static_cast<std::uint8_t>(0x80U | payload.size()));
  } else {
    const unsigned bits = payload.size() <= 0xffff ? 16 : 64;
    out.push_back(bits == 16 ? 0xfe : 0xff);
    for (unsigned shift = bits; shift > 0; shift -= 8)
      out.push_back(static_cast<std::uint8_t>(static_cast<std::uint64_t>(payload.size()) >> (shift - 8)));
  }
  const std::uint8_t key[4] = {static_cast<std::uint8_t>(mask >> 24U), static_cast<std::uint8_t>(mask >> 16U),
                               static_cast<std::uint8_t>(mask >> 8U), static_cast<std::uint8_t>(mask)};
  out.insert(out.end(), key, key + 4);
  for (std::size_t i = 0; i < payload.size(); ++i) out.push_back(static_cast<std::uint8_t>(payload[i] ^ key[i & 3U]));
  return out;
}
inline Bytes client_text(std::string_view text) { return client_frame(0x81, as_bytes(text)); }
inline Bytes client_binary(ByteView bytes) { return client_frame(0x82, bytes); }
inline Bytes client_close(std::uint16_t code, std::string_view reason = {}) {
  Bytes payload{static_cast<std::uint8_t>(code >> 8U), static_cast<std::uint8_t>(code)};
  append(payload, as_bytes(reason));
  return client_frame(0x88, payload);
}

/// The opening handshake of RFC 6455 section 1.3.
inline std::string handshake_request(const std::string& target) {
  return "GET " + target +
         " HTTP/1.1\r\nHost: test\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
         "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";
}

struct ServerFrame {
  std::uint8_t first_byte = 0;
  std::string payload;
  /// The code of a close frame.
  std::uint16_t close_code() const {
    if (payload.size() < 2) return 1005;
    return static_cast<std::uint16_t>(static_cast<std::uint8_t>(payload[0]) << 8U |
                                      static_cast<std::uint8_t>(payload[1]));
  }
};

/// A Client that has made the opening handshake.
class WebSocketClient : public Client {
 public:
  WebSocketClient(std::uint16_t port, const std::string& target, bool tls = false, int receive_buffer_bytes = 0)
      : Client(port, tls, receive_buffer_bytes) {
    Client::send(handshake_request(target));
    handshake = receive_until("\r\n\r\n");
    if (!handshake.starts_with("HTTP/1.1 101 ")) throw std::runtime_error("no upgrade: " + handshake);
  }

  std::string handshake;

  ServerFrame read_frame() {
    const std::string begin = receive(2);
    ServerFrame frame;
    frame.first_byte = static_cast<std::uint8_t>(begin[0]);
    std::uint64_t length = static_cast<std::uint8_t>(begin[1]);
    if (length > 127) throw std::runtime_error("a server's frame is masked");
    if (length >= 126) {
      const std::string wide = receive(length == 126 ? 2 : 8);
      length = 0;
      for (const char c : wide) length = length << 8U | static_cast<std::uint8_t>(c);
    }
    frame.payload = receive(length);
    return frame;
  }
};

}  // namespace concord::net::testing
