#include "mail/message.h"

#include <algorithm>
#include <ctime>

#include "base/bytes.h"
#include "crypto/base64.h"

namespace concord::mail {

namespace {

constexpr std::size_t kLineBytes = 76;  // RFC 2045, 6.8

std::string date_of(std::int64_t now_s) {
  const auto time = static_cast<std::time_t>(now_s);
  std::tm parts{};
  ::gmtime_r(&time, &parts);
  char text[64];
  return {text, std::strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S +0000", &parts)};  // the locale is "C"
}

std::string wrapped_base64(std::string_view text) {
  std::string encoded = crypto::base64_encode_unpadded(as_bytes(text));
  while (encoded.size() % 4 != 0) encoded += '=';
  std::string out;
  for (std::size_t at = 0; at < encoded.size(); at += kLineBytes) out += encoded.substr(at, kLineBytes) + "\r\n";
  return out;
}

}  // namespace

bool fits_header(std::string_view text) {
  return !text.empty() && text.size() <= 254 && std::ranges::all_of(text, [](char c) { return c >= ' ' && c <= '~'; });
}

std::string encode_message(const Message& message, std::string_view from, std::string_view id, std::int64_t now_s) {
  const std::string_view domain = from.substr(from.rfind('@') + 1);
  std::string out;
  const auto header = [&out](std::string_view name, std::string_view value) {
    out.append(name).append(": ").append(value).append("\r\n");
  };
  header("Date", date_of(now_s));
  header("From", from);
  header("To", message.to);
  header("Subject", message.subject);
  header("Message-ID", "<" + std::string(id) + "@" + std::string(domain) + ">");
  header("Auto-Submitted", "auto-generated");
  header("MIME-Version", "1.0");
  header("Content-Type", "text/plain; charset=utf-8");
  header("Content-Transfer-Encoding", "base64");
  return out + "\r\n" + wrapped_base64(message.text);
}

}  // namespace concord::mail
