#include "relay/credits.h"

#include <utility>

namespace concord::relay {

namespace {
constexpr std::int64_t kLookMs = 20;
}

void Credits::owes(Creditor& who) {
  owing_.insert(&who);
  if (!std::exchange(looking_, true)) tasks_.spawn(look());
}

asio::awaitable<void> Credits::look() {
  while (!owing_.empty() && co_await sleep_ms(kLookMs)) {
    std::erase_if(owing_, [](Creditor* who) { return who->settle(); });
  }
  looking_ = false;
}

}  // namespace concord::relay
