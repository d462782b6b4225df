#pragma once
// Sealed bytes: what was written, encrypted and authenticated under a key of its owner, and bound to its place.
//
//   u8 0xE1 | 16 bytes owner (UUID) | varuint generation | 16 bytes salt | varuint number | ciphertext | 16 bytes tag
//
//   key    HKDF-SHA-256(secret = the owner's key of that generation, salt, "concord sealed 1")
//   nonce  4 zero bytes, then `number` as 8 bytes, the most significant first
//   associated data   all bytes before the ciphertext, then the place (for a blob its key, for a record its stream)
//
// Why no nonce is used twice: each Sealer draws a salt of 128 random bits, and so has a key that nothing else has
// (2^32 sealers of one user share one with a probability of 2^-65), and counts its messages. A Sealer is never copied,
// and what it has counted is never stored: after a restart there is a new salt.

#include <cstdint>
#include <optional>
#include <string>

#include "base/bytes.h"
#include "base/id.h"
#include "base/result.h"
#include "crypto/aead.h"

namespace concord::vault {

constexpr std::uint8_t kSealedMark = 0xE1;
using Salt = std::array<std::uint8_t, 16>;

/// One of a user's keys. A user's newest seals; all open.
struct UserKey {
  std::uint32_t generation = 0;  // from 1
  crypto::AeadKey key{};
};

/// What stands before the ciphertext.
struct SealedHeader {
  UserId owner;
  std::uint32_t generation = 0;
  Salt salt{};
  std::uint64_t number = 0;
  std::size_t size_bytes = 0;  // of the header itself
};

/// kCorrupt where the bytes do not begin as sealed bytes do.
Result<SealedHeader> read_sealed_header(ByteView sealed);

/// Seals for one owner and one place at a time. Not for two threads at once.
class Sealer {
 public:
  Sealer(UserId owner, const UserKey& key);
  Sealer(Sealer&&) = default;
  Sealer& operator=(Sealer&&) = default;

  UserId owner() const { return owner_; }
  Bytes seal(std::string_view place, ByteView plain);
  /// The most bytes that sealing adds.
  static constexpr std::size_t kMostAdded = 1 + 16 + 5 + 16 + 8 + crypto::kAeadTagBytes;

 private:
  UserId owner_;
  Bytes head_;                   // of the newest message, and its place
  std::size_t fixed_bytes_ = 0;  // of it, up to the number
  std::uint64_t next_number_ = 0;
  crypto::Aead aead_;
};

/// Opens what sealers of one key have sealed; keeps the key of the salt it saw last.
class Opener {
 public:
  /// `header` was read from `sealed` and names the generation of `key`. kCorrupt where anything was changed, or was
  /// sealed for another place.
  Result<Bytes> open(const UserKey& key, const SealedHeader& header, std::string_view place, ByteView sealed);

 private:
  struct Last {
    UserId owner;
    std::uint32_t generation;
    Salt salt;
    crypto::Aead aead;
  };
  std::optional<Last> last_;
};

}  // namespace concord::vault
