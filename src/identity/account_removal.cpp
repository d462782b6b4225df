#include "identity/account_removal.h"

namespace concord::identity {

namespace {

struct Beginning {
  Account account;
  std::int64_t now_ms = 0;
  std::vector<SessionId> gone;
};

Task<> begin(engines::Transaction& transaction, Beginning& wanted) {
  const UserId user = wanted.account.principal.id;
  if (wanted.account.principal.role == Role::kOwner) {
    CO_TRY(const bool others, co_await Accounts::has_others(transaction, user));
    if (others) co_return fail(Code::kConflict, "the owner cannot go while there are other accounts");
  }
  CO_TRY(const bool begun,
         co_await Accounts::begin_removal(transaction, user, wanted.account.credentials, wanted.now_ms));
  if (!begun) co_return fail(Code::kConflict, "the account was changed meanwhile");
  CO_TRY(wanted.gone, co_await Sessions::end_all(transaction, user, std::nullopt, wanted.now_ms));
  co_return Result<>();
}

}  // namespace

Task<> AccountRemoval::remove(Acting by, std::optional<std::string> password) {
  const UserId user = by.who.principal.id;
  Beginning wanted{.now_ms = on_.clock.wall_ms()};
  CO_TRY(wanted.account, co_await sign_in_.prove(by, std::move(password), "password"));
  const auto body = [&](engines::Transaction& transaction) { return begin(transaction, wanted); };
  CO_TRY_VOID(co_await on_.tables.transaction(body));
  for (const SessionId session : wanted.gone) ended_.add(session);
  changed_();
  CO_TRY_VOID(co_await on_.audit.record(audit_event("account.removal_begun", user, by.caller)));
  co_return co_await finish(user, std::move(by.caller));
}

/// Each step bears being done twice, also by two nodes at once: who takes the account away tells.
Task<> AccountRemoval::finish(UserId user, Caller caller) {
  for (const auto& listener : listeners_) CO_TRY_VOID(co_await listener(user));
  CO_TRY(const bool gone, co_await accounts_.remove(user));
  if (!gone) co_return Result<>();
  sign_in_.account_gone();
  changed_();
  on_.logger.info("account removed", {{"user", user.str()}, {"request_id", caller.request_id}});
  co_return co_await on_.audit.record(audit_event("account.removed", user, caller));
}

Task<> AccountRemoval::finish_all() {
  CO_TRY(const std::vector<UserId> begun, co_await accounts_.removals_begun());
  for (const UserId user : begun) {
    if (auto done = co_await finish(user, Caller{}); !done)
      on_.logger.error("an account's removal could not be finished; it goes on at the next start",
                       {{"user", user.str()}, {"error", done.error().message}});
  }
  co_return Result<>();
}

}  // namespace concord::identity
