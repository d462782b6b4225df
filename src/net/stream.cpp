#include "net/stream.h"

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

namespace concord::net {
namespace {

IoResult failed_call() {
  if (errno == EAGAIN || errno == EWOULDBLOCK) return {IoStatus::kWantWrite};
  return {IoStatus::kFailed};
}

// A BIO over recv and send: OpenSSL's own socket BIO uses write(2), which raises SIGPIPE on a broken
// connection.
int bio_write(BIO* bio, const char* data, int size) {
  BIO_clear_retry_flags(bio);
  const auto fd = static_cast<int>(reinterpret_cast<std::intptr_t>(BIO_get_data(bio)));
  ssize_t n = 0;
  do n = ::send(fd, data, static_cast<std::size_t>(size), MSG_NOSIGNAL);
  while (n < 0 && errno == EINTR);
  if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) BIO_set_retry_write(bio);
  return static_cast<int>(n);
}

int bio_read(BIO* bio, char* data, int size) {
  BIO_clear_retry_flags(bio);
  const auto fd = static_cast<int>(reinterpret_cast<std::intptr_t>(BIO_get_data(bio)));
  ssize_t n = 0;
  do n = ::recv(fd, data, static_cast<std::size_t>(size), 0);
  while (n < 0 && errno == EINTR);
  if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) BIO_set_retry_read(bio);
  return static_cast<int>(n);
}

long bio_control(BIO*, int command, long, void*) { return command == BIO_CTRL_FLUSH ? 1 : 0; }

const BIO_METHOD* descriptor_bio() {
  static const BIO_METHOD* const method = [] {
    BIO_METHOD* made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "concord descriptor");
    BIO_meth_set_write(made, bio_write);
    BIO_meth_set_read(made, bio_read);
    BIO_meth_set_ctrl(made, bio_control);
    return made;
  }();
  return method;
}

// RFC 7301: http/1.1 is what we speak; a client that offers only other protocols is refused.
int select_protocol(SSL*, const unsigned char** out, unsigned char* out_size, const unsigned char* offered,
                    unsigned int offered_size, void*) {
  static constexpr unsigned char kOurs[] = "\x08http/1.1";
  unsigned char* chosen = nullptr;
  const int found = SSL_select_next_proto(&chosen, out_size, kOurs, sizeof(kOurs) - 1, offered, offered_size);
  *out = chosen;
  return found == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

std::unexpected<Error> tls_failure(const std::string& what) {
  char reason[256] = "unknown reason";
  if (const unsigned long code = ERR_get_error(); code != 0) ERR_error_string_n(code, reason, sizeof reason);
  ERR_clear_error();
  return fail(Code::kInvalidArgument, what + ": " + reason);
}

}  // namespace

Result<std::unique_ptr<TlsContext>> TlsContext::load(const std::string& certificate_file, const std::string& key_file) {
  SSL_CTX* context = SSL_CTX_new(TLS_server_method());
  if (context == nullptr) return tls_failure("TLS cannot be set up");
  std::unique_ptr<TlsContext> result(new TlsContext(context));
  SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION);
  SSL_CTX_set_mode(context,
                   SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_options(context, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION | SSL_OP_IGNORE_UNEXPECTED_EOF);
  // Resumption works by stateless tickets; nothing is kept here for it.
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_num_tickets(context, 1);
  SSL_CTX_set_alpn_select_cb(context, select_protocol, nullptr);
  ERR_clear_error();
  if (SSL_CTX_use_certificate_chain_file(context, certificate_file.c_str()) != 1)
    return tls_failure("the TLS certificate " + certificate_file + " does not load");
  if (SSL_CTX_use_PrivateKey_file(context, key_file.c_str(), SSL_FILETYPE_PEM) != 1)
    return tls_failure("the TLS key " + key_file + " does not load");
  if (SSL_CTX_check_private_key(context) != 1)
    return tls_failure("the TLS key " + key_file + " is not that of " + certificate_file);
  return result;
}

TlsContext::~TlsContext() { SSL_CTX_free(context_); }

Stream& Stream::operator=(Stream&& other) noexcept {
  if (this != &other) {
    close();
    fd_ = std::exchange(other.fd_, -1);
    ssl_ = std::exchange(other.ssl_, nullptr);
    ticket_ = std::move(other.ticket_);
  }
  return *this;
}

