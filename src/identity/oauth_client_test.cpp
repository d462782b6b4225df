// The conversations with providers, against a provider in memory whose every answer a test can change.

#include "identity/oauth_client.h"

#include <gtest/gtest.h>

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <map>

#include "base/reactor_testing.h"
#include "identity/hub_testing.h"
#include "identity/id_token_testing.h"
#include "identity/oauth_github.h"
#include "identity/oidc_client.h"

namespace concord::identity {
namespace {

namespace bj = boost::json;
using testing::ShiftedClock;
using testing::TestIssuer;

class OAuthClient : public ::testing::Test {
 protected:
  OAuthClient() {
    answers_["https://id.example/.well-known/openid-configuration"] = {
        200,
        R"({"issuer":"https://id.example","authorization_endpoint":"https://id.example/authorize","token_endpoint":)"
        R"("https://id.example/token","userinfo_endpoint":"https://id.example/me","jwks_uri":"https://id.example/keys"})"};
    answers_["https://id.example/keys"] = {200, issuer_.jwks()};
    answers_["https://id.example/token"] = {200, tokens(issuer_.rs256(bj::serialize(claims())))};
  }

  bj::object claims() {
    const std::int64_t now_s = clock_.wall_ms() / 1000;
    return {{"iss", "https://id.example"}, {"sub", "u-1"},         {"aud", "hub"}, {"exp", now_s + 300}, {"iat", now_s},
            {"nonce", "n-once"},           {"email", "ada@b.test"}};
  }
  static std::string tokens(const std::string& id_token) {
    return R"({"access_token":"at","token_type":"Bearer","id_token":")" + id_token + "\"}";
  }
  AskProvider ask() {
    return [this](const ProviderRequest& request) -> Task<ProviderAnswer> {
      asked_.push_back(request);
      const auto found = answers_.find(request.url);
      if (found == answers_.end()) return away();
      return given(found->second);
    };
  }
  static Task<ProviderAnswer> given(ProviderAnswer answer) { co_return answer; }
  static Task<ProviderAnswer> away() { co_return fail(Code::kUnavailable, "away"); }

  Result<Profile> arrive(ProviderClient& client, const std::string& issuer = "") {
    return concord::testing::run_on(
        reactors_.at(0),
        client.arrive(
            {.redirect_uri = "https://hub/cb", .code = "c&1", .issuer = issuer, .nonce = "n-once", .verifier = "v"}));
  }
  std::size_t times(std::string_view url) const {
    return static_cast<std::size_t>(std::ranges::count(asked_, url, &ProviderRequest::url));
  }
  static std::string reason_of(const Result<Profile>& result) {
    return result ? "" : result.error().context.empty() ? "(none)" : result.error().context.front().second;
  }

