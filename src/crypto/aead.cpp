#include "crypto/aead.h"

#include <openssl/core_names.h>
#include <openssl/kdf.h>
#include <openssl/params.h>

#include <cstdlib>
#include <string>

#include "crypto/gcm.h"

namespace concord::crypto {

namespace {

std::unique_ptr<Gcm> fastest(const AeadKey& key) {
  auto made = make_processor_gcm(key);
  return made ? std::move(made) : make_openssl_gcm(key);
}

/// One piece as it is; several in `buffer`.
ByteView joined(Aead::Associated pieces, Bytes& buffer) {
  if (pieces.size() == 0) return {};
  if (pieces.size() == 1) return *pieces.begin();
  for (const ByteView piece : pieces) append(buffer, piece);
  return buffer;
}

}  // namespace

Aead::Aead(const AeadKey& key) : gcm_(fastest(key)) {}
Aead::~Aead() = default;
Aead::Aead(Aead&&) noexcept = default;
Aead& Aead::operator=(Aead&&) noexcept = default;

void Aead::seal(const AeadNonce& nonce, Associated associated, ByteView plain, std::uint8_t* to) {
  Bytes buffer;
  gcm_->seal(nonce, joined(associated, buffer), plain, to);
}

Result<Bytes> Aead::open(const AeadNonce& nonce, Associated associated, ByteView sealed) {
  if (sealed.size() < kAeadTagBytes) return fail(Code::kCorrupt, "the sealed bytes are shorter than their tag");
  Bytes buffer;
  Bytes plain(sealed.size() - kAeadTagBytes);
  if (gcm_->open(nonce, joined(associated, buffer), sealed, plain.data())) return plain;
  return fail(Code::kCorrupt, "the sealed bytes were changed, or sealed with another key or for another place");
}

AeadKey derive_key(ByteView secret, ByteView salt, ByteView purpose) {
  static EVP_KDF* const kdf = EVP_KDF_fetch(nullptr, "HKDF", nullptr);
  EVP_KDF_CTX* context = EVP_KDF_CTX_new(kdf);
  if (context == nullptr) std::abort();
  std::string digest = "SHA256";
  const auto octets = [](const char* name, ByteView bytes) {
    static std::uint8_t empty = 0;  // a null pointer would count as a missing parameter
    std::uint8_t* data = bytes.empty() ? &empty : const_cast<std::uint8_t*>(bytes.data());
    return OSSL_PARAM_construct_octet_string(name, data, bytes.size());
  };
  const OSSL_PARAM parameters[] = {OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest.data(), 0),
                                   octets(OSSL_KDF_PARAM_KEY, secret), octets(OSSL_KDF_PARAM_SALT, salt),
                                   octets(OSSL_KDF_PARAM_INFO, purpose), OSSL_PARAM_construct_end()};
  AeadKey key;
  const int outcome = EVP_KDF_derive(context, key.data(), key.size(), parameters);
  EVP_KDF_CTX_free(context);
  if (outcome != 1) std::abort();  // it cannot fail with such arguments, short of memory
  return key;
}

}  // namespace concord::crypto
