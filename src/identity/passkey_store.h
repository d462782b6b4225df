#pragma once
// Passkeys of accounts, and the challenges that were handed out for them, in tables. A challenge is a random secret
// that is stored as its SHA-256, lives for minutes and is answered once. Any reactor.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/id.h"
#include "base/task.h"
#include "engines/tables.h"
#include "identity/webauthn.h"

namespace concord::identity {

struct Passkey {
  std::string id;  // SHA-256 of the credential's identifier, base64url
  UserId user;
  std::string name;
  webauthn::Credential credential;
  std::int64_t created_ms = 0;
  std::optional<std::int64_t> used_ms;
};

enum class ChallengeFor : std::uint8_t { kRegistration, kSignIn };

class PasskeyStore {
 public:
  static constexpr std::int64_t kMaxPasskeys = 20;  // of one user
  static constexpr std::int64_t kChallengeMs = 5 * 60'000;
  static constexpr std::int64_t kMaxChallenges = 10'000;  // of all; the newest

  explicit PasskeyStore(engines::Tables& tables) : tables_(tables) {}

  static std::string id_of(ByteView credential_id);
  /// kConflict where somebody has it, kTooLarge where the user has too many.
  static Task<> add(engines::Transaction& transaction, Passkey passkey);
  Task<std::vector<Passkey>> list(UserId user);
  Task<std::optional<Passkey>> find(std::string id);
  static Task<> remove_all(engines::Transaction& transaction, UserId user);
  /// Whether the user had it.
  static Task<bool> remove(engines::Transaction& transaction, UserId user, std::string id);
  Task<bool> rename(UserId user, std::string id, std::string name);
  /// Where the count is still `passkey`'s: whether it was.
  Task<bool> set_used(const Passkey& passkey, std::uint32_t sign_count, std::int64_t now_ms);

  /// base64url. `user`: whose registration it is for.
  Task<std::string> make_challenge(ChallengeFor purpose, std::optional<UserId> user, std::int64_t now_ms);
  /// Whether it was handed out for that, and was not answered yet. It has been from here on.
  Task<bool> use_challenge(std::string challenge, ChallengeFor purpose, std::optional<UserId> user,
                           std::int64_t now_ms);

 private:
  engines::Tables& tables_;
};

}  // namespace concord::identity
