#pragma once
// Stands before a server on loopback and loses answers: requests arrive and are carried out, and who sent them does not
// learn of it.

#include <atomic>
#include <cstdint>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace concord::s3::testing {

class CuttingProxy {
 public:
  explicit CuttingProxy(std::uint16_t server_port);
  ~CuttingProxy();
  CuttingProxy(const CuttingProxy&) = delete;
  CuttingProxy& operator=(const CuttingProxy&) = delete;

  std::uint16_t port() const { return port_; }
  /// The answer to the next request that begins with `beginning` is lost, and its connection ends.
  void lose_next(std::string beginning);
  /// How many were lost.
  int lost() const { return lost_; }
  /// What was received last from a client, at most 64 KiB: of a small request the whole.
  std::string last_request();

 private:
  void accept_all();
  void relay(int client);
  bool is_to_lose(const std::string& sent);

  std::uint16_t server_port_;
  int listener_ = -1;
  std::uint16_t port_ = 0;
  std::atomic<bool> stopping_ = false;
  std::atomic<int> lost_ = 0;
  std::mutex mutex_;
  std::string beginning_;            // guarded by mutex_; empty: none is to be lost
  std::string last_request_;         // guarded by mutex_
  std::vector<std::thread> relays_;  // the accepting thread's, until it has ended
  std::thread acceptor_;
};

}  // namespace concord::s3::testing
