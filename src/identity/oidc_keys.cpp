#include "identity/oidc_keys.h"

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

#include "crypto/base64.h"
#include "identity/oidc_reading.h"

namespace concord::identity {

namespace {

constexpr std::size_t kCoordinateBytes = 32;
constexpr std::string_view kRsa = "RS256";
constexpr std::string_view kEc = "ES256";

std::optional<Bytes> bytes_of(const json::Object& jwk, std::string_view field) {
  constexpr std::size_t kMostText = crypto::kMaxRsaBits / 6 + 4;
  const auto text = jwk.text(field, {.least = 1, .most = kMostText});
  return text ? crypto::base64url_decode(*text) : std::nullopt;
}

/// Whether the field is absent or says so.
bool may_be(const json::Object& jwk, std::string_view field, std::string_view word) {
  const auto said = jwk.optional_text(field, {.most = 64});
  return said && said->value_or(std::string(word)) == word;
}

void append_der_integer(Bytes& out, ByteView number) {
  while (number.size() > 1 && number.front() == 0) number = number.subspan(1);
  const bool padded = (number.front() & 0x80U) != 0;
  out.insert(out.end(), {0x02, static_cast<std::uint8_t>(number.size() + (padded ? 1 : 0))});
  if (padded) out.push_back(0);
  out.insert(out.end(), number.begin(), number.end());
}

}  // namespace

Bytes ecdsa_der(ByteView signature) {
  Bytes numbers;
  append_der_integer(numbers, signature.first(kCoordinateBytes));
  append_der_integer(numbers, signature.subspan(kCoordinateBytes));
  Bytes out{0x30, static_cast<std::uint8_t>(numbers.size())};
  out.insert(out.end(), numbers.begin(), numbers.end());
  return out;
}

std::optional<IssuerKeys::Key> IssuerKeys::read(const json::Object& jwk) {
  const auto kind = jwk.text("kty", {.least = 1, .most = 16});
  const auto kid = jwk.optional_text("kid", {.most = 255});
  if (!kind || !kid || !may_be(jwk, "use", "sig")) return std::nullopt;
  if (*kind == "RSA" && may_be(jwk, "alg", kRsa)) {
    const auto n = bytes_of(jwk, "n");
    const auto e = bytes_of(jwk, "e");
    if (!n || !e) return std::nullopt;
    auto key = crypto::VerifyingKey::from_components(*n, *e);
    if (key) return Key{kid->value_or(""), std::move(*key)};
  }
  if (*kind == "EC" && jwk.has("crv") && may_be(jwk, "crv", "P-256") && may_be(jwk, "alg", kEc)) {
    const auto x = bytes_of(jwk, "x");
    const auto y = bytes_of(jwk, "y");
    if (!x || !y || x->size() != kCoordinateBytes || y->size() != kCoordinateBytes) return std::nullopt;
    auto key = crypto::EcVerifyingKey::from_point(*x, *y);
    if (key) return Key{kid->value_or(""), std::move(*key)};
  }
  return std::nullopt;
}

Result<IssuerKeys> IssuerKeys::parse(std::string_view jwks) {
  auto set = json::Object::parse(jwks, kProviderAnswer);
  if (!set) return not_held("keys", "the issuer's keys cannot be read", set.error());
  const boost::json::value* list = set->raw("keys");
  if (list == nullptr || !list->is_array()) return not_held("keys", "the issuer's keys are no list");
  const boost::json::array& keys = list->get_array();
  if (keys.size() > kMost) return not_held("keys", "the issuer has too many keys");
  IssuerKeys out;
  out.keys_.reserve(keys.size());
  for (const boost::json::value& one : keys) {
    if (!one.is_object()) continue;
    const auto jwk = json::Object::parse(boost::json::serialize(one), kProviderAnswer);
    if (!jwk) continue;
    if (auto key = read(*jwk)) out.keys_.push_back(std::move(*key));
  }
  return out;
}

IssuerKeys::Verdict IssuerKeys::verify(std::string_view algorithm, std::string_view kid, ByteView input,
                                       ByteView signature) const {
  const Key* found = nullptr;
  for (const Key& one : keys_) {
    const bool is_rsa = std::holds_alternative<crypto::VerifyingKey>(one.key);
    if (algorithm != (is_rsa ? kRsa : kEc) || (!kid.empty() && one.kid != kid)) continue;
    if (found != nullptr) return Verdict::kNoKey;  // which of them is not said
    found = &one;
  }
  if (found == nullptr) return Verdict::kNoKey;
  bool good = false;
  if (const auto* rsa = std::get_if<crypto::VerifyingKey>(&found->key)) {
    good = rsa->verify(input, signature);
  } else if (signature.size() == 2 * kCoordinateBytes) {
    good = std::get<crypto::EcVerifyingKey>(found->key).verify(input, ecdsa_der(signature));
  }
  return good ? Verdict::kGood : Verdict::kWrong;
}

}  // namespace concord::identity