Stream::~Stream() { close(); }

bool Stream::start_tls(const TlsContext& context) {
  SSL* ssl = SSL_new(context.context_);
  BIO* bio = BIO_new(descriptor_bio());
  if (ssl == nullptr || bio == nullptr) {
    SSL_free(ssl);
    BIO_free(bio);
    return false;
  }
  BIO_set_data(bio, reinterpret_cast<void*>(static_cast<std::intptr_t>(fd_)));
  BIO_set_init(bio, 1);
  SSL_set_bio(ssl, bio, bio);
  SSL_set_accept_state(ssl);
  ssl_ = ssl;
  return true;
}

IoResult Stream::tls_result(int returned) {
  switch (SSL_get_error(ssl_, returned)) {
    case SSL_ERROR_NONE:
      return {IoStatus::kDone, static_cast<std::size_t>(std::max(returned, 0))};
    case SSL_ERROR_WANT_READ:
      return {IoStatus::kWantRead};
    case SSL_ERROR_WANT_WRITE:
      return {IoStatus::kWantWrite};
    case SSL_ERROR_ZERO_RETURN:
      return {IoStatus::kEnd};
    default:
      ERR_clear_error();
      return {IoStatus::kFailed};
  }
}

IoResult Stream::handshake() {
  ERR_clear_error();
  return tls_result(SSL_do_handshake(ssl_));
}

IoResult Stream::read(std::span<std::uint8_t> into) {
  if (ssl_ != nullptr) {
    ERR_clear_error();
    return tls_result(SSL_read(ssl_, into.data(), static_cast<int>(into.size())));
  }
  ssize_t n = 0;
  do n = ::recv(fd_, into.data(), into.size(), 0);
  while (n < 0 && errno == EINTR);
  if (n > 0) return {IoStatus::kDone, static_cast<std::size_t>(n)};
  if (n == 0) return {IoStatus::kEnd};
  if (errno == EAGAIN || errno == EWOULDBLOCK) return {IoStatus::kWantRead};
  return {IoStatus::kFailed};
}

IoResult Stream::write(std::span<const iovec> parts, std::span<std::uint8_t> scratch) {
  if (ssl_ != nullptr) {
    std::span<const std::uint8_t> record(static_cast<const std::uint8_t*>(parts[0].iov_base), parts[0].iov_len);
    if (parts.size() > 1 && record.size() < scratch.size()) {
      std::size_t filled = 0;
      for (const iovec& part : parts) {
        const std::size_t take = std::min(part.iov_len, scratch.size() - filled);
        if (take > 0) std::memcpy(scratch.data() + filled, part.iov_base, take);
        filled += take;
      }
      record = scratch.first(filled);
    }
    record = record.first(std::min(record.size(), scratch.size()));
    ERR_clear_error();
    IoResult result = tls_result(SSL_write(ssl_, record.data(), static_cast<int>(record.size())));
    if (result.status == IoStatus::kWantRead || result.status == IoStatus::kWantWrite) result.committed = record.size();
    return result;
  }
  ssize_t n = 0;
  do {
    if (parts.size() == 1) {
      n = ::send(fd_, parts[0].iov_base, parts[0].iov_len, MSG_NOSIGNAL);
    } else {
      msghdr message{};
      message.msg_iov = const_cast<iovec*>(parts.data());
      message.msg_iovlen = parts.size();
      n = ::sendmsg(fd_, &message, MSG_NOSIGNAL);
    }
  } while (n < 0 && errno == EINTR);
  if (n < 0) return failed_call();
  return {IoStatus::kDone, static_cast<std::size_t>(n)};
}

void Stream::finish() {
  if (ssl_ != nullptr && SSL_is_init_finished(ssl_) == 1) {
    ERR_clear_error();
    SSL_shutdown(ssl_);
    ERR_clear_error();
  }
  if (fd_ >= 0) ::shutdown(fd_, SHUT_WR);
}

void Stream::close() {
  if (ssl_ != nullptr) SSL_free(std::exchange(ssl_, nullptr));
  if (fd_ >= 0) ::close(std::exchange(fd_, -1));
  ticket_.reset();
}

}  // namespace concord::net
