#include "identity/passkey_store.h"

#include "crypto/base64.h"
#include "crypto/hash.h"
#include "identity/one_time_secret.h"

namespace concord::identity {

namespace {

using engines::as_blob;
using engines::as_integer;
using engines::as_string;
using engines::Rows;
using engines::Transaction;

constexpr std::string_view kSelect =
    "SELECT id, user_id, name, credential_id, public_key, sign_count, created_ms, used_ms FROM identity_passkeys ";

Result<Passkey> passkey_of(const engines::Row& row) {
  const auto user = UserId::parse(as_string(row[1]));
  if (!user) return fail(Code::kCorrupt, "a passkey's user is malformed");
  Passkey out{.id = as_string(row[0]), .user = *user, .name = as_string(row[2])};
  out.credential = {.id = as_blob(row[3]),
                    .public_key = as_blob(row[4]),
                    .sign_count = static_cast<std::uint32_t>(as_integer(row[5]))};
  out.created_ms = as_integer(row[6]);
  if (!engines::is_null(row[7])) out.used_ms = as_integer(row[7]);
  return out;
}

std::string word_of(ChallengeFor purpose) { return purpose == ChallengeFor::kRegistration ? "register" : "sign_in"; }

struct NewChallenge {
  std::string hash, purpose, user;
  std::int64_t now_ms = 0;
};

Task<> insert(Transaction& transaction, const NewChallenge& made) {
  CO_TRY_VOID(co_await transaction.query(
      {"DELETE FROM identity_challenges WHERE expires_ms <= $1 OR challenge_hash IN (SELECT challenge_hash FROM "
       "identity_challenges ORDER BY expires_ms DESC, challenge_hash LIMIT 1000 OFFSET $2)",
       {made.now_ms, PasskeyStore::kMaxChallenges - 1}}));
  CO_TRY_VOID(
      co_await transaction.query({"INSERT INTO identity_challenges (challenge_hash, purpose, user_id, expires_ms) "
                                  "VALUES ($1, $2, NULLIF($3, ''), $4)",
                                  {made.hash, made.purpose, made.user, made.now_ms + PasskeyStore::kChallengeMs}}));
  co_return Result<>();
}

}  // namespace

std::string PasskeyStore::id_of(ByteView credential_id) {
  return crypto::base64url_encode(crypto::sha256(credential_id));
}

Task<> PasskeyStore::add(Transaction& transaction, Passkey passkey) {
  CO_TRY(const Rows same, co_await transaction.query({"SELECT 1 FROM identity_passkeys WHERE id = $1", {passkey.id}}));
  if (!same.empty()) co_return fail(Code::kConflict, "this passkey is in use already");
  CO_TRY(const Rows rows, co_await transaction.query(
                              {"SELECT COUNT(*) FROM identity_passkeys WHERE user_id = $1", {passkey.user.str()}}));
  if (as_integer(rows.rows.front()[0]) >= kMaxPasskeys)
    co_return fail(Error{Code::kTooLarge, "you have too many passkeys", {{"limit", std::to_string(kMaxPasskeys)}}});
  CO_TRY_VOID(co_await transaction.query(
      {"INSERT INTO identity_passkeys (id, user_id, name, credential_id, public_key, sign_count, created_ms) VALUES "
       "($1, $2, $3, $4, $5, $6, $7)",
       {passkey.id, passkey.user.str(), passkey.name, passkey.credential.id, passkey.credential.public_key,
        static_cast<std::int64_t>(passkey.credential.sign_count), passkey.created_ms}}));
  co_return Result<>();
}

Task<std::vector<Passkey>> PasskeyStore::list(UserId user) {
  CO_TRY(const Rows rows,
         co_await tables_.query({std::string(kSelect) + "WHERE user_id = $1 ORDER BY created_ms, id", {user.str()}}));
  std::vector<Passkey> out;
  out.reserve(rows.rows.size());
  for (const engines::Row& row : rows.rows) {
    CO_TRY(Passkey one, passkey_of(row));
    out.push_back(std::move(one));
  }
  co_return out;
}

Task<std::optional<Passkey>> PasskeyStore::find(std::string id) {
  CO_TRY(const Rows rows, co_await tables_.query({std::string(kSelect) + "WHERE id = $1", {std::move(id)}}));
  if (rows.empty()) co_return std::nullopt;
  CO_TRY(Passkey one, passkey_of(rows.rows.front()));
  co_return std::optional(std::move(one));
}

Task<> PasskeyStore::remove_all(Transaction& transaction, UserId user) {
  CO_TRY_VOID(co_await transaction.query({"DELETE FROM identity_passkeys WHERE user_id = $1", {user.str()}}));
  co_return Result<>();
}

Task<bool> PasskeyStore::remove(Transaction& transaction, UserId user, std::string id) {
  CO_TRY(const Rows rows, co_await transaction.query({"DELETE FROM identity_passkeys WHERE id = $1 AND user_id = $2",
                                                      {std::move(id), user.str()}}));
  co_return rows.affected == 1;
}

Task<bool> PasskeyStore::rename(UserId user, std::string id, std::string name) {
  CO_TRY(const Rows rows,
         co_await tables_.query({"UPDATE identity_passkeys SET name = $3 WHERE id = $1 AND user_id = $2",
                                 {std::move(id), user.str(), std::move(name)}}));
  co_return rows.affected == 1;
}

Task<bool> PasskeyStore::set_used(const Passkey& passkey, std::uint32_t sign_count, std::int64_t now_ms) {
  CO_TRY(const Rows rows, co_await tables_.query({"UPDATE identity_passkeys SET sign_count = $2, used_ms = $3 WHERE id "
                                                  "= $1 AND sign_count = $4",
                                                  {passkey.id, static_cast<std::int64_t>(sign_count), now_ms,
                                                   static_cast<std::int64_t>(passkey.credential.sign_count)}}));
  co_return rows.affected == 1;
}

Task<std::string> PasskeyStore::make_challenge(ChallengeFor purpose, std::optional<UserId> user, std::int64_t now_ms) {
  std::string challenge = make_one_time_secret();
  const NewChallenge made{one_time_hash(challenge), word_of(purpose), user ? user->str() : "", now_ms};
  const auto body = [&](Transaction& transaction) { return insert(transaction, made); };
  CO_TRY_VOID(co_await tables_.transaction(body));
  co_return challenge;
}

Task<bool> PasskeyStore::use_challenge(std::string challenge, ChallengeFor purpose, std::optional<UserId> user,
                                       std::int64_t now_ms) {
  CO_TRY(const Rows rows,
         co_await tables_.query({"DELETE FROM identity_challenges WHERE challenge_hash = $1 AND purpose = $2 AND "
                                 "COALESCE(user_id, '') = $3 AND expires_ms > $4",
                                 {one_time_hash(challenge), word_of(purpose), user ? user->str() : "", now_ms}}));
  co_return rows.affected == 1;
}

}  // namespace concord::identity
