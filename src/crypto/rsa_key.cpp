#include "crypto/rsa_key.h"

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include <cstdlib>

#include "base/owned.h"
#include "crypto/base64.h"
#include "crypto/hash.h"
#include "json/writer.h"

namespace concord::crypto {

namespace {

using Key = Owned<EVP_PKEY, EVP_PKEY_free>;
using KeyContext = Owned<EVP_PKEY_CTX, EVP_PKEY_CTX_free>;
using DigestContext = Owned<EVP_MD_CTX, EVP_MD_CTX_free>;
using Number = Owned<BIGNUM, BN_free>;
using Memory = Owned<BIO, BIO_free>;

/// Never asks the terminal for a passphrase.
int refuse_passphrase(char*, int, int, void*) { return -1; }

Result<Bytes> component(const EVP_PKEY* key, const char* name) {
  BIGNUM* raw = nullptr;
  if (EVP_PKEY_get_bn_param(key, name, &raw) != 1) return fail(Code::kInvalidArgument, "the key is not an RSA key");
  const Number number(raw);
  Bytes out(static_cast<std::size_t>(BN_num_bytes(raw)));
  BN_bn2bin(raw, out.data());
  return out;
}

}  // namespace

struct VerifyingKey::State {
  Key key;
  DigestContext verification;  // begun, and only copied: beginning anew takes 6 us of the 27 of a check
  std::string modulus;         // base64url
  std::string exponent;        // base64url
  std::string kid;

  /// Checks size and exponent, and computes what is printed of the key.
  static Result<std::shared_ptr<const State>> make(Key key) {
    const int bits = EVP_PKEY_is_a(key.get(), "RSA") == 1 ? EVP_PKEY_get_bits(key.get()) : 0;
    if (bits < static_cast<int>(kMinRsaBits) || bits > static_cast<int>(kMaxRsaBits)) return fail(field_error(bits));
    TRY(const Bytes modulus, component(key.get(), OSSL_PKEY_PARAM_RSA_N));
    TRY(const Bytes exponent, component(key.get(), OSSL_PKEY_PARAM_RSA_E));
    if (exponent.size() > 4 || exponent.empty() || (exponent.back() & 1U) == 0 ||
        (exponent.size() == 1 && exponent[0] < 3))
      return fail(Code::kInvalidArgument, "the RSA key's public exponent is not odd, from 3 to 2^32 - 1");
    auto state = std::make_shared<State>();
    state->key = std::move(key);
    state->modulus = base64url_encode(modulus);
    state->exponent = base64url_encode(exponent);
    // RFC 7638, 3: the required members in the order of their names, without white space.
    const std::string canonical = R"({"e":")" + state->exponent + R"(","kty":"RSA","n":")" + state->modulus + R"("})";
    state->kid = base64url_encode(sha256(as_bytes(canonical)));
    state->verification = DigestContext(EVP_MD_CTX_new());
    if (!state->verification ||
        EVP_DigestVerifyInit(state->verification.get(), nullptr, EVP_sha256(), nullptr, state->key.get()) != 1) {
      ERR_clear_error();
      return fail(Code::kInternal, "the RSA key cannot be made ready to verify with");
    }
    return std::shared_ptr<const State>(std::move(state));
  }

