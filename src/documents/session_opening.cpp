#include "documents/session_opening.h"

#include <utility>

namespace concord::documents {

namespace {
constexpr std::size_t kMostBytes = 8u << 20u;
constexpr std::size_t kFewBytes = 4u << 10u;
}  // namespace

Result<> SessionOpening::keep(ByteView message, std::size_t most_of_all) {
  if (bytes_ + message.size() > kMostBytes) return fail(Code::kTooLarge, "too much before the session was open");
  if (bytes_ + message.size() > kFewBytes &&
      bytes_of_all_.value() + static_cast<std::int64_t>(message.size()) > static_cast<std::int64_t>(most_of_all))
    return fail(Code::kUnavailable, "too much is on its way to sessions that are not open yet");
  bytes_ += message.size();
  bytes_of_all_.add(static_cast<std::int64_t>(message.size()));
  messages_.push_back(to_bytes(message));
  return {};
}

void SessionOpening::drop() {
  bytes_of_all_.add(-static_cast<std::int64_t>(std::exchange(bytes_, 0)));
  messages_ = {};
}

}  // namespace concord::documents
