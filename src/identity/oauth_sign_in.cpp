#include "identity/oauth_sign_in.h"

#include <algorithm>

#include "identity/one_time_secret.h"
#include "identity/route_parts.h"

namespace concord::identity {

namespace {

using engines::Transaction;

std::string reason_of(const Error& error) {
  for (const auto& [name, value] : error.context)
    if (name == "reason") return value;
  return std::string(to_string(error.code));
}

std::string problem_of(const Error& error) { return error.code == Code::kUnauthenticated ? "answer" : "unanswered"; }

struct Connecting {
  UserId user;
  OAuthProof proof;
  std::int64_t now_ms = 0;
};

Task<> connect_all(Transaction& transaction, const Connecting& wanted) {
  return OAuthConnections::connect(transaction, wanted.user, wanted.proof, wanted.now_ms);
}

}  // namespace

OAuthSignIn::OAuthSignIn(const Options& options, Dependencies& dependencies, Accounts& accounts, SignIn& sign_in,
                         AccountNotices& notices, const AskProvider& ask)
    : options_(options),
      on_(dependencies),
      accounts_(accounts),
      sign_in_(sign_in),
      notices_(notices),
      attempts_(dependencies.tables),
      connections_(dependencies.tables) {
  for (const Provider& provider : options_.providers)
    clients_.emplace(provider.name, make_provider_client(provider, ask, on_.clock));
}

const Provider* OAuthSignIn::find(std::string_view name) const {
  const auto found = std::ranges::find(options_.providers, name, &Provider::name);
  return found == options_.providers.end() ? nullptr : &*found;
}

std::string OAuthSignIn::redirect_uri(const Provider& provider) const {
  return options_.public_url + "/auth/oauth/" + provider.name + "/callback";
}

Task<> OAuthSignIn::record(std::string action, const Acting& by, std::string provider) {
  audit::Event event = audit_event(std::move(action), by.who.principal.id, by.caller);
  event.session = by.who.session.str();
  event.detail.emplace_back("provider", std::move(provider));
  return on_.audit.record(std::move(event));
}

Task<std::string> OAuthSignIn::depart(const Provider& provider, std::string browser, std::optional<UserId> linking) {
  const std::string state = make_one_time_secret();
  Departure departure{.redirect_uri = redirect_uri(provider),
                      .state = state,
                      .nonce = oauth_derived(browser, "nonce", state),
                      .challenge = oauth_challenge(oauth_derived(browser, "verifier", state))};
  CO_TRY(std::string location, co_await clients_.find(provider.name)->second->depart(std::move(departure)));
  CO_TRY_VOID(co_await attempts_.begin(state, std::move(browser), {provider.name, linking}, on_.clock.wall_ms()));
  co_return location;
}

Task<OAuthSignIn::Arrived> OAuthSignIn::arrive(const Provider& provider, Answer answer, std::string browser,
                                               Caller caller) {
  CO_TRY(auto attempt, co_await attempts_.take(answer.state, browser, provider.name, on_.clock.wall_ms()));
  const auto refused = [&](const std::string& reason, std::string problem) {
    on_.logger.warn("a provider's answer was refused", {{"provider", provider.name},
                                                        {"reason", reason},
                                                        {"address", caller.address},
                                                        {"request_id", caller.request_id}});
    sign_in_.note_refused(std::nullopt, provider.name + ": " + problem + ": " + reason, caller);
    return Arrived{.linking = attempt && attempt->linking, .ticket = {}, .problem = std::move(problem)};
  };
  if (!attempt) co_return refused("no sign-in of this browser", "expired");
  if (answer.error == "access_denied") co_return refused("access denied", "denied");
  if (!answer.error.empty() || answer.code.empty()) co_return refused("an error answer", "provider");
  auto profile = co_await clients_.find(provider.name)
                     ->second->arrive({.redirect_uri = redirect_uri(provider),
                                       .code = std::move(answer.code),
                                       .issuer = std::move(answer.issuer),
                                       .nonce = oauth_derived(browser, "nonce", answer.state),
                                       .verifier = oauth_derived(browser, "verifier", answer.state)});
  if (!profile) {
    on_.logger.info("what a provider answered", {{"provider", provider.name}, {"error", profile.error().message}});
    co_return refused(reason_of(profile.error()), problem_of(profile.error()));
  }
  const bool linking = attempt->linking.has_value();
  OAuthProof proof{std::move(*attempt), provider.issuer, std::move(*profile)};
  CO_TRY(std::string ticket, co_await attempts_.keep(std::move(proof), std::move(browser), on_.clock.wall_ms()));
  co_return Arrived{.linking = linking, .ticket = std::move(ticket), .problem = {}};
}

Task<OAuthSignIn::SignedIn> OAuthSignIn::finish(std::string ticket, std::string browser, Newcomer newcomer,
                                                Caller caller) {
  CO_TRY_VOID(sign_in_.take_attempt(caller));
  CO_TRY(auto proof,
         co_await attempts_.claim(std::move(ticket), std::move(browser), std::nullopt, on_.clock.wall_ms()));
  const Provider* provider = proof ? find(proof->attempt.provider) : nullptr;
  if (provider == nullptr) co_return SignIn::begin_again();
  CO_TRY(const auto holder, co_await connections_.holder(proof->issuer, proof->profile.subject));
  if (!holder)
    co_return co_await register_newcomer(*provider, std::move(*proof), std::move(newcomer), std::move(caller));
  CO_TRY(std::optional<Account> account, co_await accounts_.find(*holder));
  if (!account) co_return SignIn::begin_again();
  if (account->deactivated_ms) {
    sign_in_.note_refused(account, provider->name + ": deactivated", caller);
    co_return fail(Error{Code::kPermissionDenied, "your account here is deactivated; ask an admin of the hub", {}}.with(
        "reason", "deactivated"));
  }
  CO_TRY(auto outcome, co_await sign_in_.first_step_done(std::move(*account), std::move(caller), provider->name));
  co_return SignedIn{std::move(outcome), false};
}

Task<OAuthSignIn::SignedIn> OAuthSignIn::register_newcomer(const Provider& provider, OAuthProof proof,
                                                           Newcomer newcomer, Caller caller) {
  if (!options_.oauth_registration)
    co_return fail(Error{Code::kPermissionDenied,
                         "no account here is connected to that one: sign in with your password, and connect it on your "
                         "account page",
                         {{"reason", "connect"}}});
  const auto email = Email::parse(proof.profile.email);
  if (!email)
    co_return fail(Error{Code::kPermissionDenied,
                         provider.label + " does not tell an e-mail of yours, and an account here needs one",
                         {{"reason", "no_email"}}});
  NewAccount wanted{.email = *email,
                    .password = std::nullopt,
                    .name = display_name(proof.profile.name, *email),
                    .setup_token = std::move(newcomer.setup_token),
                    .invitation = std::move(newcomer.invitation),
                    .email_verified = proof.profile.email_verified,
                    .provider = provider.name};
  wanted.also = [&proof, this](Transaction& transaction, UserId user) {
    return OAuthConnections::connect(transaction, user, proof, on_.clock.wall_ms());
  };
  auto grant = co_await sign_in_.register_account(std::move(wanted), std::move(caller));
  if (grant) co_return SignedIn{std::move(*grant), true};
  if (grant.error().code != Code::kConflict) co_return fail(grant.error());
  co_return fail(Error{Code::kConflict,
                       "there is an account here with this e-mail: sign in to it, and connect " + provider.label +
                           " on your account page",
                       {{"reason", "connect"}}});
}

Task<> OAuthSignIn::prove(const Acting& by, std::optional<std::string> password) {
  if (!password) co_return co_await sign_in_.prove_recent(by.who.principal.id, by.who.session, "password");
  CO_TRY_VOID(co_await sign_in_.prove_password(by.who.principal.id, std::move(*password), "password", by.caller));
  co_return Result<>();
}

Task<> OAuthSignIn::connect(Acting by, std::string ticket, std::string browser) {
  const UserId user = by.who.principal.id;
  CO_TRY(auto proof, co_await attempts_.claim(std::move(ticket), std::move(browser), user, on_.clock.wall_ms()));
  if (!proof || find(proof->attempt.provider) == nullptr) co_return SignIn::begin_again();
  const Connecting wanted{.user = user, .proof = std::move(*proof), .now_ms = on_.clock.wall_ms()};
  const auto body = [&](Transaction& transaction) { return connect_all(transaction, wanted); };
  CO_TRY_VOID(co_await on_.tables.transaction(body));
  CO_TRY_VOID(co_await record("account.provider_connected", by, wanted.proof.attempt.provider));
  co_await notices_.tell(user, CredentialChange::kServiceConnected, std::move(by.caller));
  co_return Result<>();
}

Task<> OAuthSignIn::disconnect(Acting by, std::string provider) {
  const UserId user = by.who.principal.id;
  const auto body = [&](Transaction& transaction) { return OAuthConnections::disconnect(transaction, user, provider); };
  CO_TRY_VOID(co_await on_.tables.transaction(body));
  CO_TRY_VOID(co_await record("account.provider_disconnected", by, std::move(provider)));
  co_await notices_.tell(user, CredentialChange::kServiceDisconnected, std::move(by.caller));
  co_return Result<>();
}

Task<OAuthSignIn::Ways> OAuthSignIn::ways_in(UserId user) {
  CO_TRY(const std::optional<Account> account, co_await accounts_.find(user));
  if (!account) co_return refuse_token("account", "the token's account no longer exists");
  CO_TRY(auto connections, co_await connections_.of(user));
  co_return Ways{!account->password_hash.empty(), std::move(connections)};
}

}  // namespace concord::identity
