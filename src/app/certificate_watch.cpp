#include "app/certificate_watch.h"

#include <sys/stat.h>

namespace concord::app {

CertificateWatch::CertificateWatch(const std::vector<std::string>& files) {
  stamps_.reserve(files.size());
  for (const std::string& file : files)
    if (!file.empty()) stamps_.push_back({.file = file});
  (void)changed();
}

bool CertificateWatch::changed() {
  bool any = false;
  for (Stamp& stamp : stamps_) {
    struct stat now{};
    if (::stat(stamp.file.c_str(), &now) != 0) continue;
    const std::int64_t modified_ns = now.st_mtim.tv_sec * 1'000'000'000LL + now.st_mtim.tv_nsec;
    if (stamp.modified_ns == modified_ns && stamp.size_bytes == now.st_size && stamp.number == now.st_ino) continue;
    stamp.modified_ns = modified_ns;
    stamp.size_bytes = now.st_size;
    stamp.number = now.st_ino;
    any = true;
  }
  return any;
}

}  // namespace concord::app
