#pragma once
// Passwords, hashed and verified on threads of their own, so that sign-ins bound the cores and the memory
// they take and never wait behind disk work, nor it behind them. Any reactor.

#include <optional>
#include <string>

#include "base/metrics.h"
#include "base/reactor.h"
#include "crypto/password.h"

namespace concord::identity {

class PasswordHasher {
 public:
  PasswordHasher(crypto::PasswordCost cost, std::size_t threads, std::size_t queue, Metrics& metrics);

  /// Makes the decoy. Once, before `verify`.
  Task<> start();
  void stop() { pool_.stop(); }

  /// kUnavailable where the queue is full.
  Task<std::string> hash(std::string password);
  /// Whether the password is that of `encoded`. Where there is no such account (nullopt) the answer is false,
  /// and takes the same work: the password is verified against a decoy of the same cost.
  Task<bool> verify(std::string password, std::optional<std::string> encoded);
  bool needs_rehash(std::string_view encoded) const { return crypto::needs_rehash(encoded, cost_); }

 private:
  template <class T>
  Task<T> run(std::move_only_function<Result<T>()> work);

  const crypto::PasswordCost cost_;
  std::string decoy_;
  Histogram& seconds_;
  Gauge& pending_;
  BlockingPool pool_;
};

}  // namespace concord::identity
