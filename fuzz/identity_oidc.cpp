// What providers of identity answer: an issuer's metadata, its keys, a token response, an ID token, a user's claims,
// GitHub's user and e-mails; and the cookie that a browser shows when it is back from there. The first byte picks one;
// the rest is its input.
#include <cstdlib>

#include "base/bytes.h"
#include "identity/email.h"
#include "identity/oauth_github.h"
#include "identity/oauth_routes.h"
#include "identity/oidc_metadata.h"
#include "identity/oidc_reading.h"
#include "identity/oidc_tokens.h"

namespace {

using namespace concord;

constexpr std::string_view kIssuer = "https://id.example";

void require(bool holds) {
  if (!holds) std::abort();
}

/// Each failure says by a reason what does not hold.
template <class T>
bool held(const Result<T>& read) {
  if (read) return true;
  require(read.error().code == Code::kUnauthenticated && !read.error().context.empty() &&
          read.error().context.front().first == "reason");
  return false;
}

void read_metadata(std::string_view text) {
  const auto read = identity::parse_oidc_metadata(text, kIssuer);
  if (!held(read)) return;
  for (const std::string& url : {read->authorization_endpoint, read->token_endpoint, read->keys_url})
    require(identity::is_provider_url(url, false) && url.starts_with("https://"));
}

void check(const identity::Profile& profile) {
  require(!profile.subject.empty() && profile.subject.size() <= identity::kMaxSubjectBytes);
  require(profile.email.empty() ? !profile.email_verified : identity::Email::parse(profile.email).has_value());
}

void read_keys(std::string_view text) {
  const auto keys = identity::IssuerKeys::parse(text);
  if (!held(keys)) return;
  require(keys->size() <= identity::IssuerKeys::kMost);
  const Bytes signature(64, 1);
  for (const std::string_view algorithm : {"RS256", "ES256"})
    require(keys->verify(algorithm, "k", as_bytes(kIssuer), signature) != identity::IssuerKeys::Verdict::kGood);
}

/// By no key at all: nothing is let through.
void read_id_token(std::string_view text) {
  static const identity::IssuerKeys kKeys =
      identity::IssuerKeys::parse(
          R"({"keys":[{"kty":"RSA","kid":"r1","n":")"
          "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZ"
          "S-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-"
          "UTo7WTBEMa2R"
          "2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_"
          "h9iaGNj8q2ethFkMLs91kzk2PAcDTW"
          R"(9gb54h4FRWyuXpoQ","e":"AQAB"}]})")
          .value();
  const auto checked = identity::check_id_token(
      text, kKeys,
      {.issuer = kIssuer, .client_id = "hub", .nonce = "0123456789", .access_token = "at", .now_s = 1'800'000'000});
  require(!held(checked));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view text = as_text(ByteView(data + 1, size - 1));
  switch (data[0] % 8) {
    case 0:
      read_metadata(text);
      break;
    case 1:
      read_keys(text);
      break;
    case 2:
      if (const auto tokens = identity::parse_token_answer(text); held(tokens))
        require(tokens->access_token.find_first_of("\r\n ") == std::string::npos);
      break;
    case 3:
      read_id_token(text);
      break;
    case 4:
      if (const auto profile = identity::parse_user_info(text, "u-1"); held(profile)) check(*profile);
      break;
    case 5:
      if (const auto profile = identity::parse_github_user(text); held(profile)) check(*profile);
      break;
    case 6: {
      const std::string secret = identity::cookie_secret(text, "concord-oauth");
      require(secret.empty() || (secret.size() == 43 && text.find("concord-oauth=" + secret) != std::string::npos));
      break;
    }
    default:
      if (const auto email = identity::parse_github_emails(text); held(email))
        require(email->empty() || identity::Email::parse(*email).has_value());
      break;
  }
  return 0;
}
