#include "crypto/random.h"

#include <sys/random.h>

#include <cerrno>
#include <cstdlib>

namespace concord::crypto {

void random_bytes(std::span<std::uint8_t> out) {
  while (!out.empty()) {
    const ssize_t got = ::getrandom(out.data(), out.size(), 0);
    if (got > 0)
      out = out.subspan(static_cast<std::size_t>(got));
    else if (errno != EINTR)
      std::abort();
  }
}

}  // namespace concord::crypto
