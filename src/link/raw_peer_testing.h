#pragma once
// The far end of a connection that does what no node does: blocking TLS on a socket, byte by byte as the test says.

#include <memory>
#include <string>

#include "base/bytes.h"
#include "link/certificates.h"

struct ssl_st;
struct ssl_ctx_st;

namespace concord::link::testing {

class RawPeer {
 public:
  /// Connected to a port of loopback; nothing is said yet.
  static std::unique_ptr<RawPeer> connect(std::uint16_t port);
  /// Of a socket that was accepted.
  explicit RawPeer(int fd) : fd_(fd) {}
  ~RawPeer();
  RawPeer(const RawPeer&) = delete;
  RawPeer& operator=(const RawPeer&) = delete;

  /// The handshake, with these files or (opener) without a certificate of its own; what the far side has is not
  /// checked.
  bool shake_hands(const NodeCertificate* files, bool opener);
  void send_plain(std::string_view text);
  /// False where the connection is gone.
  bool send(ByteView bytes);
  /// Reads, over TLS if there is some, until so many bytes are there or the far side ends it.
  Bytes receive(std::size_t bytes);
  /// Whether the far side ends the connection, whatever it says before, within a generous time.
  bool is_ended();
  /// By a reset, as a process that dies with unread input does.
  void reset();

 private:
  int fd_;
  ssl_ctx_st* context_ = nullptr;
  ssl_st* session_ = nullptr;
};

/// Listens on loopback.
class RawListener {
 public:
  RawListener();
  ~RawListener();
  RawListener(const RawListener&) = delete;
  RawListener& operator=(const RawListener&) = delete;

  std::uint16_t port() const { return port_; }
  std::unique_ptr<RawPeer> accept();

 private:
  int fd_;
  std::uint16_t port_ = 0;
};

}  // namespace concord::link::testing
