#include "identity/passkeys.h"

#include <algorithm>

#include "crypto/base64.h"
#include "crypto/hash.h"
#include "json/object.h"
#include "json/writer.h"

namespace concord::identity {

namespace {

using engines::Transaction;

std::unexpected<Error> not_accepted(Code code) {
  return fail(
      Error{code, "the passkey was not accepted; try again", {}}.with("field", "credential").with("reason", "passkey"));
}

std::unexpected<Error> no_such_passkey() { return fail(Code::kNotFound, "you have no such passkey"); }

bool says_copied(const Error& error) {
  return std::ranges::any_of(
      error.context, [](const auto& fact) { return fact.first == "reason" && fact.second == webauthn::kCopied; });
}

std::string challenge_of(ByteView client_data) {
  const auto data = json::Object::parse(as_text(client_data), {.max_bytes = 4096, .max_values = 64, .max_depth = 4});
  if (!data) return {};
  return data->text("challenge", {.most = 256}).value_or("");
}

/// Bound to the ticket, which works once.
std::string challenge_of_ticket(std::string_view ticket) {
  return crypto::base64url_encode(crypto::sha256(as_bytes("concord passkey " + std::string(ticket))));
}

void write_credentials(json::Writer& out, std::string_view name, const std::vector<Passkey>& passkeys) {
  out.key(name).begin_array();
  for (const Passkey& one : passkeys)
    out.begin_object().field("type", "public-key").field("id", crypto::base64url_encode(one.credential.id)).end();
  out.end();
}

std::string assertion_options(const webauthn::Site& site, std::string_view challenge, bool verified,
                              const std::vector<Passkey>& passkeys) {
  json::Writer out;
  out.begin_object().field("challenge", challenge).field("rpId", site.rp_id);
  out.field("timeout", PasskeyStore::kChallengeMs).field("userVerification", verified ? "required" : "discouraged");
  write_credentials(out, "allowCredentials", passkeys);
  out.end();
  return std::move(out).take();
}

Task<> insert(Transaction& transaction, Passkeys::Added& wanted) {
  CO_TRY_VOID(co_await PasskeyStore::add(transaction, wanted.passkey));
  const UserId user = wanted.passkey.user;
  CO_TRY_VOID(co_await Accounts::note_new_credentials(transaction, user));
  CO_TRY(wanted.recovery_codes, co_await SecondFactorStore::make_first_recovery_codes(transaction, user));
  co_return Result<>();
}

struct Removing {
  UserId user;
  std::string id;
};

Task<> take_away(Transaction& transaction, const Removing& wanted) {
  CO_TRY(const bool was, co_await PasskeyStore::remove(transaction, wanted.user, wanted.id));
  if (!was) co_return no_such_passkey();
  CO_TRY_VOID(co_await Accounts::check_way_in(transaction, wanted.user));
  CO_TRY_VOID(co_await SecondFactorStore::drop_idle_recovery_codes(transaction, wanted.user));
  co_return co_await Accounts::note_new_credentials(transaction, wanted.user);
}

audit::Event event_of(std::string action, const Acting& by, const std::string& passkey) {
  audit::Event event = audit_event(std::move(action), by.who.principal.id, by.caller);
  event.session = by.who.session.str();
  event.detail.emplace_back("passkey", passkey);
  return event;
}

}  // namespace

Passkeys::Passkeys(const Options& options, Dependencies& dependencies, Accounts& accounts, PasskeyStore& store,
                   SignIn& sign_in, AccountNotices& notices, std::function<void()> changed)
    : options_(options),
      on_(dependencies),
      accounts_(accounts),
      store_(store),
      sign_in_(sign_in),
      notices_(notices),
      changed_(std::move(changed)) {}

Result<webauthn::Site> Passkeys::site() const {
  auto site = webauthn::site_of(options_.public_url);
  if (site) return std::move(*site);
  return fail(Code::kUnsupported, "passkeys need a PUBLIC_URL of https and a domain");
}

std::optional<std::string> Passkeys::works_at() const {
  auto site = webauthn::site_of(options_.public_url);
  if (!site) return std::nullopt;
  return site->origin ? std::move(*site->origin) : "http://" + site->rp_id;
}

Task<std::string> Passkeys::registration_options(Acting by, std::optional<std::string> password) {
  CO_TRY(const webauthn::Site site, site());
  const UserId user = by.who.principal.id;
  CO_TRY(const Account account, co_await sign_in_.prove(by, std::move(password), "password"));
  CO_TRY(const std::vector<Passkey> passkeys, co_await store_.list(user));
  CO_TRY(const std::string challenge,
         co_await store_.make_challenge(ChallengeFor::kRegistration, user, on_.clock.wall_ms()));
  json::Writer out;
  out.begin_object().field("challenge", challenge).key("rp").begin_object();
  out.field("id", site.rp_id).field("name", "Concord").end().key("user").begin_object();
  out.field("id", crypto::base64url_encode(as_bytes(user.str()))).field("name", account.principal.email);
  out.field("displayName", account.principal.name).end().key("pubKeyCredParams").begin_array();
  for (const std::int64_t algorithm : {webauthn::kEs256, webauthn::kRs256})
    out.begin_object().field("type", "public-key").field("alg", algorithm).end();
  out.end().field("timeout", PasskeyStore::kChallengeMs).field("attestation", "none");
  out.key("authenticatorSelection").begin_object().field("residentKey", "preferred");
  out.field("userVerification", "preferred").end();
  write_credentials(out, "excludeCredentials", passkeys);
  out.end();
  co_return std::move(out).take();
}

Task<Passkeys::Added> Passkeys::add(Acting by, std::string name, PasskeyAnswer answer) {
  CO_TRY(webauthn::Site site, site());
  CO_TRY_VOID(sign_in_.take_attempt(by.caller));
  const UserId user = by.who.principal.id;
  const std::int64_t now_ms = on_.clock.wall_ms();
  const webauthn::Expected expected{.site = std::move(site), .challenge = challenge_of(answer.client_data)};
  CO_TRY(const bool ours, co_await store_.use_challenge(expected.challenge, ChallengeFor::kRegistration, user, now_ms));
  if (!ours) co_return not_accepted(Code::kPermissionDenied);
  CO_TRY(webauthn::Credential credential,
         webauthn::check_registration(expected, answer.client_data, answer.attestation_object));
  if (credential.id != answer.credential_id) co_return not_accepted(Code::kPermissionDenied);
  Added wanted{.passkey = {.id = PasskeyStore::id_of(credential.id),
                           .user = user,
                           .name = std::move(name),
                           .credential = std::move(credential),
                           .created_ms = now_ms},
               .recovery_codes = {}};
  const auto body = [&](Transaction& transaction) { return insert(transaction, wanted); };
  CO_TRY_VOID(co_await on_.tables.transaction(body));
  changed_();
  CO_TRY_VOID(co_await on_.audit.record(event_of("account.passkey_added", by, wanted.passkey.id)));
  co_await notices_.tell(user, CredentialChange::kPasskeyAdded, std::move(by.caller));
  co_return std::move(wanted);
}

Task<Passkey> Passkeys::rename(Acting by, std::string id, std::string name) {
  const UserId user = by.who.principal.id;
  CO_TRY(const bool renamed, co_await store_.rename(user, id, std::move(name)));
  CO_TRY(std::optional<Passkey> passkey, co_await store_.find(std::move(id)));
  if (!renamed || !passkey) co_return no_such_passkey();
  CO_TRY_VOID(co_await on_.audit.record(event_of("account.passkey_renamed", by, passkey->id)));
  co_return std::move(*passkey);
}

Task<> Passkeys::remove(Acting by, std::string id, std::optional<std::string> password) {
  const UserId user = by.who.principal.id;
  CO_TRY_VOID(co_await sign_in_.prove(by, std::move(password), "password"));
  const Removing wanted{user, std::move(id)};
  const auto body = [&](Transaction& transaction) { return take_away(transaction, wanted); };
  CO_TRY_VOID(co_await on_.tables.transaction(body));
  changed_();
  CO_TRY_VOID(co_await on_.audit.record(event_of("account.passkey_removed", by, wanted.id)));
  co_await notices_.tell(user, CredentialChange::kPasskeyRemoved, std::move(by.caller));
  co_return Result<>();
}

Task<std::string> Passkeys::sign_in_options(Caller caller) {
  CO_TRY(const webauthn::Site site, site());
  CO_TRY_VOID(sign_in_.take_attempt(caller));
  CO_TRY(const std::string challenge,
         co_await store_.make_challenge(ChallengeFor::kSignIn, std::nullopt, on_.clock.wall_ms()));
  co_return assertion_options(site, challenge, true, {});
}

Task<Passkeys::Checked> Passkeys::check(webauthn::Expected expected, PasskeyAnswer answer, std::optional<UserId> user,
                                        Caller caller) {
  Checked out;
  CO_TRY(std::optional<Passkey> passkey, co_await store_.find(PasskeyStore::id_of(answer.credential_id)));
  if (!passkey || (user && passkey->user != *user)) {
    note_refused("nobody's here, or another's", caller);
    co_return out;
  }
  out.user = passkey->user;
  const bool handle_fits = answer.user_handle ? as_text(*answer.user_handle) == passkey->user.str() : user.has_value();
  if (!handle_fits) {
    note_refused("it names another user", caller);
    co_return out;
  }
  const auto count = webauthn::check_assertion(expected, passkey->credential, answer.client_data,
                                               answer.authenticator_data, answer.signature);
  if (!count) {
    if (count.error().code != Code::kPermissionDenied) co_return fail(count.error());
    note_refused(count.error().message, caller);
    if (says_copied(count.error())) CO_TRY_VOID(co_await record_copy(*passkey, caller));
    co_return out;
  }
  CO_TRY(out.accepted, co_await store_.set_used(*passkey, *count, on_.clock.wall_ms()));
  if (!out.accepted) note_refused("it was used or removed meanwhile", caller);
  co_return out;
}

void Passkeys::note_refused(std::string_view why, const Caller& caller) {
  on_.logger.warn("passkey refused", {{"reason", why}, {"address", caller.address}, {"request_id", caller.request_id}});
}

Task<> Passkeys::record_copy(const Passkey& passkey, const Caller& caller) {
  audit::Event event = audit_event("account.passkey_copied", passkey.user, caller);
  event.actor.clear();  // whoever has the copy
  event.outcome = audit::Outcome::kRefused;
  event.detail.emplace_back("passkey", passkey.id);
  co_return co_await on_.audit.record(std::move(event));
}

Task<Grant> Passkeys::sign_in(PasskeyAnswer answer, Caller caller) {
  CO_TRY(webauthn::Site site, site());
  CO_TRY_VOID(sign_in_.take_attempt(caller));
  webauthn::Expected expected{
      .site = std::move(site), .challenge = challenge_of(answer.client_data), .user_verified = true};
  CO_TRY(const bool ours,
         co_await store_.use_challenge(expected.challenge, ChallengeFor::kSignIn, std::nullopt, on_.clock.wall_ms()));
  Checked checked;
  if (ours) {
    CO_TRY(checked, co_await check(std::move(expected), std::move(answer), std::nullopt, caller));
  } else {
    note_refused("its challenge is not open", caller);
  }
  std::optional<Account> account;
  if (checked.user) {
    CO_TRY(account, co_await accounts_.find(*checked.user));
  }
  if (!checked.accepted || !account || account->deactivated_ms) {
    sign_in_.note_refused(account, checked.accepted ? "deactivated" : "passkey", caller);
    co_return not_accepted(Code::kUnauthenticated);
  }
  co_return co_await sign_in_.open(std::move(*account), std::move(caller), "passkey");
}

Task<std::optional<std::string>> Passkeys::step_options(UserId user, std::string ticket) {
  const auto site = webauthn::site_of(options_.public_url);
  CO_TRY(const std::vector<Passkey> passkeys, co_await store_.list(user));
  if (!site || passkeys.empty()) co_return std::nullopt;
  co_return std::optional(assertion_options(*site, challenge_of_ticket(ticket), false, passkeys));
}

Task<bool> Passkeys::prove(UserId user, std::string ticket, PasskeyAnswer answer, Caller caller) {
  CO_TRY(webauthn::Site site, site());
  webauthn::Expected expected{.site = std::move(site), .challenge = challenge_of_ticket(ticket)};
  CO_TRY(const Checked checked, co_await check(std::move(expected), std::move(answer), user, std::move(caller)));
  co_return checked.accepted;
}

}  // namespace concord::identity
