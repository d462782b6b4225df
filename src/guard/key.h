#pragma once
// What is counted by: a kind, and 16 bytes that say who. Fixed in size, so that what is remembered is bounded in bytes.

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace concord::guard {

struct Key {
  char kind = 0;
  std::array<std::uint8_t, 16> bytes{};
  auto operator<=>(const Key&) const = default;
};

/// By the household of an address (Address::household); by the text itself where it is no address.
Key address_key_of(char kind, std::string_view address);
/// By the first half of the text's SHA-256: nobody can choose texts that are counted as one.
Key text_key_of(char kind, std::string_view text);
/// By an account and an address together.
Key pair_key_of(char kind, std::string_view account, std::string_view address);

/// For other nodes: the kind and 32 hexadecimal digits.
std::string to_text(const Key& key);
/// nullopt where it is none.
std::optional<Key> key_from(std::string_view text);

/// Salted once a process, so that nobody can choose keys that fall together.
struct KeyHash {
  std::size_t operator()(const Key& key) const;
};

}  // namespace concord::guard
