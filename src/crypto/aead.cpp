#include "crypto/aead.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>

#include <climits>
#include <cstdlib>
#include <string>

namespace concord::crypto {

namespace {

struct FreeContext {
  void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
};
using Context = std::unique_ptr<EVP_CIPHER_CTX, FreeContext>;

/// Fetched once: OpenSSL looks an algorithm up by its name each time otherwise.
const EVP_CIPHER* cipher() {
  static EVP_CIPHER* const fetched = EVP_CIPHER_fetch(nullptr, "AES-256-GCM", nullptr);
  if (fetched == nullptr) std::abort();
  return fetched;
}

/// What cannot fail with valid arguments fails for want of memory alone.
void require(int outcome) {
  if (outcome != 1) std::abort();
}

Context make_context(const AeadKey& key, bool sealing) {
  Context context(EVP_CIPHER_CTX_new());
  if (context == nullptr) std::abort();
  require(EVP_CipherInit_ex2(context.get(), cipher(), key.data(), nullptr, sealing ? 1 : 0, nullptr));
  return context;
}

/// OpenSSL counts in int; a message of GCM may not be longer than 64 GiB anyway.
int checked_size(ByteView bytes) {
  if (bytes.size() > INT_MAX) std::abort();
  return static_cast<int>(bytes.size());
}

}  // namespace

struct Aead::Contexts {
  AeadKey key;
  Context sealing;
  Context opening;
  ~Contexts() { OPENSSL_cleanse(key.data(), key.size()); }
};

Aead::Aead(const AeadKey& key) : contexts_(new Contexts{.key = key, .sealing = {}, .opening = {}}) {}
Aead::~Aead() = default;
Aead::Aead(Aead&&) noexcept = default;
Aead& Aead::operator=(Aead&&) noexcept = default;

void Aead::seal(const AeadNonce& nonce, Associated associated, ByteView plain, std::uint8_t* to) {
  if (contexts_->sealing == nullptr) contexts_->sealing = make_context(contexts_->key, true);
  EVP_CIPHER_CTX* context = contexts_->sealing.get();
  require(EVP_EncryptInit_ex2(context, nullptr, nullptr, nonce.data(), nullptr));
  int written = 0;
  for (const ByteView piece : associated)
    if (!piece.empty()) require(EVP_EncryptUpdate(context, nullptr, &written, piece.data(), checked_size(piece)));
  if (!plain.empty()) require(EVP_EncryptUpdate(context, to, &written, plain.data(), checked_size(plain)));
  std::uint8_t* tag = to + plain.size();
  require(EVP_EncryptFinal_ex(context, tag, &written));
  require(EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, kAeadTagBytes, tag));
}

Result<Bytes> Aead::open(const AeadNonce& nonce, Associated associated, ByteView sealed) {
  if (sealed.size() < kAeadTagBytes) return fail(Code::kCorrupt, "the sealed bytes are shorter than their tag");
  if (contexts_->opening == nullptr) contexts_->opening = make_context(contexts_->key, false);
  EVP_CIPHER_CTX* context = contexts_->opening.get();
  require(EVP_DecryptInit_ex2(context, nullptr, nullptr, nonce.data(), nullptr));
  int written = 0;
  for (const ByteView piece : associated)
    if (!piece.empty()) require(EVP_DecryptUpdate(context, nullptr, &written, piece.data(), checked_size(piece)));
  const ByteView text = sealed.first(sealed.size() - kAeadTagBytes);
  Bytes plain(text.size());
  if (!text.empty()) require(EVP_DecryptUpdate(context, plain.data(), &written, text.data(), checked_size(text)));
  std::array<std::uint8_t, kAeadTagBytes> tag;
  std::copy(sealed.end() - kAeadTagBytes, sealed.end(), tag.begin());
  require(EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, kAeadTagBytes, tag.data()));
  std::uint8_t none = 0;
  if (EVP_DecryptFinal_ex(context, &none, &written) != 1)
    return fail(Code::kCorrupt, "the sealed bytes were changed, or sealed with another key or for another place");
  return plain;
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
  require(outcome);
  return key;
}

}  // namespace concord::crypto
