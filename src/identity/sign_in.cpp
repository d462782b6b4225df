#include "identity/sign_in.h"

#include "crypto/hash.h"
#include "guard/address.h"
#include "guard/other_nodes.h"
#include "guard/watch.h"
#include "json/object.h"

namespace concord::identity {

namespace {

Counter& counted(Metrics& metrics, const std::string& what, std::string result) {
  return metrics.counter("concord_identity_" + what + "_total", "Ended with each result.",
                         {{"result", std::move(result)}});
}

SessionOrigin origin_of(const Caller& caller) {
  return {.address = caller.address, .user_agent = caller.user_agent.substr(0, SessionOrigin::kMaxUserAgentBytes)};
}

/// One error for every way in which an e-mail and a password do not fit.
std::unexpected<Error> wrong_credentials() {
  return fail(Error{Code::kUnauthenticated, "the e-mail or the password is wrong", {}}.with("reason", "credentials"));
}

std::unexpected<Error> email_taken() {
  return fail(Error{Code::kConflict, "there is an account with this e-mail", {}}.with("field", "email"));
}

}  // namespace

audit::Event audit_event(std::string action, UserId user, const Caller& caller) {
  return {.action = std::move(action),
          .actor = user.str(),
          .target = user.str(),
          .address = caller.address,
          .request_id = caller.request_id};
}

audit::Event audit_event(std::string action, UserId user, SessionId session, const Caller& caller) {
  audit::Event event = audit_event(std::move(action), user, caller);
  event.target = event.session = session.str();
  return event;
}

struct SignIn::Counters {
  explicit Counters(Metrics& m)
      : registered(counted(m, "registrations", "ok")),
        register_refused(counted(m, "registrations", "refused")),
        register_limited(counted(m, "registrations", "rate_limited")),
        signed_in(counted(m, "sign_ins", "ok")),
        unknown_email(counted(m, "sign_ins", "unknown_email")),
        wrong_password(counted(m, "sign_ins", "wrong_password")),
        deactivated(counted(m, "sign_ins", "deactivated")),
        second_step(counted(m, "sign_ins", "second_step")),
        sign_in_failed(counted(m, "sign_ins", "failed")),
        sign_in_limited(counted(m, "sign_ins", "rate_limited")),
        refreshed(counted(m, "refreshes", "ok")),
        refresh_unknown(counted(m, "refreshes", "unknown")),
        refresh_expired(counted(m, "refreshes", "expired")),
        refresh_revoked(counted(m, "refreshes", "revoked")),
        refresh_reused(counted(m, "refreshes", "reused")) {}

