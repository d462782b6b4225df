#pragma once
// Whether a connection is taken, as far as net knows where it comes from. What decides lives above.

#include <memory>
#include <string_view>

namespace concord::net {

/// Stands for one open connection; its end is told by destroying it, on any thread.
class ConnectionTicket {
 public:
  ConnectionTicket() = default;
  ConnectionTicket(const ConnectionTicket&) = delete;
  ConnectionTicket& operator=(const ConnectionTicket&) = delete;
  virtual ~ConnectionTicket() = default;
};

class ConnectionPolicy {
 public:
  virtual ~ConnectionPolicy() = default;
  /// A connection from this address (without a port) has been accepted and nothing read yet. Null: it is closed at
  /// once. Any reactor.
  virtual std::unique_ptr<ConnectionTicket> admit(std::string_view address) = 0;
};

}  // namespace concord::net
