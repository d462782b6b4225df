#include "app/restart_policy.h"

namespace concord::app {

RestartPolicy::RestartPolicy(Options options)
    : options_(options), delay_(options.least_delay_ms, options.most_delay_ms) {}

std::optional<std::int64_t> RestartPolicy::died(std::int64_t now_ms, std::uint64_t random) {
  while (!deaths_ms_.empty() && now_ms - deaths_ms_.front() >= options_.within_ms) deaths_ms_.pop_front();
  if (deaths_ms_.empty()) delay_.reset();
  if (deaths_ms_.size() >= options_.most) return std::nullopt;
  deaths_ms_.push_back(now_ms);
  return delay_.next_ms(random);
}

}  // namespace concord::app
