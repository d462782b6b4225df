#include "crypto/ec_key.h"

#include <gtest/gtest.h>

#include "crypto/ec_key_testing.h"

namespace concord::crypto {
namespace {

Bytes from_hex(std::string_view text) {
  Bytes out;
  for (std::size_t i = 0; i + 1 < text.size(); i += 2)
    out.push_back(static_cast<std::uint8_t>(std::stoi(std::string(text.substr(i, 2)), nullptr, 16)));
  return out;
}

// RFC 6979, A.2.5: the key, and its signature of "sample" with SHA-256.
const Bytes kX = from_hex("60FED4BA255A9D31C961EB74C6356D68C049B8923B61FA6CE669622E60F29FB6");
const Bytes kY = from_hex("7903FE1008B8BC99A41AE9E95628BC64F2F1B20C2D7E9F5177A3C294D4462299");
const Bytes kSignature = from_hex(
    "3046022100EFD48B2AACB6A8FD1140DD9CD45E81D69D2C877B56AAF991C34D0EA84EAF3716"
    "022100F7CB1C942D657C41D436C7A1B6E29F65F3E900DBB9AFF4064DC4AB2F843ACDA8");

TEST(EcVerifyingKey, takes_the_signature_of_rfc_6979) {
  const auto key = EcVerifyingKey::from_point(kX, kY).value();
  EXPECT_TRUE(key.verify(as_bytes("sample"), kSignature));
  EXPECT_FALSE(key.verify(as_bytes("simple"), kSignature));
}

TEST(EcVerifyingKey, takes_no_changed_signature) {
  const auto key = EcVerifyingKey::from_point(kX, kY).value();
  for (std::size_t i = 0; i < kSignature.size(); ++i) {
    Bytes changed = kSignature;
    changed[i] ^= 1U;
    EXPECT_FALSE(key.verify(as_bytes("sample"), changed)) << i;
    EXPECT_FALSE(key.verify(as_bytes("sample"), ByteView(kSignature).first(i))) << i;
  }
}

TEST(EcVerifyingKey, is_a_point_of_the_curve) {
  EXPECT_FALSE(EcVerifyingKey::from_point(kY, kX));
  EXPECT_FALSE(EcVerifyingKey::from_point(Bytes(32), Bytes(32)));
  EXPECT_FALSE(EcVerifyingKey::from_point(ByteView(kX).first(31), kY));
  EXPECT_FALSE(EcVerifyingKey::from_point({}, {}));
  const concord::testing::EcSigningKey own;
  const auto key = EcVerifyingKey::from_point(own.x(), own.y()).value();
  EXPECT_TRUE(key.verify(as_bytes("words"), own.sign(as_bytes("words"))));
}

}  // namespace
}  // namespace concord::crypto
