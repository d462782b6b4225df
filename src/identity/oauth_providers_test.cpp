#include "identity/oauth_providers.h"

#include <gtest/gtest.h>

#include "identity/identity.h"
#include "identity/options.h"

namespace concord::identity {
namespace {

Result<Options> options(const std::vector<std::string>& flags) {
  const std::vector<Setting> table(settings().begin(), settings().end());
  auto config = Config::load(table, flags, [](std::string_view) { return std::optional<std::string>(); });
  if (!config) return fail(config.error());
  return Options::from(*config, false);
}

std::string error_of(const std::vector<std::string>& more) {
  std::vector<std::string> flags{"--public-url=https://hub.example", "--oauth-providers=acme"};
  flags.insert(flags.end(), more.begin(), more.end());
  const auto made = options(flags);
  if (made) return "";
  EXPECT_EQ(made.error().code, Code::kInvalidArgument);
  return made.error().context.front().second;
}

TEST(OAuthSettings, github_and_google_are_known) {
  const auto made =
      options({"--public-url=https://hub.example", "--oauth-providers=google,github", "--oauth-google-client-id=g",
               "--oauth-google-client-secret=gs", "--oauth-github-client-id=h", "--oauth-github-client-secret=hs"});
  ASSERT_TRUE(made) << made.error().message;
  ASSERT_EQ(made->providers.size(), 2U);
  EXPECT_EQ(made->providers[0], (Provider{.name = "google",
                                          .label = "Google",
                                          .kind = ProviderKind::kOidc,
                                          .issuer = "https://accounts.google.com",
                                          .client_id = "g",
                                          .client_secret = "gs",
                                          .scopes = "openid email profile"}));
  EXPECT_EQ(made->providers[1], (Provider{.name = "github",
                                          .label = "GitHub",
                                          .kind = ProviderKind::kGitHub,
                                          .issuer = "https://github.com",
                                          .client_id = "h",
                                          .client_secret = "hs",
                                          .scopes = "read:user user:email"}));
  EXPECT_TRUE(made->oauth_registration);
}

TEST(OAuthSettings, any_issuer_has_a_name_of_its_own) {
  const auto made = options({"--public-url=http://127.0.0.1:8080", "--oauth-providers=acme", "--oauth-acme-client-id=a",
                             "--oauth-acme-issuer=https://id.acme.example/realms/x", "--oauth-acme-label=Acme Corp",
                             "--oauth-acme-scopes=openid email", "--oauth-registration=false"});
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_EQ(made->providers[0].label, "Acme Corp");
  EXPECT_EQ(made->providers[0].issuer, "https://id.acme.example/realms/x");
  EXPECT_EQ(made->providers[0].client_secret, "");
  EXPECT_FALSE(made->oauth_registration);
}

TEST(OAuthSettings, what_is_missing_or_malformed_is_named) {
  const std::string id = "--oauth-acme-client-id=a";
  const std::string issuer = "--oauth-acme-issuer=https://id.example";
  EXPECT_EQ(error_of({id, issuer}), "");
  EXPECT_EQ(error_of({issuer}), "OAUTH_ACME_CLIENT_ID");
  EXPECT_EQ(error_of({issuer, "--oauth-acme-client-id=a b"}), "OAUTH_ACME_CLIENT_ID");
  EXPECT_EQ(error_of({id}), "OAUTH_ACME_ISSUER");
  EXPECT_EQ(error_of({id, "--oauth-acme-issuer=http://id.example"}), "OAUTH_ACME_ISSUER");
  EXPECT_EQ(error_of({id, "--oauth-acme-issuer=https://id.example?x=1"}), "OAUTH_ACME_ISSUER");
  EXPECT_EQ(error_of({id, "--oauth-acme-issuer=http://127.0.0.1:3000"}), "");
  EXPECT_EQ(error_of({id, issuer, "--oauth-acme-client-secret=a b"}), "OAUTH_ACME_CLIENT_SECRET");
  EXPECT_EQ(error_of({id, issuer, "--oauth-acme-scopes=email"}), "OAUTH_ACME_SCOPES");
  EXPECT_EQ(error_of({id, issuer, "--public-url="}), "PUBLIC_URL");
  EXPECT_EQ(error_of({id, issuer, "--public-url=http://hub.example"}), "PUBLIC_URL");
  EXPECT_EQ(error_of({id, issuer, "--oauth-providers=acme,github", "--oauth-github-client-id=x"}),
            "OAUTH_GITHUB_CLIENT_SECRET");
  EXPECT_EQ(error_of({id, issuer, "--oauth-providers=acme,b", "--oauth-b-client-id=x",
                      "--oauth-b-issuer=https://id.example"}),
            "OAUTH_B_ISSUER");
  EXPECT_EQ(error_of({"--oauth-providers=Acme"}), "OAUTH_PROVIDERS");
  std::string many = "--oauth-providers=a0";
  for (int i = 1; i <= 16; ++i) many += ",a" + std::to_string(i);
  EXPECT_EQ(error_of({many}), "OAUTH_PROVIDERS");
}

}  // namespace
}  // namespace concord::identity
