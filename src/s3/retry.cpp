#include "s3/retry.h"

#include <algorithm>

namespace concord::s3 {
namespace {

/// `first` doubled `times` times, at most `most`.
std::int64_t doubled(std::int64_t first, std::int64_t times, std::int64_t most) {
  std::int64_t value = std::min(first, most);
  for (std::int64_t i = 0; i < times && value < most; ++i) value = std::min(value * 2, most);
  return value;
}

}  // namespace

std::int64_t backoff_ms(std::int64_t failed, std::int64_t first_ms, std::int64_t most_ms, double chance) {
  const std::int64_t longest = doubled(first_ms, failed - 1, most_ms);
  return static_cast<std::int64_t>(chance * static_cast<double>(longest + 1));
}

}  // namespace concord::s3
