#include "crypto/ec_key.h"

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include <array>
#include <cstdlib>

#include "base/owned.h"

namespace concord::crypto {

namespace {

constexpr std::size_t kCoordinateBytes = 32;

}  // namespace

struct EcVerifyingKey::State {
  Owned<EVP_PKEY, EVP_PKEY_free> key;
};

Result<EcVerifyingKey> EcVerifyingKey::from_point(ByteView x, ByteView y) {
  const auto refused = [] {
    ERR_clear_error();
    return fail(Error{Code::kInvalidArgument, "the key is no point of P-256", {}}.with("field", "key"));
  };
  if (x.size() != kCoordinateBytes || y.size() != kCoordinateBytes) return refused();
  Bytes point{4};  // uncompressed (SEC 1, 2.3.3)
  append(point, x);
  append(point, y);
  std::array<char, 11> group{"prime256v1"};
  std::array<OSSL_PARAM, 3> parameters{
      OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, group.data(), 0),
      OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, point.data(), point.size()),
      OSSL_PARAM_construct_end()};
  const Owned<EVP_PKEY_CTX, EVP_PKEY_CTX_free> context(EVP_PKEY_CTX_new_from_name(nullptr, "EC", nullptr));
  if (!context) std::abort();
  EVP_PKEY* raw = nullptr;
  if (EVP_PKEY_fromdata_init(context.get()) != 1 ||
      EVP_PKEY_fromdata(context.get(), &raw, EVP_PKEY_PUBLIC_KEY, parameters.data()) != 1)
    return refused();
  auto state = std::make_shared<State>();
  state->key.reset(raw);
  const Owned<EVP_PKEY_CTX, EVP_PKEY_CTX_free> check(EVP_PKEY_CTX_new_from_pkey(nullptr, raw, nullptr));
  if (!check || EVP_PKEY_public_check(check.get()) != 1) return refused();
  return EcVerifyingKey(std::move(state));
}

bool EcVerifyingKey::verify(ByteView input, ByteView signature) const {
  const Owned<EVP_MD_CTX, EVP_MD_CTX_free> context(EVP_MD_CTX_new());
  if (!context) std::abort();
  const bool valid =
      EVP_DigestVerifyInit_ex(context.get(), nullptr, "SHA256", nullptr, nullptr, state_->key.get(), nullptr) == 1 &&
      EVP_DigestVerify(context.get(), signature.data(), signature.size(), input.data(), input.size()) == 1;
  if (!valid) ERR_clear_error();
  return valid;
}

}  // namespace concord::crypto
