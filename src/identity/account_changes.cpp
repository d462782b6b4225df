#include "identity/account_changes.h"

#include "json/object.h"

namespace concord::identity {

namespace {

std::unexpected<Error> no_such_user() { return fail(Code::kNotFound, "nobody here has that identifier"); }

std::unexpected<Error> bad_link() {
  return fail(Error{Code::kPermissionDenied, "the link was used already or is too old; ask for a new one", {}}.with(
      "field", "token"));
}

/// Whether `who` manages an account of the role: the owner everybody else's, an admin those of members and guests. Else
/// an admin could set the owner's password.
bool manages(Role who, Role role) {
  return role != Role::kOwner && (who == Role::kOwner || (who == Role::kAdmin && role != Role::kAdmin));
}

constexpr std::size_t kMailRateKeys = 65'536;

struct PasswordChange {
  UserId user;
  std::int64_t credentials = 0;
  std::string hash;
  SessionId kept;
  std::int64_t now_ms = 0;
  std::vector<SessionId> gone;
};

Task<> change(engines::Transaction& transaction, PasswordChange& wanted) {
  CO_TRY(const bool set, co_await Accounts::set_password(transaction, wanted.user, wanted.credentials, wanted.hash));
  if (!set) co_return fail(Code::kConflict, "the password was changed meanwhile");
  CO_TRY_VOID(co_await Links::drop(transaction, wanted.user, LinkPurpose::kReset));
  CO_TRY(wanted.gone, co_await Sessions::end_all(transaction, wanted.user, wanted.kept, wanted.now_ms));
  co_return Result<>();
}

struct Activity {
  UserId user;
  bool active = true;
  std::int64_t now_ms = 0;
  bool changed = false;
  std::vector<SessionId> gone;
};

Task<> set_activity(engines::Transaction& transaction, Activity& wanted) {
  const auto since_ms = wanted.active ? std::nullopt : std::optional(wanted.now_ms);
  CO_TRY(wanted.changed, co_await Accounts::set_deactivated(transaction, wanted.user, since_ms));
  if (wanted.active) co_return Result<>();
  CO_TRY_VOID(co_await Links::drop(transaction, wanted.user, LinkPurpose::kReset));
  CO_TRY_VOID(co_await Links::drop(transaction, wanted.user, LinkPurpose::kConfirm));
  CO_TRY(wanted.gone, co_await Sessions::end_all(transaction, wanted.user, std::nullopt, wanted.now_ms));
  co_return Result<>();
}

}  // namespace

AccountChanges::AccountChanges(Dependencies& dependencies, Accounts& accounts, EndedSessions& ended,
                               PasswordHasher& hasher, SignIn& sign_in, AccountMails& mails, AccountNotices& notices,
                               std::function<void()> changed)
    : on_(dependencies),
      accounts_(accounts),
      links_(dependencies.tables),
      ended_(ended),
      hasher_(hasher),
      sign_in_(sign_in),
      mails_(mails),
      notices_(notices),
      mail_rate_(dependencies.clock, kMailsPerMinute, kMailRateKeys),
      changed_(std::move(changed)) {}

asio::awaitable<void> AccountChanges::welcome(const Account& account) {
  if (!mails_.on() || account.verified_ms) co_return;
  auto secret = co_await links_.make(account.principal.id, LinkPurpose::kConfirm, on_.clock.wall_ms());
  const Result<> queued = secret ? mails_.confirm(account, *secret) : Result<>(fail(secret.error()));
  if (!queued) on_.logger.warn("no link was sent to a new account", {{"error", queued.error().message}});
}

Task<> AccountChanges::request_confirmation(Acting by) {
  if (!mails_.on()) co_return fail(Code::kPermissionDenied, "this hub sends no mail; ask one of its admins");
  CO_TRY(const std::optional<Account> account, co_await accounts_.find(by.who.principal.id));
  if (!account) co_return refuse_token("account", "the token's account no longer exists");
  if (account->verified_ms) co_return fail(Code::kConflict, "the e-mail is confirmed");
  if (const auto wait_s = mail_rate_.try_take("confirm " + account->principal.id.str()))
    co_return fail(
        Error{Code::kRateLimited, "a link was sent a moment ago", {}}.with("retry_after", std::to_string(*wait_s)));
  CO_TRY(const std::string secret,
         co_await links_.make(account->principal.id, LinkPurpose::kConfirm, on_.clock.wall_ms()));
  co_return mails_.confirm(*account, secret);
}

Task<> AccountChanges::confirm(engines::Transaction& transaction, const std::string& secret, std::int64_t now_ms,
                               std::optional<UserId>& user) {
  CO_TRY(user, co_await Links::use(transaction, secret, LinkPurpose::kConfirm, now_ms));
  if (!user) co_return bad_link();
  CO_TRY_VOID(co_await Accounts::set_verified(transaction, *user, now_ms));
  co_return co_await Links::drop(transaction, *user, LinkPurpose::kConfirm);
}

Task<> AccountChanges::confirm_by_link(std::string secret, Caller caller) {
  CO_TRY_VOID(sign_in_.take_attempt(caller));
  std::optional<UserId> user;
  const std::int64_t now_ms = on_.clock.wall_ms();
  const auto body = [&](engines::Transaction& transaction) { return confirm(transaction, secret, now_ms, user); };
  CO_TRY_VOID(co_await on_.tables.transaction(body));
  changed_();
  co_return co_await on_.audit.record(audit_event("account.confirmed", *user, caller));
}

Task<> AccountChanges::request_reset(Email email, Caller caller) {
  if (!mails_.on()) co_return fail(Code::kPermissionDenied, "this hub sends no mail; ask one of its admins");
  CO_TRY_VOID(sign_in_.take_attempt(caller));
  // What goes wrong from here on is not told: it would tell that there is such an account.
  if (auto sent = co_await mail_reset(std::move(email), std::move(caller)); !sent)
    on_.logger.warn("no link was sent to reset a password", {{"error", sent.error().message}});
  co_return Result<>();
}

Task<> AccountChanges::mail_reset(Email email, Caller caller) {
  if (mail_rate_.try_take("reset " + email.key)) co_return Result<>();
  CO_TRY(const std::optional<Account> account, co_await accounts_.find_by_email(std::move(email.key)));
  if (!account || account->deactivated_ms) co_return Result<>();
  CO_TRY(const std::string secret,
         co_await links_.make(account->principal.id, LinkPurpose::kReset, on_.clock.wall_ms()));
  CO_TRY_VOID(mails_.reset(*account, secret));
  co_return co_await on_.audit.record(audit_event("account.reset_link_sent", account->principal.id, caller));
}

void AccountChanges::end(const std::vector<SessionId>& sessions) {
  for (const SessionId session : sessions) ended_.add(session);
}

Task<> AccountChanges::record(std::string action, const Acting& by, UserId user) {
  audit::Event event = audit_event(std::move(action), by.who.principal.id, by.caller);
  event.target = user.str();
  event.session = by.who.session.str();
  return on_.audit.record(std::move(event));
}

Task<Account> AccountChanges::rename(Acting by, std::string name) {
  const UserId user = by.who.principal.id;
  CO_TRY(const bool renamed, co_await accounts_.rename(user, std::move(name)));
  CO_TRY(std::optional<Account> account, co_await accounts_.find(user));
  if (!renamed || !account) co_return refuse_token("account", "the token's account no longer exists");
  changed_();
  CO_TRY_VOID(co_await record("account.renamed", by, user));
  co_return std::move(*account);
}

Task<> AccountChanges::change_password(Acting by, std::optional<std::string> old_password, std::string new_password) {
  const UserId user = by.who.principal.id;
  CO_TRY(const Account account, co_await sign_in_.prove(by, std::move(old_password), "old_password"));
  CO_TRY(std::string hash, co_await hasher_.hash(std::move(new_password)));
  PasswordChange wanted{.user = user,
                        .credentials = account.credentials,
                        .hash = std::move(hash),
                        .kept = by.who.session,
                        .now_ms = on_.clock.wall_ms()};
  const auto body = [&](engines::Transaction& transaction) { return change(transaction, wanted); };
  CO_TRY_VOID(co_await on_.tables.transaction(body));
  end(wanted.gone);
  CO_TRY_VOID(co_await record("account.password_changed", by, user));
  co_await notices_.tell(user, CredentialChange::kPassword, std::move(by.caller));
  co_return Result<>();
}

Task<> AccountChanges::reset(engines::Transaction& transaction, Reset& reset) {
  CO_TRY(reset.user, co_await Links::use(transaction, reset.secret, LinkPurpose::kReset, reset.now_ms));
  if (!reset.user) co_return bad_link();
  CO_TRY_VOID(co_await Accounts::replace_password(transaction, *reset.user, reset.hash));
  CO_TRY_VOID(co_await Links::drop(transaction, *reset.user, LinkPurpose::kReset));
  CO_TRY(reset.gone, co_await Sessions::end_all(transaction, *reset.user, std::nullopt, reset.now_ms));
  co_return Result<>();
}

Task<> AccountChanges::reset_password(std::string secret, std::string new_password, Caller caller) {
  CO_TRY_VOID(sign_in_.take_attempt(caller));
  Reset wanted{.secret = std::move(secret), .now_ms = on_.clock.wall_ms()};
  // Asked again in the transaction: here only so that what is made up costs no hash.
  CO_TRY(const auto found, co_await links_.find(wanted.secret, LinkPurpose::kReset, wanted.now_ms));
  if (!found) co_return bad_link();
  CO_TRY(wanted.hash, co_await hasher_.hash(std::move(new_password)));
  const auto body = [&](engines::Transaction& transaction) { return reset(transaction, wanted); };
  CO_TRY_VOID(co_await on_.tables.transaction(body));
  end(wanted.gone);
  CO_TRY_VOID(co_await on_.audit.record(audit_event("account.password_reset", *wanted.user, caller)));
  co_await notices_.tell(*wanted.user, CredentialChange::kPasswordByLink, std::move(caller));
  co_return Result<>();
}

Task<Account> AccountChanges::administered(const Acting& by, UserId user) {
  CO_TRY(std::optional<Account> account, co_await accounts_.find(user));
  if (!account) co_return no_such_user();
  if (!manages(by.who.principal.role, account->principal.role))
    co_return fail(Code::kPermissionDenied, account->principal.role == Role::kOwner
                                                ? "nobody manages the owner's account"
                                                : "only the owner manages admins' accounts");
  co_return std::move(*account);
}

Task<Account> AccountChanges::confirm(Acting by, UserId user) {
  CO_TRY(Account account, co_await administered(by, user));
  const std::int64_t now_ms = on_.clock.wall_ms();
  CO_TRY(const bool was_not, co_await accounts_.set_verified(user, now_ms));
  if (was_not) {
    account.verified_ms = now_ms;
    changed_();
    CO_TRY_VOID(co_await record("account.confirmed", by, user));
  }
  co_return account;
}

Task<AccountChanges::ResetLink> AccountChanges::make_reset_link(Acting by, UserId user) {
  CO_TRY(const Account account, co_await administered(by, user));
  if (account.deactivated_ms) co_return fail(Code::kConflict, "the account is deactivated");
  const std::int64_t now_ms = on_.clock.wall_ms();
  CO_TRY(std::string secret, co_await links_.make(user, LinkPurpose::kReset, now_ms));
  CO_TRY_VOID(co_await record("account.reset_link_made", by, user));
  co_return ResetLink{std::move(secret), now_ms + Links::lifetime_ms(LinkPurpose::kReset)};
}

Task<Account> AccountChanges::deactivate(Acting by, UserId user) { return set_active(std::move(by), user, false); }
Task<Account> AccountChanges::reactivate(Acting by, UserId user) { return set_active(std::move(by), user, true); }

Task<Account> AccountChanges::set_active(Acting by, UserId user, bool active) {
  CO_TRY(Account account, co_await administered(by, user));
  Activity wanted{.user = user, .active = active, .now_ms = on_.clock.wall_ms()};
  const auto body = [&](engines::Transaction& transaction) { return set_activity(transaction, wanted); };
  CO_TRY_VOID(co_await on_.tables.transaction(body));
  end(wanted.gone);
  if (wanted.changed) {
    account.deactivated_ms = active ? std::nullopt : std::optional(wanted.now_ms);
    changed_();
    CO_TRY_VOID(co_await record(active ? "account.reactivated" : "account.deactivated", by, user));
  }
  co_return account;
}

}  // namespace concord::identity
