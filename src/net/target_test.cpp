#include "net/target.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace concord::net {
namespace {

using ::testing::ElementsAre;
using ::testing::Pair;

TEST(Target, path_and_query_are_decoded) {
  const auto target = parse_target("/a%20b/%C3%BC?q=x+y%2Bz&flag&q=2&=3&");
  ASSERT_TRUE(target) << target.error();
  EXPECT_EQ(target->path, "/a b/ü");
  EXPECT_THAT(target->query, ElementsAre(Pair("q", "x y+z"), Pair("flag", ""), Pair("q", "2"), Pair("", "3")));
}

TEST(Target, a_plus_in_the_path_stays) { EXPECT_EQ(parse_target("/a+b")->path, "/a+b"); }

TEST(Target, the_absolute_form_has_its_host) {
  const auto target = parse_target("http://example.org:8080/a?b=c");
  ASSERT_TRUE(target);
  EXPECT_EQ(target->authority, "example.org:8080");
  EXPECT_EQ(target->path, "/a");
  EXPECT_EQ(parse_target("HTTPS://example.org")->path, "/");
  EXPECT_THAT(parse_target("http://example.org?x=1")->query, ElementsAre(Pair("x", "1")));
}

TEST(Target, what_is_ambiguous_or_hostile_is_refused) {
  for (const char* text :
       {"",        "*",         "documents", "/..",       "/../etc/passwd", "/a/../b", "/a/..", "/%2e%2e/x",
        "/.%2E/x", "/a/./b",    "/.",        "/a%2fb",    "/a%2Fb",         "/a%00b",  "/a%",   "/a%2",
        "/a%zz",   "/a%+1",     "/?q=%",     "/?q=%c3",   "/%ff",           "/a b",    "/a\\b", "/a#b",
        "/a\x7f",  "/\xc3\xbc", "ftp://x/",  "http:///a", "example.org:443"})
    EXPECT_FALSE(parse_target(text)) << text;
  EXPECT_FALSE(parse_target("/" + std::string(kMaxPathBytes, 'a')));
  EXPECT_TRUE(parse_target("/" + std::string(kMaxPathBytes - 1, 'a')));
  std::string fields = "/?";
  for (std::size_t i = 0; i <= kMaxQueryFields; ++i) fields += "a&";
  EXPECT_FALSE(parse_target(fields));
}

TEST(Target, names_with_dots_are_no_traversal) { EXPECT_EQ(parse_target("/..a/b../...")->path, "/..a/b../..."); }

}  // namespace
}  // namespace concord::net
