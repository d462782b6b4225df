#include "s3/signature.h"

#include <algorithm>
#include <cassert>
#include <chrono>
#include <ctime>

#include "base/bytes.h"
#include "crypto/hash.h"

namespace concord::s3 {
namespace {

constexpr std::string_view kAlgorithm = "AWS4-HMAC-SHA256";

bool is_unreserved(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
         c == '_' || c == '~';
}

/// Without blanks around it, and one blank where several are.
std::string trimmed(std::string_view value) {
  std::string out;
  for (const char c : value) {
    const bool blank = c == ' ' || c == '\t';
    if (blank && (out.empty() || out.back() == ' ')) continue;
    out.push_back(blank ? ' ' : c);
  }
  if (out.ends_with(' ')) out.pop_back();
  return out;
}

Fields sorted(Fields fields) {
  std::ranges::sort(fields);
  return fields;
}

std::string signed_names(const Fields& headers) {
  std::string names;
  for (const auto& [name, value] : headers) {
    if (!names.empty()) names += ';';
    names += name;
  }
  return names;
}

std::string canonical_request(const ToSign& request, const Fields& headers) {
  std::string out = request.method + "\n" + request.path + "\n" + query_string(request.query) + "\n";
  for (const auto& [name, value] : headers) {
    out += name;
    out += ':';
    out += trimmed(value);
    out += '\n';
  }
  out += '\n';
  out += signed_names(headers);
  out += '\n';
  out += request.payload_sha256;
  return out;
}

crypto::Sha256 signing_key(const std::string& secret_key, std::string_view day, const SigningScope& scope) {
  crypto::Sha256 key = crypto::hmac_sha256(as_bytes("AWS4" + secret_key), as_bytes(day));
  for (const std::string_view part :
       {std::string_view(scope.region), std::string_view(scope.service), std::string_view("aws4_request")}) {
    key = crypto::hmac_sha256(key, as_bytes(part));
  }
  return key;
}

}  // namespace

std::string percent_encode(std::string_view text, bool keep_slash) {
  static constexpr char kDigits[] = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    if (is_unreserved(c) || (keep_slash && c == '/')) {
      out += c;
      continue;
    }
    const auto byte = static_cast<std::uint8_t>(c);
    out += '%';
    out += kDigits[byte >> 4U];
    out += kDigits[byte & 15U];
  }
  return out;
}

std::string query_string(const Fields& query) {
  Fields encoded;
  for (const auto& [name, value] : query) encoded.emplace_back(percent_encode(name), percent_encode(value));
  std::string out;
  for (const auto& [name, value] : sorted(std::move(encoded))) {
    if (!out.empty()) out += '&';
    out += name;
    out += '=';
    out += value;
  }
  return out;
}

std::string amz_time(std::int64_t wall_ms) {
  const std::time_t seconds = static_cast<std::time_t>(wall_ms / 1000);
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  char text[32];
  const std::size_t size = std::strftime(text, sizeof text, "%Y%m%dT%H%M%SZ", &parts);
  return {text, size};
}

std::string authorization(const ToSign& request, const Credentials& credentials, const SigningScope& scope) {
  const Fields headers = sorted(request.headers);
  const auto time = std::ranges::find(headers, "x-amz-date", &Fields::value_type::first);
  assert(time != headers.end() && time->second.size() == 16);
  const std::string day = time->second.substr(0, 8);
  const std::string where = day + "/" + scope.region + "/" + scope.service + "/aws4_request";
  const crypto::Sha256 canonical = crypto::sha256(as_bytes(canonical_request(request, headers)));
  const std::string text = std::string(kAlgorithm) + "\n" + time->second + "\n" + where + "\n" + to_hex(canonical);
  const crypto::Sha256 signature = crypto::hmac_sha256(signing_key(credentials.secret_key, day, scope), as_bytes(text));
  return std::string(kAlgorithm) + " Credential=" + credentials.access_key + "/" + where +
         ",SignedHeaders=" + signed_names(headers) + ",Signature=" + to_hex(signature);
}

}  // namespace concord::s3
