#include "crypto/password.h"

#include <gtest/gtest.h>

#include "crypto/base64.h"

namespace concord::crypto {
namespace {

constexpr PasswordCost kCheap{.memory_kib = 64, .iterations = 1, .parallelism = 1};

TEST(Password, argon2id_gives_the_tag_of_rfc_9106) {
  const Bytes password(32, 1), salt(16, 2), secret(8, 3), associated(12, 4);
  const auto tag = argon2id({.password = password,
                             .salt = salt,
                             .secret = secret,
                             .associated = associated,
                             .cost = {.memory_kib = 32, .iterations = 3, .parallelism = 4}});
  EXPECT_EQ(to_hex(tag.value()), "0d640df58d78766c08c037a34a8b53c9d01ef0452d75b65eb52520e96b01e659");
}

TEST(Password, encoded_hashes_of_the_reference_implementation_verify) {
  struct Vector {
    std::string_view password, encoded;
  };
  const Vector vectors[] = {
      {"password", "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc"},
      {"password", "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4"},
      {"password", "$argon2id$v=19$m=256,t=2,p=2$c29tZXNhbHQ$bQk8UB/VmZZF4Oo79iDXuL5/0ttZwg2f/5U52iv1cDc"},
      {"differentpassword", "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$C4TWUs9rDEvq7w3+J4umqA32aWKB1+DSiRuBfYxFj94"},
  };
  for (const auto& v : vectors) {
    EXPECT_TRUE(verify_password(v.password, v.encoded).value()) << v.encoded;
    EXPECT_FALSE(verify_password("other", v.encoded).value()) << v.encoded;
  }
}

// Made by libargon2, which hashed all passwords once.
TEST(Password, hashes_with_a_salt_of_16_bytes_are_those_of_the_reference_implementation) {
  const char* vectors[] = {
      "$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHRzb21lc2FsdA$bIKRw3Ua1pluirFy81fnppmR01EnUxY3hLEBwbWxBG8",
      "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$2Tz31/DvwM3ZDNXezOIBNEq021DwStEmw1lLBM1roy4",
      "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$k9ohroejZy1PN5E1SbHNPug6vB8eQAahb5SOAp6iGF4",
      "$argon2id$v=19$m=65,t=3,p=1$c29tZXNhbHRzb21lc2FsdA$BOkHtY6WCd04YiujXm64PQ",
  };
  for (const char* encoded : vectors) {
    EXPECT_TRUE(verify_password("correct horse", encoded).value()) << encoded;
    EXPECT_FALSE(verify_password("correct horsf", encoded).value()) << encoded;
  }
}

TEST(Password, a_hash_verifies_its_own_password_only) {
  const std::string encoded = hash_password("correct horse", kCheap).value();
  EXPECT_TRUE(encoded.starts_with("$argon2id$v=19$m=64,t=1,p=1$")) << encoded;
  EXPECT_TRUE(verify_password("correct horse", encoded).value());
  for (const char* other : {"", "correct horsf", "correct horse ", "Correct horse"})
    EXPECT_FALSE(verify_password(other, encoded).value()) << other;
  EXPECT_NE(hash_password("correct horse", kCheap).value(), encoded);
  const std::string with_nul("a\0b", 3);
  EXPECT_FALSE(verify_password("a", hash_password(with_nul, kCheap).value()).value());
}

TEST(Password, another_cost_asks_for_a_new_hash) {
  const std::string encoded = hash_password("x", kCheap).value();
  EXPECT_FALSE(needs_rehash(encoded, kCheap));
  EXPECT_TRUE(needs_rehash(encoded, {.memory_kib = 65, .iterations = 1, .parallelism = 1}));
  EXPECT_TRUE(needs_rehash(encoded, {.memory_kib = 64, .iterations = 2, .parallelism = 1}));
  EXPECT_TRUE(needs_rehash(encoded, {.memory_kib = 64, .iterations = 1, .parallelism = 2}));
  EXPECT_TRUE(needs_rehash("garbage", kCheap));
}

TEST(Password, a_malformed_string_is_corrupt_and_costs_nothing) {
  const char* cases[] = {
      "",
      "plain",
      "$argon2i$v=19$m=64,t=1,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
      "$argon2id$v=16$m=64,t=1,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
      "$argon2id$v=19$m=64,t=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
      "$argon2id$v=19$m=,t=1,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
      "$argon2id$v=19$m=-1,t=1,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
      "$argon2id$v=19$m=4294967295,t=1,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
      "$argon2id$v=19$m=99999999999,t=1,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
      "$argon2id$v=19$m=64,t=1000000,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
      "$argon2id$v=19$m=64,t=0,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
      "$argon2id$v=19$m=7,t=1,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
      "$argon2id$v=19$m=64,t=1,p=1$c2Fs$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
      "$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHQ$nf65",
      "$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHQ",
      "$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHQ$",
      "$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4=",
      "$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4$",
  };
  for (const char* encoded : cases) {
    const auto result = verify_password("password", encoded);
    ASSERT_FALSE(result) << encoded;
    EXPECT_EQ(result.error().code, Code::kCorrupt) << encoded;
    EXPECT_TRUE(needs_rehash(encoded, kCheap));
  }
}

TEST(Password, a_cost_out_of_bounds_is_refused) {
  for (const PasswordCost& cost : {PasswordCost{.memory_kib = 7}, PasswordCost{.iterations = 0},
                                   PasswordCost{.parallelism = 0}, PasswordCost{.memory_kib = (4u << 20u) + 1}})
    EXPECT_EQ(hash_password("x", cost).error().code, Code::kInvalidArgument);
}

}  // namespace
}  // namespace concord::crypto
