#include "identity/password_hasher.h"

#include <chrono>

#include "crypto/base64.h"
#include "crypto/random.h"

namespace concord::identity {

PasswordHasher::PasswordHasher(crypto::PasswordCost cost, std::size_t threads, std::size_t queue, Metrics& metrics)
    : cost_(cost),
      seconds_(metrics.histogram("concord_identity_password_hash_seconds",
                                 "Time of one password hash on its thread, without the queue.", latency_bounds())),
      pending_(metrics.gauge("concord_identity_password_hashes_pending", "Passwords being hashed or waiting for it.")),
      pool_(threads, queue) {}

Task<> PasswordHasher::start() {
  CO_TRY(decoy_, co_await hash(crypto::base64url_encode(crypto::random_array<16>())));
  co_return Result<>();
}

template <class T>
Task<T> PasswordHasher::run(std::move_only_function<Result<T>()> work) {
  pending_.add(1);
  Result<T> result = co_await pool_.run<T>([this, &work] {
    const auto from = std::chrono::steady_clock::now();
    Result<T> done = work();
    seconds_.record(std::chrono::duration<double>(std::chrono::steady_clock::now() - from).count());
    return done;
  });
  pending_.add(-1);
  co_return result;
}

Task<std::string> PasswordHasher::hash(std::string password) {
  return run<std::string>([this, password = std::move(password)] { return crypto::hash_password(password, cost_); });
}

Task<bool> PasswordHasher::verify(std::string password, std::optional<std::string> encoded) {
  const bool known = encoded.has_value();
  return run<bool>([known, password = std::move(password), against = std::move(encoded).value_or(decoy_)]() {
    Result<bool> same = crypto::verify_password(password, against);
    return known || !same ? same : Result<bool>(false);
  });
}

}  // namespace concord::identity
