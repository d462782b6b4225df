#include "crypto/hash.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <cstdlib>

namespace concord::crypto {

namespace {

/// One context a thread: fetching the algorithm and making a context costs more than hashing a token.
class Hasher {
 public:
  Hasher() : algorithm_(EVP_MD_fetch(nullptr, "SHA256", nullptr)), context_(EVP_MD_CTX_new()) {
    if (algorithm_ == nullptr || context_ == nullptr) std::abort();
  }
  ~Hasher() {
    EVP_MD_CTX_free(context_);
    EVP_MD_free(algorithm_);
  }
  Hasher(const Hasher&) = delete;
  Hasher& operator=(const Hasher&) = delete;

  Sha256 digest(ByteView bytes) {
    Sha256 out;
    if (EVP_DigestInit_ex2(context_, algorithm_, nullptr) != 1 ||
        EVP_DigestUpdate(context_, bytes.data(), bytes.size()) != 1 ||
        EVP_DigestFinal_ex(context_, out.data(), nullptr) != 1)
      std::abort();
    return out;
  }

 private:
  EVP_MD* algorithm_;
  EVP_MD_CTX* context_;
};

}  // namespace

Sha256 sha256(ByteView bytes) {
  thread_local Hasher hasher;
  return hasher.digest(bytes);
}

Sha256 hmac_sha256(ByteView key, ByteView bytes) {
  Sha256 out;
  unsigned size = 0;
  // A null key would mean "the key of before" to OpenSSL.
  static constexpr std::uint8_t kEmpty = 0;
  const void* data = key.empty() ? &kEmpty : key.data();
  if (HMAC(EVP_sha256(), data, static_cast<int>(key.size()), bytes.data(), bytes.size(), out.data(), &size) == nullptr)
    std::abort();
  return out;
}

bool equal_constant_time(ByteView a, ByteView b) {
  return a.size() == b.size() && (a.empty() || CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0);
}

}  // namespace concord::crypto
