#pragma once
// A connected, non-blocking descriptor, plain or with OpenSSL on it. It never waits: a call that cannot go on
// says what it needs, and the owner watches the descriptor.

#include <sys/uio.h>

#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <utility>

#include "base/result.h"
#include "net/connection_policy.h"

struct ssl_st;
struct ssl_ctx_st;

namespace concord::net {

enum class IoStatus : std::uint8_t { kDone, kWantRead, kWantWrite, kEnd, kFailed };

struct IoResult {
  IoStatus status = IoStatus::kDone;
  std::size_t bytes = 0;
  /// After a write that ended in kWantRead or kWantWrite over TLS: as many bytes from the front are already
  /// in a record, and the next write must begin with the same ones.
  std::size_t committed = 0;
};

/// Certificate, key and the settings that every TLS connection shares. TLS 1.3 only. Any thread once made.
class TlsContext {
 public:
  /// kInvalidArgument names the file that does not load, or says that certificate and key do not belong
  /// together.
  static Result<std::unique_ptr<TlsContext>> load(const std::string& certificate_file, const std::string& key_file);
  ~TlsContext();
  TlsContext(const TlsContext&) = delete;
  TlsContext& operator=(const TlsContext&) = delete;

 private:
  friend class Stream;
  explicit TlsContext(ssl_ctx_st* context) : context_(context) {}
  ssl_ctx_st* context_;
};

/// The context that new connections get; it can be replaced while old ones go on with theirs. Any thread.
class TlsSlot {
 public:
  std::shared_ptr<const TlsContext> get() const {
    const std::lock_guard lock(mutex_);
    return context_;
  }
  void set(std::shared_ptr<const TlsContext> context) {
    const std::lock_guard lock(mutex_);
    context_ = std::move(context);
  }

 private:
  mutable std::mutex mutex_;
  std::shared_ptr<const TlsContext> context_;  // shared by what is about to accept with it
};

/// Owns a descriptor and, over TLS, its SSL object. One thread at a time.
class Stream {
 public:
  Stream() = default;
  /// `ticket`, which may be null, ends with the descriptor.
  explicit Stream(int fd, std::unique_ptr<ConnectionTicket> ticket = nullptr) : fd_(fd), ticket_(std::move(ticket)) {}
  Stream(Stream&& other) noexcept
      : fd_(std::exchange(other.fd_, -1)),
        ssl_(std::exchange(other.ssl_, nullptr)),
        ticket_(std::move(other.ticket_)) {}
  Stream& operator=(Stream&& other) noexcept;
  ~Stream();

  int fd() const { return fd_; }
  bool is_open() const { return fd_ >= 0; }
  bool is_tls() const { return ssl_ != nullptr; }

  /// Puts the server's side of TLS on the descriptor. False where memory is short.
  bool start_tls(const TlsContext& context);
  IoResult handshake();

  /// Over TLS `into` holds at least one record (16 KiB), so that nothing decrypted stays behind unseen.
  IoResult read(std::span<std::uint8_t> into);
  /// Sends as much as the kernel takes from the parts in their order; over TLS at most one record, whose
  /// plain text is gathered in `scratch` (16 KiB are enough).
  IoResult write(std::span<const iovec> parts, std::span<std::uint8_t> scratch);

  /// Says that nothing more will be sent (close_notify over TLS, then a FIN). Best effort.
  void finish();
  void close();

 private:
  IoResult tls_result(int returned);

  int fd_ = -1;
  ssl_st* ssl_ = nullptr;
  std::unique_ptr<ConnectionTicket> ticket_;
};

}  // namespace concord::net
