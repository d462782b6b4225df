#pragma once
// Real servers of engines for tests: processes on loopback, in a directory of the test's, that end with the test.

#include <sys/types.h>

#include <chrono>
#include <csignal>
#include <cstdint>
#include <string>
#include <vector>

namespace concord::engines::testing {

/// A port of loopback on which nobody listens now.
std::uint16_t free_port();

/// Whether somebody listens on the port of loopback before the time is over.
bool wait_until_listening(std::uint16_t port, std::chrono::seconds longest = std::chrono::seconds(30));

/// Gives `directory` to `user` where the test runs as root, who some servers refuse to be.
void give_to_user(const std::string& directory, const std::string& user);

/// Runs a command to its end; throws with its output where it fails.
void run_to_end(const std::vector<std::string>& command, const std::string& user = {});

/// One server. It is killed when this is destroyed, and by the kernel where the test dies first (so it is started by a
/// thread that outlives it). Called by one thread at a time. Throws where the system refuses.
class ServerProcess {
 public:
  struct Options {
    std::vector<std::string> command;  // a path, or a name to be looked up in PATH; then its arguments
    std::string output_path;           // what it prints is added there
    std::string user;                  // whom to become where the test runs as root; empty: nobody else
  };
  explicit ServerProcess(Options options);
  ~ServerProcess();
  ServerProcess(const ServerProcess&) = delete;
  ServerProcess& operator=(const ServerProcess&) = delete;

  void start();  // it is not running
  /// Sends the signal and waits for the end; SIGKILL where it takes longer than 20 seconds.
  void stop(int signal = SIGTERM);
  void pause() const;   // SIGSTOP; when this returns it has stopped, and answers nobody
  void resume() const;  // SIGCONT
  bool running();
  /// What it has printed so far.
  std::string output() const;

 private:
  Options options_;
  pid_t pid_ = -1;  // also its process group
};

}  // namespace concord::engines::testing
