#include "app/supervised.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <sstream>

namespace concord::app {

Result<std::unique_ptr<Supervised>> Supervised::from_environment() {
  const char* const told = std::getenv(kSupervisorVariable);
  if (told == nullptr) return nullptr;
  std::istringstream words(told);
  pid_t supervisor = 0;
  int fd = -1;
  std::uint64_t restarts = 0;
  struct stat about{};
  if (!(words >> supervisor >> fd >> restarts) || fd < 3 || ::fstat(fd, &about) != 0 || !S_ISFIFO(about.st_mode))
    return fail(Code::kInvalidArgument, std::string(kSupervisorVariable) + " is set by the supervisor alone; unset it");
  ::unsetenv(kSupervisorVariable);
  ::fcntl(fd, F_SETFD, FD_CLOEXEC);
  ::fcntl(fd, F_SETFL, ::fcntl(fd, F_GETFL) | O_NONBLOCK);
  ::prctl(PR_SET_NAME, "concord");  // it was started by the name of /proc/self/exe
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != supervisor) return fail(Code::kUnavailable, "the supervisor of this hub is gone");
  return std::unique_ptr<Supervised>(new Supervised(fd, restarts));
}

}  // namespace concord::app
