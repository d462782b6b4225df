#include "base/id.h"

namespace concord {
namespace {

constexpr std::string_view kAlphabet = "0123456789abcdefghjkmnpqrstvwxyz";
constexpr std::size_t kEncodedLength = 26;
constexpr std::uint8_t kNotADigit = 0xff;

constexpr std::array<std::uint8_t, 256> make_digit_values() {
  std::array<std::uint8_t, 256> values{};
  values.fill(kNotADigit);
  for (std::size_t i = 0; i < kAlphabet.size(); ++i) {
    values[static_cast<std::uint8_t>(kAlphabet[i])] = static_cast<std::uint8_t>(i);
  }
  return values;
}
constexpr std::array<std::uint8_t, 256> kDigitValues = make_digit_values();

__extension__ using Wide = unsigned __int128;

}  // namespace

Slot slot_of(std::string_view key) {
  std::uint32_t hash = 2166136261U;
  for (char c : key) {
    hash ^= static_cast<std::uint8_t>(c);
    hash *= 16777619U;
  }
  hash ^= hash >> 12U ^ hash >> 24U;
  return Slot{static_cast<std::uint16_t>(hash % kSlots)};
}

Uuid make_uuid(IdSource& source, Slot slot) {
  const std::uint64_t ms = source.unix_ms();
  const std::uint64_t random = source.random64();
  Uuid uuid{};
  for (unsigned i = 0; i < 6; ++i) uuid[i] = static_cast<std::uint8_t>(ms >> (40 - 8 * i));
  uuid[6] = static_cast<std::uint8_t>(0x70U | (slot.value >> 8U & 0x0fU));
  uuid[7] = static_cast<std::uint8_t>(slot.value);
  for (unsigned i = 0; i < 8; ++i) uuid[8 + i] = static_cast<std::uint8_t>(random >> (56 - 8 * i));
  uuid[8] = static_cast<std::uint8_t>(0x80U | (uuid[8] & 0x3fU));
  return uuid;
}

std::string format_type_id(std::string_view prefix, const Uuid& uuid) {
  Wide number = 0;
  for (std::uint8_t byte : uuid) number = number << 8U | byte;
  std::string out;
  out.reserve(prefix.size() + 1 + kEncodedLength);
  out.append(prefix).push_back('_');
  for (std::size_t i = kEncodedLength; i-- > 0;) {
    out.push_back(kAlphabet[static_cast<std::size_t>(number >> (5 * i) & 0x1fU)]);
  }
  return out;
}

std::optional<Uuid> parse_type_id(std::string_view prefix, std::string_view text) {
  if (text.size() != prefix.size() + 1 + kEncodedLength) return std::nullopt;
  if (!text.starts_with(prefix) || text[prefix.size()] != '_') return std::nullopt;
  const std::string_view digits = text.substr(prefix.size() + 1);
  if (digits[0] > '7') return std::nullopt;  // 26 digits hold 130 bits
  Wide number = 0;
  for (char c : digits) {
    const std::uint8_t value = kDigitValues[static_cast<std::uint8_t>(c)];
    if (value == kNotADigit) return std::nullopt;
    number = number << 5U | value;
  }
  Uuid uuid{};
  for (std::size_t i = 0; i < uuid.size(); ++i) {
    uuid[i] = static_cast<std::uint8_t>(number >> (8 * (uuid.size() - 1 - i)));
  }
  return uuid;
}

}  // namespace concord
