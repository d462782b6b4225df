#include "identity/invitations.h"

#include "identity/one_time_secret.h"

namespace concord::identity {

namespace {

using engines::as_integer;
using engines::as_string;
using engines::Rows;
using engines::Statement;
using engines::Transaction;

constexpr std::string_view kColumns = "i.id, i.email, i.role, i.invited_by, i.created_ms, i.expires_ms";

Result<Invitation> invitation_of(const engines::Row& row) {
  const auto id = InvitationId::parse(as_string(row[0]));
  const auto role = parse_role(as_string(row[2]));
  const auto by = UserId::parse(as_string(row[3]));
  if (!id || !role || !by) return fail(Code::kCorrupt, "a row of the table of invitations is malformed");
  return Invitation{*id, as_string(row[1]), *role, *by, as_integer(row[4]), as_integer(row[5])};
}

/// Only an admin's word holds, as long as they are one; and an admin is made by the owner alone.
Statement select_valid(const std::string& secret, std::int64_t now_ms) {
  return {"SELECT " + std::string(kColumns) +
              " FROM identity_invitations i JOIN identity_users u ON u.id = i.invited_by WHERE i.secret_hash = $1 AND "
              "i.expires_ms > $2 AND u.deactivated_ms IS NULL AND "
              "(u.role = 'owner' OR (u.role = 'admin' AND i.role <> 'admin'))",
          {one_time_hash(secret), now_ms}};
}

Result<Invitation> usable(const Rows& found, const Email& email) {
  if (found.empty())
    return fail(Error{
        Code::kPermissionDenied,
        "the invitation is not valid: it was used or taken back, or has expired",
        {}}.with("field", "invitation"));
  TRY(Invitation invitation, invitation_of(found.rows.front()));
  if (invitation.email.empty()) return invitation;
  TRY(const Email invited, Email::parse(invitation.email));
  if (invited.key != email.key)
    return fail(
        Error{Code::kPermissionDenied, "the invitation is for another e-mail address", {}}.with("field", "email"));
  return invitation;
}

Task<> insert(Transaction& transaction, const Invitation& invitation, const std::string& hash) {
  CO_TRY_VOID(
      co_await transaction.query({"DELETE FROM identity_invitations WHERE expires_ms <= $1", {invitation.created_ms}}));
  CO_TRY(
      const Rows made,
      co_await transaction.query(
          {"INSERT INTO identity_invitations (id, secret_hash, email, role, invited_by, created_ms, expires_ms) "
           "SELECT $1, $2, $3, $4, $5, $6, $7 WHERE (SELECT COUNT(*) FROM identity_invitations) < $8",
           {invitation.id.str(), hash, invitation.email, std::string(to_string(invitation.role)),
            invitation.invited_by.str(), invitation.created_ms, invitation.expires_ms, Invitations::kMaxInvitations}}));
  if (made.affected == 0)
    co_return fail(Error{Code::kTooLarge,
                         "there are too many invitations; take back some that are not used",
                         {{"limit", std::to_string(Invitations::kMaxInvitations)}}});
  co_return Result<>();
}

}  // namespace

Task<std::string> Invitations::make(Invitation invitation) {
  std::string secret = make_one_time_secret();
  const std::string hash = one_time_hash(secret);
  const auto body = [&](Transaction& transaction) { return insert(transaction, invitation, hash); };
  CO_TRY_VOID(co_await tables_.transaction(body));
  co_return secret;
}

Task<std::vector<Invitation>> Invitations::list() {
  CO_TRY(const Rows found, co_await tables_.query({"SELECT " + std::string(kColumns) +
                                                       " FROM identity_invitations i ORDER BY i.created_ms DESC, "
                                                       "i.id DESC LIMIT $1",
                                                   {kMaxInvitations}}));
  std::vector<Invitation> out;
  out.reserve(found.rows.size());
  for (const engines::Row& row : found.rows) {
    CO_TRY(Invitation invitation, invitation_of(row));
    out.push_back(std::move(invitation));
  }
  co_return out;
}

Task<bool> Invitations::revoke(InvitationId id) {
  CO_TRY(const Rows gone, co_await tables_.query({"DELETE FROM identity_invitations WHERE id = $1", {id.str()}}));
  co_return gone.affected > 0;
}

Task<> Invitations::check(std::string secret, Email email, std::int64_t now_ms) {
  CO_TRY(const Rows found, co_await tables_.query(select_valid(secret, now_ms)));
  CO_TRY_VOID(usable(found, email));
  co_return Result<>();
}

Task<Invitation> Invitations::use(Transaction& transaction, std::string secret, Email email, std::int64_t now_ms) {
  CO_TRY(const Rows found, co_await transaction.query(select_valid(secret, now_ms)));
  CO_TRY(Invitation invitation, usable(found, email));
  CO_TRY_VOID(co_await transaction.query({"DELETE FROM identity_invitations WHERE id = $1", {invitation.id.str()}}));
  co_return invitation;
}

}  // namespace concord::identity
