#include "identity/oauth_attempts.h"

#include "crypto/base64.h"
#include "crypto/hash.h"
#include "identity/one_time_secret.h"

namespace concord::identity {

namespace {

using engines::as_integer;
using engines::as_string;
using engines::Rows;
using engines::Transaction;

std::string text_of(const std::optional<UserId>& user) { return user ? user->str() : std::string(); }

Result<std::optional<UserId>> linking_of(const engines::Value& column) {
  const std::string text = as_string(column);
  if (text.empty()) return std::optional<UserId>();
  const auto user = UserId::parse(text);
  if (!user) return fail(Code::kCorrupt, "the user of a sign-in under way is malformed");
  return user;
}

struct NewAttempt {
  std::string state_hash, browser_hash, provider, linking;
  std::int64_t now_ms = 0;
};

Task<> insert(Transaction& transaction, const NewAttempt& made) {
  CO_TRY_VOID(
      co_await transaction.query({"DELETE FROM identity_oauth_attempts WHERE expires_ms <= $1", {made.now_ms}}));
  CO_TRY_VOID(co_await transaction.query(
      {"DELETE FROM identity_oauth_attempts WHERE state_hash IN (SELECT state_hash FROM identity_oauth_attempts WHERE "
       "browser_hash = $1 ORDER BY expires_ms DESC, state_hash LIMIT 1000 OFFSET $2)",
       {made.browser_hash, OAuthAttempts::kPerBrowser - 1}}));
  CO_TRY_VOID(co_await transaction.query(
      {"DELETE FROM identity_oauth_attempts WHERE state_hash IN (SELECT state_hash FROM identity_oauth_attempts ORDER "
       "BY expires_ms DESC, state_hash LIMIT 1000 OFFSET $1)",
       {OAuthAttempts::kMost - 1}}));
  CO_TRY_VOID(co_await transaction.query(
      {"INSERT INTO identity_oauth_attempts (state_hash, browser_hash, provider, linking, expires_ms) VALUES "
       "($1, $2, $3, $4, $5)",
       {made.state_hash, made.browser_hash, made.provider, made.linking, made.now_ms + OAuthAttempts::kAttemptMs}}));
  co_return Result<>();
}

struct NewProof {
  std::string ticket_hash, browser_hash;
  const OAuthProof& proof;
  std::int64_t now_ms = 0;
};

Task<> insert_proof(Transaction& transaction, const NewProof& made) {
  CO_TRY_VOID(co_await transaction.query({"DELETE FROM identity_oauth_proofs WHERE expires_ms <= $1", {made.now_ms}}));
  const OAuthProof& proof = made.proof;
  CO_TRY_VOID(co_await transaction.query(
      {"INSERT INTO identity_oauth_proofs (ticket_hash, browser_hash, provider, linking, issuer, subject, email, "
       "email_verified, name, expires_ms) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
       {made.ticket_hash, made.browser_hash, proof.attempt.provider, text_of(proof.attempt.linking), proof.issuer,
        proof.profile.subject, proof.profile.email, std::int64_t{proof.profile.email_verified}, proof.profile.name,
        made.now_ms + OAuthAttempts::kProofMs}}));
  co_return Result<>();
}

}  // namespace

std::string oauth_derived(std::string_view browser, std::string_view purpose, std::string_view state) {
  const std::string text = std::string(purpose) + " " + std::string(state);
  return crypto::base64url_encode(crypto::hmac_sha256(as_bytes(browser), as_bytes(text)));
}

std::string oauth_challenge(std::string_view verifier) {
  return crypto::base64url_encode(crypto::sha256(as_bytes(verifier)));
}

Task<> OAuthAttempts::begin(std::string state, std::string browser, OAuthAttempt attempt, std::int64_t now_ms) {
  const NewAttempt made{one_time_hash(state), one_time_hash(browser), std::move(attempt.provider),
                        text_of(attempt.linking), now_ms};
  const auto body = [&](Transaction& transaction) { return insert(transaction, made); };
  CO_TRY_VOID(co_await tables_.transaction(body));
  co_return Result<>();
}

Task<std::optional<OAuthAttempt>> OAuthAttempts::take(std::string state, std::string browser, std::string provider,
                                                      std::int64_t now_ms) {
  CO_TRY(const Rows rows, co_await tables_.query({"DELETE FROM identity_oauth_attempts WHERE state_hash = $1 AND "
                                                  "browser_hash = $2 AND provider = $3 AND expires_ms > $4 RETURNING "
                                                  "linking",
                                                  {one_time_hash(state), one_time_hash(browser), provider, now_ms}}));
  if (rows.empty()) co_return std::nullopt;
  CO_TRY(const auto linking, linking_of(rows.rows.front()[0]));
  co_return OAuthAttempt{std::move(provider), linking};
}

Task<std::string> OAuthAttempts::keep(OAuthProof proof, std::string browser, std::int64_t now_ms) {
  std::string ticket = make_one_time_secret();
  const NewProof made{one_time_hash(ticket), one_time_hash(browser), proof, now_ms};
  const auto body = [&](Transaction& transaction) { return insert_proof(transaction, made); };
  CO_TRY_VOID(co_await tables_.transaction(body));
  co_return ticket;
}

Task<std::optional<OAuthProof>> OAuthAttempts::claim(std::string ticket, std::string browser,
                                                     std::optional<UserId> linking, std::int64_t now_ms) {
  CO_TRY(const Rows rows,
         co_await tables_.query({"DELETE FROM identity_oauth_proofs WHERE ticket_hash = $1 AND browser_hash = $2 AND "
                                 "linking = $3 AND expires_ms > $4 RETURNING provider, issuer, subject, email, "
                                 "email_verified, name",
                                 {one_time_hash(ticket), one_time_hash(browser), text_of(linking), now_ms}}));
  if (rows.empty()) co_return std::nullopt;
  const engines::Row& row = rows.rows.front();
  co_return OAuthProof{.attempt = {as_string(row[0]), linking},
                       .issuer = as_string(row[1]),
                       .profile = {.subject = as_string(row[2]),
                                   .email = as_string(row[3]),
                                   .email_verified = as_integer(row[4]) != 0,
                                   .name = as_string(row[5])}};
}

}  // namespace concord::identity
