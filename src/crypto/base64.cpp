#include "crypto/base64.h"

#include <array>

namespace concord::crypto {

namespace {

constexpr std::string_view kUrl = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
constexpr std::string_view kStandard = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::uint8_t kForeign = 0xff;

using Reverse = std::array<std::uint8_t, 256>;

constexpr Reverse reverse(std::string_view alphabet) {
  Reverse table{};
  table.fill(kForeign);
  for (std::size_t i = 0; i < alphabet.size(); ++i)
    table[static_cast<unsigned char>(alphabet[i])] = static_cast<std::uint8_t>(i);
  return table;
}

constexpr Reverse kFromUrl = reverse(kUrl);
constexpr Reverse kFromStandard = reverse(kStandard);

std::string encode(ByteView bytes, std::string_view alphabet) {
  std::string out;
  out.reserve((bytes.size() * 4 + 2) / 3);
  std::uint32_t bits = 0;
  unsigned held = 0;
  for (const std::uint8_t byte : bytes) {
    bits = bits << 8U | byte;
    for (held += 8; held >= 6;) out += alphabet[bits >> (held -= 6) & 63U];
  }
  if (held > 0) out += alphabet[bits << (6 - held) & 63U];
  return out;
}

std::optional<Bytes> decode(std::string_view text, const Reverse& table) {
  if (text.size() % 4 == 1) return std::nullopt;
  Bytes out;
  out.reserve(text.size() * 3 / 4);
  std::uint32_t bits = 0;
  unsigned held = 0;
  for (const char c : text) {
    const std::uint8_t value = table[static_cast<unsigned char>(c)];
    if (value == kForeign) return std::nullopt;
    bits = bits << 6U | value;
    held += 6;
    if (held >= 8) out.push_back(static_cast<std::uint8_t>(bits >> (held -= 8)));
  }
  if ((bits & ((1U << held) - 1U)) != 0) return std::nullopt;
  return out;
}

}  // namespace

std::string base64url_encode(ByteView bytes) { return encode(bytes, kUrl); }
std::string base64_encode_unpadded(ByteView bytes) { return encode(bytes, kStandard); }
std::optional<Bytes> base64url_decode(std::string_view text) { return decode(text, kFromUrl); }
std::optional<Bytes> base64_decode_unpadded(std::string_view text) { return decode(text, kFromStandard); }

}  // namespace concord::crypto
