#include "net/handshake.h"

#include <algorithm>
#include <array>

#include <openssl/evp.h>

namespace concord::net {
namespace {

std::string_view trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

bool same_word(std::string_view a, std::string_view b) { return std::ranges::equal(a, b, {}, lower, lower); }

std::size_t count(const Request& head, std::string_view name) {
  std::size_t n = 0;
  for (const Header& header : head.headers) n += header.name == name ? 1 : 0;
  return n;
}

/// 16 bytes in base64: 22 digits and "==".
bool is_valid_key(std::string_view key) {
  if (key.size() != 24 || !key.ends_with("==")) return false;
  for (const char c : key.substr(0, 22)) {
    const bool digit =
        (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' || c == '/';
    if (!digit) return false;
  }
  return true;
}

}  // namespace

bool has_token(std::string_view list, std::string_view token) {
  while (!list.empty()) {
    const std::string_view item = list.substr(0, list.find(','));
    if (same_word(trim(item), token)) return true;
    list.remove_prefix(std::min(item.size() + 1, list.size()));
  }
  return false;
}

Handshake inspect_handshake(const Request& head) {
  if (head.method != "GET" || !has_token(head.header("connection"), "upgrade") ||
      !has_token(head.header("upgrade"), "websocket"))
    return Handshake::kNone;
  if (head.header("sec-websocket-version") != "13" || count(head, "sec-websocket-version") != 1)
    return Handshake::kWrongVersion;
  if (!is_valid_key(head.header("sec-websocket-key")) || count(head, "sec-websocket-key") != 1)
    return Handshake::kMalformed;
  return Handshake::kValid;
}

std::string accept_key(std::string_view key) {
  const std::string text = std::string(key) + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  EVP_Digest(text.data(), text.size(), digest.data(), &size, EVP_sha1(), nullptr);
  std::array<unsigned char, 32> encoded{};
  const int written = EVP_EncodeBlock(encoded.data(), digest.data(), static_cast<int>(size));
  return {reinterpret_cast<const char*>(encoded.data()), static_cast<std::size_t>(written)};
}

}  // namespace concord::net
