#include "identity/signing_keys.h"

#include <algorithm>

#include "crypto/base64.h"
#include "json/writer.h"
#include "vault/vault.h"

namespace concord::identity {

namespace {

using engines::Rows;
using engines::Transaction;

// Before what is sealed, in base64url; a key that is stored as it is begins with its own mark.
constexpr std::string_view kSealedPrefix = "sealed:";
constexpr std::int64_t kClockSkewMs = 60'000;

/// The hub itself: it has keys in the vault as a user has.
constexpr UserId kHub{};

std::string place_of(std::string_view kid) { return "signing-key/" + std::string(kid); }

/// The newest first.
engines::Statement select_keys() {
  return {"SELECT kid, private_pem, created_ms FROM identity_keys ORDER BY created_ms DESC, kid", {}};
}

struct NewKey {
  std::string kid;
  std::string stored;
  std::int64_t created_ms;
  std::string follows;  // the newest key that it was made after; empty: none
  bool alone;           // the others go
};

/// Sets whether it is the one that follows; else another node was faster.
Task<> insert(Transaction& transaction, const NewKey& key, bool& inserted) {
  CO_TRY(const Rows rows, co_await transaction.query(select_keys()));
  inserted = (rows.empty() ? std::string() : engines::as_string(rows.rows.front()[0])) == key.follows;
  if (!inserted) co_return Result<>();
  if (key.alone) CO_TRY_VOID(co_await transaction.query({"DELETE FROM identity_keys", {}}));
  CO_TRY_VOID(
      co_await transaction.query({"INSERT INTO identity_keys (kid, private_pem, created_ms) VALUES ($1, $2, $3)",
                                  {key.kid, key.stored, key.created_ms}}));
  co_return Result<>();
}

}  // namespace

Task<std::string> KeyRing::stored_form(const crypto::SigningKey& key) {
  std::string pem = key.to_pem();
  if (vault_ == nullptr) co_return pem;
  const std::string place = place_of(key.verifying().kid());
  CO_TRY(auto sealer, co_await vault_->sealer(kHub));
  if (!sealer) co_return pem;
  co_return std::string(kSealedPrefix) + crypto::base64url_encode(sealer->seal(place, as_bytes(pem)));
}

Task<crypto::SigningKey> KeyRing::from_stored(std::string kid, std::string text) {
  if (text.starts_with(kSealedPrefix)) {
    auto sealed = crypto::base64url_decode(std::string_view(text).substr(kSealedPrefix.size()));
    if (!sealed || vault_ == nullptr) co_return fail(Code::kCorrupt, "a stored signing key is malformed");
    vault::Opener opener;
    CO_TRY(const Bytes pem, co_await vault_->open(opener, place_of(kid), std::move(*sealed)));
    text = as_text(pem);
  }
  auto key = crypto::SigningKey::from_pem(text);
  if (!key) co_return fail(Code::kCorrupt, "a stored signing key is malformed: " + key.error().message);
  co_return std::move(*key);
}

Task<std::vector<KeyRing::Stored>> KeyRing::read() {
  CO_TRY(const Rows rows, co_await tables_.query(select_keys()));
  std::vector<Stored> keys;
  keys.reserve(rows.rows.size());
  for (const engines::Row& row : rows.rows) {
    const std::string kid(engines::as_string(row[0]));
    const std::string text(engines::as_string(row[1]));
    CO_TRY(crypto::SigningKey key, co_await from_stored(kid, text));
    keys.push_back({.kid = kid,
                    .key = std::move(key),
                    .created_ms = engines::as_integer(row[2]),
                    .plain = !text.starts_with(kSealedPrefix)});
  }
  co_return keys;
}

/// The newest that was published for long enough; the oldest where none was.
std::size_t KeyRing::signer_of(const std::vector<Stored>& keys) const {
  const std::int64_t now_ms = clock_.wall_ms();
  const auto found = std::ranges::find_if(
      keys, [&](const Stored& one) { return one.created_ms + kPublishedForMs + kClockSkewMs <= now_ms; });
  return found == keys.end() ? keys.size() - 1 : static_cast<std::size_t>(found - keys.begin());
}

Task<std::optional<std::string>> KeyRing::make(std::string newest, bool alone) {
  CO_TRY(const crypto::SigningKey made,
         co_await blocking_.run<crypto::SigningKey>([] { return crypto::SigningKey::generate(); }));
  NewKey key{.kid = made.verifying().kid(),
             .stored = {},
             .created_ms = clock_.wall_ms(),
             .follows = std::move(newest),
             .alone = alone};
  CO_TRY(key.stored, co_await stored_form(made));
  bool inserted = false;
  const auto body = [&](Transaction& transaction) { return insert(transaction, key, inserted); };
  CO_TRY_VOID(co_await tables_.transaction(body));
  if (!inserted) co_return std::nullopt;
  co_return key.kid;
}

/// Encryption was off when they were made.
Task<> KeyRing::seal_plain(const std::vector<Stored>& keys) {
  for (const Stored& one : keys) {
    if (!one.plain) continue;
    CO_TRY(const std::string stored, co_await stored_form(one.key));
    if (!stored.starts_with(kSealedPrefix)) break;  // it is off still
    CO_TRY_VOID(
        co_await tables_.query({"UPDATE identity_keys SET private_pem = $1 WHERE kid = $2", {stored, one.kid}}));
  }
  co_return Result<>();
}

Task<> KeyRing::load() {
  CO_TRY(std::vector<Stored> keys, co_await read());
  if (keys.empty()) {
    CO_TRY(const auto made, co_await make({}, false));
    (void)made;  // or another node's
    CO_TRY(keys, co_await read());
    if (keys.empty()) co_return fail(Code::kCorrupt, "the tables have no signing key");
  }
  CO_TRY_VOID(co_await seal_plain(keys));
  crypto::TokenVerifier verifier{std::string(kAccessTokenType)};
  crypto::TokenVerifier service_verifier{std::string(kServiceTokenType)};
  json::Writer jwks;
  jwks.begin_object().key("keys").begin_array();
  for (const Stored& one : keys) {
    jwks.raw(one.key.verifying().jwk());
    verifier.add(one.key.verifying());
    service_verifier.add(one.key.verifying());
  }
  jwks.end().end();
  auto loaded = std::make_shared<const SigningKeys>(SigningKeys{.signer = keys[signer_of(keys)].key,
                                                                .verifier = std::move(verifier),
                                                                .service_verifier = std::move(service_verifier),
                                                                .jwks = std::move(jwks).take()});
  const std::lock_guard lock(mutex_);
  current_ = std::move(loaded);
  co_return Result<>();
}

std::shared_ptr<const SigningKeys> KeyRing::current() const {
  const std::lock_guard lock(mutex_);
  return current_;
}

Task<std::optional<std::string>> KeyRing::look_after() {
  CO_TRY(const std::vector<Stored> keys, co_await read());
  const std::int64_t now_ms = clock_.wall_ms();
  std::optional<std::string> made;
  if (!keys.empty() && ages_.renew_ms > 0 && keys.front().created_ms + ages_.renew_ms <= now_ms) {
    CO_TRY(made, co_await make(keys.front().kid, false));
  }
  if (!keys.empty()) {
    const Stored& signer = keys[signer_of(keys)];
    const std::int64_t signs_from_ms = signer.created_ms + kPublishedForMs + kClockSkewMs;
    if (signs_from_ms + ages_.token_ms + kClockSkewMs <= now_ms)
      CO_TRY_VOID(co_await tables_.query({"DELETE FROM identity_keys WHERE created_ms < $1", {signer.created_ms}}));
  }
  CO_TRY_VOID(co_await load());
  co_return made;
}

Task<std::string> KeyRing::renew(bool at_once) {
  constexpr int kTries = 3;
  for (int tried = 0; tried < kTries; ++tried) {
    CO_TRY(const std::vector<Stored> keys, co_await read());
    if (keys.size() >= kMostKeys && !at_once) {
      co_return fail(Error{Code::kConflict,
                           "there are too many signing keys that may not be forgotten yet; try again in an hour",
                           {{"limit", std::to_string(kMostKeys)}}});
    }
    CO_TRY(std::optional<std::string> kid, co_await make(keys.empty() ? std::string() : keys.front().kid, at_once));
    if (!kid) continue;
    CO_TRY_VOID(co_await load());
    co_return std::move(*kid);
  }
  co_return fail(Code::kUnavailable, "other nodes make signing keys at the same time; try again");
}

}  // namespace concord::identity
