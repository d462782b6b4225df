#include "crypto/jws.h"

#include <algorithm>

#include "crypto/base64.h"
#include "json/writer.h"

namespace concord::crypto {

namespace {

std::string encoded_header(std::string_view kid, std::string_view type) {
  json::Writer out;
  out.begin_object().field("alg", "RS256").field("kid", kid).field("typ", type).end();
  return base64url_encode(as_bytes(std::move(out).take()));
}

std::unexpected<Error> refuse(std::string_view reason, std::string message) {
  return fail(Error{Code::kUnauthenticated, std::move(message), {}}.with("reason", std::string(reason)));
}

}  // namespace

Result<std::string> sign_compact(const SigningKey& key, std::string_view type, std::string_view payload) {
  std::string token = encoded_header(key.verifying().kid(), type) + "." + base64url_encode(as_bytes(payload));
  TRY(const Bytes signature, key.sign(as_bytes(token)));
  token += "." + base64url_encode(signature);
  if (token.size() <= kMaxTokenBytes) return token;
  return fail(Error{Code::kInvalidArgument, "the token would be too long", {}}
                  .with("limit", std::to_string(kMaxTokenBytes))
                  .with("value", std::to_string(token.size())));
}

void TokenVerifier::add(VerifyingKey key) {
  headers_.push_back(encoded_header(key.kid(), type_));
  keys_.push_back(std::move(key));
}

Result<std::string> TokenVerifier::verify(std::string_view token) const {
  if (token.size() > kMaxTokenBytes)
    return fail(Error{Code::kUnauthenticated, "the token is malformed: it is too long", {}}
                    .with("reason", "malformed")
                    .with("limit", std::to_string(kMaxTokenBytes))
                    .with("value", std::to_string(token.size())));
  const auto first = token.find('.');
  const auto second = first == std::string_view::npos ? first : token.find('.', first + 1);
  if (second == std::string_view::npos || token.find('.', second + 1) != std::string_view::npos)
    return refuse("malformed", "the token is malformed: it does not have three parts");

  const auto payload = base64url_decode(token.substr(first + 1, second - first - 1));
  const auto signature = base64url_decode(token.substr(second + 1));
  if (!payload || !signature) return refuse("malformed", "the token is malformed: a part is not base64url");

  const auto header = std::ranges::find(headers_, token.substr(0, first));
  if (header == headers_.end()) return refuse("key", "the token was not issued here, or its key is gone");
  const VerifyingKey& key = keys_[static_cast<std::size_t>(header - headers_.begin())];
  if (!key.verify(as_bytes(token.substr(0, second)), *signature))
    return refuse("signature", "the token's signature is wrong");
  return std::string(as_text(*payload));
}

}  // namespace concord::crypto
