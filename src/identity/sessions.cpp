#include "identity/sessions.h"

namespace concord::identity {

namespace {

using engines::as_integer;
using engines::as_string;
using engines::Rows;
using engines::Statement;
using engines::Transaction;

Result<std::vector<SessionId>> ids_of(const Rows& rows) {
  std::vector<SessionId> ids;
  for (const engines::Row& row : rows.rows) {
    const auto id = SessionId::parse(as_string(row[0]));
    if (!id) return fail(Code::kCorrupt, "a row of the table of sessions is malformed");
    ids.push_back(*id);
  }
  return ids;
}

}  // namespace

Task<std::vector<SessionId>> Sessions::open(Transaction& transaction, UserId user, RefreshToken token,
                                            SessionOrigin origin, std::int64_t now_ms) {
  CO_TRY_VOID(co_await transaction.query(
      {"DELETE FROM identity_sessions WHERE user_id = $1 AND expires_ms <= $2", {user.str(), now_ms}}));
  // LIMIT is there because SQLite takes no OFFSET without it.
  CO_TRY(const Rows gone,
         co_await transaction.query(
             {"DELETE FROM identity_sessions WHERE id IN (SELECT id FROM identity_sessions WHERE user_id = $1 "
              "ORDER BY refreshed_ms DESC, id DESC LIMIT 1000000 OFFSET $2) RETURNING id",
              {user.str(), static_cast<std::int64_t>(limits_.per_user) - 1}}));
  Statement insert{
      "INSERT INTO identity_sessions (id, user_id, family_hash, token_hash, created_ms, refreshed_ms, "
      "expires_ms, address, user_agent) "
      "VALUES ($1, $2, $3, $4, $5, $5, $6, $7, $8)",
      {token.session.str(), user.str(), token.family_hash(), token.token_hash(), now_ms, now_ms + limits_.lifetime_ms,
       std::move(origin.address), std::move(origin.user_agent)}};
  CO_TRY_VOID(co_await transaction.query(std::move(insert)));
  co_return ids_of(gone);
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
  } else if (!engines::is_null(row[kAccountColumnCount + 1])) {
    out.outcome = RefreshOutcome::kRevoked;
  } else if (as_integer(row[kAccountColumnCount]) <= now_ms) {
    out.outcome = RefreshOutcome::kExpired;
  } else {
    CO_TRY(const auto ended, co_await revoke(used, now_ms));
    out.outcome = ended ? RefreshOutcome::kReused : RefreshOutcome::kRevoked;
  }
  co_return out;
}

Task<std::optional<UserId>> Sessions::revoke(RefreshToken token, std::int64_t now_ms) {
  Statement statement{
      "UPDATE identity_sessions SET revoked_ms = $1 WHERE id = $2 AND family_hash = $3 AND revoked_ms IS NULL "
      "RETURNING user_id",
      {now_ms, token.session.str(), token.family_hash()}};
  CO_TRY(const Rows rows, co_await tables_.query(std::move(statement)));
  if (rows.empty()) co_return std::nullopt;
  const auto user = UserId::parse(as_string(rows.rows[0][0]));
  if (!user) co_return fail(Code::kCorrupt, "a session's user is malformed");
  co_return *user;
}

Task<std::vector<SessionRow>> Sessions::list(UserId user, std::int64_t now_ms) {
  CO_TRY(const Rows rows,
         co_await tables_.query(
             {"SELECT id, address, user_agent, created_ms, refreshed_ms, expires_ms FROM identity_sessions "
              "WHERE user_id = $1 AND revoked_ms IS NULL AND expires_ms > $2 ORDER BY refreshed_ms DESC, id DESC",
              {user.str(), now_ms}}));
  CO_TRY(const std::vector<SessionId> ids, ids_of(rows));
  std::vector<SessionRow> sessions;
  for (std::size_t i = 0; i < ids.size(); ++i) {
    const engines::Row& row = rows.rows[i];
    sessions.push_back({.id = ids[i],
                        .origin = {.address = as_string(row[1]), .user_agent = as_string(row[2])},
                        .created_ms = as_integer(row[3]),
                        .refreshed_ms = as_integer(row[4]),
                        .expires_ms = as_integer(row[5])});
  }
  co_return sessions;
}

Task<bool> Sessions::end(UserId user, SessionId session, std::int64_t now_ms) {
  CO_TRY(const Rows rows, co_await tables_.query({"UPDATE identity_sessions SET revoked_ms = $1 WHERE id = $2 AND "
                                                  "user_id = $3 AND revoked_ms IS NULL AND expires_ms > $1",
                                                  {now_ms, session.str(), user.str()}}));
  co_return rows.affected == 1;
}

Task<std::vector<SessionId>> Sessions::end_others(UserId user, SessionId kept, std::int64_t now_ms) {
  CO_TRY(const Rows rows, co_await tables_.query({"UPDATE identity_sessions SET revoked_ms = $1 WHERE user_id = $2 AND "
                                                  "id <> $3 AND revoked_ms IS NULL AND expires_ms > $1 RETURNING id",
                                                  {now_ms, user.str(), kept.str()}}));
  co_return ids_of(rows);
}

Task<std::vector<SessionId>> Sessions::end_all(Transaction& transaction, UserId user, std::optional<SessionId> kept,
                                               std::int64_t now_ms) {
  CO_TRY(const Rows rows,
         co_await transaction.query({"UPDATE identity_sessions SET revoked_ms = $1 WHERE user_id = $2 AND "
                                     "id <> $3 AND revoked_ms IS NULL AND expires_ms > $1 RETURNING id",
                                     {now_ms, user.str(), kept ? kept->str() : std::string()}}));
  co_return ids_of(rows);
}

Task<std::vector<SessionId>> Sessions::ended_since(std::int64_t since_ms, std::int64_t limit) {
  CO_TRY(const Rows rows, co_await tables_.query({"SELECT id FROM identity_sessions WHERE revoked_ms >= $1 "
                                                  "ORDER BY revoked_ms LIMIT $2",
                                                  {since_ms, limit}}));
  co_return ids_of(rows);
}

Task<std::optional<Account>> Sessions::account_of_living(UserId user, SessionId session) {
  CO_TRY(
      const Rows rows,
      co_await tables_.query({"SELECT " + std::string(kAccountColumns) +
                                  " FROM identity_sessions s JOIN identity_users u ON u.id = s.user_id "
                                  "WHERE s.id = $1 AND u.id = $2 AND s.revoked_ms IS NULL AND u.deactivated_ms IS NULL",
                              {session.str(), user.str()}}));
  if (rows.empty()) co_return std::nullopt;
  CO_TRY(Account account, account_of(rows.rows.front()));
  co_return std::optional(std::move(account));
}

}  // namespace concord::identity