  TestIssuer issuer_;
  ShiftedClock clock_;
  concord::testing::RunningReactors reactors_{1};
  std::map<std::string, ProviderAnswer> answers_;
  std::vector<ProviderRequest> asked_;
  Provider provider_{.name = "acme",
                     .label = "Acme",
                     .issuer = "https://id.example",
                     .client_id = "hub",
                     .client_secret = "s:1",
                     .scopes = "openid email"};
  OidcClient client_{provider_, ask(), clock_};
};

TEST_F(OAuthClient, sends_the_browser_out_with_what_it_has_to_bring_back) {
  const auto url = concord::testing::run_on(
      reactors_.at(0),
      client_.depart({.redirect_uri = "https://hub/cb?x", .state = "st", .nonce = "no", .challenge = "ch"}));
  ASSERT_TRUE(url);
  EXPECT_EQ(*url,
            "https://id.example/authorize?response_type=code&client_id=hub&redirect_uri=https%3A%2F%2Fhub%2Fcb%3Fx&"
            "scope=openid%20email&state=st&nonce=no&code_challenge=ch&code_challenge_method=S256");
}

TEST_F(OAuthClient, shows_the_secret_the_way_the_issuer_wants_it) {
  ASSERT_TRUE(arrive(client_));
  const ProviderRequest token = asked_[1];
  EXPECT_EQ(token.url, "https://id.example/token");
  EXPECT_EQ(*token.form,
            "grant_type=authorization_code&code=c%261&redirect_uri=https%3A%2F%2Fhub%2Fcb&code_verifier=v");
  EXPECT_EQ(token.authorization, "Basic aHViOnMlM0Ex");  // hub:s%3A1
  std::string& metadata = answers_["https://id.example/.well-known/openid-configuration"].body;
  metadata.insert(metadata.size() - 1, R"(,"token_endpoint_auth_methods_supported":["client_secret_post"])");
  OidcClient other(provider_, ask(), clock_);
  asked_.clear();
  ASSERT_TRUE(arrive(other));
  EXPECT_EQ(asked_[1].authorization, "");
  EXPECT_TRUE(asked_[1].form->ends_with("&client_id=hub&client_secret=s%3A1"));
  provider_.client_secret.clear();
  asked_.clear();
  ASSERT_TRUE(arrive(other));
  EXPECT_TRUE(asked_[0].form->ends_with("&client_id=hub"));
}

TEST_F(OAuthClient, asks_for_metadata_and_keys_once_an_hour) {
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(arrive(client_));
  EXPECT_EQ(times("https://id.example/keys"), 1U);
  EXPECT_EQ(times("https://id.example/.well-known/openid-configuration"), 1U);
  clock_.advance_ms(OidcClient::kKeptMs);
  answers_["https://id.example/token"].body = tokens(issuer_.rs256(bj::serialize(claims())));
  EXPECT_TRUE(arrive(client_));
  EXPECT_EQ(times("https://id.example/keys"), 2U);
  EXPECT_EQ(times("https://id.example/.well-known/openid-configuration"), 2U);
}

TEST_F(OAuthClient, asks_again_for_a_key_it_does_not_know_but_once_a_minute) {
  const TestIssuer next;
  ASSERT_TRUE(arrive(client_));
  answers_["https://id.example/token"].body =
      tokens(next.es256(bj::serialize(claims()), R"({"alg":"ES256","kid":"e2"})"));
  EXPECT_EQ(reason_of(arrive(client_)), "key") << "within the minute";
  EXPECT_EQ(times("https://id.example/keys"), 1U);
  clock_.advance_ms(OidcClient::kKeysAgainMs);
  EXPECT_EQ(reason_of(arrive(client_)), "key") << "the issuer has no such key";
  EXPECT_EQ(times("https://id.example/keys"), 2U);
  answers_["https://id.example/keys"].body = R"({"keys":[)" + next.ec_jwk("e2") + "]}";
  EXPECT_EQ(reason_of(arrive(client_)), "key") << "asked a moment ago";
  EXPECT_EQ(times("https://id.example/keys"), 2U);
  clock_.advance_ms(OidcClient::kKeysAgainMs);
  EXPECT_TRUE(arrive(client_));
  EXPECT_EQ(times("https://id.example/keys"), 3U);
}

TEST_F(OAuthClient, an_issuer_that_is_away_is_not_asked_for_keys_all_the_time) {
  ASSERT_TRUE(arrive(client_));
  clock_.advance_ms(OidcClient::kKeysAgainMs);
  answers_["https://id.example/token"].body =
      tokens(TestIssuer().es256(bj::serialize(claims()), R"({"alg":"ES256","kid":"e2"})"));
  answers_.erase("https://id.example/keys");
  EXPECT_EQ(arrive(client_).error().code, Code::kUnavailable);
  EXPECT_EQ(reason_of(arrive(client_)), "key");
  EXPECT_EQ(times("https://id.example/keys"), 2U);
}

TEST_F(OAuthClient, an_answer_names_the_issuer_that_was_asked) {
  EXPECT_EQ(reason_of(arrive(client_, "https://evil.example")), "mixed_up");
  EXPECT_EQ(times("https://id.example/token"), 0U) << "the code was shown to nobody";
  EXPECT_TRUE(arrive(client_, "https://id.example"));
  std::string& metadata = answers_["https://id.example/.well-known/openid-configuration"].body;
  metadata.insert(metadata.size() - 1, R"(,"authorization_response_iss_parameter_supported":true)");
  OidcClient other(provider_, ask(), clock_);
  EXPECT_EQ(reason_of(arrive(other)), "mixed_up");
  EXPECT_TRUE(arrive(other, "https://id.example"));
}

TEST_F(OAuthClient, claims_that_the_token_has_not_come_from_the_users_endpoint) {
  bj::object without = claims();
  without.erase("email");
  answers_["https://id.example/token"].body = tokens(issuer_.rs256(bj::serialize(without)));
  answers_["https://id.example/me"] = {200, R"({"sub":"u-1","email":"ada@b.test","email_verified":true})"};
  const auto profile = arrive(client_);
  ASSERT_TRUE(profile);
  EXPECT_EQ(profile->email, "ada@b.test");
  EXPECT_EQ(asked_.back().authorization, "Bearer at");
  answers_["https://id.example/me"].body = R"({"sub":"u-2","email":"eve@b.test"})";
  EXPECT_EQ(reason_of(arrive(client_)), "user_info");
}

TEST_F(OAuthClient, what_the_issuer_answers_has_to_hold) {
  answers_["https://id.example/token"] = {400, R"({"error":"invalid_grant"})"};
  EXPECT_EQ(reason_of(arrive(client_)), "refused");
  answers_["https://id.example/token"] = {502, "<html>"};
  EXPECT_EQ(arrive(client_).error().code, Code::kUnavailable);
  answers_["https://id.example/token"] = {302, ""};
  EXPECT_EQ(reason_of(arrive(client_)), "tokens");
  answers_["https://id.example/token"] = {200, R"({"access_token":"at","token_type":"Bearer"})"};
  EXPECT_EQ(reason_of(arrive(client_)), "tokens");
  answers_["https://id.example/.well-known/openid-configuration"].status = 301;
  OidcClient other(provider_, ask(), clock_);
  EXPECT_EQ(arrive(other).error().code, Code::kUnavailable);
}

TEST_F(OAuthClient, github_tells_by_its_api) {
  const Provider provider{.name = "github",
                          .label = "GitHub",
                          .kind = ProviderKind::kGitHub,
                          .issuer = "https://github.com",
                          .client_id = "hub",
                          .client_secret = "s",
                          .scopes = "read:user user:email"};
  GitHubClient client(provider, ask());
  answers_["https://github.com/login/oauth/access_token"] = {200, R"({"access_token":"gho","token_type":"bearer"})"};
  answers_["https://api.github.com/user"] = {200, R"({"id":583231,"login":"octocat","name":null,"email":"x@y.test"})"};
  answers_["https://api.github.com/user/emails"] = {
      200, R"([{"email":"old@b.test","primary":false,"verified":true},)"
           R"({"email":"octo@b.test","primary":true,"verified":true,"visibility":null}])"};
  const auto profile = arrive(client);
  ASSERT_TRUE(profile) << profile.error().message;
  EXPECT_EQ(profile->subject, "583231");
  EXPECT_EQ(profile->name, "octocat");
  EXPECT_EQ(profile->email, "octo@b.test");
  EXPECT_TRUE(profile->email_verified);
  EXPECT_EQ(asked_.back().authorization, "Bearer gho");
  answers_["https://api.github.com/user/emails"].body = R"([{"email":"octo@b.test","primary":true,"verified":false}])";
  EXPECT_EQ(arrive(client)->email, "");
  EXPECT_EQ(reason_of(arrive(client, "https://evil.example")), "mixed_up");
  answers_["https://github.com/login/oauth/access_token"].body = R"({"error":"bad_verification_code"})";
  EXPECT_EQ(reason_of(arrive(client)), "refused");
}

TEST(GitHub, answers_are_read_strictly) {
  for (const std::string_view wrong : {R"({"login":"x"})", R"({"id":"7"})", R"({"id":0})", R"({"id":7.5})", "[]", ""})
    EXPECT_FALSE(parse_github_user(wrong)) << wrong;
  for (const std::string_view wrong : {"{}", "", "7", R"([)", R"(],"list":[])"})
    EXPECT_FALSE(parse_github_emails(wrong));
  for (const std::string_view none : {"[]", "[1]", "[{}]", R"([{"email":7,"primary":true,"verified":true}])",
                                      R"([{"email":"not one","primary":true,"verified":true}])",
                                      R"([{"email":"a@b.test","primary":"true","verified":true}])"})
    EXPECT_EQ(parse_github_emails(none).value(), "") << none;
}

}  // namespace
}  // namespace concord::identity
