#pragma once
// The public keys of an OpenID Connect issuer: a JWK set (RFC 7517) with those keys that can have signed an ID token
// for us, RS256 and ES256; keys of other kinds, for other uses, or malformed are passed over, as RFC 7517, 5, has it.
// A value; any thread.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "crypto/ec_key.h"
#include "crypto/rsa_key.h"
#include "json/object.h"

namespace concord::identity {

class IssuerKeys {
 public:
  static constexpr std::size_t kMost = 64;

  /// kUnauthenticated with the reason "keys" where it is no set, or one of more than kMost keys.
  static Result<IssuerKeys> parse(std::string_view jwks);

  enum class Verdict : std::uint8_t { kGood, kNoKey, kWrong };
  /// `algorithm` is "RS256" or "ES256"; any other has no key. Without a `kid` there has to be one key of the algorithm.
  Verdict verify(std::string_view algorithm, std::string_view kid, ByteView input, ByteView signature) const;

  std::size_t size() const { return keys_.size(); }

 private:
  struct Key {
    std::string kid;  // may be empty
    std::variant<crypto::VerifyingKey, crypto::EcVerifyingKey> key;
  };
  static std::optional<Key> read(const json::Object& jwk);
  std::vector<Key> keys_;
};

/// The DER form (RFC 3279, 2.2.3) of a signature of ES256, which is 64 bytes (RFC 7518, 3.4).
Bytes ecdsa_der(ByteView signature);

}  // namespace concord::identity
