#include "identity/oauth_providers.h"

#include <algorithm>
#include <array>

#include "identity/oidc_metadata.h"

namespace concord::identity {

namespace {

constexpr std::size_t kMostProviders = 16;

const std::array kSettings{
    Setting{.name = "OAUTH_PROVIDERS",
            .most = 512,
            .meaning = "Names, separated by commas, of the services that people may sign in with: github, google, or a "
                       "name of your own for any OpenID Connect issuer; the next rows are there once for each name."},
    Setting{.name = "OAUTH_<NAME>_CLIENT_ID",
            .most = 255,
            .meaning = "What the service knows the hub as.",
            .each_of = "OAUTH_PROVIDERS"},
    Setting{.name = "OAUTH_<NAME>_CLIENT_SECRET",
            .most = 1024,
            .meaning = "The secret that the service gave the hub; without one the hub is a public client.",
            .secret = true,
            .each_of = "OAUTH_PROVIDERS"},
    Setting{.name = "OAUTH_<NAME>_ISSUER",
            .most = 1024,
            .meaning = "The issuer, https://…, exactly as it names itself; for github the address of an Enterprise "
                       "Server. github and google have theirs.",
            .each_of = "OAUTH_PROVIDERS"},
    Setting{.name = "OAUTH_<NAME>_SCOPES",
            .most = 512,
            .meaning = "What is asked for, separated by blanks; empty: openid, email and profile, and at github "
                       "read:user and user:email.",
            .each_of = "OAUTH_PROVIDERS"},
    Setting{.name = "OAUTH_<NAME>_LABEL",
            .most = 64,
            .meaning = "What people know the service as; empty: its name.",
            .each_of = "OAUTH_PROVIDERS"},
    Setting{.name = "OAUTH_REGISTRATION",
            .type = SettingType::kBoolean,
            .fallback = "true",
            .meaning = "Whether who comes from such a service for the first time may make an account, where "
                       "REGISTRATION lets them; else such sign-ins have to be connected to an account first."},
};

std::unexpected<Error> bad_setting(const std::string& name, std::string_view problem) {
  return fail(Error{Code::kInvalidArgument, name + " " + std::string(problem), {{"field", name}}});
}

bool is_visible(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c > ' ' && c <= '~'; });
}

std::string label_of(std::string_view name) {
  if (name == "github") return "GitHub";
  std::string label(name);
  label.front() =
      label.front() >= 'a' && label.front() <= 'z' ? static_cast<char>(label.front() - 0x20) : label.front();
  return label;
}

std::string_view known_issuer(std::string_view name) {
  if (name == "github") return "https://github.com";
  if (name == "google") return "https://accounts.google.com";
  return {};
}

/// RFC 6749, 3.3.
bool is_scope_list(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c >= ' ' && c <= '~' && c != '"' && c != '\\'; });
}

bool has_word(std::string_view list, std::string_view word) {
  return (" " + std::string(list) + " ").find(" " + std::string(word) + " ") != std::string::npos;
}

Result<Provider> provider_from(const Config& config, const std::string& name) {
  const auto setting = [&](std::string_view what) { return "OAUTH_" + upper_name(name) + "_" + std::string(what); };
  const auto value = [&](std::string_view what, std::string_view otherwise) {
    const std::string& given = config.string(setting(what));
    return given.empty() ? std::string(otherwise) : given;
  };
  const bool github = name == "github";
  Provider out{.name = name,
               .label = value("LABEL", label_of(name)),
               .kind = github ? ProviderKind::kGitHub : ProviderKind::kOidc,
               .issuer = value("ISSUER", known_issuer(name)),
               .client_id = value("CLIENT_ID", ""),
               .client_secret = value("CLIENT_SECRET", ""),
               .scopes = value("SCOPES", github ? "read:user user:email" : "openid email profile")};
  if (out.client_id.empty() || !is_visible(out.client_id))
    return bad_setting(setting("CLIENT_ID"), "must be set, without blanks, since OAUTH_PROVIDERS names " + name);
  if (!is_visible(out.client_secret)) return bad_setting(setting("CLIENT_SECRET"), "must have no blanks");
  if (github && out.client_secret.empty())
    return bad_setting(setting("CLIENT_SECRET"), "must be set: GitHub wants one");
  if (out.issuer.empty()) return bad_setting(setting("ISSUER"), "must be set, since OAUTH_PROVIDERS names " + name);
  if (!is_provider_url(out.issuer, true) || out.issuer.find('?') != std::string::npos)
    return bad_setting(setting("ISSUER"), "must be https://… (http://… on this machine alone), without a query");
  if (github && out.issuer.ends_with('/')) out.issuer.pop_back();
  if (!is_scope_list(out.scopes) || (!github && !has_word(out.scopes, "openid")))
    return bad_setting(setting("SCOPES"), "must be words separated by blanks, and openid one of them");
  return out;
}

}  // namespace

std::span<const Setting> oauth_settings() { return kSettings; }

Result<std::vector<Provider>> oauth_providers_from(const Config& config) {
  const std::vector<std::string>& names = config.names("OAUTH_PROVIDERS");
  if (names.size() > kMostProviders) return bad_setting("OAUTH_PROVIDERS", "must name at most 16 services");
  std::vector<Provider> out;
  out.reserve(names.size());
  for (const std::string& name : names) {
    TRY(Provider one, provider_from(config, name));
    const auto same = std::ranges::find(out, one.issuer, &Provider::issuer);
    if (same != out.end()) return bad_setting("OAUTH_" + upper_name(name) + "_ISSUER", "is that of " + same->name);
    out.push_back(std::move(one));
  }
  return out;
}

}  // namespace concord::identity
