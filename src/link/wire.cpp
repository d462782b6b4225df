#include "link/wire.h"

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

namespace concord::link {

/// Where OpenSSL reads and writes: the wire's memory.
struct WireBio {
  static Wire& wire(BIO* bio) { return *static_cast<Wire*>(BIO_get_data(bio)); }

  static int read(BIO* bio, char* data, int size) {
    ByteView& in = wire(bio).in_;
    BIO_clear_retry_flags(bio);
    const std::size_t count = std::min(in.size(), static_cast<std::size_t>(size));
    if (count == 0) {
      BIO_set_retry_read(bio);
      return -1;
    }
    std::memcpy(data, in.data(), count);
    in = in.subspan(count);
    return static_cast<int>(count);
  }

  static int write(BIO* bio, const char* data, int size) {
    BIO_clear_retry_flags(bio);
    append(wire(bio).out_, as_bytes({data, static_cast<std::size_t>(size)}));
    return size;
  }

  static long control(BIO*, int command, long, void*) { return command == BIO_CTRL_FLUSH ? 1 : 0; }

  static const BIO_METHOD* method() {
    static const BIO_METHOD* const made = [] {
      BIO_METHOD* method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "concord wire");
      BIO_meth_set_read(method, read);
      BIO_meth_set_write(method, write);
      BIO_meth_set_ctrl(method, control);
      return method;
    }();
    return made;
  }
};

std::unique_ptr<Wire> Wire::make(int fd, const TlsIdentity& identity, Side side) {
  SSL* session = identity.make_session();
  std::unique_ptr<Wire> wire(new Wire(fd, session));
  BIO* bio = BIO_new(WireBio::method());
  if (session == nullptr || bio == nullptr) {
    BIO_free(bio);
    return nullptr;
  }
  BIO_set_data(bio, wire.get());
  BIO_set_init(bio, 1);
  SSL_set_bio(session, bio, bio);
  if (side == Side::kOpener) {
    SSL_set_connect_state(session);
  } else {
    SSL_set_accept_state(session);
  }
  return wire;
}

Wire::~Wire() {
  SSL_free(session_);
  ::close(fd_);
}

std::string Wire::reason() const {
  if (!reason_.empty()) return reason_;
  return error_ != 0 ? std::strerror(error_) : "the far side ended it";
}

Wire::Status Wire::handshake() {
  ERR_clear_error();
  const int returned = SSL_do_handshake(session_);
  if (returned == 1) return Status::kDone;
  if (SSL_get_error(session_, returned) == SSL_ERROR_WANT_READ) return Status::kAgain;
  reason_ = tls_reason(session_);
  return Status::kFailed;
}

Wire::Status Wire::receive(std::span<std::uint8_t> cipher, bool& filled) {
  ssize_t count = 0;
  do count = ::recv(fd_, cipher.data(), cipher.size(), 0);
  while (count < 0 && errno == EINTR);
  if (count < 0) {
    if (errno == EAGAIN || errno == EWOULDBLOCK) return Status::kAgain;
    error_ = errno;
    return Status::kFailed;
  }
  if (count == 0) return Status::kEnd;
  in_ = cipher.first(static_cast<std::size_t>(count));
  filled = in_.size() == cipher.size();
  return Status::kDone;
}

Wire::Status Wire::decrypt(std::span<std::uint8_t> plain, std::size_t& size) {
  size = 0;
  while (size < plain.size()) {
    ERR_clear_error();
    const int returned = SSL_read(session_, plain.data() + size, static_cast<int>(plain.size() - size));
    if (returned > 0) {
      size += static_cast<std::size_t>(returned);
      continue;
    }
    switch (SSL_get_error(session_, returned)) {
      case SSL_ERROR_WANT_READ:
        if (!kept_.empty()) Bytes().swap(kept_);
        return Status::kAgain;
      case SSL_ERROR_ZERO_RETURN:
        return Status::kEnd;
      default:
        reason_ = tls_reason(session_);
        return Status::kFailed;
    }
  }
  return Status::kDone;
}

void Wire::keep() {
  Bytes rest = to_bytes(in_);
  kept_ = std::move(rest);
  in_ = kept_;
}

bool Wire::encrypt(ByteView plain) {
  ERR_clear_error();
  if (SSL_write(session_, plain.data(), static_cast<int>(plain.size())) == static_cast<int>(plain.size())) return true;
  reason_ = tls_reason(session_);
  return false;
}

Wire::Status Wire::flush() {
  while (sent_ < out_.size()) {
    const ssize_t count = ::send(fd_, out_.data() + sent_, out_.size() - sent_, MSG_NOSIGNAL);
    if (count >= 0) {
      sent_ += static_cast<std::size_t>(count);
      continue;
    }
    if (errno == EINTR) continue;
    if (errno == EAGAIN || errno == EWOULDBLOCK) return Status::kAgain;
    error_ = errno;
    return Status::kFailed;
  }
  out_.clear();
  sent_ = 0;
  return Status::kDone;
}

void Wire::finish() {
  ERR_clear_error();
  SSL_shutdown(session_);
  ERR_clear_error();
  (void)flush();
  ::shutdown(fd_, SHUT_WR);
}

void Wire::shrink() {
  if (out_.empty()) Bytes().swap(out_);
}

}  // namespace concord::link
