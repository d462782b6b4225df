#pragma once
// What can be set about identity; `settings()` in identity.h is the same as rows of the table of settings.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/config.h"
#include "crypto/password.h"
#include "identity/oauth_providers.h"

namespace concord::identity {

/// Who may make an account, once there is one.
enum class Registration : std::uint8_t { kOpen, kInvitation, kClosed };
std::string_view to_string(Registration registration);

/// Of whom a second step of signing in is demanded.
enum class SecondFactorDemand : std::uint8_t { kNobody, kAdmins, kEverybody };

struct Options {
  std::string issuer = "concord";
  std::string audience = "concord";
  crypto::PasswordCost password_cost;
  std::size_t password_min_bytes = 8;
  std::size_t password_max_bytes = 1024;
  std::size_t hash_threads = 1;  // passwords hashed at once; each needs password_cost.memory_kib
  std::size_t hash_queue = 128;  // sign-ins that wait for one of these
  std::int64_t access_token_seconds = 900;
  std::int64_t refresh_token_days = 7;
  std::int64_t signing_key_days = 90;  // 0: a key is renewed when asked alone
  std::size_t sessions_per_user = 100;
  Registration registration = Registration::kOpen;
  bool require_verified_email = false;  // who has not confirmed the e-mail acts as a guest
  SecondFactorDemand require_second_factor = SecondFactorDemand::kNobody;
  bool share_links = true;                      // to people without an account
  std::string public_url;                       // without a '/' at its end; empty: not known
  bool first_account_needs_token = false;       // the hub listens beyond loopback
  std::int64_t sign_ins_per_minute = 100;       // an address, and an account; 0: without limit
  std::int64_t registrations_per_minute = 100;  // an address; 0: without limit
  std::int64_t sign_in_delay_most_s = 900;      // after failures; 0: none
  std::size_t rate_limit_keys = 65'536;
  std::size_t token_cache_entries = 65'536;
  std::vector<Provider> providers;  // whom people may sign in with besides
  bool oauth_registration = true;   // who comes from one for the first time may make an account

  /// kInvalidArgument names the setting that is missing or malformed.
  static Result<Options> from(const Config& config, bool listens_beyond_loopback);
};

}  // namespace concord::identity
