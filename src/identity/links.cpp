#include "identity/links.h"

#include "identity/one_time_secret.h"

namespace concord::identity {

namespace {

using engines::Rows;
using engines::Transaction;

Result<std::optional<UserId>> user_of(const Rows& rows) {
  if (rows.empty()) return std::optional<UserId>();
  const auto user = UserId::parse(engines::as_string(rows.rows.front()[0]));
  if (!user) return fail(Code::kCorrupt, "a link's user is malformed");
  return user;
}

struct NewLink {
  std::string hash;
  std::string user;
  std::string purpose;
  std::int64_t now_ms = 0;
  std::int64_t expires_ms = 0;
};

Task<> insert(Transaction& transaction, const NewLink& link) {
  CO_TRY_VOID(co_await transaction.query(
      {"DELETE FROM identity_links WHERE user_id = $1 AND purpose = $2 AND (expires_ms <= $3 OR secret_hash IN (SELECT "
       "secret_hash FROM identity_links WHERE user_id = $1 AND purpose = $2 ORDER BY created_ms DESC, secret_hash "
       "LIMIT 1000 OFFSET $4))",
       {link.user, link.purpose, link.now_ms, Links::kMaxLinks - 1}}));
  CO_TRY_VOID(co_await transaction.query(
      {"INSERT INTO identity_links (secret_hash, user_id, purpose, created_ms, expires_ms) VALUES ($1, $2, $3, $4, $5)",
       {link.hash, link.user, link.purpose, link.now_ms, link.expires_ms}}));
  co_return Result<>();
}

}  // namespace

std::string_view to_string(LinkPurpose purpose) { return purpose == LinkPurpose::kReset ? "reset" : "confirm"; }

Task<std::string> Links::make(UserId user, LinkPurpose purpose, std::int64_t now_ms) {
  std::string secret = make_one_time_secret();
  const NewLink link{one_time_hash(secret), user.str(), std::string(to_string(purpose)), now_ms,
                     now_ms + lifetime_ms(purpose)};
  const auto body = [&](Transaction& transaction) { return insert(transaction, link); };
  CO_TRY_VOID(co_await tables_.transaction(body));
  co_return secret;
}

Task<std::optional<UserId>> Links::find(std::string secret, LinkPurpose purpose, std::int64_t now_ms) {
  CO_TRY(const Rows rows,
         co_await tables_.query(
             {"SELECT user_id FROM identity_links WHERE secret_hash = $1 AND purpose = $2 AND expires_ms > $3",
              {one_time_hash(secret), std::string(to_string(purpose)), now_ms}}));
  co_return user_of(rows);
}

Task<std::optional<UserId>> Links::use(Transaction& transaction, std::string secret, LinkPurpose purpose,
                                       std::int64_t now_ms) {
  CO_TRY(const Rows rows,
         co_await transaction.query({"DELETE FROM identity_links WHERE secret_hash = $1 AND purpose = "
                                     "$2 AND expires_ms > $3 RETURNING user_id",
                                     {one_time_hash(secret), std::string(to_string(purpose)), now_ms}}));
  co_return user_of(rows);
}

Task<> Links::drop(Transaction& transaction, UserId user, LinkPurpose purpose) {
  CO_TRY_VOID(co_await transaction.query({"DELETE FROM identity_links WHERE user_id = $1 AND purpose = $2",
                                          {user.str(), std::string(to_string(purpose))}}));
  co_return Result<>();
}

}  // namespace concord::identity
