#pragma once
// Whether files have changed since they were last asked about, by what the file system says of them.

#include <cstdint>
#include <string>
#include <vector>

namespace concord::app {

class CertificateWatch {
 public:
  /// Empty names are left out.
  explicit CertificateWatch(const std::vector<std::string>& files);
  /// Since this was made or last said so. A file that is not there for a moment has not changed.
  bool changed();

 private:
  struct Stamp {
    std::string file;
    std::int64_t modified_ns = 0;
    std::int64_t size_bytes = 0;
    std::uint64_t number = 0;  // the inode's
  };
  std::vector<Stamp> stamps_;
};

}  // namespace concord::app
