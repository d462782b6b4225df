#include "crypto/aead.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "crypto/gcm.h"

namespace concord::crypto {
namespace {

Bytes from_hex(std::string_view hex) {
  Bytes out;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2)
    out.push_back(static_cast<std::uint8_t>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16)));
  return out;
}
Bytes seal(Aead aead, const AeadNonce& nonce, Aead::Associated associated, ByteView plain) {
  Bytes out(plain.size() + kAeadTagBytes);
  aead.seal(nonce, associated, plain, out.data());
  return out;
}
template <std::size_t N>
std::array<std::uint8_t, N> array_of(std::string_view hex) {
  std::array<std::uint8_t, N> out{};
  std::ranges::copy(from_hex(hex), out.begin());
  return out;
}

// Test cases 13, 14 and 16 of "The Galois/Counter Mode of Operation" (McGrew, Viega).
TEST(Aead, seals_as_the_vectors_of_gcm_say) {
  EXPECT_EQ(to_hex(seal(Aead(AeadKey{}), AeadNonce{}, {}, {})), "530f8afbc74536b9a963b4f1c4cb738b");
  EXPECT_EQ(to_hex(seal(Aead(AeadKey{}), AeadNonce{}, {}, Bytes(16))),
            "cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919");

  const auto key = array_of<32>("feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308");
  const auto nonce = array_of<12>("cafebabefacedbaddecaf888");
  const Bytes associated = from_hex("feedfacedeadbeeffeedfacedeadbeefabaddad2");
  const Bytes plain = from_hex(
      "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657"
      "ba637b39");
  // In any pieces.
  for (const Bytes& out :
       {seal(Aead(key), nonce, {associated}, plain),
        seal(Aead(key), nonce, {ByteView(associated).first(7), ByteView(associated).subspan(7)}, plain)}) {
    EXPECT_EQ(
        to_hex(out),
        "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838c5f61e6393"
        "ba7a0abcc9f66276fc6ece0f4e1768cddf8853bb2d551b");
    EXPECT_EQ(*Aead(key).open(nonce, {associated}, out), plain);
  }
}

TEST(Aead, is_computed_alike_in_both_ways) {
  const AeadKey key = array_of<32>("0a0b0c");
  const auto openssl = make_openssl_gcm(key);
  const auto processor = make_processor_gcm(key);
  if (!processor) GTEST_SKIP() << "this processor has no instructions for AES";
  for (std::size_t size = 0; size < 5000; size += size < 300 ? 1 : 211) {
    Bytes plain(size);
    for (std::size_t i = 0; i < size; ++i) plain[i] = static_cast<std::uint8_t>(i * 31 + size);
    const Bytes associated(size % 97, 5);
    const AeadNonce nonce = {static_cast<std::uint8_t>(size)};
    Bytes one(size + kAeadTagBytes), other(size + kAeadTagBytes), opened(size);
    openssl->seal(nonce, associated, plain, one.data());
    processor->seal(nonce, associated, plain, other.data());
    ASSERT_EQ(one, other) << size;
    for (Gcm* gcm : {openssl.get(), processor.get()}) {
      ASSERT_TRUE(gcm->open(nonce, associated, one, opened.data()));
      ASSERT_EQ(opened, plain);
    }
    one[size * 7 % one.size()] ^= 4;
    for (Gcm* gcm : {openssl.get(), processor.get()}) ASSERT_FALSE(gcm->open(nonce, associated, one, opened.data()));
  }
}

TEST(Aead, takes_associated_data_in_pieces) {
  const AeadNonce nonce{3};
  const Bytes plain = to_bytes("what is sealed");
  const Bytes associated = to_bytes("a head and a place");
  const ByteView head = ByteView(associated).first(6);
  const ByteView place = ByteView(associated).subspan(6);
  const Bytes one = seal(Aead(AeadKey{}), nonce, {associated}, plain);
  EXPECT_EQ(one, seal(Aead(AeadKey{}), nonce, {head, place}, plain));
  EXPECT_EQ(*Aead(AeadKey{}).open(nonce, {head, place}, one), plain);
}

TEST(Aead, any_changed_bit_is_found) {
  Aead aead(array_of<32>("0102"));
  const AeadNonce nonce{7};
  const Bytes plain = to_bytes("what nobody may change unseen");
  Bytes associated = to_bytes("its place");
  Bytes sealed = seal(Aead(array_of<32>("0102")), nonce, {associated}, plain);
  for (std::size_t bit = 0; bit < sealed.size() * 8; ++bit) {
    sealed[bit / 8] ^= static_cast<std::uint8_t>(1U << (bit % 8));
    EXPECT_EQ(aead.open(nonce, {associated}, sealed).error().code, Code::kCorrupt) << bit;
    sealed[bit / 8] ^= static_cast<std::uint8_t>(1U << (bit % 8));
  }
  for (std::size_t size = 0; size < sealed.size(); ++size)
    EXPECT_FALSE(aead.open(nonce, {associated}, ByteView(sealed).first(size)).has_value());
  EXPECT_FALSE(aead.open(AeadNonce{8}, {associated}, sealed).has_value());
  EXPECT_FALSE(Aead(AeadKey{}).open(nonce, {associated}, sealed).has_value());
  EXPECT_TRUE(aead.open(nonce, {associated}, sealed).has_value());
  associated.back() ^= 1;
  EXPECT_FALSE(aead.open(nonce, {associated}, sealed).has_value());
}

// RFC 5869, appendix A, test cases 1 to 3: the first 32 bytes.
TEST(DeriveKey, follows_the_vectors_of_rfc_5869) {
  EXPECT_EQ(
      to_hex(derive_key(Bytes(22, 0x0b), from_hex("000102030405060708090a0b0c"), from_hex("f0f1f2f3f4f5f6f7f8f9"))),
      "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf");
  Bytes secret;
  Bytes salt;
  Bytes purpose;
  for (unsigned i = 0; i < 80; ++i) {
    secret.push_back(static_cast<std::uint8_t>(i));
    salt.push_back(static_cast<std::uint8_t>(0x60 + i));
    purpose.push_back(static_cast<std::uint8_t>(0xb0 + i));
  }
  EXPECT_EQ(to_hex(derive_key(secret, salt, purpose)),
            "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c");
  EXPECT_EQ(to_hex(derive_key(Bytes(22, 0x0b), {}, {})),
            "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d");
}

}  // namespace
}  // namespace concord::crypto
