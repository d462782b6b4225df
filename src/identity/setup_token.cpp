#include "identity/setup_token.h"

#include "crypto/base64.h"
#include "crypto/random.h"

namespace concord::identity {

namespace {

Task<> load_or_insert(engines::Transaction& transaction, std::int64_t now_ms, std::string& out) {
  CO_TRY(const engines::Rows rows, co_await transaction.query({"SELECT token FROM identity_setup", {}}));
  if (!rows.empty()) {
    out = engines::as_string(rows.rows.front()[0]);
    co_return Result<>();
  }
  out = crypto::base64url_encode(crypto::random_array<24>());
  CO_TRY_VOID(co_await transaction.query(
      {"INSERT INTO identity_setup (only_row, token, created_ms) VALUES (1, $1, $2)", {out, now_ms}}));
  co_return Result<>();
}

}  // namespace

Task<std::string> load_setup_token(engines::Tables& tables, Clock& clock) {
  std::string token;
  const std::int64_t now_ms = clock.wall_ms();
  const auto body = [&](engines::Transaction& transaction) { return load_or_insert(transaction, now_ms, token); };
  CO_TRY_VOID(co_await tables.transaction(body));
  co_return token;
}

}  // namespace concord::identity
