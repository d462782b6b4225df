#include "identity/oidc_client.h"

#include "crypto/base64.h"
#include "identity/oauth_github.h"
#include "identity/oidc_reading.h"

namespace concord::identity {

namespace {

/// RFC 6749, 2.3.1: each half is encoded as a form field before they are joined.
std::string basic_authorization(const Provider& provider) {
  const std::string both = percent_encode(provider.client_id) + ":" + percent_encode(provider.client_secret);
  std::string text = crypto::base64_encode_unpadded(as_bytes(both));
  while (text.size() % 4 != 0) text.push_back('=');
  return "Basic " + text;
}

bool has_reason(const Error& error, std::string_view reason) {
  for (const auto& [name, value] : error.context)
    if (name == "reason") return value == reason;
  return false;
}

}  // namespace

std::unique_ptr<ProviderClient> make_provider_client(const Provider& provider, AskProvider ask, Clock& clock) {
  if (provider.kind == ProviderKind::kGitHub) return std::make_unique<GitHubClient>(provider, std::move(ask));
  return std::make_unique<OidcClient>(provider, std::move(ask), clock);
}

Task<std::shared_ptr<const OidcMetadata>> OidcClient::metadata() {
  const std::int64_t now_ms = clock_.monotonic_ns() / 1'000'000;
  {
    const std::lock_guard lock(mutex_);
    if (metadata_ && now_ms - metadata_ms_ < kKeptMs) co_return metadata_;
  }
  CO_TRY(const ProviderAnswer answer, co_await ask_({metadata_url(provider_.issuer), std::nullopt, ""}));
  if (answer.status != 200) co_return fail(Code::kUnavailable, "the issuer's metadata cannot be had");
  CO_TRY(OidcMetadata read, parse_oidc_metadata(answer.body, provider_.issuer));
  auto made = std::make_shared<const OidcMetadata>(std::move(read));
  const std::lock_guard lock(mutex_);
  metadata_ = made;
  metadata_ms_ = now_ms;
  co_return made;
}

Task<OidcClient::Keys> OidcClient::keys(std::string url, bool again) {
  const std::int64_t now_ms = clock_.monotonic_ns() / 1'000'000;
  {
    const std::lock_guard lock(mutex_);
    const std::int64_t age_ms = keys_ms_ ? now_ms - *keys_ms_ : kKeptMs;
    if (keys_ && age_ms < (again ? kKeysAgainMs : kKeptMs)) co_return Keys{keys_, false};
    if (again) keys_ms_ = now_ms;  // whatever comes of it
  }
  CO_TRY(const ProviderAnswer answer, co_await ask_({std::move(url), std::nullopt, ""}));
  if (answer.status != 200) co_return fail(Code::kUnavailable, "the issuer's keys cannot be had");
  CO_TRY(IssuerKeys read, IssuerKeys::parse(answer.body));
  auto made = std::make_shared<const IssuerKeys>(std::move(read));
  const std::lock_guard lock(mutex_);
  keys_ = made;
  keys_ms_ = now_ms;
  co_return Keys{made, true};
}

Task<std::string> OidcClient::depart(Departure departure) {
  CO_TRY(const auto known, co_await metadata());
  std::string fields;
  append_field(fields, "response_type", "code");
  append_field(fields, "client_id", provider_.client_id);
  append_field(fields, "redirect_uri", departure.redirect_uri);
  append_field(fields, "scope", provider_.scopes);
  append_field(fields, "state", departure.state);
  append_field(fields, "nonce", departure.nonce);
  append_field(fields, "code_challenge", departure.challenge);
  append_field(fields, "code_challenge_method", "S256");
  co_return with_query(known->authorization_endpoint, fields);
}

Task<TokenAnswer> OidcClient::exchange(const OidcMetadata& metadata, const Arrival& arrival) {
  ProviderRequest request{.url = metadata.token_endpoint, .form = "", .authorization = {}};
  append_field(*request.form, "grant_type", "authorization_code");
  append_field(*request.form, "code", arrival.code);
  append_field(*request.form, "redirect_uri", arrival.redirect_uri);
  append_field(*request.form, "code_verifier", arrival.verifier);
  const bool in_header = metadata.secret_in_header && !provider_.client_secret.empty();
  if (in_header) {
    request.authorization = basic_authorization(provider_);
  } else {
    append_field(*request.form, "client_id", provider_.client_id);
    if (!provider_.client_secret.empty()) append_field(*request.form, "client_secret", provider_.client_secret);
  }
  CO_TRY(const ProviderAnswer answer, co_await ask_(std::move(request)));
  if (answer.status >= 500) co_return fail(Code::kUnavailable, "the provider gives no tokens now");
  co_return parse_token_answer(answer.body);
}

Task<Profile> OidcClient::check(const OidcMetadata& metadata, const TokenAnswer& tokens, const Arrival& arrival) {
  const IdTokenRule rule{.issuer = provider_.issuer,
                         .client_id = provider_.client_id,
                         .nonce = arrival.nonce,
                         .access_token = tokens.access_token,
                         .now_s = clock_.wall_ms() / 1000};
  CO_TRY(Keys kept, co_await keys(metadata.keys_url, false));
  auto checked = check_id_token(tokens.id_token, *kept.keys, rule);
  if (checked || kept.fresh || !has_reason(checked.error(), "key")) co_return checked;
  CO_TRY(kept, co_await keys(metadata.keys_url, true));
  co_return check_id_token(tokens.id_token, *kept.keys, rule);
}

Task<Profile> OidcClient::arrive(Arrival arrival) {
  CO_TRY(const auto known, co_await metadata());
  if (arrival.issuer.empty() ? known->names_itself : arrival.issuer != provider_.issuer)
    co_return not_held("mixed_up", "the answer is not from the issuer that was asked");
  CO_TRY(const TokenAnswer tokens, co_await exchange(*known, arrival));
  if (tokens.id_token.empty()) co_return not_held("tokens", "the issuer gave no ID token");
  CO_TRY(Profile profile, co_await check(*known, tokens, arrival));
  if (!profile.email.empty() || known->user_info_endpoint.empty()) co_return profile;
  // Claims that a scope asks for are told there (OpenID Connect Core 1.0, 5.4).
  CO_TRY(const ProviderAnswer answer,
         co_await ask_({known->user_info_endpoint, std::nullopt, "Bearer " + tokens.access_token}));
  if (answer.status != 200) co_return not_held("user_info", "the user's claims cannot be had");
  co_return parse_user_info(answer.body, profile.subject);
}

}  // namespace concord::identity
