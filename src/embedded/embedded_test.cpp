#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include <fstream>
#include <iterator>
#include <set>

#include "embedded/assets.h"

namespace concord::embedded {

/// Generated from testdata/site.
std::span<const Asset> test_site();

namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

Bytes read_source(std::string_view path) {
  std::ifstream file(SITE_DIRECTORY + std::string(path), std::ios::binary);
  EXPECT_TRUE(file) << path;
  return Bytes(std::istreambuf_iterator<char>(file), {});
}

Bytes gunzip(ByteView packed) {
  z_stream stream{};
  EXPECT_EQ(::inflateInit2(&stream, 16 + MAX_WBITS), Z_OK);
  Bytes out(1U << 20U);
  stream.next_in = const_cast<std::uint8_t*>(packed.data());
  stream.avail_in = static_cast<unsigned>(packed.size());
  stream.next_out = out.data();
  stream.avail_out = static_cast<unsigned>(out.size());
  EXPECT_EQ(::inflate(&stream, Z_FINISH), Z_STREAM_END);
  out.resize(stream.total_out);
  ::inflateEnd(&stream);
  return out;
}

const Asset& find(std::string_view path) {
  for (const Asset& asset : test_site()) {
    if (asset.path == path) return asset;
  }
  throw std::runtime_error("no such asset");
}

TEST(Embedded, holds_every_file_of_the_directory_sorted_by_path) {
  std::vector<std::string_view> paths;
  for (const Asset& asset : test_site()) paths.push_back(asset.path);
  EXPECT_THAT(paths, ElementsAre("/assets/app-1a2b.js", "/assets/dot.png", "/index.html", "/robots"));
}

TEST(Embedded, holds_the_bytes_of_the_files) {
  for (const Asset& asset : test_site()) EXPECT_EQ(to_bytes(asset.identity), read_source(asset.path)) << asset.path;
}

TEST(Embedded, the_gzip_variant_unpacks_to_the_same_bytes) {
  const Asset& page = find("/index.html");
  ASSERT_FALSE(page.gzip.empty());
  EXPECT_LT(page.gzip.size(), page.identity.size());
  EXPECT_EQ(gunzip(page.gzip), to_bytes(page.identity));
}

TEST(Embedded, what_gzip_does_not_shrink_has_no_variant) {
  EXPECT_TRUE(find("/assets/dot.png").gzip.empty());
  EXPECT_TRUE(find("/assets/app-1a2b.js").gzip.empty());
  EXPECT_TRUE(find("/robots").gzip.empty());
}

TEST(Embedded, content_types_follow_the_extension) {
  EXPECT_EQ(find("/index.html").content_type, "text/html; charset=utf-8");
  EXPECT_EQ(find("/assets/app-1a2b.js").content_type, "text/javascript; charset=utf-8");
  EXPECT_EQ(find("/assets/dot.png").content_type, "image/png");
  EXPECT_EQ(find("/robots").content_type, "application/octet-stream");
}

TEST(Embedded, etags_are_quoted_and_differ_with_the_content) {
  std::set<std::string_view> seen;
  for (const Asset& asset : test_site()) {
    EXPECT_TRUE(seen.insert(asset.etag).second);
    EXPECT_EQ(asset.etag.size(), 34U);
    EXPECT_EQ(asset.etag.front(), '"');
    EXPECT_EQ(asset.etag.back(), '"');
  }
}

TEST(Embedded, the_openapi_document_is_always_there) {
  EXPECT_EQ(openapi_json().path, "/openapi.json");
  EXPECT_EQ(openapi_json().content_type, "application/json");
  EXPECT_THAT(as_text(openapi_json().identity), HasSubstr("\"openapi\""));
}

TEST(Embedded, the_web_app_begins_with_a_page_where_it_is_built_in) {
  for (const Asset& asset : web_assets()) {
    EXPECT_THAT(std::string(asset.path), StartsWith("/"));
    if (asset.path == "/index.html") return;
  }
  EXPECT_TRUE(web_assets().empty());
}

}  // namespace
}  // namespace concord::embedded
