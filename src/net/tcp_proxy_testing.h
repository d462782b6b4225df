#pragma once
// A network that a test can break: a port of loopback that passes on to another.

#include <cstdint>
#include <memory>

namespace concord::net::testing {

/// Runs on a thread of its own. One thread at a time.
class TcpProxy {
 public:
  explicit TcpProxy(std::uint16_t to);
  ~TcpProxy();
  TcpProxy(const TcpProxy&) = delete;
  TcpProxy& operator=(const TcpProxy&) = delete;

  std::uint16_t port() const;
  /// Ends all connections, and each new one at once, until `mend`.
  void cut();
  /// What is sent over the connections there are goes nowhere from now on, and neither side is told. New ones work.
  void lose();
  void mend();
  /// Connections so far.
  std::size_t accepted() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace concord::net::testing
