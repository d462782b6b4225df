#pragma once
// Tickets of sign-ins that are under way: who has shown a password shows one with the second step. A ticket is a random
// secret that is stored as its SHA-256, lives for minutes, bears a few tries, and works once. Any reactor.

#include <cstdint>
#include <optional>
#include <string>

#include "base/id.h"
#include "base/task.h"
#include "engines/tables.h"

namespace concord::identity {

/// Whose sign-in it is, and the credentials of the account when it began: changed since, nothing is opened.
struct Ticket {
  UserId user;
  std::int64_t credentials = 0;
};

class Tickets {
 public:
  static constexpr std::int64_t kLifetimeMs = 5 * 60'000;
  static constexpr std::int64_t kTries = 10;
  static constexpr std::int64_t kPerUser = 10;  // the newest

  explicit Tickets(engines::Tables& tables) : tables_(tables) {}

  /// The secret.
  Task<std::string> make(Ticket ticket, std::int64_t now_ms);
  /// Counts one try; absent where there is no such ticket, or it is too old, or was tried too often.
  Task<std::optional<Ticket>> try_once(std::string secret, std::int64_t now_ms);
  /// Whether it was there still: it is not any more.
  Task<bool> use(std::string secret);

 private:
  engines::Tables& tables_;
};

}  // namespace concord::identity
