#include "identity/signing_keys.h"

#include "json/writer.h"

namespace concord::identity {

namespace {

using engines::Rows;
using engines::Transaction;

/// The newest first.
engines::Statement select_keys() { return {"SELECT private_pem FROM identity_keys ORDER BY created_ms DESC, kid", {}}; }

Task<> insert_first(Transaction& transaction, const crypto::SigningKey& key, std::int64_t now_ms) {
  CO_TRY(const Rows rows, co_await transaction.query(select_keys()));
  if (!rows.empty()) co_return Result<>();
  CO_TRY_VOID(
      co_await transaction.query({"INSERT INTO identity_keys (kid, private_pem, created_ms) VALUES ($1, $2, $3)",
                                  {key.verifying().kid(), key.to_pem(), now_ms}}));
  co_return Result<>();
}

Result<SigningKeys> assemble(const Rows& rows) {
  std::vector<crypto::SigningKey> keys;
  crypto::TokenVerifier verifier{std::string(kAccessTokenType)};
  json::Writer jwks;
  jwks.begin_object().key("keys").begin_array();
  for (const engines::Row& row : rows.rows) {
    auto key = crypto::SigningKey::from_pem(engines::as_string(row[0]));
    if (!key) return fail(Code::kCorrupt, "a stored signing key is malformed: " + key.error().message);
    jwks.raw(key->verifying().jwk());
    verifier.add(key->verifying());
    keys.push_back(std::move(*key));
  }
  jwks.end().end();
  if (keys.empty()) return fail(Code::kCorrupt, "the tables have no signing key");
  return SigningKeys{std::move(keys.front()), std::move(verifier), std::move(jwks).take()};
}

}  // namespace

Task<SigningKeys> load_signing_keys(engines::Tables& tables, BlockingPool& blocking, Clock& clock) {
  CO_TRY(Rows rows, co_await tables.query(select_keys()));
  if (rows.empty()) {
    CO_TRY(const crypto::SigningKey made,
           co_await blocking.run<crypto::SigningKey>([] { return crypto::SigningKey::generate(); }));
    const std::int64_t now_ms = clock.wall_ms();
    const auto body = [&](Transaction& transaction) { return insert_first(transaction, made, now_ms); };
    CO_TRY_VOID(co_await tables.transaction(body));
    CO_TRY(rows, co_await tables.query(select_keys()));
  }
  co_return assemble(rows);
}

}  // namespace concord::identity
