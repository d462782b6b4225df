#include "identity/sessions.h"

namespace concord::identity {

namespace {

using engines::as_integer;
using engines::Rows;
using engines::Statement;
using engines::Transaction;

}  // namespace

Task<> Sessions::open(Transaction& transaction, UserId user, RefreshToken token, std::int64_t now_ms) {
  CO_TRY_VOID(co_await transaction.query(
      {"DELETE FROM identity_sessions WHERE user_id = $1 AND expires_ms <= $2", {user.str(), now_ms}}));
  // LIMIT is there because SQLite takes no OFFSET without it.
  CO_TRY_VOID(co_await transaction.query(
      {"DELETE FROM identity_sessions WHERE id IN (SELECT id FROM identity_sessions WHERE user_id = $1 "
       "ORDER BY refreshed_ms DESC, id DESC LIMIT 1000000 OFFSET $2)",
       {user.str(), static_cast<std::int64_t>(limits_.per_user) - 1}}));
  Statement insert{
      "INSERT INTO identity_sessions (id, user_id, family_hash, token_hash, created_ms, refreshed_ms, "
      "expires_ms) "
      "VALUES ($1, $2, $3, $4, $5, $5, $6)",
      {token.session.str(), user.str(), token.family_hash(), token.token_hash(), now_ms, now_ms + limits_.lifetime_ms}};
  CO_TRY_VOID(co_await transaction.query(std::move(insert)));
  co_return Result<>();
}

Task<Sessions::Refreshed> Sessions::rotate(RefreshToken used, RefreshToken next, std::int64_t now_ms) {
  // One statement decides who wins, and shares its commit with others'.
  Statement rotate{
      "UPDATE identity_sessions SET token_hash = $1, refreshed_ms = $2, expires_ms = $3 WHERE id = $4 "
      "AND family_hash = $5 AND token_hash = $6 AND revoked_ms IS NULL AND expires_ms > $2",
      {next.token_hash(), now_ms, now_ms + limits_.lifetime_ms, used.session.str(), used.family_hash(),
       used.token_hash()}};
  CO_TRY(const Rows rotated, co_await tables_.query(std::move(rotate)));

  Statement read{"SELECT " + std::string(kAccountColumns) +
                     ", s.expires_ms, s.revoked_ms FROM identity_sessions s "
                     "JOIN identity_users u ON u.id = s.user_id WHERE s.id = $1 AND s.family_hash = $2",
                 {used.session.str(), used.family_hash()}};
  CO_TRY(const Rows found, co_await tables_.query(std::move(read)));
  Refreshed out;
  if (found.empty()) co_return out;
  const engines::Row& row = found.rows.front();
  CO_TRY(out.account, account_of(row));
  if (rotated.affected == 1) {
    out.outcome = RefreshOutcome::kRotated;
  } else if (!engines::is_null(row[7])) {
    out.outcome = RefreshOutcome::kRevoked;
  } else if (as_integer(row[6]) <= now_ms) {
    out.outcome = RefreshOutcome::kExpired;
  } else {
    CO_TRY(const bool ended, co_await revoke(used, now_ms));
    out.outcome = ended ? RefreshOutcome::kReused : RefreshOutcome::kRevoked;
  }
  co_return out;
}

Task<bool> Sessions::revoke(RefreshToken token, std::int64_t now_ms) {
  Statement statement{
      "UPDATE identity_sessions SET revoked_ms = $1 WHERE id = $2 AND family_hash = $3 AND revoked_ms IS "
      "NULL",
      {now_ms, token.session.str(), token.family_hash()}};
  CO_TRY(const Rows rows, co_await tables_.query(std::move(statement)));
  co_return rows.affected == 1;
}

}  // namespace concord::identity
