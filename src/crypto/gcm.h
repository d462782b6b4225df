#pragma once
// The two ways that AES-256-GCM is computed in: what Aead stands on. They give the same bytes.

#include <memory>

#include "crypto/aead.h"

namespace concord::crypto {

/// One key, scheduled. Not for two threads at a time.
class Gcm {
 public:
  virtual ~Gcm() = default;
  /// Writes the ciphertext, as long as `plain`, and the tag.
  virtual void seal(const AeadNonce& nonce, ByteView associated, ByteView plain, std::uint8_t* to) = 0;
  /// Writes the plaintext of `sealed`, which is at least a tag; false where the tag is wrong, and nothing written is to
  /// be used.
  virtual bool open(const AeadNonce& nonce, ByteView associated, ByteView sealed, std::uint8_t* to) = 0;
};

/// By OpenSSL, on any machine.
std::unique_ptr<Gcm> make_openssl_gcm(const AeadKey& key);
/// By Intel's library, which begins and ends in a fraction of the time;
/// null on a machine that has none for AES, or is no x86-64.
std::unique_ptr<Gcm> make_processor_gcm(const AeadKey& key);

}  // namespace concord::crypto
