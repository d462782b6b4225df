#pragma once
// What an account signs in by besides its password, in tables: the secret of an authenticator app, and recovery codes;
// passkeys are in passkey_store.h. Any reactor.
//
// The secret is stored sealed with the user's key (vault/sealed.h) where encryption at rest is on, else as it is, as
// the signing keys are; recovery codes as their SHA-256: each has 80 random bits.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/id.h"
#include "base/task.h"
#include "engines/tables.h"

namespace concord::vault {
class Vault;
}

namespace concord::identity {

/// What an account has; without any its password alone signs in.
struct Factors {
  bool totp = false;
  std::int64_t passkeys = 0;
  std::int64_t recovery_codes = 0;  // that are left

  bool any() const { return totp || passkeys > 0; }
};

class SecondFactorStore {
 public:
  /// `vault` may be null: then nothing is sealed.
  SecondFactorStore(engines::Tables& tables, vault::Vault* vault) : tables_(tables), vault_(vault) {}

  Task<Factors> of(UserId user);
  /// Those of them who have any (Factors::any), in no order.
  Task<std::vector<UserId>> having_any(std::vector<UserId> users);

  /// A secret that does not count until it is confirmed; it takes the place of an earlier one. kConflict where one is
  /// confirmed.
  Task<> begin_totp(UserId user, Bytes secret, std::int64_t now_ms);
  struct PendingTotp {
    Bytes stored;
    Bytes secret;
  };
  /// The one that waits to be confirmed.
  Task<std::optional<PendingTotp>> pending_totp(UserId user);
  /// Where it is still the one that waits: whether it was. `step`: that of the code it was confirmed by.
  static Task<bool> confirm_totp(engines::Transaction& transaction, UserId user, Bytes stored, std::int64_t step,
                                 std::int64_t now_ms);

  /// Whether the code is the app's now and was not used before. A failed try counts, and from kFreeTries in a row on
  /// the next has to wait: half a minute, then twice as long each time, at most an hour; a right one ends that.
  /// kRateLimited with the context `retry_after` until then, without a look at the code.
  Task<bool> use_totp(UserId user, std::string code, std::int64_t now_ms);
  static constexpr std::int64_t kFreeTries = 5;

  /// Takes the place of those there are. As people write them down: four groups of four.
  static Task<std::vector<std::string>> make_recovery_codes(engines::Transaction& transaction, UserId user);
  static constexpr std::size_t kRecoveryCodes = 10;
  /// The same where there are none; else nothing, and no codes.
  static Task<std::vector<std::string>> make_first_recovery_codes(engines::Transaction& transaction, UserId user);
  /// Whether it was one of the user's; it is none any more. Blanks, dashes and capitals do not count.
  Task<bool> use_recovery_code(UserId user, std::string code);

  static Task<> remove_totp(engines::Transaction& transaction, UserId user);
  /// The recovery codes, where there is nothing that they could stand in for.
  static Task<> drop_idle_recovery_codes(engines::Transaction& transaction, UserId user);

 private:
  Task<Bytes> seal(UserId user, Bytes secret);
  Task<Bytes> open(UserId user, Bytes stored);
  Task<std::int64_t> wait_ms(UserId user, std::int64_t now_ms);

  engines::Tables& tables_;
  vault::Vault* const vault_;
};

/// The form in which a recovery code is hashed: letters and digits alone, in lower case.
std::string plain_recovery_code(std::string_view text);

}  // namespace concord::identity
