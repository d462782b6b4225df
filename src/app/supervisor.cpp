#include "app/supervisor.h"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <fstream>
#include <optional>
#include <thread>

#include "app/lease_pipe.h"
#include "app/supervised.h"
#include "base/clock.h"

namespace concord::app {

namespace {

std::unexpected<Error> failed(const std::string& what, int error) {
  return fail(Code::kInternal, what + ": " + std::strerror(error));  // NOLINT(concurrency-mt-unsafe): one thread
}

/// SIGTERM, SIGINT, SIGHUP and SIGCHLD as something to be read, for as long as this lives.
class Signals {
 public:
  Signals() {
    sigset_t taken;
    sigemptyset(&taken);
    for (const int signal : {SIGTERM, SIGINT, SIGHUP, SIGCHLD}) sigaddset(&taken, signal);
    pthread_sigmask(SIG_BLOCK, &taken, &before_);
    fd_ = ::signalfd(-1, &taken, SFD_NONBLOCK | SFD_CLOEXEC);
  }
  ~Signals() {
    if (fd_ >= 0) ::close(fd_);
    pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;

  int fd() const { return fd_; }
  const sigset_t& before() const { return before_; }
  /// The next one that has come; 0: none.
  int next() const {
    signalfd_siginfo info{};
    return ::read(fd_, &info, sizeof info) == sizeof info ? static_cast<int>(info.ssi_signo) : 0;
  }

 private:
  sigset_t before_{};
  int fd_ = -1;
};

/// Keeps the supervisor from being the one that dies where memory runs out, if the system lets it.
class MemoryShare {
 public:
  MemoryShare() {
    std::ifstream file(std::string("/proc/self/") + kFile);
    if (!(file >> before_)) return;
    constexpr int kLess = 500;
    constexpr int kLeast = -999;  // -1000 would be never, also for a supervisor that leaks
    changed_ = write("self", std::max(kLeast, before_ - kLess));
  }
  /// The hub is as likely to be chosen as the supervisor would have been.
  void give_back(pid_t hub) const {
    if (changed_) (void)write(std::to_string(hub), before_);
  }

 private:
  static constexpr const char* kFile = "oom_score_adj";
  static bool write(const std::string& process, int value) {
    std::ofstream file("/proc/" + process + "/" + kFile);
    return static_cast<bool>(file << value << std::flush);
  }
  int before_ = 0;
  bool changed_ = false;
};

/// The environment of this process with one more variable.
class ChildEnvironment {
 public:
  explicit ChildEnvironment(const std::string& value) {
    const std::string name = std::string(kSupervisorVariable) + "=";
    for (char** each = environ; *each != nullptr; ++each)
      if (!std::string_view(*each).starts_with(name)) lines_.emplace_back(*each);
    lines_.push_back(name + value);
  }
  std::vector<std::string>& lines() { return lines_; }

