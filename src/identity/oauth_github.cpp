#include "identity/oauth_github.h"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include "identity/email.h"
#include "identity/oidc_metadata.h"
#include "identity/oidc_reading.h"

namespace concord::identity {

namespace {

constexpr std::string_view kPublicSite = "https://github.com";

std::string api_of(const Provider& provider) {
  return provider.issuer == kPublicSite ? "https://api.github.com" : provider.issuer + "/api/v3";
}

bool is_true(const boost::json::object& object, std::string_view field) {
  const boost::json::value* value = object.if_contains(field);
  return value != nullptr && value->is_bool() && value->get_bool();
}

}  // namespace

Result<Profile> parse_github_user(std::string_view user) {
  const auto object = json::Object::parse(user, kProviderAnswer);
  if (!object) return not_held("user_info", "GitHub's answer cannot be read", object.error());
  constexpr std::int64_t kMostId = std::int64_t{1} << 53;
  const auto id = object->integer("id", 1, kMostId);
  if (!id) return not_held("user_info", "GitHub does not say who it is", id.error());
  Profile profile = profile_of(*object, std::to_string(*id));
  profile.email.clear();  // the one that is shown to others: not known to be theirs
  profile.email_verified = false;
  if (!profile.name.empty()) return profile;
  if (auto login = object->optional_text("login", {.most = 100}); login && *login) profile.name = std::move(**login);
  return profile;
}

Result<std::string> parse_github_emails(std::string_view emails) {
  // A list, which json::Object reads as a member.
  const auto object = json::Object::parse(R"({"list":)" + std::string(emails) + "}", kProviderAnswer);
  const boost::json::value* list = object ? object->raw("list") : nullptr;
  if (list == nullptr || !list->is_array()) return not_held("user_info", "GitHub's list of e-mails cannot be read");
  for (const boost::json::value& one : list->get_array()) {
    const boost::json::object* row = one.if_object();
    if (row == nullptr || !is_true(*row, "primary") || !is_true(*row, "verified")) continue;
    const boost::json::value* address = row->if_contains("email");
    if (address == nullptr || !address->is_string()) continue;
    const auto email = Email::parse(std::string_view(address->get_string()));
    if (email) return email->text;
  }
  return std::string();
}

Task<std::string> GitHubClient::depart(Departure departure) {
  std::string fields;
  append_field(fields, "client_id", provider_.client_id);
  append_field(fields, "redirect_uri", departure.redirect_uri);
  append_field(fields, "scope", provider_.scopes);
  append_field(fields, "state", departure.state);
  append_field(fields, "code_challenge", departure.challenge);
  append_field(fields, "code_challenge_method", "S256");
  co_return with_query(provider_.issuer + "/login/oauth/authorize", fields);
}

Task<Profile> GitHubClient::arrive(Arrival arrival) {
  if (!arrival.issuer.empty() && arrival.issuer != provider_.issuer &&
      arrival.issuer != provider_.issuer + "/login/oauth")
    co_return not_held("mixed_up", "the answer is not from the provider that was asked");
  ProviderRequest request{.url = provider_.issuer + "/login/oauth/access_token", .form = "", .authorization = {}};
  append_field(*request.form, "client_id", provider_.client_id);
  append_field(*request.form, "client_secret", provider_.client_secret);
  append_field(*request.form, "code", arrival.code);
  append_field(*request.form, "redirect_uri", arrival.redirect_uri);
  append_field(*request.form, "code_verifier", arrival.verifier);
  CO_TRY(const ProviderAnswer exchanged, co_await ask_(std::move(request)));
  if (exchanged.status >= 500) co_return fail(Code::kUnavailable, "GitHub gives no token now");
  CO_TRY(const TokenAnswer tokens, parse_token_answer(exchanged.body));
  const std::string authorization = "Bearer " + tokens.access_token;
  CO_TRY(const ProviderAnswer user, co_await ask_({api_of(provider_) + "/user", std::nullopt, authorization}));
  if (user.status != 200) co_return not_held("user_info", "GitHub does not tell who it is");
  CO_TRY(Profile profile, parse_github_user(user.body));
  CO_TRY(const ProviderAnswer emails, co_await ask_({api_of(provider_) + "/user/emails", std::nullopt, authorization}));
  if (emails.status != 200) co_return not_held("user_info", "GitHub does not tell the e-mails");
  CO_TRY(profile.email, parse_github_emails(emails.body));
  profile.email_verified = !profile.email.empty();
  co_return profile;
}

}  // namespace concord::identity
