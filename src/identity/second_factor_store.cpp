#include "identity/second_factor_store.h"

#include <algorithm>

#include "crypto/base32.h"
#include "crypto/one_time_code.h"
#include "crypto/random.h"
#include "identity/one_time_secret.h"
#include "vault/vault.h"

namespace concord::identity {

namespace {

using engines::as_integer;
using engines::Rows;
using engines::Transaction;

constexpr std::uint8_t kPlainMark = 1;  // before what is stored: never how sealed bytes begin
constexpr std::int64_t kFirstWaitMs = 30'000;
constexpr std::int64_t kMostWaitMs = 3'600'000;
constexpr std::int64_t kMostDoublings = 7;  // of the first wait, within the most
constexpr std::size_t kRecoveryCodeBytes = 10;
constexpr std::size_t kRecoveryGroup = 4;

std::string place_of(UserId user) { return "totp/" + user.str(); }

std::string recovery_code() {
  const std::string text = plain_recovery_code(crypto::base32_encode(crypto::random_array<kRecoveryCodeBytes>()));
  std::string out;
  for (std::size_t at = 0; at < text.size(); at += kRecoveryGroup) {
    if (at > 0) out += '-';
    out.append(text, at, kRecoveryGroup);
  }
  return out;
}

}  // namespace

std::string plain_recovery_code(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    if (c >= 'A' && c <= 'Z') out.push_back(static_cast<char>(c - 'A' + 'a'));
    if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')) out.push_back(c);
  }
  return out;
}

Task<Bytes> SecondFactorStore::seal(UserId user, Bytes secret) {
  Bytes plain{kPlainMark};
  append(plain, secret);
  if (vault_ == nullptr) co_return plain;
  CO_TRY(auto sealer, co_await vault_->sealer(user));
  co_return vault::seal_with(sealer, place_of(user), std::move(plain));
}

Task<Bytes> SecondFactorStore::open(UserId user, Bytes stored) {
  vault::Opener opener;
  if (vault_ != nullptr) {
    CO_TRY(stored, co_await vault_->open(opener, place_of(user), std::move(stored)));
  }
  if (stored.size() != 1 + crypto::kCodeSecretBytes || stored.front() != kPlainMark)
    co_return fail(Code::kCorrupt, "a stored secret for one-time codes is malformed");
  stored.erase(stored.begin());
  co_return stored;
}

Task<Factors> SecondFactorStore::of(UserId user) {
  CO_TRY(const Rows rows,
         co_await tables_.query(
             {"SELECT (SELECT COUNT(*) FROM identity_totp WHERE user_id = $1 AND confirmed_ms IS NOT NULL), "
              "(SELECT COUNT(*) FROM identity_recovery_codes WHERE user_id = $1), "
              "(SELECT COUNT(*) FROM identity_passkeys WHERE user_id = $1)",
              {user.str()}}));
  const engines::Row& row = rows.rows.front();
  co_return Factors{
      .totp = as_integer(row[0]) > 0, .passkeys = as_integer(row[2]), .recovery_codes = as_integer(row[1])};
}

Task<std::vector<UserId>> SecondFactorStore::having_any(std::vector<UserId> users) {
  std::vector<UserId> out;
  if (users.empty()) co_return out;
  engines::Statement statement;
  std::string among;
  for (std::size_t i = 0; i < users.size(); ++i) {
    among += (i == 0 ? "$" : ", $") + std::to_string(i + 1);
    statement.arguments.emplace_back(users[i].str());
  }
  statement.sql = "SELECT user_id FROM identity_totp WHERE confirmed_ms IS NOT NULL AND user_id IN (" + among +
                  ") UNION SELECT user_id FROM identity_passkeys WHERE user_id IN (" + among + ")";
  CO_TRY(const Rows rows, co_await tables_.query(std::move(statement)));
  out.reserve(rows.rows.size());
  for (const engines::Row& row : rows.rows) {
    const auto user = UserId::parse(engines::as_string(row[0]));
    if (!user) co_return fail(Code::kCorrupt, "a user's identifier is malformed");
    out.push_back(*user);
  }
  co_return out;
}

Task<> SecondFactorStore::begin_totp(UserId user, Bytes secret, std::int64_t now_ms) {
  CO_TRY(Bytes stored, co_await seal(user, std::move(secret)));
  CO_TRY(const Rows made,
         co_await tables_.query(
             {"INSERT INTO identity_totp (user_id, secret, created_ms, last_step, failures, retry_at_ms) VALUES ($1, "
              "$2, $3, 0, 0, 0) ON CONFLICT (user_id) DO UPDATE SET secret = excluded.secret, created_ms = "
              "excluded.created_ms WHERE identity_totp.confirmed_ms IS NULL",
              {user.str(), std::move(stored), now_ms}}));
  if (made.affected == 0) co_return fail(Code::kConflict, "one-time codes are on already");
  co_return Result<>();
}

Task<std::optional<SecondFactorStore::PendingTotp>> SecondFactorStore::pending_totp(UserId user) {
  CO_TRY(const Rows rows,
         co_await tables_.query(
             {"SELECT secret FROM identity_totp WHERE user_id = $1 AND confirmed_ms IS NULL", {user.str()}}));
  if (rows.empty()) co_return std::nullopt;
  PendingTotp pending{.stored = engines::as_blob(rows.rows.front()[0])};
  CO_TRY(pending.secret, co_await open(user, pending.stored));
  co_return std::optional(std::move(pending));
}

