#pragma once
// The signals that end the program, or have it look after what it keeps.

#include <csignal>
#include <ctime>
#include <functional>

namespace concord::app {

/// SIGTERM, SIGINT and SIGHUP are taken by `wait` alone: they are blocked in every thread started after construction.
class StopSignals {
 public:
  StopSignals() {
    sigemptyset(&set_);
    sigaddset(&set_, SIGTERM);
    sigaddset(&set_, SIGINT);
    sigaddset(&set_, SIGHUP);
    pthread_sigmask(SIG_BLOCK, &set_, nullptr);
    std::signal(SIGPIPE, SIG_IGN);
  }
  /// Until the program is to end. `look` is called every two seconds, and with true on SIGHUP.
  void wait(const std::function<void(bool asked)>& look) const {
    constexpr timespec kPause{.tv_sec = 2, .tv_nsec = 0};
    for (;;) {
      const int signal = sigtimedwait(&set_, nullptr, &kPause);
      if (signal == SIGTERM || signal == SIGINT) return;
      look(signal == SIGHUP);
    }
  }
  /// A second signal ends the process at once.
  void restore() const { pthread_sigmask(SIG_UNBLOCK, &set_, nullptr); }

 private:
  sigset_t set_{};
};

}  // namespace concord::app
