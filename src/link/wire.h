#pragma once
// A connected, non-blocking descriptor with TLS on it. It never waits: who owns it watches the descriptor. What is read
// and what is to be sent go through memory, so that one system call takes in or sends many records.

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "base/bytes.h"
#include "link/tls.h"

namespace concord::link {

class Wire {
 public:
  enum class Side : std::uint8_t { kOpener, kAcceptor };
  enum class Status : std::uint8_t {
    kDone,
    kAgain,   // the descriptor has, or takes, no more now
    kEnd,     // the far side has said that it sends no more
    kFailed,  // see `reason`
  };

  /// Owns `fd` from now on. Null where memory is short.
  static std::unique_ptr<Wire> make(int fd, const TlsIdentity& identity, Side side);
  ~Wire();
  Wire(const Wire&) = delete;
  Wire& operator=(const Wire&) = delete;

  int fd() const { return fd_; }
  std::string reason() const;
  std::vector<std::string> peer_names() const { return node_names_of_peer(session_); }

  /// Goes on with the handshake with what has come: kAgain wants more of it.
  Status handshake();

  /// Reads what has come into `cipher`, which must hold until it is decrypted or kept. Before, all that was received
  /// has been decrypted. kDone: something came; `filled` says whether there may be more.
  Status receive(std::span<std::uint8_t> cipher, bool& filled);
  /// What was received, decrypted; `size` of bytes were written. kDone: there is more; kAgain: that was all of it.
  Status decrypt(std::span<std::uint8_t> plain, std::size_t& size);
  /// Holds on to what was received and is not decrypted yet.
  void keep();

  /// False where it failed for good.
  bool encrypt(ByteView plain);
  /// Bytes that were encrypted and not sent.
  std::size_t unsent_bytes() const { return out_.size() - sent_; }
  /// Sends what was encrypted. kDone: all of it.
  Status flush();
  /// Says that nothing more will be sent: close_notify, then a FIN. After all was flushed.
  void finish();
  /// Gives back what buffers hold and do not need.
  void shrink();

 private:
  friend struct WireBio;
  Wire(int fd, ssl_st* session) : fd_(fd), session_(session) {}

  int fd_;
  ssl_st* session_;
  ByteView in_;  // received, and not taken by OpenSSL yet
  Bytes kept_;   // what in_ is in, where it is not its caller's
  Bytes out_;    // encrypted
  std::size_t sent_ = 0;
  int error_ = 0;  // errno of a call that failed
  mutable std::string reason_;
};

}  // namespace concord::link
