#include "crypto/hash.h"

#include <gtest/gtest.h>

#include <set>

#include "base/property_testing.h"
#include "crypto/base64.h"
#include "crypto/random.h"

namespace concord::crypto {
namespace {

TEST(Base64, encodes_the_vectors_of_rfc_4648_without_their_padding) {
  const std::pair<std::string_view, std::string_view> vectors[] = {
      {"", ""},           {"f", "Zg"},          {"fo", "Zm8"},          {"foo", "Zm9v"},
      {"foob", "Zm9vYg"}, {"fooba", "Zm9vYmE"}, {"foobar", "Zm9vYmFy"},
  };
  for (const auto& [plain, encoded] : vectors) {
    EXPECT_EQ(base64url_encode(as_bytes(plain)), encoded);
    EXPECT_EQ(base64_encode_unpadded(as_bytes(plain)), encoded);
    EXPECT_EQ(base64url_decode(encoded), to_bytes(plain));
    EXPECT_EQ(base64_decode_unpadded(encoded), to_bytes(plain));
  }
}

TEST(Base64, the_two_alphabets_differ_in_two_characters) {
  const Bytes octets{3, 236, 255, 224, 193};  // RFC 7515, appendix C
  EXPECT_EQ(base64url_encode(octets), "A-z_4ME");
  EXPECT_EQ(base64_encode_unpadded(octets), "A+z/4ME");
  EXPECT_EQ(base64url_decode("A+z/4ME"), std::nullopt);
  EXPECT_EQ(base64_decode_unpadded("A-z_4ME"), std::nullopt);
}

TEST(Base64, only_the_one_encoding_of_bytes_is_decoded) {
  for (const char* text : {"A", "Zg==", "Zg=", "Z g", "Zg\n", "Zh", "Zm9", "Zm9vYh", "Zm9v.", "Zm9\xff", "AAAAA"})
    EXPECT_EQ(base64url_decode(text), std::nullopt) << text;
}

TEST(Base64, any_bytes_survive_a_round_trip) {
  testing::for_each_seed(200, [](testing::Random& random) {
    const Bytes bytes = testing::pick_bytes(random, 200);
    EXPECT_EQ(base64url_decode(base64url_encode(bytes)), bytes);
    EXPECT_EQ(base64_decode_unpadded(base64_encode_unpadded(bytes)), bytes);
  });
}

TEST(Hash, sha256_gives_the_digests_of_fips_180) {
  EXPECT_EQ(to_hex(sha256({})), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(to_hex(sha256(as_bytes("abc"))), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(to_hex(sha256(as_bytes("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"))),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  EXPECT_EQ(to_hex(sha256(Bytes(1'000'000, 'a'))), "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(Hash, hmac_gives_the_codes_of_rfc_4231) {
  EXPECT_EQ(to_hex(hmac_sha256(Bytes(20, 0x0b), as_bytes("Hi There"))),
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
  EXPECT_EQ(to_hex(hmac_sha256(as_bytes("Jefe"), as_bytes("what do ya want for nothing?"))),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  EXPECT_EQ(to_hex(hmac_sha256({}, {})), "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
}

TEST(Hash, comparison_is_of_all_bytes) {
  EXPECT_TRUE(equal_constant_time({}, {}));
  EXPECT_TRUE(equal_constant_time(as_bytes("abc"), as_bytes("abc")));
  EXPECT_FALSE(equal_constant_time(as_bytes("abc"), as_bytes("abd")));
  EXPECT_FALSE(equal_constant_time(as_bytes("xbc"), as_bytes("abc")));
  EXPECT_FALSE(equal_constant_time(as_bytes("abc"), as_bytes("abcd")));
}

TEST(Random, bytes_do_not_repeat) {
  std::set<std::array<std::uint8_t, 16>> seen;
  for (int i = 0; i < 1000; ++i) EXPECT_TRUE(seen.insert(random_array<16>()).second);
  std::array<int, 256> counts{};
  Bytes many(65'536);
  random_bytes(many);
  for (const std::uint8_t byte : many) ++counts[byte];
  for (const int count : counts) EXPECT_GT(count, 100);  // 256 expected of each; below 100 is beyond nine deviations
}

}  // namespace
}  // namespace concord::crypto
