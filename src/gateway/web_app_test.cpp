#include "gateway/web_app.h"

#include <gtest/gtest.h>

#include "gateway/gateway_testing.h"

namespace concord::gateway {
namespace {

using embedded::Asset;
using testing::header;
using testing::make_request;

constexpr std::string_view kScript = "console.log('concord')";
constexpr std::string_view kPage = "<!doctype html>";
constexpr std::string_view kPacked = "packed";

const Asset kAssets[] = {
    {"/assets/index-abc123.js", as_bytes(kScript), as_bytes(kPacked), "text/javascript; charset=utf-8", "\"script\""},
    {"/favicon.svg", as_bytes("<svg/>"), {}, "image/svg+xml", "\"icon\""},
    {"/index.html", as_bytes(kPage), {}, "text/html; charset=utf-8", "\"page\""},
};

std::string_view found(std::string_view path) {
  const Asset* asset = WebApp(kAssets).find(path);
  return asset == nullptr ? "" : asset->path;
}

net::Response serve(std::string path, std::vector<net::Header> headers = {}) {
  const WebApp app(kAssets);
  const Asset* asset = app.find(path);
  EXPECT_NE(asset, nullptr);
  return app.serve(make_request("GET", path, std::move(headers)), *asset);
}

TEST(WebApp, finds_files_and_serves_pages_with_the_index) {
  EXPECT_EQ(found("/favicon.svg"), "/favicon.svg");
  EXPECT_EQ(found("/"), "/index.html");
  EXPECT_EQ(found("/sign-in"), "/index.html");
  EXPECT_EQ(found("/d/doc_1"), "/index.html");
  EXPECT_EQ(found("/folder.with.dots/page"), "/index.html");
}

TEST(WebApp, a_missing_file_is_no_page) {
  for (const char* path : {"/missing.js", "/assets/index-old999.js", "/assets/", "/assets/x", "/a/b.png", "/.env",
                           "/../etc/passwd.", "/..%2f..", "//etc/passwd.txt"})
    EXPECT_EQ(found(path), "") << path;
  EXPECT_EQ(WebApp({}).find("/"), nullptr);
}

TEST(WebApp, hashed_files_may_be_kept_and_pages_are_asked_for_again) {
  EXPECT_EQ(header(serve("/assets/index-abc123.js"), "cache-control"), "public, max-age=31536000, immutable");
  EXPECT_EQ(header(serve("/"), "cache-control"), "no-cache");
  EXPECT_EQ(header(serve("/favicon.svg"), "cache-control"), "no-cache");
}

TEST(WebApp, compresses_for_whom_takes_it_under_another_tag) {
  const auto plain = serve("/assets/index-abc123.js");
  EXPECT_EQ(plain.body, kScript);
  EXPECT_EQ(header(plain, "etag"), "\"script\"");
  EXPECT_EQ(header(plain, "vary"), "accept-encoding");
  for (const char* accept : {"gzip", "br, gzip;q=0.5", "*", "deflate , GZIP, gzip"}) {
    const auto packed = serve("/assets/index-abc123.js", {{"accept-encoding", accept}});
    EXPECT_EQ(packed.body, kPacked) << accept;
    EXPECT_EQ(header(packed, "content-encoding"), "gzip");
    EXPECT_EQ(header(packed, "etag"), "\"script-gzip\"");
  }
  for (const char* accept : {"", "br", "gzip;q=0", "gzip;q=0.000, *", "x-gzip-like"})
    EXPECT_EQ(serve("/assets/index-abc123.js", {{"accept-encoding", accept}}).body, kScript) << accept;
  EXPECT_EQ(header(serve("/", {{"accept-encoding", "gzip"}}), "content-encoding"), "");
}

TEST(WebApp, answers_304_to_whom_has_it) {
  for (const char* tags : {"\"page\"", "W/\"page\"", "\"other\", \"page\"", "*"}) {
    const auto response = serve("/", {{"if-none-match", tags}});
    EXPECT_EQ(response.status, 304) << tags;
    EXPECT_EQ(response.body, "");
    EXPECT_EQ(header(response, "etag"), "\"page\"");
  }
  EXPECT_EQ(serve("/", {{"if-none-match", "\"pag\""}}).status, 200);
  EXPECT_EQ(serve("/assets/index-abc123.js", {{"if-none-match", "\"script\""}, {"accept-encoding", "gzip"}}).status,
            200);
  EXPECT_EQ(
      serve("/assets/index-abc123.js", {{"if-none-match", "\"script-gzip\""}, {"accept-encoding", "gzip"}}).status,
      304);
}

}  // namespace
}  // namespace concord::gateway
