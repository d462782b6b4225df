#pragma once
// The two servers that are measured, each a process of its own: it prints its port and ends when its input ends.

#include <sys/types.h>

#include <cstdint>
#include <string>

namespace concord::bench {

/// This house's server: what one WebSocket sends goes to all the others. With a certificate, over TLS.
int serve_websockets(const std::string& certificate_file, const std::string& key_file);

/// The floor: plain sockets on one epoll set, no framing; what one sends goes to all the others with one send(2) each.
int serve_bare_sockets();

/// Runs this program again in a role and waits for its port.
class ServerProcess {
 public:
  explicit ServerProcess(const std::string& role, const std::string& certificate_file = {},
                         const std::string& key_file = {});
  ServerProcess(const ServerProcess&) = delete;
  ServerProcess& operator=(const ServerProcess&) = delete;
  ~ServerProcess();

  pid_t pid() const { return pid_; }
  std::uint16_t port() const { return port_; }

 private:
  pid_t pid_ = -1;
  int input_ = -1;
  std::uint16_t port_ = 0;
};

/// A self-signed certificate, removed at the end.
class Certificate {
 public:
  Certificate();
  Certificate(const Certificate&) = delete;
  Certificate& operator=(const Certificate&) = delete;
  ~Certificate();
  std::string certificate_file() const { return directory_ + "/certificate.pem"; }
  std::string key_file() const { return directory_ + "/key.pem"; }

 private:
  std::string directory_;
};

}  // namespace concord::bench
