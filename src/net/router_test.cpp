#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "net/http.h"

namespace concord::net {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

Router documents_router() {
  Router router;
  for (const auto& [method, pattern] :
       std::initializer_list<std::pair<const char*, const char*>>{{"GET", "/"},
                                                                  {"GET", "/documents"},
                                                                  {"POST", "/documents"},
                                                                  {"GET", "/documents/{id}"},
                                                                  {"PUT", "/documents/{id}"},
                                                                  {"DELETE", "/documents/{id}/share/{principal}"},
                                                                  {"GET", "/documents/recent"},
                                                                  {"GET", "/files/{path...}"},
                                                                  {"GET", "/{id}"}})
    router.add({method, pattern, {}, 0});
  return router;
}

TEST(Router, parameters_are_what_the_names_matched) {
  const Router router = documents_router();
  const auto match = router.match("DELETE", "/documents/doc_1/share/ann@example.org");
  ASSERT_NE(match.route, nullptr);
  EXPECT_EQ(match.route->pattern, "/documents/{id}/share/{principal}");
  EXPECT_THAT(match.parameters, ElementsAre(Pair("id", "doc_1"), Pair("principal", "ann@example.org")));
}

TEST(Router, a_literal_wins_over_a_name) {
  const Router router = documents_router();
  EXPECT_EQ(router.match("GET", "/documents/recent").route->pattern, "/documents/recent");
  EXPECT_EQ(router.match("GET", "/documents/other").route->pattern, "/documents/{id}");
  EXPECT_EQ(router.match("GET", "/documents").route->pattern, "/documents");
  EXPECT_EQ(router.match("GET", "/elsewhere").route->pattern, "/{id}");
}

TEST(Router, a_literal_without_the_method_does_not_hide_a_name_that_has_it) {
  const Router router = documents_router();
  EXPECT_EQ(router.match("PUT", "/documents/recent").route->pattern, "/documents/{id}");
}

TEST(Router, the_rest_takes_segments_with_slashes) {
  const Router router = documents_router();
  EXPECT_THAT(router.match("GET", "/files/a/b/c").parameters, ElementsAre(Pair("path", "a/b/c")));
  EXPECT_THAT(router.match("GET", "/files/").parameters, ElementsAre(Pair("path", "")));
}

TEST(Router, an_unknown_path_allows_nothing) {
  const Router router = documents_router();
  for (const char* path : {"/documents/a/b", "/documents/", "/documents/a/share/", "/a/b/c"}) {
    const auto match = router.match("GET", path);
    EXPECT_EQ(match.route, nullptr) << path;
    EXPECT_THAT(match.allowed, IsEmpty()) << path;
  }
}

TEST(Router, a_wrong_method_names_those_the_path_has) {
  const Router router = documents_router();
  const auto match = router.match("PATCH", "/documents");
  EXPECT_EQ(match.route, nullptr);
  EXPECT_THAT(match.allowed, ElementsAre("GET", "HEAD", "POST"));
  EXPECT_THAT(router.match("POST", "/documents/recent").allowed, ElementsAre("GET", "HEAD", "PUT"));
  EXPECT_THAT(router.match("POST", "/files/x").allowed, ElementsAre("GET", "HEAD"));
}

TEST(Router, head_is_answered_by_get) {
  EXPECT_EQ(documents_router().match("HEAD", "/documents").route->method, "GET");
}

TEST(RouterDeathTest, the_same_shape_twice_is_a_mistake) {
  Router router = documents_router();
  EXPECT_DEATH(router.add({"GET", "/documents/{other}", {}, 0}), "fresh");
}

}  // namespace
}  // namespace concord::net