  static Error field_error(int bits) {
    return Error{Code::kInvalidArgument, "the key is not an RSA key of 2048 to 8192 bits", {}}
        .with("field", "key")
        .with("limit", std::to_string(kMinRsaBits))
        .with("value", std::to_string(bits));
  }
};

Result<VerifyingKey> VerifyingKey::from_components(ByteView modulus, ByteView exponent) {
  if (modulus.size() > kMaxRsaBits / 8 || exponent.size() > 4 || modulus.empty() || exponent.empty())
    return fail(State::field_error(static_cast<int>(modulus.size() * 8)));
  const Number n(BN_bin2bn(modulus.data(), static_cast<int>(modulus.size()), nullptr));
  const Number e(BN_bin2bn(exponent.data(), static_cast<int>(exponent.size()), nullptr));
  const Owned<OSSL_PARAM_BLD, OSSL_PARAM_BLD_free> builder(OSSL_PARAM_BLD_new());
  if (!n || !e || !builder || OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, n.get()) != 1 ||
      OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, e.get()) != 1)
    return fail(Code::kInternal, "no memory for a key");
  const Owned<OSSL_PARAM, OSSL_PARAM_free> parameters(OSSL_PARAM_BLD_to_param(builder.get()));
  const KeyContext context(EVP_PKEY_CTX_new_from_name(nullptr, "RSA", nullptr));
  EVP_PKEY* raw = nullptr;
  if (!context || EVP_PKEY_fromdata_init(context.get()) != 1 ||
      EVP_PKEY_fromdata(context.get(), &raw, EVP_PKEY_PUBLIC_KEY, parameters.get()) != 1) {
    ERR_clear_error();
    return fail(Code::kInvalidArgument, "the modulus and exponent are no RSA key");
  }
  TRY(auto state, State::make(Key(raw)));
  return VerifyingKey(std::move(state));
}

const std::string& VerifyingKey::kid() const { return state_->kid; }

std::string VerifyingKey::jwk() const {
  json::Writer out;
  out.begin_object().field("kty", "RSA").field("use", "sig").field("alg", "RS256").field("kid", state_->kid);
  out.field("n", state_->modulus).field("e", state_->exponent).end();
  return std::move(out).take();
}

bool VerifyingKey::verify(ByteView input, ByteView signature) const {
  const DigestContext context(EVP_MD_CTX_new());
  const bool good =
      context && EVP_MD_CTX_copy_ex(context.get(), state_->verification.get()) == 1 &&
      EVP_DigestVerify(context.get(), signature.data(), signature.size(), input.data(), input.size()) == 1;
  if (!good) ERR_clear_error();
  return good;
}

Result<SigningKey> SigningKey::generate(unsigned bits) {
  if (bits < kMinRsaBits || bits > kMaxRsaBits) return fail(VerifyingKey::State::field_error(static_cast<int>(bits)));
  Key key(EVP_RSA_gen(bits));
  if (!key) {
    ERR_clear_error();
    return fail(Code::kInternal, "an RSA key could not be generated");
  }
  TRY(auto state, VerifyingKey::State::make(std::move(key)));
  return SigningKey(VerifyingKey(std::move(state)));
}

Result<SigningKey> SigningKey::from_pem(std::string_view pem) {
  constexpr std::size_t kMaxPemBytes = 64u << 10u;
  if (pem.size() > kMaxPemBytes) return fail(Code::kInvalidArgument, "the PEM text is over 64 KiB");
  const Memory memory(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  Key key(memory ? PEM_read_bio_PrivateKey(memory.get(), nullptr, refuse_passphrase, nullptr) : nullptr);
  ERR_clear_error();
  if (!key) return fail(Code::kInvalidArgument, "the PEM text is not an unencrypted private key");
  TRY(auto state, VerifyingKey::State::make(std::move(key)));
  return SigningKey(VerifyingKey(std::move(state)));
}

std::string SigningKey::to_pem() const {
  const Memory memory(BIO_new(BIO_s_secmem()));
  if (!memory || PEM_write_bio_PKCS8PrivateKey(memory.get(), public_.state_->key.get(), nullptr, nullptr, 0, nullptr,
                                               nullptr) != 1)
    std::abort();  // a key that was loaded or generated can be written, short of memory
  char* data = nullptr;
  const long size = BIO_get_mem_data(memory.get(), &data);
  return {data, static_cast<std::size_t>(size)};
}

Result<Bytes> SigningKey::sign(ByteView input) const {
  EVP_PKEY* key = public_.state_->key.get();
  Bytes out(static_cast<std::size_t>(EVP_PKEY_get_size(key)));
  std::size_t size = out.size();
  const DigestContext context(EVP_MD_CTX_new());
  if (!context || EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, key) != 1 ||
      EVP_DigestSign(context.get(), out.data(), &size, input.data(), input.size()) != 1) {
    ERR_clear_error();
    return fail(Code::kInternal, "signing failed");
  }
  out.resize(size);
  return out;
}

}  // namespace concord::crypto
