#pragma once
// Password hashing with Argon2id (RFC 9106), stored as a PHC string:
//
//   $argon2id$v=19$m=<KiB>,t=<iterations>,p=<lanes>$<salt, base64>$<hash, base64>
//
// A hash takes tens of milliseconds on one core and `memory_kib` of memory: never call these on a reactor.
// Any thread.

#include <cstdint>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"

namespace concord::crypto {

struct PasswordCost {
  std::uint32_t memory_kib = 19'456;
  std::uint32_t iterations = 2;
  std::uint32_t parallelism = 1;  // lanes; they are computed one after the other, on the calling thread
  bool operator==(const PasswordCost&) const = default;
};

/// What a stored string may ask for; beyond it the string counts as corrupt, not as a reason to take the
/// machine's memory.
constexpr PasswordCost kMaxPasswordCost{.memory_kib = 4u << 20u, .iterations = 64, .parallelism = 64};

/// A fresh 16-byte salt and a 32-byte hash. kInvalidArgument where the cost is out of bounds (memory at least
/// 8 KiB a lane), kUnavailable where the memory cannot be had.
Result<std::string> hash_password(std::string_view password, const PasswordCost& cost);

/// Whether `password` is the one that `encoded` was made of, compared in constant time. kCorrupt where
/// `encoded` is not such a string.
Result<bool> verify_password(std::string_view password, std::string_view encoded);

/// Whether `encoded` was made with another cost (or is corrupt).
bool needs_rehash(std::string_view encoded, const PasswordCost& cost);

/// The bare function.
struct Argon2Input {
  ByteView password;
  ByteView salt;  // at least 8 bytes
  ByteView secret = {};
  ByteView associated = {};
  PasswordCost cost = {};
  std::size_t output_bytes = 32;  // 4 to 1024
};
Result<Bytes> argon2id(const Argon2Input& input);

}  // namespace concord::crypto