Task<bool> SecondFactorStore::confirm_totp(Transaction& transaction, UserId user, Bytes stored, std::int64_t step,
                                           std::int64_t now_ms) {
  CO_TRY(const Rows rows, co_await transaction.query({"UPDATE identity_totp SET confirmed_ms = $4, last_step = $3 "
                                                      "WHERE user_id = $1 AND secret = $2 AND confirmed_ms IS NULL",
                                                      {user.str(), std::move(stored), step, now_ms}}));
  co_return rows.affected == 1;
}

/// The try is counted before its code is looked at, so that many at once are not more than one after the other.
Task<bool> SecondFactorStore::use_totp(UserId user, std::string code, std::int64_t now_ms) {
  CO_TRY(const Rows rows,
         co_await tables_.query(
             {"UPDATE identity_totp SET failures = failures + 1, retry_at_ms = CASE WHEN failures + 1 < $3 THEN 0 WHEN "
              "failures + 1 >= $3 + $4 THEN $2 + $6 ELSE $2 + $5 * (CAST(1 AS BIGINT) << CAST(failures + 1 - $3 AS "
              "INTEGER)) END WHERE user_id = $1 AND confirmed_ms IS NOT NULL AND retry_at_ms <= $2 RETURNING secret, "
              "last_step",
              {user.str(), now_ms, kFreeTries, kMostDoublings, kFirstWaitMs, kMostWaitMs}}));
  if (rows.empty()) {
    CO_TRY(const std::int64_t left_ms, co_await wait_ms(user, now_ms));
    if (left_ms == 0) co_return false;
    co_return fail(Error{Code::kRateLimited, "too many wrong codes; try again later, or use a recovery code", {}}.with(
        "retry_after", std::to_string((left_ms + 999) / 1000)));
  }
  const engines::Row& row = rows.rows.front();
  CO_TRY(const Bytes secret, co_await open(user, engines::as_blob(row[0])));
  const auto step = crypto::match_code(secret, code, now_ms, as_integer(row[1]));
  if (!step) co_return false;
  CO_TRY(const Rows used, co_await tables_.query({"UPDATE identity_totp SET last_step = $2, failures = 0, retry_at_ms "
                                                  "= 0 WHERE user_id = $1 AND last_step < $2",
                                                  {user.str(), *step}}));
  co_return used.affected == 1;
}

Task<std::int64_t> SecondFactorStore::wait_ms(UserId user, std::int64_t now_ms) {
  CO_TRY(const Rows rows,
         co_await tables_.query(
             {"SELECT retry_at_ms FROM identity_totp WHERE user_id = $1 AND confirmed_ms IS NOT NULL", {user.str()}}));
  co_return rows.empty() ? 0 : std::max<std::int64_t>(0, as_integer(rows.rows.front()[0]) - now_ms);
}

Task<std::vector<std::string>> SecondFactorStore::make_recovery_codes(Transaction& transaction, UserId user) {
  CO_TRY_VOID(co_await transaction.query({"DELETE FROM identity_recovery_codes WHERE user_id = $1", {user.str()}}));
  std::vector<std::string> codes;
  codes.reserve(kRecoveryCodes);
  for (std::size_t i = 0; i < kRecoveryCodes; ++i) {
    codes.push_back(recovery_code());
    CO_TRY_VOID(co_await transaction.query({"INSERT INTO identity_recovery_codes (user_id, code_hash) VALUES ($1, $2)",
                                            {user.str(), one_time_hash(plain_recovery_code(codes.back()))}}));
  }
  co_return codes;
}

Task<std::vector<std::string>> SecondFactorStore::make_first_recovery_codes(Transaction& transaction, UserId user) {
  CO_TRY(const Rows rows, co_await transaction.query(
                              {"SELECT 1 FROM identity_recovery_codes WHERE user_id = $1 LIMIT 1", {user.str()}}));
  if (!rows.empty()) co_return std::vector<std::string>();
  co_return co_await make_recovery_codes(transaction, user);
}

Task<bool> SecondFactorStore::use_recovery_code(UserId user, std::string code) {
  CO_TRY(const Rows rows,
         co_await tables_.query({"DELETE FROM identity_recovery_codes WHERE user_id = $1 AND code_hash = $2",
                                 {user.str(), one_time_hash(plain_recovery_code(code))}}));
  co_return rows.affected == 1;
}

Task<> SecondFactorStore::remove_totp(Transaction& transaction, UserId user) {
  CO_TRY_VOID(co_await transaction.query({"DELETE FROM identity_totp WHERE user_id = $1", {user.str()}}));
  co_return co_await drop_idle_recovery_codes(transaction, user);
}

Task<> SecondFactorStore::drop_idle_recovery_codes(Transaction& transaction, UserId user) {
  CO_TRY_VOID(co_await transaction.query(
      {"DELETE FROM identity_recovery_codes WHERE user_id = $1 AND NOT EXISTS (SELECT 1 FROM identity_totp WHERE "
       "user_id = $1 AND confirmed_ms IS NOT NULL) AND NOT EXISTS (SELECT 1 FROM identity_passkeys WHERE user_id = $1)",
       {user.str()}}));
  co_return Result<>();
}

}  // namespace concord::identity
