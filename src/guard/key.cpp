#include "guard/key.h"

#include <algorithm>
#include <cstring>

#include "crypto/hash.h"
#include "crypto/random.h"
#include "guard/address.h"

namespace concord::guard {

namespace {

/// splitmix64's finisher.
std::uint64_t mixed(std::uint64_t z) {
  z = (z ^ (z >> 30U)) * 0xbf58476d1ce4e5b9ULL;
  z = (z ^ (z >> 27U)) * 0x94d049bb133111ebULL;
  return z ^ (z >> 31U);
}

}  // namespace

Key text_key_of(char kind, std::string_view text) {
  const crypto::Sha256 digest = crypto::sha256(as_bytes(text));
  Key key{.kind = kind};
  std::copy_n(digest.begin(), key.bytes.size(), key.bytes.begin());
  return key;
}

Key address_key_of(char kind, std::string_view address) {
  const auto parsed = Address::parse(address);
  return parsed ? Key{kind, parsed->household().bytes} : text_key_of(kind, address);
}

Key pair_key_of(char kind, std::string_view account, std::string_view address) {
  std::string both(account);
  both += '\n';
  both += address_key(address);
  return text_key_of(kind, both);
}

std::string to_text(const Key& key) { return key.kind + to_hex(key.bytes); }

std::optional<Key> key_from(std::string_view text) {
  Key key;
  if (text.size() != 1 + 2 * key.bytes.size()) return std::nullopt;
  key.kind = text.front();
  text.remove_prefix(1);
  for (std::size_t i = 0; i < text.size(); ++i) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    const std::size_t digit = kDigits.find(text[i]);
    if (digit == std::string_view::npos) return std::nullopt;
    key.bytes.at(i / 2) = static_cast<std::uint8_t>((key.bytes.at(i / 2) << 4U) | digit);
  }
  return key;
}

std::size_t KeyHash::operator()(const Key& key) const {
  static const auto salt = crypto::random_array<16>();
  std::array<std::uint64_t, 2> words{}, salts{};
  std::memcpy(words.data(), key.bytes.data(), sizeof words);
  std::memcpy(salts.data(), salt.data(), sizeof salts);
  return mixed(mixed(words[0] ^ salts[0]) ^ words[1] ^ salts[1] ^ static_cast<unsigned char>(key.kind));
}

}  // namespace concord::guard
