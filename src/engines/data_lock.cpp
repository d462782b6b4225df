#include "engines/data_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <system_error>

namespace concord::engines {
namespace {

std::string holder(int fd) {
  std::array<char, 24> text{};
  const ssize_t count = ::pread(fd, text.data(), text.size(), 0);
  std::string pid(text.data(), static_cast<std::size_t>(count > 0 ? count : 0));
  while (!pid.empty() && pid.back() == '\n') pid.pop_back();
  return pid.empty() ? "another process" : "process " + pid;
}

}  // namespace

Result<std::unique_ptr<DataLock>> DataLock::take(const std::string& directory) {
  const std::string path = directory + "/LOCK";
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0) return fail(Code::kUnavailable, "cannot open " + path + ": " + std::generic_category().message(errno));
  std::unique_ptr<DataLock> lock(new DataLock(fd));
  if (::flock(fd, LOCK_EX | LOCK_NB) != 0) {
    if (errno == EWOULDBLOCK)
      return fail(Code::kConflict, "the data directory " + directory + " is in use by " + holder(fd));
    return fail(Code::kUnavailable, "cannot lock " + path + ": " + std::generic_category().message(errno));
  }
  // The number is for people; that it cannot be written does not matter.
  const std::string pid = std::to_string(::getpid()) + "\n";
  if (::ftruncate(fd, 0) == 0) static_cast<void>(::pwrite(fd, pid.data(), pid.size(), 0) == 0);
  return lock;
}

DataLock::~DataLock() { ::close(fd_); }

}  // namespace concord::engines
