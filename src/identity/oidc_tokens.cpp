#include "identity/oidc_tokens.h"

#include <boost/json/array.hpp>
#include <boost/json/value.hpp>

#include <algorithm>

#include "crypto/base64.h"
#include "crypto/hash.h"
#include "identity/email.h"
#include "identity/oidc_reading.h"

namespace concord::identity {

namespace {

constexpr json::TextRule kClaim{.least = 1, .most = 2048};
constexpr json::TextRule kToken{.least = 1, .most = kMaxProviderTokenBytes, .secret = true};
constexpr std::int64_t kMaxSeconds = 253'402'300'799;  // the end of the year 9999
constexpr std::size_t kMaxAudiences = 16;
constexpr json::Limits kIdToken{.max_bytes = kMaxProviderTokenBytes, .max_values = 1024, .max_depth = 12};

bool is_visible_ascii(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c > ' ' && c <= '~'; });
}

bool equals_ignoring_case(std::string_view text, std::string_view lower) {
  return text.size() == lower.size() &&
         std::equal(text.begin(), text.end(), lower.begin(), [](char a, char b) { return (a | 0x20) == b; });
}

std::unexpected<Error> malformed(const Error& why) { return not_held("malformed", "the ID token is malformed", why); }

struct Parts {
  std::string_view signed_part;
  json::Object header;
  json::Object claims;
  Bytes signature;
};

Result<json::Object> object_of(std::string_view part) {
  const auto bytes = crypto::base64url_decode(part);
  if (!bytes) return fail(Code::kInvalidArgument, "a part is not base64url");
  return json::Object::parse(as_text(*bytes), kIdToken);
}

Result<Parts> split(std::string_view token) {
  if (token.size() > kMaxProviderTokenBytes) return fail(Code::kInvalidArgument, "it is too long");
  const auto first = token.find('.');
  const auto second = first == std::string_view::npos ? first : token.find('.', first + 1);
  if (second == std::string_view::npos || token.find('.', second + 1) != std::string_view::npos)
    return fail(Code::kInvalidArgument, "it does not have three parts");
  TRY(json::Object header, object_of(token.substr(0, first)));
  TRY(json::Object claims, object_of(token.substr(first + 1, second - first - 1)));
  auto signature = crypto::base64url_decode(token.substr(second + 1));
  if (!signature) return fail(Code::kInvalidArgument, "the signature is not base64url");
  return Parts{token.substr(0, second), std::move(header), std::move(claims), std::move(*signature)};
}

/// Nothing of the claims is looked at before this.
Result<> check_signature(const Parts& parts, const IssuerKeys& keys) {
  const auto algorithm = parts.header.text("alg", {.least = 1, .most = 16});
  const auto kid = parts.header.optional_text("kid", {.most = 255});
  if (!algorithm) return malformed(algorithm.error());
  if (!kid) return malformed(kid.error());
  if (*algorithm != "RS256" && *algorithm != "ES256")
    return not_held("algorithm", "the ID token is signed by " + *algorithm);
  if (parts.header.raw("crit") != nullptr || parts.header.raw("b64") != nullptr)
    return not_held("algorithm", "the ID token wants an extension that is not known here");
  switch (keys.verify(*algorithm, kid->value_or(""), as_bytes(parts.signed_part), parts.signature)) {
    case IssuerKeys::Verdict::kGood:
      return {};
    case IssuerKeys::Verdict::kNoKey:
      return not_held("key", "the ID token is signed by none of the issuer's keys");
    case IssuerKeys::Verdict::kWrong:
      break;
  }
  return not_held("signature", "the ID token's signature is wrong");
}

/// One, or a list that has ours: then `azp` has to say that it was made for us.
Result<> check_audience(const json::Object& claims, std::string_view client_id) {
  const boost::json::value* audience = claims.raw("aud");
  const auto is_ours = [&](const boost::json::value& one) {
    return one.is_string() && std::string_view(one.get_string()) == client_id;
  };
  bool ours = false;
  bool others = false;
  if (audience != nullptr && audience->is_array() && audience->get_array().size() <= kMaxAudiences) {
    ours = std::ranges::any_of(audience->get_array(), is_ours);
    others = !std::ranges::all_of(audience->get_array(), is_ours);
  } else if (audience != nullptr) {
    ours = is_ours(*audience);
  }
  if (!ours) return not_held("audience", "the ID token is for somebody else");
  const auto party = claims.optional_text("azp", kClaim);
  if (!party) return malformed(party.error());
  if (party->has_value() ? **party != client_id : others)
    return not_held("party", "the ID token was made for another client");
  return {};
}

