#include "identity/email.h"

#include <algorithm>

#include "json/object.h"

namespace concord::identity {

namespace {

bool is_letter_or_digit(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); }

bool is_local_character(char c) {
  return is_letter_or_digit(c) || std::string_view(".!#$%&'*+/=?^_`{|}~-").contains(c);
}

bool is_label(std::string_view label) {
  return !label.empty() && label.size() <= 63 && label.front() != '-' && label.back() != '-' &&
         std::ranges::all_of(label, [](char c) { return is_letter_or_digit(c) || c == '-'; });
}

bool is_domain(std::string_view domain) {
  for (;;) {
    const auto dot = domain.find('.');
    if (!is_label(domain.substr(0, dot))) return false;
    if (dot == std::string_view::npos) return true;
    domain.remove_prefix(dot + 1);
  }
}

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

std::unexpected<Error> refuse(std::string_view problem, std::string_view text) {
  return fail(json::field_error("email", problem, text));
}

}  // namespace

Result<Email> Email::parse(std::string_view text) {
  if (text.size() > kMaxEmailBytes)
    return fail(json::field_error("email", "must have at most 254 bytes", text).with("limit", "254"));
  const auto at = text.rfind('@');
  if (at == std::string_view::npos) return refuse("is not an e-mail address: it has no '@'", text);
  const auto local = text.substr(0, at);
  if (local.empty() || local.size() > 64 || !std::ranges::all_of(local, is_local_character))
    return refuse("is not an e-mail address: what stands before the '@' is not valid", text);
  if (!is_domain(text.substr(at + 1)))
    return refuse("is not an e-mail address: what stands behind the '@' is not a domain", text);
  Email email{std::string(text), std::string(text)};
  std::ranges::transform(email.key, email.key.begin(), lower);
  return email;
}

}  // namespace concord::identity
