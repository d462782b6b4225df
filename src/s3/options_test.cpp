#include "s3/options.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace concord::s3 {
namespace {

S3Options options(std::string endpoint = "https://s3.eu-central-1.amazonaws.com") {
  S3Options out;
  out.endpoint = std::move(endpoint);
  out.bucket = "a-bucket";
  out.credentials = {"key", "secret", ""};
  return out;
}

std::string field_of(const Error& error) {
  const auto fact = std::ranges::find(error.context, "field", &std::pair<std::string, std::string>::first);
  return fact == error.context.end() ? "" : fact->second;
}

TEST(Endpoint, has_the_bucket_in_the_path_or_in_the_host) {
  S3Options at = options("https://Storage.example:8443/");
  EXPECT_EQ(endpoint_of(at)->base, "https://storage.example:8443/a-bucket");
  EXPECT_EQ(endpoint_of(at)->host, "storage.example:8443");
  EXPECT_EQ(endpoint_of(at)->base_path, "/a-bucket");
  at.virtual_host = true;
  EXPECT_EQ(endpoint_of(at)->base, "https://a-bucket.storage.example:8443");
  EXPECT_EQ(endpoint_of(at)->host, "a-bucket.storage.example:8443");
  EXPECT_EQ(endpoint_of(at)->base_path, "");
}

TEST(Endpoint, a_scheme_s_own_port_is_not_in_the_host) {
  EXPECT_EQ(endpoint_of(options("https://storage.example:443"))->host, "storage.example");
  EXPECT_EQ(endpoint_of(options("http://127.0.0.1:80"))->host, "127.0.0.1");
  EXPECT_EQ(endpoint_of(options("https://[2001:db8::1]:9000"))->host, "[2001:db8::1]:9000");
  EXPECT_EQ(endpoint_of(options("https://[2001:db8::1]"))->host, "[2001:db8::1]");
}

TEST(Endpoint, without_encryption_is_for_loopback_alone_unless_allowed) {
  for (const std::string host : {"127.0.0.1:9000", "localhost", "s3.localhost:80", "[::1]:9000"})
    EXPECT_TRUE(endpoint_of(options("http://" + host))) << host;
  EXPECT_FALSE(endpoint_of(options("http://storage.example")));
  S3Options allowed = options("http://storage.example");
  allowed.plain_http = true;
  EXPECT_TRUE(endpoint_of(allowed));
}

TEST(Endpoint, that_is_none_is_refused) {
  for (const std::string endpoint :
       {"", "storage.example", "ftp://storage.example", "https://", "https://a b", "https://user@storage.example",
        "https://storage.example/path", "https://storage.example?x=1", "https://storage.example:0",
        "https://storage.example:65536", "https://storage.example:", "https://storage.example:8x", "https://:443"}) {
    const auto read = endpoint_of(options(endpoint));
    ASSERT_FALSE(read) << endpoint;
    EXPECT_EQ(read.error().code, Code::kInvalidArgument);
    EXPECT_EQ(field_of(read.error()), "endpoint") << endpoint;
  }
}

TEST(Options, out_of_bounds_are_refused_with_the_field_that_is_wrong) {
  EXPECT_TRUE(check_options(options()));
  const auto wrong = [](const std::string& field, auto change) {
    S3Options changed = options();
    change(changed);
    const Result<> checked = check_options(changed);
    ASSERT_FALSE(checked) << field;
    EXPECT_EQ(checked.error().code, Code::kInvalidArgument);
    EXPECT_EQ(field_of(checked.error()), field);
  };
  for (const std::string bucket : {"", "ab", "A-bucket", "-bucket", "bucket-", "a..b", "a/b", "a_b"})
    wrong("bucket", [&](S3Options& o) { o.bucket = bucket; });
  for (const std::string prefix : {"/a", "a/", "a//b", "..", "a b"})
    wrong("key_prefix", [&](S3Options& o) { o.key_prefix = prefix; });
  wrong("key_prefix", [](S3Options& o) { o.key_prefix = std::string(200, 'a') + "/" + std::string(200, 'b'); });
  wrong("region", [](S3Options& o) { o.region = "EU west"; });
  wrong("access_key", [](S3Options& o) { o.credentials.access_key = ""; });
  wrong("secret_key", [](S3Options& o) { o.credentials.secret_key = "a\nb"; });
  wrong("session_token", [](S3Options& o) { o.credentials.session_token = "a\r\nx: y"; });
  wrong("part_bytes", [](S3Options& o) { o.part_bytes = kLeastPartBytes - 1; });
  wrong("part_bytes", [](S3Options& o) { o.part_bytes = kMostPartBytes + 1; });
  wrong("connections", [](S3Options& o) { o.connections = 0; });
  wrong("stale_upload_s", [](S3Options& o) { o.stale_upload_s = -1; });
}

}  // namespace
}  // namespace concord::s3
