#pragma once
// A socket to a server, plain or with TLS on it. Used on its reactor alone; one read and one write at a time.

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "base/async.h"
#include "base/bytes.h"
#include "redis/options.h"

namespace concord::redis {

/// Whom TLS trusts: shared by all connections of a bus. Any thread once made.
class TlsTrust {
 public:
  /// The authorities in a file of PEM, or those of this machine where it is empty. kInvalidArgument names a file that
  /// does not load.
  static Result<std::unique_ptr<TlsTrust>> load(const std::string& ca_file);
  ~TlsTrust();
  TlsTrust(const TlsTrust&) = delete;
  TlsTrust& operator=(const TlsTrust&) = delete;

 private:
  friend class Transport;
  struct State;
  TlsTrust();
  std::unique_ptr<State> state_;
};

class Transport {
 public:
  /// Over TLS where `trust` is not null; then the server's certificate must be that of the endpoint's host.
  Transport(Reactor& reactor, Endpoint endpoint, const TlsTrust* trust);
  ~Transport();  // closed, or with nothing under way
  Transport(const Transport&) = delete;
  Transport& operator=(const Transport&) = delete;

  /// Finds the host, connects, and shakes hands. Failures are kUnavailable, with a message for people.
  Task<> connect(std::int64_t timeout_ms);
  /// At least one byte.
  Task<std::size_t> read_some(std::span<std::uint8_t> into);
  Task<> write_all(ByteView bytes);
  /// Ends what is under way.
  void close();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace concord::redis
