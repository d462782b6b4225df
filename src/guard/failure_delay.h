#pragma once
// A delay that grows with failures: a few are free, then each doubles the time until the next try may be made, up to a
// bound. Time is passed in. One thread.

#include <cstdint>
#include <optional>

#include "guard/recent_map.h"

namespace concord::guard {

struct DelayRule {
  std::int64_t free = 5;                // failures without a delay
  std::int64_t first_ms = 1000;         // after the next one
  std::int64_t most_ms = 900'000;       // a delay is never longer; 0: there is none
  std::int64_t forget_ms = 86'400'000;  // failures are forgotten after as long without a further one
};

class FailureDelay {
 public:
  /// Beyond `most_keys` the one that was tried longest ago is forgotten.
  FailureDelay(DelayRule rule, std::size_t most_keys) : rule_(rule), failures_(most_keys) {}

  /// How long until the key may be tried; nullopt: now.
  std::optional<std::int64_t> wait_ms(const Key& key, std::int64_t now_ms);
  /// A try begins. Where failures are not free any more it delays the next as if it had failed already: many tries at
  /// once do not get by while the first of them is looked at.
  void begin(const Key& key, std::int64_t now_ms);
  void failed(const Key& key, std::int64_t now_ms);
  /// Takes back so many failures, by default all; the delay ends where what is left is free.
  void forgive(const Key& key, std::int64_t failures = INT64_MAX);
  std::int64_t failures(const Key& key, std::int64_t now_ms);
  std::size_t size() const { return failures_.size(); }

 private:
  struct Failures {
    std::int64_t count = 0;
    std::int64_t last_ms = 0;
    std::int64_t not_before_ms = 0;
  };
  /// Null where nothing is remembered.
  Failures* find(const Key& key, std::int64_t now_ms);
  std::int64_t delay_ms(std::int64_t failures) const;

  const DelayRule rule_;
  RecentMap<Failures> failures_;
};

}  // namespace concord::guard
