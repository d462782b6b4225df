#include "engines/server_process_testing.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <grp.h>
#include <netinet/in.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <stdexcept>
#include <system_error>
#include <thread>

namespace concord::engines::testing {
namespace {

[[noreturn]] void fail(const std::string& what) { throw std::system_error(errno, std::generic_category(), what); }

struct Identity {
  uid_t user = 0;
  gid_t group = 0;
};

/// Whom to become; none where the test is not root or nobody is named.
std::optional<Identity> identity_of(const std::string& user) {
  if (user.empty() || ::geteuid() != 0) return std::nullopt;
  const passwd* entry = ::getpwnam(user.c_str());
  if (entry == nullptr) throw std::runtime_error("there is no user \"" + user + "\"");
  return Identity{.user = entry->pw_uid, .group = entry->pw_gid};
}

std::vector<char*> pointers_of(std::vector<std::string>& command) {
  std::vector<char*> pointers;
  pointers.reserve(command.size() + 1);
  for (std::string& argument : command) pointers.push_back(argument.data());
  pointers.push_back(nullptr);
  return pointers;
}

/// The child's side: nothing here may allocate, since other threads may have held the allocator when it was made.
[[noreturn]] void become(char* const* arguments, const std::optional<Identity>& identity, int output, pid_t parent) {
  ::setpgid(0, 0);
  ::dup2(output, STDOUT_FILENO);
  ::dup2(output, STDERR_FILENO);
  if (identity && (::setgroups(0, nullptr) != 0 || ::setgid(identity->group) != 0 || ::setuid(identity->user) != 0)) {
    ::_exit(126);
  }
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);  // behind setuid, which takes it back
  if (::getppid() != parent) ::_exit(125);
  ::execvp(arguments[0], arguments);
  ::_exit(127);
}

pid_t spawn(const std::vector<std::string>& command, const std::string& user, const std::string& output_path) {
  std::vector<std::string> copy = command;
  const std::vector<char*> arguments = pointers_of(copy);
  const std::optional<Identity> identity = identity_of(user);
  const int output = ::open(output_path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  if (output < 0) fail(output_path);
  const pid_t parent = ::getpid();
  const pid_t pid = ::fork();
  if (pid == 0) become(arguments.data(), identity, output, parent);
  ::close(output);
  if (pid < 0) fail("fork");
  ::setpgid(pid, pid);  // whichever of the two comes first: the group is there when this returns
  return pid;
}

std::string contents_of(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  return address;
}

bool listens(std::uint16_t port) {
  const int descriptor = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (descriptor < 0) fail("socket");
  const sockaddr_in address = loopback(port);
  const int result = ::connect(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof address);
  ::close(descriptor);
  return result == 0;
}

}  // namespace

std::uint16_t free_port() {
  const int descriptor = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (descriptor < 0) fail("socket");
  sockaddr_in address = loopback(0);
  socklen_t size = sizeof address;
  const bool found = ::bind(descriptor, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0 &&
                     ::getsockname(descriptor, reinterpret_cast<sockaddr*>(&address), &size) == 0;
  ::close(descriptor);
  if (!found) fail("bind");
  return ntohs(address.sin_port);
}

bool wait_until_listening(std::uint16_t port, std::chrono::seconds longest) {
  const auto end = std::chrono::steady_clock::now() + longest;
  while (!listens(port)) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return true;
}

void give_to_user(const std::string& directory, const std::string& user) {
  const std::optional<Identity> identity = identity_of(user);
  if (!identity) return;
  const auto give = [&](const std::filesystem::path& path) {
    if (::lchown(path.c_str(), identity->user, identity->group) != 0) fail(path.string());
  };
  give(directory);
  for (const auto& entry : std::filesystem::recursive_directory_iterator(directory)) give(entry.path());
}

void run_to_end(const std::vector<std::string>& command, const std::string& user) {
  std::string output = (std::filesystem::temp_directory_path() / "concord-command-XXXXXX").string();
  const int made = ::mkstemp(output.data());
  if (made < 0) fail("mkstemp");
  ::close(made);
  int status = 0;
  ::waitpid(spawn(command, user, output), &status, 0);
  const std::string printed = contents_of(output);
  std::filesystem::remove(output);
  if (status != 0)
    throw std::runtime_error(command.front() + " ended with " + std::to_string(status) + ":\n" + printed);
}

ServerProcess::ServerProcess(Options options) : options_(std::move(options)) { start(); }

ServerProcess::~ServerProcess() {
  if (pid_ > 0) stop(SIGKILL);
}

void ServerProcess::start() { pid_ = spawn(options_.command, options_.user, options_.output_path); }

void ServerProcess::stop(int signal) {
  if (pid_ <= 0) return;
  ::kill(pid_, signal);
  ::kill(pid_, SIGCONT);  // one that was paused takes no other signal but SIGKILL
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (running() && std::chrono::steady_clock::now() < end) std::this_thread::sleep_for(std::chrono::milliseconds(2));
  if (pid_ > 0) {
    ::kill(-pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  pid_ = -1;
}

void ServerProcess::pause() const {
  if (pid_ <= 0) return;
  ::kill(-pid_, SIGSTOP);
  siginfo_t ignored{};
  ::waitid(P_PID, static_cast<id_t>(pid_), &ignored, WSTOPPED | WEXITED | WNOWAIT);
}
void ServerProcess::resume() const {
  if (pid_ > 0) ::kill(-pid_, SIGCONT);
}

bool ServerProcess::running() {
  if (pid_ > 0 && ::waitpid(pid_, nullptr, WNOHANG) != 0) {
    ::kill(-pid_, SIGKILL);  // what it may have left behind
    pid_ = -1;
  }
  return pid_ > 0;
}

std::string ServerProcess::output() const { return contents_of(options_.output_path); }

}  // namespace concord::engines::testing
