#pragma once
// RSA keys of RS256 (RSASSA-PKCS1-v1_5 with SHA-256; RFC 7518, 3.3). Values: copies share one immutable key.
// Any thread.

#include <memory>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"

namespace concord::crypto {

constexpr unsigned kMinRsaBits = 2048;
constexpr unsigned kMaxRsaBits = 8192;

/// The public half.
class VerifyingKey {
 public:
  /// From the big-endian modulus and exponent, as a JWK has them. kInvalidArgument where they are no key of
  /// kMinRsaBits..kMaxRsaBits with an odd exponent of at most 32 bits.
  static Result<VerifyingKey> from_components(ByteView modulus, ByteView exponent);

  /// The JWK thumbprint (RFC 7638, SHA-256, base64url), which is our key id.
  const std::string& kid() const;
  /// {"kty":"RSA","use":"sig","alg":"RS256","kid":…,"n":…,"e":…}
  std::string jwk() const;
  bool verify(ByteView input, ByteView signature) const;

 private:
  friend class SigningKey;
  struct State;
  explicit VerifyingKey(std::shared_ptr<const State> state) : state_(std::move(state)) {}
  std::shared_ptr<const State> state_;  // shared by copies
};

/// Both halves.
class SigningKey {
 public:
  /// Takes a tenth of a second and more: not on a reactor.
  static Result<SigningKey> generate(unsigned bits = kMinRsaBits);
  /// An unencrypted PEM private key; kInvalidArgument where it is none, or not RSA of an allowed size.
  static Result<SigningKey> from_pem(std::string_view pem);

  /// PKCS#8, unencrypted: a secret.
  std::string to_pem() const;
  const VerifyingKey& verifying() const { return public_; }
  /// About half a millisecond at 2048 bits. kInternal where the library refuses.
  Result<Bytes> sign(ByteView input) const;

 private:
  explicit SigningKey(VerifyingKey key) : public_(std::move(key)) {}
  VerifyingKey public_;  // its state holds the private half too
};

}  // namespace concord::crypto
