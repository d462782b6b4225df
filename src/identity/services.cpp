#include "identity/services.h"

#include "crypto/base64.h"
#include "crypto/claims.h"
#include "crypto/random.h"
#include "identity/access_tokens.h"
#include "identity/one_time_secret.h"

namespace concord::identity {

namespace {

using engines::as_integer;
using engines::as_string;
using engines::Rows;

// `audiences`: separated by line feeds, which no audience has.
constexpr const char* kTable = R"(
CREATE TABLE identity_services (
  id TEXT PRIMARY KEY,
  secret_hash TEXT NOT NULL,
  name TEXT NOT NULL,
  audiences TEXT NOT NULL,
  created_ms BIGINT NOT NULL
);
)";
constexpr std::string_view kColumns = "id, name, audiences, created_ms";

std::string joined(const std::vector<std::string>& audiences) {
  std::string out;
  for (const std::string& one : audiences) out.append(out.empty() ? "" : "\n").append(one);
  return out;
}

std::vector<std::string> split(std::string_view text) {
  std::vector<std::string> out;
  while (!text.empty()) {
    const auto end = text.find('\n');
    out.emplace_back(text.substr(0, end));
    text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
  }
  return out;
}

Result<Service> service_of(const engines::Row& row) {
  const auto id = ServiceId::parse(as_string(row[0]));
  if (!id) return fail(Code::kCorrupt, "a row of the table of services is malformed");
  return Service{*id, as_string(row[1]), split(as_string(row[2])), as_integer(row[3])};
}

Result<std::optional<Service>> only(const Rows& rows) {
  if (rows.empty()) return std::nullopt;
  TRY(Service service, service_of(rows.rows.front()));
  return service;
}

}  // namespace

std::vector<engines::Migration> Services::migrations() {
  return {{.part = "identity_services", .version = 1, .sql = kTable}};
}

Task<std::string> Services::make(Service service) {
  std::string secret = make_one_time_secret();
  CO_TRY(const Rows made,
         co_await tables_.query({"INSERT INTO identity_services (id, secret_hash, name, audiences, created_ms) "
                                 "SELECT $1, $2, $3, $4, $5 WHERE (SELECT COUNT(*) FROM identity_services) < $6",
                                 {service.id.str(), one_time_hash(secret), service.name, joined(service.audiences),
                                  service.created_ms, kMaxServices}}));
  if (made.affected == 0)
    co_return fail(Error{Code::kTooLarge,
                         "there are too many services; remove some that are not used",
                         {{"limit", std::to_string(kMaxServices)}}});
  co_return secret;
}

Task<std::vector<Service>> Services::list() {
  CO_TRY(const Rows rows, co_await tables_.query({"SELECT " + std::string(kColumns) +
                                                      " FROM identity_services ORDER BY created_ms, id LIMIT $1",
                                                  {kMaxServices}}));
  std::vector<Service> out;
  out.reserve(rows.rows.size());
  for (const engines::Row& row : rows.rows) {
    CO_TRY(Service service, service_of(row));
    out.push_back(std::move(service));
  }
  co_return out;
}

Task<std::optional<Service>> Services::find(ServiceId id) {
  CO_TRY(const Rows rows,
         co_await tables_.query(
             {"SELECT " + std::string(kColumns) + " FROM identity_services WHERE id = $1", {id.str()}}));
  co_return only(rows);
}

Task<std::optional<Service>> Services::find_by_secret(ServiceId id, std::string secret) {
  CO_TRY(const Rows rows, co_await tables_.query({"SELECT " + std::string(kColumns) +
                                                      " FROM identity_services WHERE id = $1 AND secret_hash = $2",
                                                  {id.str(), one_time_hash(secret)}}));
  co_return only(rows);
}

Task<std::string> Services::replace_secret(ServiceId id) {
  std::string secret = make_one_time_secret();
  CO_TRY(const Rows changed, co_await tables_.query({"UPDATE identity_services SET secret_hash = $1 WHERE id = $2",
                                                     {one_time_hash(secret), id.str()}}));
  if (changed.affected == 0) co_return fail(Code::kNotFound, "there is no such service");
  co_return secret;
}

Task<bool> Services::remove(ServiceId id) {
  CO_TRY(const Rows gone, co_await tables_.query({"DELETE FROM identity_services WHERE id = $1", {id.str()}}));
  co_return gone.affected > 0;
}

Result<std::string> ServiceTokens::issue(const Service& service, std::string_view audience) const {
  const std::int64_t now_s = clock_.wall_ms() / 1000;
  const crypto::Claims claims{.issuer = issuer_,
                              .subject = service.id.str(),
                              .audience = std::string(audience),
                              .expires_s = now_s + kLifetimeS,
                              .issued_s = now_s,
                              .not_before_s = now_s,
                              .token_id = crypto::base64url_encode(crypto::random_array<16>()),
                              .session_id = service.id.str()};
  return crypto::sign_compact(keys_.current()->signer, kServiceTokenType, crypto::encode_claims(claims));
}

Result<ServiceTokens::Checked> ServiceTokens::check(std::string_view token) const {
  TRY(const std::string payload, keys_.current()->service_verifier.verify(token));
  TRY(crypto::Claims claims, crypto::parse_claims(payload));
  TRY_VOID(
      crypto::check_claims(claims, {.issuer = issuer_, .audience = claims.audience, .now_s = clock_.wall_ms() / 1000}));
  const auto service = ServiceId::parse(claims.subject);
  if (!service) return refuse_token("malformed", "the token's claims are malformed: they name no service");
  return Checked{*service, std::move(claims.audience), claims.expires_s * 1000};
}

}  // namespace concord::identity
