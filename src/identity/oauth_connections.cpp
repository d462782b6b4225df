#include "identity/oauth_connections.h"

#include "identity/accounts.h"

namespace concord::identity {

namespace {

using engines::as_integer;
using engines::as_string;
using engines::Rows;
using engines::Transaction;

}  // namespace

Task<std::optional<UserId>> OAuthConnections::holder(std::string issuer, std::string subject) {
  CO_TRY(const Rows rows,
         co_await tables_.query({"SELECT user_id FROM identity_oauth_connections WHERE issuer = $1 AND subject = $2",
                                 {std::move(issuer), std::move(subject)}}));
  if (rows.empty()) co_return std::nullopt;
  const auto user = UserId::parse(as_string(rows.rows.front()[0]));
  if (!user) co_return fail(Code::kCorrupt, "the user of a connection is malformed");
  co_return user;
}

Task<std::vector<OAuthConnection>> OAuthConnections::of(UserId user) {
  CO_TRY(const Rows rows, co_await tables_.query(
                              {"SELECT provider, email, created_ms FROM identity_oauth_connections WHERE user_id = $1 "
                               "ORDER BY created_ms, provider",
                               {user.str()}}));
  std::vector<OAuthConnection> out;
  out.reserve(rows.rows.size());
  for (const engines::Row& row : rows.rows)
    out.push_back({.provider = as_string(row[0]), .email = as_string(row[1]), .created_ms = as_integer(row[2])});
  co_return out;
}

Task<> OAuthConnections::connect(Transaction& transaction, UserId user, OAuthProof proof, std::int64_t now_ms) {
  CO_TRY(const Rows rows,
         co_await transaction.query(
             {"INSERT INTO identity_oauth_connections (issuer, subject, user_id, provider, email, created_ms) VALUES "
              "($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING",
              {std::move(proof.issuer), std::move(proof.profile.subject), user.str(), std::move(proof.attempt.provider),
               std::move(proof.profile.email), now_ms}}));
  if (rows.affected != 1)
    co_return fail(Code::kConflict,
                   "that is connected to an account here already, or this account is connected to another one there");
  co_return co_await Accounts::note_new_credentials(transaction, user);
}

Task<> OAuthConnections::disconnect(Transaction& transaction, UserId user, std::string provider) {
  CO_TRY(const Rows gone,
         co_await transaction.query({"DELETE FROM identity_oauth_connections WHERE user_id = $1 AND provider = $2",
                                     {user.str(), std::move(provider)}}));
  if (gone.affected == 0) co_return fail(Code::kNotFound, "your account is not connected to it");
  CO_TRY_VOID(co_await Accounts::check_way_in(transaction, user));
  co_return co_await Accounts::note_new_credentials(transaction, user);
}

}  // namespace concord::identity
