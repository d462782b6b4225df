#include "identity/second_factor.h"

#include <algorithm>

#include "crypto/base32.h"
#include "crypto/one_time_code.h"
#include "crypto/random.h"
#include "identity/oidc_metadata.h"

namespace concord::identity {

namespace {

using engines::Transaction;

std::unexpected<Error> wrong_code(Code code) {
  return fail(Error{code, "the code is wrong, or was used before", {}}.with("field", "code").with("reason", "code"));
}

std::unexpected<Error> wrong_passkey() {
  return fail(Error{Code::kUnauthenticated, "the passkey was not accepted; try again", {}}
                  .with("field", "credential")
                  .with("reason", "passkey"));
}

bool is_app_code(std::string_view code) {
  return code.size() == crypto::kCodeDigits && std::ranges::all_of(code, [](char c) { return c >= '0' && c <= '9'; });
}

/// The host of "https://host:port/path".
std::string_view host_of(std::string_view url) {
  const auto scheme = url.find("://");
  if (scheme == std::string_view::npos) return {};
  url.remove_prefix(scheme + 3);
  return url.substr(0, url.find_first_of(":/"));
}

struct Enabling {
  UserId user;
  SecondFactorStore::PendingTotp pending;
  std::int64_t step = 0, now_ms = 0;
  std::vector<std::string> codes;
};

Task<> enable(Transaction& transaction, Enabling& wanted) {
  CO_TRY(const bool confirmed, co_await SecondFactorStore::confirm_totp(transaction, wanted.user, wanted.pending.stored,
                                                                        wanted.step, wanted.now_ms));
  if (!confirmed) co_return fail(Code::kConflict, "another secret was made meanwhile");
  CO_TRY_VOID(co_await Accounts::note_new_credentials(transaction, wanted.user));
  CO_TRY(wanted.codes, co_await SecondFactorStore::make_recovery_codes(transaction, wanted.user));
  co_return Result<>();
}

Task<> disable(Transaction& transaction, UserId user) {
  CO_TRY_VOID(co_await SecondFactorStore::remove_totp(transaction, user));
  co_return co_await Accounts::note_new_credentials(transaction, user);
}

struct Reset {
  UserId user;
  std::int64_t now_ms = 0;
  std::vector<SessionId> gone;
};

Task<> reset_all(Transaction& transaction, Reset& wanted) {
  CO_TRY_VOID(co_await PasskeyStore::remove_all(transaction, wanted.user));
  CO_TRY_VOID(co_await disable(transaction, wanted.user));
  CO_TRY(wanted.gone, co_await Sessions::end_all(transaction, wanted.user, std::nullopt, wanted.now_ms));
  co_return Result<>();
}

Task<> renew(Transaction& transaction, UserId user, std::vector<std::string>& codes) {
  CO_TRY(codes, co_await SecondFactorStore::make_recovery_codes(transaction, user));
  co_return Result<>();
}

}  // namespace

std::string otpauth_uri(std::string_view issuer, std::string_view email, std::string_view secret) {
  const std::string name = percent_encode(issuer);
  return "otpauth://totp/" + name + ":" + percent_encode(email) + "?secret=" + std::string(secret) + "&issuer=" + name +
         "&algorithm=SHA1&digits=6&period=30";
}

SecondFactor::SecondFactor(const Options& options, Dependencies& dependencies, Accounts& accounts,
                           SecondFactorStore& factors, Tickets& tickets, EndedSessions& ended, SignIn& sign_in,
                           AccountChanges& changes, AccountNotices& notices, Passkeys& passkeys,
                           std::function<void()> changed)
    : options_(options),
      on_(dependencies),
      accounts_(accounts),
      factors_(factors),
      tickets_(tickets),
      ended_(ended),
      sign_in_(sign_in),
      changes_(changes),
      notices_(notices),
      passkeys_(passkeys),
      changed_(std::move(changed)) {}

Task<> SecondFactor::record(std::string action, const Acting& by, UserId user) {
  audit::Event event = audit_event(std::move(action), by.who.principal.id, by.caller);
  event.target = user.str();
  event.session = by.who.session.str();
  return on_.audit.record(std::move(event));
}

Task<bool> SecondFactor::has_password(UserId user) {
  CO_TRY(const std::optional<Account> account, co_await accounts_.find(user));
  co_return account && !account->password_hash.empty();
}

Task<SecondFactor::Enrolment> SecondFactor::begin_totp(Acting by, std::optional<std::string> password) {
  const UserId user = by.who.principal.id;
  CO_TRY(const Account account, co_await sign_in_.prove(by, std::move(password), "password"));
  const auto secret = crypto::random_array<crypto::kCodeSecretBytes>();
  CO_TRY_VOID(co_await factors_.begin_totp(user, to_bytes(secret), on_.clock.wall_ms()));
  const std::string text = crypto::base32_encode(secret);
  const std::string_view host = host_of(options_.public_url);
  co_return Enrolment{.secret = text,
                      .uri = otpauth_uri(host.empty() ? std::string("Concord") : "Concord at " + std::string(host),
                                         account.principal.email, text)};
}

Task<std::vector<std::string>> SecondFactor::confirm_totp(Acting by, std::string code) {
  CO_TRY_VOID(sign_in_.take_attempt(by.caller));
  Enabling wanted{.user = by.who.principal.id, .now_ms = on_.clock.wall_ms()};
  CO_TRY(auto pending, co_await factors_.pending_totp(wanted.user));
  if (!pending) co_return fail(Code::kConflict, "there is no new secret to confirm; begin with one");
  const auto step = crypto::match_code(pending->secret, code, wanted.now_ms, 0);
  if (!step) co_return wrong_code(Code::kPermissionDenied);
  wanted.pending = std::move(*pending);
  wanted.step = *step;
  const auto body = [&](Transaction& transaction) { return enable(transaction, wanted); };
  CO_TRY_VOID(co_await on_.tables.transaction(body));
  changed_();
  CO_TRY_VOID(co_await record("account.second_factor_enabled", by, wanted.user));
  co_await notices_.tell(wanted.user, CredentialChange::kAppCodesOn, std::move(by.caller));
  co_return std::move(wanted.codes);
}

Task<SecondFactor::Used> SecondFactor::use(UserId user, std::string code) {
  if (is_app_code(code)) {
    CO_TRY(const bool right, co_await factors_.use_totp(user, std::move(code), on_.clock.wall_ms()));
    co_return right ? Used::kTotp : Used::kNone;
  }
  CO_TRY(const bool right, co_await factors_.use_recovery_code(user, std::move(code)));
  co_return right ? Used::kRecoveryCode : Used::kNone;
}

Task<Account> SecondFactor::prove(const Acting& by, std::optional<std::string> password, std::string code) {
  const UserId user = by.who.principal.id;
  CO_TRY(Account account, co_await sign_in_.prove(by, std::move(password), "password"));
  CO_TRY(const Factors factors, co_await factors_.of(user));
  if (!factors.any()) co_return fail(Code::kConflict, "there is no second step");
  CO_TRY(const Used used, co_await use(user, std::move(code)));
  if (used == Used::kNone) {
    audit::Event event = audit_event("account.second_factor_checked", user, by.caller);
    event.outcome = audit::Outcome::kRefused;
    event.detail.emplace_back("reason", "wrong code");
    on_.audit.note(std::move(event));
    co_return wrong_code(Code::kPermissionDenied);
  }
  co_return account;
}

Task<> SecondFactor::disable_totp(Acting by, std::optional<std::string> password, std::string code) {
  const UserId user = by.who.principal.id;
  CO_TRY_VOID(co_await prove(by, std::move(password), std::move(code)));
  const auto body = [user](Transaction& transaction) { return disable(transaction, user); };
  CO_TRY_VOID(co_await on_.tables.transaction(body));
  changed_();
  CO_TRY_VOID(co_await record("account.second_factor_disabled", by, user));
  co_await notices_.tell(user, CredentialChange::kAppCodesOff, std::move(by.caller));
  co_return Result<>();
}

Task<std::vector<std::string>> SecondFactor::renew_recovery_codes(Acting by, std::optional<std::string> password,
                                                                  std::string code) {
  const UserId user = by.who.principal.id;
  CO_TRY_VOID(co_await prove(by, std::move(password), std::move(code)));
  std::vector<std::string> codes;
  const auto body = [&](Transaction& transaction) { return renew(transaction, user, codes); };
  CO_TRY_VOID(co_await on_.tables.transaction(body));
  CO_TRY_VOID(co_await record("account.recovery_codes_made", by, user));
  co_await notices_.tell(user, CredentialChange::kRecoveryCodes, std::move(by.caller));
  co_return codes;
}

Task<> SecondFactor::reset(Acting by, UserId user) {
  CO_TRY_VOID(co_await changes_.administered(by, user));
  Reset wanted{.user = user, .now_ms = on_.clock.wall_ms()};
  const auto body = [&](Transaction& transaction) { return reset_all(transaction, wanted); };
  CO_TRY_VOID(co_await on_.tables.transaction(body));
  changed_();
  for (const SessionId session : wanted.gone) ended_.add(session);
  CO_TRY_VOID(co_await record("account.second_factor_reset", by, user));
  co_await notices_.tell(user, CredentialChange::kSecondFactorReset, std::move(by.caller));
  co_return Result<>();
}

Task<SecondFactor::Used> SecondFactor::use(UserId user, std::string ticket, SecondStepProof proof, Caller caller) {
  if (!proof.passkey) co_return co_await use(user, std::move(proof.code));
  CO_TRY(const bool right,
         co_await passkeys_.prove(user, std::move(ticket), std::move(*proof.passkey), std::move(caller)));
  co_return right ? Used::kPasskey : Used::kNone;
}

Task<Grant> SecondFactor::log_in(std::string ticket, SecondStepProof proof, Caller caller) {
  CO_TRY_VOID(sign_in_.take_attempt(caller));
  CO_TRY(const auto begun, co_await tickets_.try_once(ticket, on_.clock.wall_ms()));
  if (!begun) co_return SignIn::begin_again();
  CO_TRY(std::optional<Account> account, co_await accounts_.find(begun->user));
  if (!account) co_return SignIn::begin_again();
  const bool by_passkey = proof.passkey.has_value();
  CO_TRY(const Used used, co_await use(begun->user, ticket, std::move(proof), caller));
  if (used == Used::kNone) {
    sign_in_.note_refused(account, by_passkey ? "passkey" : "wrong code", caller);
    if (by_passkey) co_return wrong_passkey();
    co_return wrong_code(Code::kUnauthenticated);
  }
  // Of two that come with one ticket one goes on.
  CO_TRY(const bool mine, co_await tickets_.use(std::move(ticket)));
  if (!mine) co_return SignIn::begin_again();
  account->credentials = begun->credentials;
  co_return co_await sign_in_.open(std::move(*account), std::move(caller),
                                   used == Used::kTotp      ? "one-time code"
                                   : used == Used::kPasskey ? "passkey"
                                                            : "recovery code");
}

}  // namespace concord::identity