Result<> check_times(const json::Object& claims, std::int64_t now_s) {
  const auto expires = claims.integer("exp", 0, kMaxSeconds);
  const auto issued = claims.integer("iat", 0, kMaxSeconds);
  const auto not_before = claims.optional_integer("nbf", 0, kMaxSeconds);
  if (!expires) return malformed(expires.error());
  if (!issued) return malformed(issued.error());
  if (!not_before) return malformed(not_before.error());
  if (*expires + kClockSkewS <= now_s) return not_held("expired", "the ID token has expired");
  if (*issued > now_s + kClockSkewS || not_before->value_or(0) > now_s + kClockSkewS)
    return not_held("issued", "the ID token is of the future: one of the clocks is wrong");
  if (*issued + kOldestIdTokenS + kClockSkewS <= now_s) return not_held("issued", "the ID token was issued long ago");
  return {};
}

/// The left half of the SHA-256 (OpenID Connect Core 1.0, 3.1.3.6).
Result<> check_access_token(const json::Object& claims, std::string_view access_token) {
  const auto said = claims.optional_text("at_hash", kClaim);
  if (!said) return malformed(said.error());
  if (!said->has_value()) return {};
  const crypto::Sha256 hash = crypto::sha256(as_bytes(access_token));
  if (**said == crypto::base64url_encode(ByteView(hash).first(hash.size() / 2))) return {};
  return not_held("access_token", "the ID token belongs to another access token");
}

Result<std::string> subject_of(const json::Object& claims) {
  TRY(std::string subject, claims.text("sub", {.least = 1, .most = kMaxSubjectBytes}));
  if (!is_visible_ascii(subject)) return fail(json::field_error("sub", "has characters that are not allowed"));
  return subject;
}

bool says_yes(const json::Object& claims, std::string_view field) {
  const boost::json::value* value = claims.raw(field);
  if (value == nullptr) return false;
  if (value->is_string()) return std::string_view(value->get_string()) == "true";  // as some issuers have it
  return value->is_bool() && value->get_bool();
}

}  // namespace

Profile profile_of(const json::Object& claims, std::string subject) {
  constexpr std::size_t kMaxName = 200;
  Profile out{.subject = std::move(subject), .email = {}, .name = {}};
  if (const auto email = claims.optional_text("email", {.most = kMaxEmailBytes}); email && *email)
    if (Email::parse(**email)) out.email = **email;
  out.email_verified = !out.email.empty() && says_yes(claims, "email_verified");
  if (auto name = claims.optional_text("name", {.most = kMaxName}); name && *name) out.name = std::move(**name);
  return out;
}

Result<TokenAnswer> parse_token_answer(std::string_view body) {
  auto object = json::Object::parse(body, kProviderAnswer);
  if (!object) return not_held("tokens", "the provider's answer cannot be read", object.error());
  if (object->has("error")) {
    const auto word = object->text("error", {.least = 1, .most = 64});
    return not_held("refused", "the provider refuses the code" + (word ? ": " + *word : std::string()));
  }
  auto access = object->text("access_token", kToken);
  auto id_token = object->optional_text("id_token", kToken);
  const auto type = object->text("token_type", {.least = 1, .most = 64});
  if (!access || !id_token || !type || !equals_ignoring_case(*type, "bearer") || !is_visible_ascii(*access))
    return not_held("tokens", "the provider's answer has not the tokens that were asked for");
  return TokenAnswer{std::move(*access), std::move(*id_token).value_or("")};
}

Result<Profile> check_id_token(std::string_view token, const IssuerKeys& keys, const IdTokenRule& rule) {
  const auto parts = split(token);
  if (!parts) return malformed(parts.error());
  TRY_VOID(check_signature(*parts, keys));
  const json::Object& claims = parts->claims;
  const auto issuer = claims.text("iss", kClaim);
  if (!issuer) return malformed(issuer.error());
  if (*issuer != rule.issuer) return not_held("issuer", "the ID token is of another issuer");
  TRY_VOID(check_audience(claims, rule.client_id));
  TRY_VOID(check_times(claims, rule.now_s));
  const auto nonce = claims.text("nonce", kClaim);
  if (!nonce || !crypto::equal_constant_time(as_bytes(*nonce), as_bytes(rule.nonce)))
    return not_held("nonce", "the ID token was made for another sign-in");
  TRY_VOID(check_access_token(claims, rule.access_token));
  auto subject = subject_of(claims);
  if (!subject) return malformed(subject.error());
  return profile_of(claims, std::move(*subject));
}

Result<Profile> parse_user_info(std::string_view body, std::string_view subject) {
  auto object = json::Object::parse(body, kProviderAnswer);
  if (!object) return not_held("user_info", "the user's claims cannot be read", object.error());
  auto said = subject_of(*object);
  if (!said || *said != subject) return not_held("user_info", "the user's claims are those of somebody else");
  return profile_of(*object, std::move(*said));
}

}  // namespace concord::identity
