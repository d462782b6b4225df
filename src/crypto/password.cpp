#include "crypto/password.h"

#include <argon2.h>
#include <sodium.h>

#include <charconv>
#include <cstdlib>
#include <limits>
#include <optional>

#include "crypto/base64.h"
#include "crypto/hash.h"
#include "crypto/random.h"

namespace concord::crypto {

namespace {

constexpr std::size_t kSaltBytes = 16;
constexpr std::size_t kHashBytes = 32;
constexpr std::size_t kMaxEncodedBytes = 512;

struct Encoded {
  PasswordCost cost;
  Bytes salt;
  Bytes hash;
};

/// The part of `text` up to `end`, which is taken off with it; nullopt where `end` is not there.
std::optional<std::string_view> take_until(std::string_view& text, char end) {
  const auto at = text.find(end);
  if (at == std::string_view::npos) return std::nullopt;
  const auto part = text.substr(0, at);
  text.remove_prefix(at + 1);
  return part;
}

bool take_prefix(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

bool read_number(std::optional<std::string_view> text, std::string_view name, std::uint32_t& out) {
  if (!text || !take_prefix(*text, name) || text->empty()) return false;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), out);
  return error == std::errc() && end == text->data() + text->size();
}

bool in_bounds(const PasswordCost& cost) {
  return cost.iterations >= 1 && cost.iterations <= kMaxPasswordCost.iterations && cost.parallelism >= 1 &&
         cost.parallelism <= kMaxPasswordCost.parallelism && cost.memory_kib >= 8 * cost.parallelism &&
         cost.memory_kib <= kMaxPasswordCost.memory_kib;
}

std::optional<Encoded> parse(std::string_view text) {
  Encoded out;
  if (text.size() > kMaxEncodedBytes || !take_prefix(text, "$argon2id$v=19$")) return std::nullopt;
  if (!read_number(take_until(text, ','), "m=", out.cost.memory_kib) ||
      !read_number(take_until(text, ','), "t=", out.cost.iterations) ||
      !read_number(take_until(text, '$'), "p=", out.cost.parallelism) || !in_bounds(out.cost))
    return std::nullopt;
  const auto salt = take_until(text, '$');
  auto salt_bytes = base64_decode_unpadded(salt.value_or(""));
  auto hash_bytes = base64_decode_unpadded(text);
  if (!salt_bytes || salt_bytes->size() < 8 || !hash_bytes || hash_bytes->size() < 16) return std::nullopt;
  out.salt = std::move(*salt_bytes);
  out.hash = std::move(*hash_bytes);
  return out;
}

std::uint8_t* mutable_data(ByteView bytes) { return const_cast<std::uint8_t*>(bytes.data()); }

/// Whether libsodium can compute it, which is what all new hashes are. It uses the widest vectors that the machine has,
/// Debian's libargon2 those of SSE2, and takes two thirds of its time.
bool is_plain(const Argon2Input& input) {
  return input.cost.parallelism == 1 && input.salt.size() == crypto_pwhash_argon2id_SALTBYTES && input.secret.empty() &&
         input.associated.empty() && input.output_bytes >= crypto_pwhash_argon2id_BYTES_MIN;
}

Result<Bytes> plain_argon2id(const Argon2Input& input) {
  static const bool ready = sodium_init() >= 0;  // looks at what the processor can
  if (!ready) std::abort();
  Bytes out(input.output_bytes);
  const std::size_t memory_bytes = std::size_t{input.cost.memory_kib} << 10U;
  const int status = crypto_pwhash_argon2id(
      out.data(), out.size(), reinterpret_cast<const char*>(input.password.data()), input.password.size(),
      input.salt.data(), input.cost.iterations, memory_bytes, crypto_pwhash_argon2id_ALG_ARGON2ID13);
  if (status != 0) return fail(Code::kUnavailable, "no memory for a password hash");
  return out;
}

}  // namespace

Result<Bytes> argon2id(const Argon2Input& input) {
  if (!in_bounds(input.cost)) return fail(Code::kInvalidArgument, "the password cost is out of bounds");
  if (input.output_bytes < 4 || input.output_bytes > 1024 || input.salt.size() < 8 ||
      input.password.size() > std::numeric_limits<std::uint32_t>::max())
    return fail(Code::kInvalidArgument, "an input of the password hash is out of bounds");
  if (is_plain(input)) return plain_argon2id(input);
  Bytes out(input.output_bytes);
  argon2_context context{};
  context.out = out.data();
  context.outlen = static_cast<std::uint32_t>(out.size());
  // The library reads these and, without the clearing flags, leaves them as they are.
  context.pwd = mutable_data(input.password);
  context.pwdlen = static_cast<std::uint32_t>(input.password.size());
  context.salt = mutable_data(input.salt);
  context.saltlen = static_cast<std::uint32_t>(input.salt.size());
  context.secret = mutable_data(input.secret);
  context.secretlen = static_cast<std::uint32_t>(input.secret.size());
  context.ad = mutable_data(input.associated);
  context.adlen = static_cast<std::uint32_t>(input.associated.size());
  context.t_cost = input.cost.iterations;
  context.m_cost = input.cost.memory_kib;
  context.lanes = input.cost.parallelism;
  context.threads = 1;
  context.version = ARGON2_VERSION_13;
  const int status = argon2_ctx(&context, Argon2_id);
  if (status == ARGON2_MEMORY_ALLOCATION_ERROR) return fail(Code::kUnavailable, "no memory for a password hash");
  if (status != ARGON2_OK) return fail(Code::kInternal, "the password hash failed");
  return out;
}

Result<std::string> hash_password(std::string_view password, const PasswordCost& cost) {
  const auto salt = random_array<kSaltBytes>();
  TRY(const Bytes hash,
      argon2id({.password = as_bytes(password), .salt = salt, .cost = cost, .output_bytes = kHashBytes}));
  return "$argon2id$v=19$m=" + std::to_string(cost.memory_kib) + ",t=" + std::to_string(cost.iterations) +
         ",p=" + std::to_string(cost.parallelism) + "$" + base64_encode_unpadded(salt) + "$" +
         base64_encode_unpadded(hash);
}

Result<bool> verify_password(std::string_view password, std::string_view encoded) {
  const auto stored = parse(encoded);
  if (!stored) return fail(Code::kCorrupt, "the stored password hash is malformed");
  TRY(const Bytes hash, argon2id({.password = as_bytes(password),
                                  .salt = stored->salt,
                                  .cost = stored->cost,
                                  .output_bytes = stored->hash.size()}));
  return equal_constant_time(hash, stored->hash);
}

bool needs_rehash(std::string_view encoded, const PasswordCost& cost) {
  const auto stored = parse(encoded);
  return !stored || stored->cost != cost || stored->hash.size() != kHashBytes;
}

}  // namespace concord::crypto
