#include <openssl/evp.h>

#include <array>
#include <climits>
#include <cstdlib>

#include "base/owned.h"
#include "crypto/gcm.h"

namespace concord::crypto {

namespace {

using Context = Owned<EVP_CIPHER_CTX, EVP_CIPHER_CTX_free>;

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

/// OpenSSL counts in int; a message of GCM may not be longer than 64 GiB anyway.
int checked_size(ByteView bytes) {
  if (bytes.size() > INT_MAX) std::abort();
  return static_cast<int>(bytes.size());
}

/// A context keeps the key's schedule, each direction in one of its own, made when it is first needed.
class OpensslGcm final : public Gcm {
 public:
  explicit OpensslGcm(const AeadKey& key) : key_(key) {}
  ~OpensslGcm() override { OPENSSL_cleanse(key_.data(), key_.size()); }
  OpensslGcm(const OpensslGcm&) = delete;
  OpensslGcm& operator=(const OpensslGcm&) = delete;

  void seal(const AeadNonce& nonce, ByteView associated, ByteView plain, std::uint8_t* to) override {
    EVP_CIPHER_CTX* context = begin(sealing_, true, nonce, associated);
    int written = 0;
    if (!plain.empty()) require(EVP_EncryptUpdate(context, to, &written, plain.data(), checked_size(plain)));
    std::uint8_t* tag = to + plain.size();
    require(EVP_EncryptFinal_ex(context, tag, &written));
    require(EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, kAeadTagBytes, tag));
  }

  bool open(const AeadNonce& nonce, ByteView associated, ByteView sealed, std::uint8_t* to) override {
    EVP_CIPHER_CTX* context = begin(opening_, false, nonce, associated);
    const ByteView text = sealed.first(sealed.size() - kAeadTagBytes);
    int written = 0;
    if (!text.empty()) require(EVP_DecryptUpdate(context, to, &written, text.data(), checked_size(text)));
    std::array<std::uint8_t, kAeadTagBytes> tag;
    std::copy(sealed.end() - kAeadTagBytes, sealed.end(), tag.begin());
    require(EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, kAeadTagBytes, tag.data()));
    std::uint8_t none = 0;
    return EVP_DecryptFinal_ex(context, &none, &written) == 1;
  }

 private:
  EVP_CIPHER_CTX* begin(Context& context, bool sealing, const AeadNonce& nonce, ByteView associated) {
    if (context == nullptr) {
      context.reset(EVP_CIPHER_CTX_new());
      if (context == nullptr) std::abort();
      require(EVP_CipherInit_ex2(context.get(), cipher(), key_.data(), nullptr, sealing ? 1 : 0, nullptr));
    }
    require(EVP_CipherInit_ex2(context.get(), nullptr, nullptr, nonce.data(), -1, nullptr));
    int written = 0;
    if (!associated.empty())
      require(EVP_CipherUpdate(context.get(), nullptr, &written, associated.data(), checked_size(associated)));
    return context.get();
  }

  AeadKey key_;
  Context sealing_;
  Context opening_;
};

}  // namespace

std::unique_ptr<Gcm> make_openssl_gcm(const AeadKey& key) { return std::make_unique<OpensslGcm>(key); }

}  // namespace concord::crypto