 private:
  std::vector<std::string> lines_;
};

std::vector<char*> pointers_to(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  pointers.reserve(texts.size() + 1);
  for (std::string& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

class Supervisor {
 public:
  Supervisor(SupervisorOptions options, EndLeases end_leases, Logger logger)
      : options_(std::move(options)),
        end_leases_(std::move(end_leases)),
        logger_(std::move(logger)),
        policy_(options_.restarts) {}
  ~Supervisor() {
    if (child_ > 0) {  // only where a system call has failed
      ::kill(child_, SIGKILL);
      ::waitpid(child_, nullptr, 0);
    }
    if (pipe_ >= 0) ::close(pipe_);
  }
  Supervisor(const Supervisor&) = delete;
  Supervisor& operator=(const Supervisor&) = delete;

  Result<Ending> run() {
    if (signals_.fd() < 0) return failed("signalfd", errno);
    TRY_VOID(start());
    while (!ended_) {
      TRY_VOID(wait());
      read_pipe();
      for (int signal = signals_.next(); signal != 0; signal = signals_.next()) take(signal);
      if (!ended_ && start_at_ms_ && now_ms() >= *start_at_ms_) TRY_VOID(start());
    }
    return *ended_;
  }

 private:
  std::int64_t now_ms() { return clock_.monotonic_ns() / 1'000'000; }

  Result<> start() {
    start_at_ms_.reset();
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) return failed("pipe", errno);
    pipe_ = ends[0];
    ::fcntl(pipe_, F_SETFL, O_NONBLOCK);
    const int error = spawn(ends[1]);
    ::close(ends[1]);
    if (error != 0) {
      close_pipe();
      return failed("cannot start " + options_.program, error);
    }
    memory_.give_back(child_);
    ++starts_;
    return {};
  }

  int spawn(int pipe_end) {
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, pipe_end, pipe_end);  // onto itself: stays open in the child
    posix_spawnattr_t attributes;
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
    posix_spawnattr_setsigmask(&attributes, &signals_.before());
    ChildEnvironment environment(std::to_string(::getpid()) + " " + std::to_string(pipe_end) + " " +
                                 std::to_string(starts_));
    const int error = ::posix_spawn(&child_, options_.program.c_str(), &actions, &attributes,
                                    pointers_to(options_.words).data(), pointers_to(environment.lines()).data());
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    if (error != 0) child_ = 0;
    return error;
  }

  /// Until there is something to be read, or it is time to start the hub again.
  Result<> wait() {
    std::array<pollfd, 2> waits{{{signals_.fd(), POLLIN, 0}, {pipe_, POLLIN, 0}}};
    const std::int64_t left_ms = start_at_ms_ ? std::max<std::int64_t>(0, *start_at_ms_ - now_ms()) : -1;
    if (::poll(waits.data(), waits.size(), static_cast<int>(left_ms)) < 0 && errno != EINTR)
      return failed("poll", errno);
    return {};
  }

  /// Takes in what the hub has told so far.
  void read_pipe() {
    if (pipe_ < 0) return;
    Bytes buffer(4096);
    for (;;) {
      const ssize_t count = ::read(pipe_, buffer.data(), buffer.size());
      if (count < 0) return;
      if (count == 0) return close_pipe();
      if (!leases_.take_in(ByteView(buffer).first(static_cast<std::size_t>(count))))
        logger_.error("the hub tells of leases what nobody understands");
    }
  }

  void close_pipe() {
    ::close(pipe_);
    pipe_ = -1;
  }

  void take(int signal) {
    if (signal == SIGCHLD) return reap();
    if (signal != SIGHUP && stopping_) signal = SIGKILL;
    if (signal != SIGHUP) stopping_ = true;
    if (child_ > 0) {
      ::kill(child_, signal);
    } else if (stopping_ && !ended_) {
      ended_ = Ending{};
    }
  }

  /// Whatever ends here is waited for: the first process of a container inherits the orphans of others.
  void reap() {
    for (;;) {
      int status = 0;
      const pid_t process = ::waitpid(-1, &status, WNOHANG);
      if (process <= 0) return;
      if (process != child_) continue;
      child_ = 0;
      read_pipe();
      if (pipe_ >= 0) close_pipe();
      end_leases();
      gone(WIFSIGNALED(status) ? Ending{WTERMSIG(status), 0} : Ending{0, WEXITSTATUS(status)});
    }
  }

  /// Beside what goes on here: the engine may be away.
  void end_leases() {
    std::vector<engines::LeaseId> leases = leases_.take_all();
    if (leases.empty()) return;
    ending_ = std::jthread([this, leases = std::move(leases)]() mutable { end_leases_(std::move(leases)); });
  }

  void gone(const Ending& how) {
    if (how.signal == 0 || stopping_) {
      ended_ = how;
      return;
    }
    const auto delay_ms = policy_.died(now_ms(), ids_.random64());
    if (!delay_ms) {
      ended_ = how;
      logger_.error(
          "the hub dies all the time and is not started again",
          {{"signal", how.signal}, {"deaths", policy_.options().most + 1}, {"within_ms", policy_.options().within_ms}});
      return;
    }
    logger_.error("the hub has died and is started again", {{"signal", how.signal}, {"in_ms", *delay_ms}});
    start_at_ms_ = now_ms() + *delay_ms;
  }

  SupervisorOptions options_;
  EndLeases end_leases_;
  Logger logger_;
  RestartPolicy policy_;
  SystemClock clock_;
  SystemIdSource ids_{clock_};
  MemoryShare memory_;
  Signals signals_;
  HeldLeases leases_;
  pid_t child_ = 0;  // 0: none
  int pipe_ = -1;    // of the child; -1: closed
  std::uint64_t starts_ = 0;
  bool stopping_ = false;
  std::optional<std::int64_t> start_at_ms_;  // when there is none now
  std::optional<Ending> ended_;
  std::jthread ending_;  // destroyed first: ends the leases of the last one that has died
};

}  // namespace

Result<Ending> supervise(SupervisorOptions options, EndLeases end_leases, Logger logger) {
  return Supervisor(std::move(options), std::move(end_leases), std::move(logger)).run();
}

int end_like(const Ending& ending) {
  if (ending.signal == 0) return ending.status;
  constexpr int kSignalStatus = 128;  // as shells have it
  const rlimit none{.rlim_cur = 0, .rlim_max = 0};
  ::setrlimit(RLIMIT_CORE, &none);  // the hub has left one already
  std::signal(ending.signal, SIG_DFL);
  std::raise(ending.signal);
  return kSignalStatus + ending.signal;
}

}  // namespace concord::app
