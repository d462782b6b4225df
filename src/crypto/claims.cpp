#include "crypto/claims.h"

#include "json/object.h"
#include "json/writer.h"

namespace concord::crypto {

namespace {

constexpr json::TextRule kText{.least = 1, .most = 255};
constexpr std::int64_t kMaxSeconds = 253'402'300'799;  // the end of the year 9999

Result<Claims> read(const json::Object& object) {
  Claims claims;
  TRY(claims.issuer, object.text("iss", kText));
  TRY(claims.subject, object.text("sub", kText));
  TRY(claims.audience, object.text("aud", kText));
  TRY(claims.expires_s, object.integer("exp", 0, kMaxSeconds));
  TRY(claims.issued_s, object.integer("iat", 0, kMaxSeconds));
  TRY(claims.not_before_s, object.integer("nbf", 0, kMaxSeconds));
  TRY(claims.token_id, object.text("jti", kText));
  TRY(claims.session_id, object.text("sid", kText));
  if (object.size() != 8) return fail(json::field_error("payload", "has claims that are not known here"));
  return claims;
}

std::unexpected<Error> refuse(std::string_view reason, std::string message) {
  return fail(Error{Code::kUnauthenticated, std::move(message), {}}.with("reason", std::string(reason)));
}

std::unexpected<Error> malformed(Error error) {
  error.code = Code::kUnauthenticated;
  error.message = "the token's claims are malformed: " + error.message;
  return fail(std::move(error).with("reason", "malformed"));
}

}  // namespace

std::string encode_claims(const Claims& claims) {
  json::Writer out;
  out.begin_object().field("iss", claims.issuer).field("sub", claims.subject).field("aud", claims.audience);
  out.field("exp", claims.expires_s).field("iat", claims.issued_s).field("nbf", claims.not_before_s);
  out.field("jti", claims.token_id).field("sid", claims.session_id).end();
  return std::move(out).take();
}

Result<Claims> parse_claims(std::string_view payload) {
  auto object = json::Object::parse(payload, {.max_bytes = 4096, .max_values = 16, .max_depth = 2});
  if (!object) return malformed(std::move(object).error());
  auto claims = read(*object);
  if (!claims) return malformed(std::move(claims).error());
  return claims;
}

Result<> check_claims(const Claims& claims, const ClaimsRule& rule) {
  if (claims.issuer != rule.issuer) return refuse("issuer", "the token was issued by another hub");
  if (claims.audience != rule.audience) return refuse("audience", "the token is for another audience");
  if (claims.expires_s <= rule.now_s) return refuse("expired", "the token has expired");
  if (claims.not_before_s > rule.now_s + rule.leeway_s) return refuse("not_yet_valid", "the token is not yet valid");
  return {};
}

}  // namespace concord::crypto
