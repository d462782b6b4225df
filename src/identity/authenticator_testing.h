#pragma once
// An authenticator and its browser: answers challenges of a site with a key of its own, of ES256 or of RS256.

#include <optional>

#include "crypto/base64.h"
#include "crypto/ec_key_testing.h"
#include "crypto/hash.h"
#include "crypto/random.h"
#include "crypto/rsa_key.h"

namespace concord::identity::testing {

class Authenticator {
 public:
  std::string rp_id = "localhost";
  std::string origin = "http://localhost:8080";
  std::string cross_origin = "false";
  std::uint8_t flags = 5;  // the user was there, and was verified
  std::uint32_t count = 0;
  bool counts = true;
  std::int64_t algorithm = -7;
  Bytes id = to_bytes(crypto::random_array<16>());
  std::string user_handle;                // whom it keeps the key for; empty: it does not say
  std::optional<crypto::SigningKey> rsa;  // signs in the place of the other where it is there

  Bytes client_data(const std::string& type, const std::string& challenge) const {
    return to_bytes(R"({"type":")" + type + R"(","challenge":")" + challenge + R"(","origin":")" + origin +
                    R"(","crossOrigin":)" + cross_origin + "}");
  }

  Bytes authenticator_data(bool attested) {
    Bytes out = to_bytes(crypto::sha256(as_bytes(rp_id)));
    out.push_back(static_cast<std::uint8_t>(flags | (attested ? 64 : 0)));
    if (counts) ++count;
    for (int shift = 24; shift >= 0; shift -= 8) out.push_back(static_cast<std::uint8_t>(count >> shift));
    if (!attested) return out;
    append(out, Bytes(16));  // no AAGUID
    out.push_back(static_cast<std::uint8_t>(id.size() >> 8U));
    out.push_back(static_cast<std::uint8_t>(id.size()));
    append(out, id);
    append(out, cose_key());
    return out;
  }

  /// {1: 2, 3: algorithm, -1: 1, -2: x, -3: y}, or {1: 3, 3: -257, -1: modulus, -2: exponent}
  Bytes cose_key() const {
    if (rsa) {
      Bytes out{0xa4, 1, 3, 3, 0x39, 1, 0, 0x20, 0x59, 1, 0};
      append(out, modulus());
      append(out, Bytes{0x21, 0x43, 1, 0, 1});
      return out;
    }
    Bytes out{0xa5, 1, 2, 3, static_cast<std::uint8_t>(0x1f - algorithm), 0x20, 1, 0x21, 0x58, 32};
    append(out, key_.x());
    append(out, Bytes{0x22, 0x58, 32});
    append(out, key_.y());
    return out;
  }

  Bytes attestation_object() {
    const Bytes data = authenticator_data(true);
    Bytes out{0xa3, 0x63, 'f', 'm', 't', 0x64, 'n', 'o', 'n', 'e', 0x67, 'a', 't', 't', 'S', 't', 'm', 't', 0xa0};
    append(out, Bytes{0x68, 'a', 'u', 't', 'h', 'D', 'a', 't', 'a', 0x59});
    out.push_back(static_cast<std::uint8_t>(data.size() >> 8U));
    out.push_back(static_cast<std::uint8_t>(data.size()));
    append(out, data);
    return out;
  }

  Bytes sign(ByteView authenticator_data, ByteView client_data) const {
    Bytes input = to_bytes(authenticator_data);
    append(input, crypto::sha256(client_data));
    return rsa ? rsa->sign(input).value() : key_.sign(input);
  }

  /// The field "credential" of a registration, and of an assertion.
  std::string registration(const std::string& challenge) {
    return R"({"id":")" + text(id) + R"(","clientDataJSON":")" + text(client_data("webauthn.create", challenge)) +
           R"(","attestationObject":")" + text(attestation_object()) + "\"}";
  }
  std::string assertion(const std::string& challenge) {
    const Bytes client = client_data("webauthn.get", challenge);
    const Bytes data = authenticator_data(false);
    return R"({"id":")" + text(id) + R"(","clientDataJSON":")" + text(client) + R"(","authenticatorData":")" +
           text(data) + R"(","signature":")" + text(sign(data, client)) + R"(","userHandle":)" +
           (user_handle.empty() ? "null" : "\"" + text(as_bytes(user_handle)) + "\"") + "}";
  }

 private:
  Bytes modulus() const {
    const std::string jwk = rsa->verifying().jwk();
    const auto from = jwk.find(R"("n":")") + 5;
    return crypto::base64url_decode(jwk.substr(from, jwk.find('"', from) - from)).value();
  }
  static std::string text(ByteView bytes) { return crypto::base64url_encode(bytes); }
  concord::testing::EcSigningKey key_;
};

}  // namespace concord::identity::testing
