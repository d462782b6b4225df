#pragma once
// How many messages a client may send: so many a second, and four seconds' worth at once. The generic cell rate
// algorithm (ITU-T I.371): one number.

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace concord::documents {

class MessageRate {
 public:
  /// Counts a message; false where it is one too many. Monotonic time.
  bool allow(std::int64_t now_ns, std::size_t per_second) {
    full_ns_ = std::max(full_ns_, now_ns) + 1'000'000'000 / static_cast<std::int64_t>(per_second);
    return full_ns_ - now_ns <= kBurst * 1'000'000'000;
  }

 private:
  static constexpr std::int64_t kBurst = 4;  // seconds of the rate that may come at once
  std::int64_t full_ns_ = 0;                 // when the bucket was full
};

}  // namespace concord::documents