  Counter &registered, &register_refused, &register_limited;
  Counter &signed_in, &unknown_email, &wrong_password, &deactivated, &second_step, &sign_in_failed, &sign_in_limited;
  Counter &refreshed, &refresh_unknown, &refresh_expired, &refresh_revoked, &refresh_reused;
};

/// What one registration is about to write.
struct SignIn::Attempt {
  Account account;
  RefreshToken token;
  std::optional<Invitation> invitation;  // that was used
};

SignIn::SignIn(const Options& options, Dependencies& dependencies, Accounts& accounts, Invitations& invitations,
               SecondFactorStore& factors, Tickets& tickets, Sessions& sessions, EndedSessions& ended,
               PasswordHasher& hasher, AccessTokens& tokens, std::optional<std::string> setup_token, bool has_account)
    : options_(options),
      on_(dependencies),
      accounts_(accounts),
      invitations_(invitations),
      factors_(factors),
      tickets_(tickets),
      sessions_(sessions),
      ended_(ended),
      hasher_(hasher),
      tokens_(tokens),
      setup_token_(std::move(setup_token)),
      has_account_(has_account),
      sign_ins_(on_.clock, options.sign_ins_per_minute, options.rate_limit_keys),
      registrations_(on_.clock, options.registrations_per_minute, options.rate_limit_keys),
      delays_(on_.clock, options.sign_in_delay_most_s, options.rate_limit_keys),
      counters_(std::make_unique<Counters>(on_.metrics)) {
  if (on_.guards == nullptr) return;
  sign_ins_.share(on_.guards->buckets(), "signing-in");
  registrations_.share(on_.guards->buckets(), "registering");
  delays_.share(on_.guards->relay());
}

SignIn::~SignIn() = default;

Task<bool> SignIn::has_account() {
  if (has_account_) co_return true;
  CO_TRY(const bool any, co_await accounts_.any());
  if (any) has_account_ = true;
  co_return any;
}

Task<SignIn::Setup> SignIn::setup() {
  CO_TRY(const bool any, co_await has_account());
  co_return Setup{.needs_owner = !any,
                  .setup_token_required = !any && options_.first_account_needs_token,
                  .registration = options_.registration};
}

std::optional<std::string> SignIn::setup_token() const { return has_account_ ? std::nullopt : setup_token_; }

Result<> SignIn::take(guard::RateLimiter& limiter, const std::string& key, std::string_view what,
                      const Caller& caller) {
  const auto wait_s = limiter.try_take(key);
  if (!wait_s) return {};
  return refuse_for(*wait_s, what, caller);
}

std::unexpected<Error> SignIn::refuse_for(std::int64_t wait_s, std::string_view what, const Caller& caller) {
  on_.logger.warn("too many attempts",
                  {{"attempt", what}, {"address", caller.address}, {"request_id", caller.request_id}});
  return fail(
      Error{Code::kRateLimited, "too many attempts; try again later", {}}.with("retry_after", std::to_string(wait_s)));
}

/// An invitation is looked at beside this.
Result<> SignIn::may_register(bool first, const NewAccount& wanted) const {
  if (!first && options_.registration == Registration::kClosed)
    return fail(Code::kPermissionDenied, "registration is closed on this hub");
  if (!first && options_.registration == Registration::kInvitation && !wanted.invitation)
    return fail(
        Error{Code::kPermissionDenied, "an account on this hub needs an invitation", {}}.with("field", "invitation"));
  if (!first || !options_.first_account_needs_token) return {};
  const std::optional<std::string>& shown = wanted.setup_token;
  if (shown && setup_token_ && crypto::equal_constant_time(as_bytes(*shown), as_bytes(*setup_token_))) return {};
  return fail(Error{
      Code::kPermissionDenied,
      shown ? "the setup token is wrong" : "the first account needs the setup token the hub printed",
      {}}.with("field", "setup_token"));
}

Task<> SignIn::insert(engines::Transaction& transaction, const NewAccount& wanted, Attempt& attempt,
                      const Caller& caller) {
  CO_TRY(const bool any, co_await Accounts::any(transaction));
  CO_TRY_VOID(may_register(!any, wanted));
  CO_TRY(const bool taken, co_await Accounts::has_email(transaction, wanted.email.key));
  if (taken) co_return email_taken();
  Account& account = attempt.account;
  account.principal.role = any ? Role::kMember : Role::kOwner;
  if (!any || wanted.email_verified) account.verified_ms = account.created_ms;
  if (any && wanted.invitation) {
    CO_TRY(attempt.invitation,
           co_await Invitations::use(transaction, *wanted.invitation, wanted.email, account.created_ms));
    account.principal.role = attempt.invitation->role;
    if (!attempt.invitation->email.empty()) account.verified_ms = account.created_ms;  // on the admin's word
  }
  CO_TRY_VOID(co_await Accounts::insert(transaction, attempt.account, wanted.email.key));
  if (wanted.also) CO_TRY_VOID(co_await wanted.also(transaction, account.principal.id));
  if (!any) CO_TRY_VOID(co_await transaction.query({"DELETE FROM identity_setup", {}}));
  CO_TRY_VOID(co_await sessions_.open(transaction, attempt.account.principal.id, attempt.token, origin_of(caller),
                                      attempt.account.created_ms));
  co_return Result<>();
}

/// All of it is checked again in the transaction: here only so that what is refused costs no hash.
Task<> SignIn::check_registration(const NewAccount& wanted) {
  CO_TRY(const bool any, co_await has_account());
  CO_TRY_VOID(may_register(!any, wanted));
  if (any && wanted.invitation)
    CO_TRY_VOID(co_await invitations_.check(*wanted.invitation, wanted.email, on_.clock.wall_ms()));
  CO_TRY(const std::optional<Account> same, co_await accounts_.find_by_email(wanted.email.key));
  if (same) co_return email_taken();
  co_return Result<>();
}

Task<Grant> SignIn::register_account(NewAccount wanted, Caller caller) {
  if (auto limited = take(registrations_, guard::address_key(caller.address), "register", caller); !limited) {
    counters_->register_limited.add();
    co_return fail(limited.error());
  }
  if (auto allowed = co_await check_registration(wanted); !allowed) {
    counters_->register_refused.add();
    co_return fail(allowed.error());
  }
  std::string hash;
  if (wanted.password) {
    CO_TRY(hash, co_await hasher_.hash(*wanted.password));
  }

  const Slot slot{static_cast<std::uint16_t>(on_.ids.random64() % kSlots)};
  Attempt attempt{
      .account = {.principal = {.id = UserId::make(on_.ids, slot), .name = wanted.name, .email = wanted.email.text},
                  .password_hash = std::move(hash),
                  .created_ms = on_.clock.wall_ms()},
      .token = RefreshToken::make(SessionId::make(on_.ids, slot))};
  const auto body = [&](engines::Transaction& transaction) { return insert(transaction, wanted, attempt, caller); };
  if (auto inserted = co_await on_.tables.transaction(body); !inserted) {
    counters_->register_refused.add();
    co_return fail(inserted.error());
  }
  has_account_ = true;
  counters_->registered.add();
  delays_.seen(wanted.email.key, caller.address);
  on_.logger.info("account made", {{"user", attempt.account.principal.id.str()},
                                   {"role", to_string(attempt.account.principal.role)},
                                   {"address", caller.address},
                                   {"request_id", caller.request_id}});
  audit::Event event = audit_event("account.registered", attempt.account.principal.id, attempt.token.session, caller);
  event.target = event.actor;
  event.detail.emplace_back("role", to_string(attempt.account.principal.role));
  if (!wanted.provider.empty()) event.detail.emplace_back("provider", wanted.provider);
  if (attempt.invitation) {
    event.detail.emplace_back("invitation", attempt.invitation->id.str());
    event.detail.emplace_back("invited_by", attempt.invitation->invited_by.str());
  }
  CO_TRY_VOID(co_await on_.audit.record(std::move(event)));
  co_return co_await grant(std::move(attempt.account), attempt.token);
}

Result<> SignIn::take_attempt(const Caller& caller) {
  return take(sign_ins_, "address " + guard::address_key(caller.address), "sign in", caller);
}

Result<> SignIn::take_attempt(const std::string& email_key, const Caller& caller) {
  Result<> limited = take_attempt(caller);
  if (limited && !delays_.is_familiar(email_key, caller.address)) {
    limited = take(sign_ins_, "account " + email_key, "sign in", caller);
    const auto locked_s = on_.watch != nullptr ? on_.watch->locked_account_s(email_key) : std::nullopt;
    if (limited && locked_s) limited = refuse_for(*locked_s, "sign in to a locked account", caller);
  }
  if (limited)
    if (const auto wait_s = delays_.begin(email_key, caller.address)) limited = refuse_for(*wait_s, "sign in", caller);
  if (!limited) counters_->sign_in_limited.add();
  return limited;
}

Task<Account> SignIn::prove_password(UserId user, std::string password, std::string field, Caller caller) {
  CO_TRY(std::optional<Account> account, co_await accounts_.find(user));
  if (!account) co_return refuse_token("account", "the token's account no longer exists");
  CO_TRY(const Email email, Email::parse(account->principal.email));
  CO_TRY_VOID(take_attempt(email.key, caller));
  if (account->password_hash.empty())
    co_return fail(Error{Code::kPermissionDenied, "your account has no password to show", {}}.with("field", field));
  CO_TRY(const bool same, co_await hasher_.verify(std::move(password), account->password_hash));
  if (!same) {
    delays_.failed(email.key, caller.address);
    counters_->wrong_password.add();
    audit::Event event = audit_event("account.password_checked", user, caller);
    event.outcome = audit::Outcome::kRefused;
    event.detail.emplace_back("reason", "wrong password");
    on_.audit.note(std::move(event));
    co_return fail(Error{Code::kPermissionDenied, "the password is wrong", {}}.with("field", field));
  }
  delays_.succeeded(email.key, caller.address);
  co_return std::move(*account);
}

Task<Account> SignIn::prove(const Acting& by, std::optional<std::string> password, std::string field) {
  const UserId user = by.who.principal.id;
  if (password) co_return co_await prove_password(user, std::move(*password), std::move(field), by.caller);
  CO_TRY(std::optional<Account> account, co_await accounts_.find(user));
  if (!account) co_return refuse_token("account", "the token's account no longer exists");
  if (!account->password_hash.empty())
    co_return fail(Error{Code::kPermissionDenied, "your password is needed for this", {}}.with("field", field));
  CO_TRY_VOID(co_await prove_recent(user, by.who.session, std::move(field)));
  co_return std::move(*account);
}

Task<> SignIn::prove_recent(UserId user, SessionId session, std::string field) {
  const std::int64_t now_ms = on_.clock.wall_ms();
  CO_TRY(const std::vector<SessionRow> rows, co_await sessions_.list(user, now_ms));
  for (const SessionRow& row : rows)
    if (row.id == session && now_ms - row.created_ms <= kRecentMs) co_return Result<>();
  co_return fail(Error{Code::kPermissionDenied,
                       "you signed in a while ago: sign out and in again",
                       {{"field", std::move(field)}, {"reason", "recent_sign_in"}}});
}

std::unexpected<Error> SignIn::begin_again() {
  return fail(Error{Code::kUnauthenticated, "this sign-in took too long or too many tries; begin again", {}}.with(
      "reason", "ticket"));
}

Task<std::variant<Grant, SecondStep>> SignIn::log_in(Email email, std::string password, Caller caller) {
  CO_TRY_VOID(take_attempt(email.key, caller));
  CO_TRY(std::optional<Account> account, co_await accounts_.find_by_email(email.key));
  std::optional<std::string> stored;
  if (account && !account->password_hash.empty()) stored = account->password_hash;
  const auto same = co_await hasher_.verify(password, std::move(stored));
  if (!same) {
    counters_->sign_in_failed.add();
    co_return fail(same.error());
  }
  if (!account || !*same || account->deactivated_ms) {
    note_failed(email, account, caller);
    const std::string reason = !account ? "unknown e-mail" : *same ? "deactivated" : "wrong password";
    (!account ? counters_->unknown_email : *same ? counters_->deactivated : counters_->wrong_password).add();
    on_.logger.warn("sign-in refused",
                    {{"reason", reason}, {"address", caller.address}, {"request_id", caller.request_id}});
    note_refused(account, reason, caller);
    co_return wrong_credentials();
  }
  if (hasher_.needs_rehash(account->password_hash)) CO_TRY_VOID(co_await renew_hash(*account, std::move(password)));

  co_return co_await first_step_done(std::move(*account), std::move(caller), {});
}

Task<std::variant<Grant, SecondStep>> SignIn::first_step_done(Account account, Caller caller,
                                                              std::string_view provider) {
  SecondStep step{.user = account.principal.id, .factors = {}, .ticket = {}};
  CO_TRY(step.factors, co_await factors_.of(account.principal.id));
  if (step.factors.any()) {
    counters_->second_step.add();
    CO_TRY(step.ticket, co_await tickets_.make({account.principal.id, account.credentials}, on_.clock.wall_ms()));
    co_return step;
  }
  CO_TRY(Grant opened, co_await open(std::move(account), std::move(caller), "", provider));
  co_return opened;
}

Task<Grant> SignIn::open(Account account, Caller caller, std::string_view by, std::string_view provider) {
  const UserId user = account.principal.id;
  const auto token = RefreshToken::make(SessionId::make(on_.ids, user.slot()));
  CO_TRY_VOID(co_await open_session(account, token, caller));
  audit::Event event = audit_event("session.opened", user, token.session, caller);
  if (!by.empty()) event.detail.emplace_back("second_step", by);
  if (!provider.empty()) event.detail.emplace_back("provider", provider);
  CO_TRY_VOID(co_await on_.audit.record(std::move(event)));
  if (const auto email = Email::parse(account.principal.email)) delays_.succeeded(email->key, caller.address);
  counters_->signed_in.add();
  on_.logger.info("signed in", {{"user", user.str()},
                                {"session", token.session.str()},
                                {"address", caller.address},
                                {"request_id", caller.request_id}});
  co_return co_await grant(std::move(account), token);
}

void SignIn::note_failed(const Email& email, const std::optional<Account>& account, const Caller& caller) {
  delays_.failed(email.key, caller.address);
  if (on_.watch == nullptr) return;
  on_.watch->sign_in_failed(email.key, account ? account->principal.id.str() : "", caller.address);
}

/// Who tried is not known: the account that was tried is the target.
void SignIn::note_refused(const std::optional<Account>& account, std::string reason, const Caller& caller) {
  audit::Event event = audit_event("session.opened", account ? account->principal.id : UserId(), caller);
  event.outcome = audit::Outcome::kRefused;
  event.actor.clear();
  if (!account) event.target.clear();
  event.detail.emplace_back("reason", std::move(reason));
  on_.audit.note(std::move(event));
}

Task<> SignIn::renew_hash(Account account, std::string password) {
  CO_TRY(std::string renewed, co_await hasher_.hash(std::move(password)));
  co_return co_await accounts_.replace_password_hash(account.principal.id, account.password_hash, std::move(renewed));
}

Task<> SignIn::open_session(const Account& account, RefreshToken token, const Caller& caller) {
  std::vector<SessionId> gone;
  const auto body = [&](engines::Transaction& transaction) {
    return open_session(transaction, account, token, caller, gone);
  };
  CO_TRY_VOID(co_await on_.tables.transaction(body));
  for (const SessionId session : gone) ended_.add(session);
  co_return Result<>();
}

Task<> SignIn::open_session(engines::Transaction& transaction, const Account& account, RefreshToken token,
                            const Caller& caller, std::vector<SessionId>& gone) {
  const UserId user = account.principal.id;
  CO_TRY(const bool may, co_await Accounts::may_sign_in(transaction, user, account.credentials));
  if (!may) co_return wrong_credentials();
  CO_TRY(gone, co_await sessions_.open(transaction, user, token, origin_of(caller), on_.clock.wall_ms()));
  co_return Result<>();
}

Task<Grant> SignIn::grant(Account account, RefreshToken token) {
  std::move_only_function<Result<std::string>()> sign = [this, user = account.principal.id, session = token.session] {
    return tokens_.issue(user, session);
  };
  auto access = co_await on_.blocking.run<std::string>(std::move(sign));
  // The session exists by now, and a refresh has used up its old token: a full pool must not lose the new
  // one.
  if (!access) access = tokens_.issue(account.principal.id, token.session);
  if (!access) co_return fail(access.error());
  co_return Grant{.access_token = std::move(*access),
                  .refresh_token = token.str(),
                  .expires_in_s = tokens_.lifetime_seconds(),
                  .account = std::move(account)};
}

Task<Grant> SignIn::refresh(std::string text, Caller caller) {
  const auto used = RefreshToken::parse(text);
  if (!used) co_return co_await refused_refresh(RefreshOutcome::kUnknown, SessionId(), std::nullopt, caller);
  const RefreshToken next = used->next();
  CO_TRY(Sessions::Refreshed result, co_await sessions_.rotate(*used, next, on_.clock.wall_ms()));
  if (result.outcome == RefreshOutcome::kReused) ended_.add(used->session);
  if (result.outcome != RefreshOutcome::kRotated || !result.account)
    co_return co_await refused_refresh(result.outcome, used->session, std::move(result.account), caller);
  counters_->refreshed.add();
  if (const auto email = Email::parse(result.account->principal.email)) delays_.seen(email->key, caller.address);
  co_return co_await grant(std::move(*result.account), next);
}

Task<Grant> SignIn::refused_refresh(RefreshOutcome outcome, SessionId session, std::optional<Account> account,
                                    Caller caller) {
  if (outcome == RefreshOutcome::kReused && account) {
    on_.logger.warn(
        "a refresh token was used twice, its session is revoked",
        {{"user", account->principal.id.str()}, {"address", caller.address}, {"request_id", caller.request_id}});
    audit::Event event = audit_event("session.refreshed", account->principal.id, session, caller);
    event.outcome = audit::Outcome::kRefused;
    event.detail.emplace_back("reason", "the token was used before; the session was ended");
    if (on_.watch != nullptr) on_.watch->token_reused(account->principal.id.str(), caller.address);
    CO_TRY_VOID(co_await on_.audit.record(std::move(event)));
  }
  switch (outcome) {
    case RefreshOutcome::kExpired:
      counters_->refresh_expired.add();
      co_return refuse_token("expired", "the session has expired; sign in again");
    case RefreshOutcome::kRevoked:
      counters_->refresh_revoked.add();
      co_return refuse_token("revoked", "the session has ended; sign in again");
    case RefreshOutcome::kReused:
      counters_->refresh_reused.add();
      co_return refuse_token("reused",
                             "the refresh token was used before, so its session has been ended; sign in again");
    default:
      counters_->refresh_unknown.add();
      co_return refuse_token("unknown", "the refresh token is not known; sign in again");
  }
}

Task<> SignIn::log_out(std::string text, Caller caller) {
  const auto token = RefreshToken::parse(text);
  if (!token) co_return Result<>();
  CO_TRY(const std::optional<UserId> ended, co_await sessions_.revoke(*token, on_.clock.wall_ms()));
  if (ended) {
    ended_.add(token->session);
    on_.logger.info(
        "signed out",
        {{"session", token->session.str()}, {"address", caller.address}, {"request_id", caller.request_id}});
    CO_TRY_VOID(co_await on_.audit.record(audit_event("session.ended", *ended, token->session, caller)));
  }
  co_return Result<>();
}

Task<std::vector<SessionRow>> SignIn::sessions(UserId user) { return sessions_.list(user, on_.clock.wall_ms()); }

Task<> SignIn::end_session(UserId user, SessionId session, Caller caller) {
  CO_TRY(const bool ended, co_await sessions_.end(user, session, on_.clock.wall_ms()));
  if (!ended) co_return fail(Code::kNotFound, "you have no such session");
  ended_.add(session);
  on_.logger.info("session ended", {{"user", user.str()},
                                    {"session", session.str()},
                                    {"address", caller.address},
                                    {"request_id", caller.request_id}});
  co_return co_await on_.audit.record(audit_event("session.ended", user, session, caller));
}

Task<std::size_t> SignIn::end_other_sessions(UserId user, SessionId kept, Caller caller) {
  CO_TRY(const std::vector<SessionId> ended, co_await sessions_.end_others(user, kept, on_.clock.wall_ms()));
  for (const SessionId session : ended) ended_.add(session);
  on_.logger.info("other sessions ended", {{"user", user.str()},
                                           {"sessions", ended.size()},
                                           {"address", caller.address},
                                           {"request_id", caller.request_id}});
  for (const SessionId session : ended)
    CO_TRY_VOID(co_await on_.audit.record(audit_event("session.ended", user, session, caller)));
  co_return ended.size();
}

}  // namespace concord::identity
