#include "identity/oidc_metadata.h"

#include <gtest/gtest.h>

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include "identity/oidc_reading.h"

namespace concord::identity {
namespace {

namespace bj = boost::json;

bj::object metadata() {
  return {{"issuer", "https://id.example"},
          {"authorization_endpoint", "https://id.example/authorize"},
          {"token_endpoint", "https://tokens.example/token"},
          {"userinfo_endpoint", "https://id.example/me"},
          {"jwks_uri", "https://id.example/keys"}};
}

Result<OidcMetadata> parse(const bj::object& object) {
  return parse_oidc_metadata(bj::serialize(object), "https://id.example");
}

TEST(OidcMetadata, tells_where_to_ask) {
  const auto read = parse(metadata());
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->token_endpoint, "https://tokens.example/token");
  EXPECT_EQ(read->keys_url, "https://id.example/keys");
  EXPECT_EQ(read->user_info_endpoint, "https://id.example/me");
  EXPECT_TRUE(read->secret_in_header);
  EXPECT_FALSE(read->names_itself);
}

TEST(OidcMetadata, tells_how_the_secret_is_shown) {
  bj::object changed = metadata();
  changed["token_endpoint_auth_methods_supported"] = {"private_key_jwt", "client_secret_post"};
  changed["authorization_response_iss_parameter_supported"] = true;
  EXPECT_FALSE(parse(changed)->secret_in_header);
  EXPECT_TRUE(parse(changed)->names_itself);
  changed["token_endpoint_auth_methods_supported"] = {"client_secret_post", "client_secret_basic"};
  EXPECT_TRUE(parse(changed)->secret_in_header);
  changed["token_endpoint_auth_methods_supported"] = bj::array{"private_key_jwt"};
  EXPECT_FALSE(parse(changed));
}

TEST(OidcMetadata, is_of_the_issuer_and_names_addresses_that_may_be_asked) {
  struct Row {
    std::string_view field;
    bj::value value;
  };
  const std::vector<Row> rows{{"issuer", "https://id.example/"},
                              {"issuer", "https://evil.example"},
                              {"issuer", nullptr},
                              {"token_endpoint", "http://id.example/token"},
                              {"token_endpoint", "http://127.0.0.1/token"},
                              {"token_endpoint", "https://user@id.example/token"},
                              {"token_endpoint", "https://id.example/#x"},
                              {"token_endpoint", "file:///etc/passwd"},
                              {"token_endpoint", "https://"},
                              {"token_endpoint", "https://id.example/a b"},
                              {"token_endpoint", "https://id.example/\r\nx"},
                              {"token_endpoint", 5},
                              {"token_endpoint", nullptr},
                              {"authorization_endpoint", "javascript:alert(1)"},
                              {"authorization_endpoint", nullptr},
                              {"jwks_uri", "gopher://id.example"},
                              {"jwks_uri", nullptr},
                              {"userinfo_endpoint", "ftp://id.example/me"},
                              {"token_endpoint", bj::string("https://id.example/" + std::string(2048, 'x'))}};
  for (const Row& row : rows) {
    bj::object changed = metadata();
    if (row.value.is_null())
      changed.erase(row.field);
    else
      changed[row.field] = row.value;
    const auto read = parse(changed);
    EXPECT_FALSE(read) << bj::serialize(changed);
    if (!read) EXPECT_EQ(read.error().context.front().second, "metadata");
  }
  for (const std::string_view wrong : {"", "[]", "{", "null"})
    EXPECT_FALSE(parse_oidc_metadata(wrong, "https://id.example")) << wrong;
  bj::object large = metadata();
  large["x"] = bj::string(kMaxProviderAnswerBytes, 'x');
  EXPECT_FALSE(parse(large));
}

TEST(OidcMetadata, of_this_machine_may_go_without_tls) {
  bj::object local = metadata();
  for (const std::string_view field :
       {"issuer", "authorization_endpoint", "token_endpoint", "userinfo_endpoint", "jwks_uri"})
    local[field] = "http://127.0.0.1:4000/x";
  EXPECT_TRUE(parse_oidc_metadata(bj::serialize(local), "http://127.0.0.1:4000/x"));
  local["token_endpoint"] = "http://10.0.0.1/x";
  EXPECT_FALSE(parse_oidc_metadata(bj::serialize(local), "http://127.0.0.1:4000/x"));
}

TEST(ProviderUrls, are_https_or_of_this_machine) {
  EXPECT_TRUE(is_provider_url("https://id.example", false));
  EXPECT_TRUE(is_provider_url("https://id.example:8443/realms/a?b=c", false));
  EXPECT_TRUE(is_provider_url("https://[2001:db8::1]/x", false));
  EXPECT_TRUE(is_provider_url("http://localhost:3000/x", true));
  EXPECT_TRUE(is_provider_url("http://[::1]:3000", true));
  for (const std::string_view wrong :
       {"http://id.example", "http://127.0.0.1.evil.example/", "http://localhost@evil.example/", "https://a:b@c/",
        "https://id.example:80:90/", "https://id.example:/", "https://[::1", "https://[]/", "HTTPS://id.example", "//x",
        "https:id.example", "https://id_example/", "http://localhost:99999999/", ""})
    EXPECT_FALSE(is_provider_url(wrong, true)) << wrong;
}

TEST(ProviderUrls, queries_are_put_behind_what_is_there) {
  std::string fields;
  append_field(fields, "a", "b c&d");
  append_field(fields, "e", "ü~");
  EXPECT_EQ(fields, "a=b%20c%26d&e=%C3%BC~");
  EXPECT_EQ(with_query("https://x/a", "f=1"), "https://x/a?f=1");
  EXPECT_EQ(with_query("https://x/a?p=1", "f=1"), "https://x/a?p=1&f=1");
  EXPECT_EQ(with_query("https://x/a?", "f=1"), "https://x/a?f=1");
  EXPECT_EQ(metadata_url("https://x/"), "https://x/.well-known/openid-configuration");
}

}  // namespace
}  // namespace concord::identity
