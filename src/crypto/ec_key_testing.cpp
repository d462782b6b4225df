#include "crypto/ec_key_testing.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>

#include <stdexcept>

namespace concord::testing {

struct EcSigningKey::State {
  EVP_PKEY* key = EVP_EC_gen("P-256");
  ~State() { EVP_PKEY_free(key); }

  Bytes coordinate(const char* name) const {
    BIGNUM* number = nullptr;
    Bytes out(32);
    if (EVP_PKEY_get_bn_param(key, name, &number) != 1 || BN_bn2binpad(number, out.data(), 32) != 32)
      throw std::runtime_error("no coordinate");
    BN_free(number);
    return out;
  }
};

EcSigningKey::EcSigningKey() : state_(std::make_unique<State>()) {}
EcSigningKey::~EcSigningKey() = default;

Bytes EcSigningKey::x() const { return state_->coordinate(OSSL_PKEY_PARAM_EC_PUB_X); }
Bytes EcSigningKey::y() const { return state_->coordinate(OSSL_PKEY_PARAM_EC_PUB_Y); }

Bytes EcSigningKey::sign(ByteView input) const {
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  std::size_t size = 128;
  Bytes out(size);
  const bool done = EVP_DigestSignInit_ex(context, nullptr, "SHA256", nullptr, nullptr, state_->key, nullptr) == 1 &&
                    EVP_DigestSign(context, out.data(), &size, input.data(), input.size()) == 1;
  EVP_MD_CTX_free(context);
  if (!done) throw std::runtime_error("signing failed");
  out.resize(size);
  return out;
}

}  // namespace concord::testing
