#include "identity/options.h"

#include <algorithm>
#include <array>
#include <thread>

#include "identity/identity.h"
#include "identity/oidc_metadata.h"

namespace concord::identity {

namespace {

constexpr auto kInteger = SettingType::kInteger;

const std::array kSettings{
    Setting{.name = "PUBLIC_URL",
            .most = 255,
            .meaning = "The address people reach this hub by, https://…; access tokens name it as their issuer."},
    Setting{.name = "REGISTRATION",
            .fallback = "open",
            .meaning =
                "Who may make an account: anybody who reaches the hub, who was invited by an admin, or nobody; the "
                "first account can always be made.",
            .choices = {"open", "invitation", "closed"}},
    Setting{.name = "REQUIRE_VERIFIED_EMAIL",
            .type = SettingType::kBoolean,
            .fallback = "false",
            .meaning = "Whether an account acts as a guest until its e-mail is confirmed."},
    Setting{.name = "REQUIRE_SECOND_FACTOR",
            .fallback = "off",
            .meaning = "Of whom a second step of signing in is demanded; who has none may only set one up, and so long "
                       "their agents may do nothing.",
            .choices = {"off", "admins", "everybody"}},
    Setting{.name = "SHARE_LINKS",
            .type = SettingType::kBoolean,
            .fallback = "true",
            .meaning = "Whether documents and folders may be shared by a link with people who have no account."},
    Setting{.name = "PASSWORD_MIN_LENGTH",
            .type = kInteger,
            .fallback = "8",
            .least = 8,
            .most = 128,
            .meaning = "The fewest bytes of a new password."},
    Setting{.name = "ARGON2_MEMORY_KIB",
            .type = kInteger,
            .fallback = "19456",
            .least = 8192,
            .most = 1 << 20,
            .meaning = "Memory of one password hash; existing hashes are renewed at the next sign-in."},
    Setting{.name = "ARGON2_ITERATIONS",
            .type = kInteger,
            .fallback = "2",
            .least = 1,
            .most = 32,
            .meaning = "Passes of one password hash over its memory."},
    Setting{.name = "ARGON2_PARALLELISM",
            .type = kInteger,
            .fallback = "1",
            .least = 1,
            .most = 16,
            .meaning = "Lanes of one password hash; they are computed one after the other."},
    Setting{.name = "SIGN_IN_THREADS",
            .type = kInteger,
            .fallback = "0",
            .least = 0,
            .most = 256,
            .meaning = "Passwords hashed at once; 0 means half of the cores, at least one."},
    Setting{.name = "SIGN_IN_QUEUE_LENGTH",
            .type = kInteger,
            .fallback = "128",
            .least = 1,
            .most = 65'536,
            .meaning = "Sign-ins that may wait to be hashed before more are told to come back later."},
    Setting{
        .name = "SIGN_IN_RATE_PER_MINUTE",
        .type = kInteger,
        .fallback = "100",
        .least = 0,
        .most = 1'000'000,
        .meaning = "Sign-ins tried from one address, and at one account; so too links opened; 0 means without limit."},
    Setting{.name = "SIGN_IN_DELAY_MAX_SECONDS",
            .type = kInteger,
            .fallback = "900",
            .least = 0,
            .most = 86'400,
            .meaning = "The longest that a try to sign in has to wait after failed ones; 0 means not at all."},
    Setting{.name = "REGISTER_RATE_PER_MINUTE",
            .type = kInteger,
            .fallback = "100",
            .least = 0,
            .most = 1'000'000,
            .meaning = "Accounts tried to make from one address; 0 means without limit."},
    Setting{.name = "RATE_LIMIT_KEYS",
            .type = kInteger,
            .fallback = "65536",
            .least = 16,
            .most = 10'000'000,
            .meaning = "Addresses and accounts whose rate is remembered; beyond it the longest idle is forgotten."},
    Setting{.name = "ACCESS_TOKEN_SECONDS",
            .type = kInteger,
            .fallback = "900",
            .least = 10,
            .most = 86'400,
            .meaning = "How long an access token is valid."},
    Setting{.name = "REFRESH_TOKEN_DAYS",
            .type = kInteger,
            .fallback = "7",
            .least = 1,
            .most = 365,
            .meaning = "How long a session lasts after its last refresh."},
    Setting{.name = "SIGNING_KEY_DAYS",
            .type = kInteger,
            .fallback = "90",
            .least = 0,
            .most = 3650,
            .meaning = "When the key that signs access tokens gets a successor; 0: only when an admin asks for it."},
    Setting{.name = "SESSIONS_PER_USER",
            .type = kInteger,
            .fallback = "100",
            .least = 1,
            .most = 10'000,
            .meaning = "Sessions of one account; a further sign-in ends the one refreshed longest ago."},
    Setting{
        .name = "TOKEN_CACHE_ENTRIES",
        .type = kInteger,
        .fallback = "65536",
        .least = 64,
        .most = 10'000'000,
        .meaning = "Checked access tokens, and the sessions they are of, that are remembered, about 300 bytes each."},
};

std::size_t count(const Config& config, std::string_view name) {
  return static_cast<std::size_t>(config.integer(name));
}

constexpr std::array<std::string_view, 3> kRegistrations{"open", "invitation", "closed"};

Registration registration_of(std::string_view text) {
  return static_cast<Registration>(std::ranges::find(kRegistrations, text) - kRegistrations.begin());
}

SecondFactorDemand demand_of(std::string_view text) {
  if (text == "everybody") return SecondFactorDemand::kEverybody;
  return text == "admins" ? SecondFactorDemand::kAdmins : SecondFactorDemand::kNobody;
}

}  // namespace

std::string_view to_string(Registration registration) { return kRegistrations[static_cast<std::size_t>(registration)]; }

std::span<const Setting> settings() {
  static const std::vector<Setting> all = [] {
    std::vector<Setting> rows(kSettings.begin(), kSettings.end());
    rows.insert(rows.end(), oauth_settings().begin(), oauth_settings().end());
    return rows;
  }();
  return all;
}

Result<Options> Options::from(const Config& config, bool listens_beyond_loopback) {
  Options options;
  if (const std::string& url = config.string("PUBLIC_URL"); !url.empty()) options.issuer = url;
  options.public_url = config.string("PUBLIC_URL");
  while (options.public_url.ends_with('/')) options.public_url.pop_back();
  options.registration = registration_of(config.string("REGISTRATION"));
  options.require_verified_email = config.boolean("REQUIRE_VERIFIED_EMAIL");
  options.require_second_factor = demand_of(config.string("REQUIRE_SECOND_FACTOR"));
  options.share_links = config.boolean("SHARE_LINKS");
  options.password_min_bytes = count(config, "PASSWORD_MIN_LENGTH");
  options.password_cost = {.memory_kib = static_cast<std::uint32_t>(config.integer("ARGON2_MEMORY_KIB")),
                           .iterations = static_cast<std::uint32_t>(config.integer("ARGON2_ITERATIONS")),
                           .parallelism = static_cast<std::uint32_t>(config.integer("ARGON2_PARALLELISM"))};
  options.hash_threads = count(config, "SIGN_IN_THREADS");
  if (options.hash_threads == 0) options.hash_threads = std::max(1U, std::thread::hardware_concurrency() / 2);
  options.hash_queue = count(config, "SIGN_IN_QUEUE_LENGTH");
  options.sign_ins_per_minute = config.integer("SIGN_IN_RATE_PER_MINUTE");
  options.registrations_per_minute = config.integer("REGISTER_RATE_PER_MINUTE");
  options.sign_in_delay_most_s = config.integer("SIGN_IN_DELAY_MAX_SECONDS");
  options.rate_limit_keys = count(config, "RATE_LIMIT_KEYS");
  options.access_token_seconds = config.integer("ACCESS_TOKEN_SECONDS");
  options.refresh_token_days = config.integer("REFRESH_TOKEN_DAYS");
  options.signing_key_days = config.integer("SIGNING_KEY_DAYS");
  options.sessions_per_user = count(config, "SESSIONS_PER_USER");
  options.token_cache_entries = count(config, "TOKEN_CACHE_ENTRIES");
  options.first_account_needs_token = listens_beyond_loopback;
  options.oauth_registration = config.boolean("OAUTH_REGISTRATION");
  TRY(options.providers, oauth_providers_from(config));
  if (!options.providers.empty() && !is_provider_url(options.public_url, true))
    return fail(Error{Code::kInvalidArgument,
                      "PUBLIC_URL must be set, https://… (http://… on this machine alone), since OAUTH_PROVIDERS is: "
                      "services send people back to it",
                      {{"field", "PUBLIC_URL"}}});
  return options;
}

}  // namespace concord::identity
