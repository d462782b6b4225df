// Signing in by another service, as the OpenAPI document has it, against its real routes.

#include <algorithm>

#include "gateway/openapi_hub_testing.h"

namespace concord::gateway {
namespace {

using testing::Hub;
using testing::text_of;

TEST(OpenApiOfServices, says_what_signing_in_by_a_service_answers) {
  // GitHub is asked nothing before somebody comes back from it.
  Hub hub([](identity::Options& options) {
    options.public_url = "https://hub.example";
    options.providers = {{.name = "github",
                          .label = "GitHub",
                          .kind = identity::ProviderKind::kGitHub,
                          .issuer = "http://127.0.0.1:1",
                          .client_id = "hub",
                          .client_secret = "s",
                          .scopes = "read:user"},
                         {.name = "acme", .label = "Acme", .issuer = "http://127.0.0.1:1/x", .client_id = "hub"}};
  });
  hub.start();
  EXPECT_EQ(hub.ask("GET", "/auth/oauth", "/auth/oauth").status, 200);
  const std::string go = "/auth/oauth/{provider}";
  const auto location = [](const net::Response& response) {
    const auto found = std::ranges::find(response.headers, "location", &net::Header::name);
    return found == response.headers.end() ? "" : found->value;
  };
  const auto gone = hub.ask("GET", "/auth/oauth/github", go);
  EXPECT_EQ(gone.status, 303);
  EXPECT_TRUE(location(gone).starts_with("http://127.0.0.1:1/login/oauth/authorize?client_id=hub&"));
  const auto cookie = std::ranges::find(gone.headers, "set-cookie", &net::Header::name);
  ASSERT_NE(cookie, gone.headers.end());
  EXPECT_TRUE(cookie->value.starts_with("__Host-concord-oauth="));
  EXPECT_TRUE(cookie->value.ends_with("; Path=/; Max-Age=600; HttpOnly; SameSite=Lax; Secure"));
  EXPECT_EQ(location(hub.ask("GET", "/auth/oauth/acme", go)), "/sign-in#oauth-problem=unanswered");
  EXPECT_EQ(hub.ask("GET", "/auth/oauth/other", go).status, 404);
  EXPECT_EQ(hub.ask("GET", "/auth/oauth/github/callback?state=x&code=y", go + "/callback").status, 303);
  const std::string ticket = R"({"ticket":"unknown"})";
  EXPECT_EQ(hub.ask("POST", "/auth/login/oauth", "/auth/login/oauth", ticket).status, 401);
  const std::string mine = "/auth/me/oauth";
  EXPECT_EQ(hub.ask("GET", mine, mine).status, 401);
  const std::string account = R"({"email":"ada@example.org","password":"a long enough one"})";
  hub.token = text_of(hub.ask("POST", "/auth/register", "/auth/register", account), "/access_token");
  EXPECT_EQ(hub.ask("GET", mine, mine).status, 200);
  EXPECT_EQ(hub.ask("POST", mine, mine, ticket).status, 401);
  EXPECT_EQ(hub.ask("POST", mine + "/github", mine + "/{provider}", "{}").status, 200);
  EXPECT_EQ(hub.ask("POST", mine + "/github", mine + "/{provider}", R"({"password":"no"})").status, 403);
  EXPECT_EQ(hub.ask("POST", mine + "/acme", mine + "/{provider}", "{}").status, 503);
  EXPECT_EQ(hub.ask("DELETE", mine + "/github", mine + "/{provider}", "{}").status, 404);
}

}  // namespace
}  // namespace concord::gateway
