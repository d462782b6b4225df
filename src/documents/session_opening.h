#pragma once
// What a live session holds until it is open: messages that have come before its document was there. Bounded for each,
// and for all of a node together.

#include <cstdint>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/metrics.h"
#include "base/result.h"

namespace concord::documents {

class SessionOpening {
 public:
  /// `bytes_of_all`: what all of a node hold, which each adds its own to.
  explicit SessionOpening(Gauge& bytes_of_all) : bytes_of_all_(bytes_of_all) {}
  ~SessionOpening() { drop(); }
  SessionOpening(const SessionOpening&) = delete;
  SessionOpening& operator=(const SessionOpening&) = delete;

  /// kTooLarge where it is too much of one client; kUnavailable where all together hold more than `most_of_all`, unless
  /// it is as little as a client says that has nothing new.
  Result<> keep(ByteView message, std::size_t most_of_all);
  void drop();
  const std::vector<Bytes>& messages() const { return messages_; }

  bool signing_in = false;
  std::int64_t deadline_ns = 0;
  std::string address;     // of who opens it,
  std::string request_id;  // and of their upgrade

 private:
  Gauge& bytes_of_all_;
  std::vector<Bytes> messages_;
  std::size_t bytes_ = 0;
};

}  // namespace concord::documents
