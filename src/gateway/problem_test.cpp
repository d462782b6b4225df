#include "gateway/problem.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "gateway/gateway_testing.h"

namespace concord::gateway {
namespace {

using ::testing::HasSubstr;
using testing::header;
using ::testing::Not;

TEST(Problem, every_code_has_its_status) {
  EXPECT_EQ(http_status(Code::kInvalidArgument), 400);
  EXPECT_EQ(http_status(Code::kUnauthenticated), 401);
  EXPECT_EQ(http_status(Code::kPermissionDenied), 403);
  EXPECT_EQ(http_status(Code::kNotFound), 404);
  EXPECT_EQ(http_status(Code::kConflict), 409);
  EXPECT_EQ(http_status(Code::kTooLarge), 413);
  EXPECT_EQ(http_status(Code::kRateLimited), 429);
  EXPECT_EQ(http_status(Code::kCorrupt), 500);
  EXPECT_EQ(http_status(Code::kInternal), 500);
  EXPECT_EQ(http_status(Code::kUnsupported), 501);
  EXPECT_EQ(http_status(Code::kUnavailable), 503);
  EXPECT_EQ(http_status(Code::kFenced), 503);
  EXPECT_EQ(http_status(Code::kTimeout), 504);
}

TEST(Problem, has_the_members_of_rfc_9457_and_the_error_s_context) {
  const auto response = problem_response(
      Error{Code::kConflict, "it moved on", {{"field", "version"}, {"value", "3"}, {"current_version", "9"}}}, "r-1");
  EXPECT_EQ(response.status, 409);
  EXPECT_EQ(header(response, "content-type"), "application/problem+json");
  EXPECT_EQ(header(response, "cache-control"), "no-store");
  EXPECT_EQ(response.body,
            R"({"type":"/problems/conflict","title":"Conflict","status":409,"detail":"it moved on","instance":"r-1",)"
            R"("code":"conflict","field":"version","value":"3","current_version":9})");
}

TEST(Problem, the_first_fact_of_a_name_wins_and_none_replaces_a_member) {
  const auto response = problem_response(
      Error{Code::kTooLarge, "too long", {{"limit", "5"}, {"limit", "6"}, {"status", "200"}, {"type", "x"}}}, "");
  EXPECT_EQ(response.body,
            R"({"type":"/problems/too_large","title":"Content Too Large","status":413,"detail":"too long",)"
            R"("code":"too_large","limit":5})");
}

TEST(Problem, a_limit_that_is_no_number_stays_text) {
  EXPECT_THAT(problem_response(Error{Code::kTooLarge, "", {{"limit", "5 MB"}}}, "").body,
              HasSubstr(R"("limit":"5 MB")"));
}

TEST(Problem, what_broke_inside_is_not_told) {
  for (const Code code : {Code::kInternal, Code::kCorrupt}) {
    const auto response = problem_response(Error{code, "disk /dev/sda1", {{"path", "/var/secret"}}}, "r-1");
    EXPECT_EQ(response.status, 500);
    EXPECT_THAT(response.body, Not(HasSubstr("sda1")));
    EXPECT_THAT(response.body, Not(HasSubstr("secret")));
    EXPECT_THAT(response.body, HasSubstr(R"("code":"internal")"));
  }
}

TEST(Problem, a_database_s_own_words_are_not_told) {
  const Error full{Code::kUnavailable, "could not extend file base/16384", {{"sqlstate", "53100"}}};
  EXPECT_TRUE(is_for_the_log(full));
  EXPECT_FALSE(is_for_the_log(Error{Code::kUnavailable, "try again", {}}));
  const auto response = problem_response(full, "r-1");
  EXPECT_EQ(response.status, 503);
  EXPECT_THAT(response.body, HasSubstr(R"("code":"unavailable")"));
  for (const char* word : {"16384", "sqlstate", "53100"}) EXPECT_THAT(response.body, Not(HasSubstr(word)));
}

TEST(Problem, says_how_to_sign_in_and_when_to_come_back) {
  EXPECT_EQ(header(problem_response(Error{Code::kUnauthenticated, "", {}}, ""), "www-authenticate"), "Bearer");
  EXPECT_EQ(header(problem_response(Error{Code::kUnavailable, "", {}}, ""), "retry-after"), "");
  const auto limited = problem_response(Error{Code::kRateLimited, "", {{"retry_after", "17"}}}, "");
  EXPECT_EQ(header(limited, "retry-after"), "17");
  EXPECT_THAT(limited.body, Not(HasSubstr("retry_after")));
  EXPECT_EQ(header(problem_response(Error{Code::kNotFound, "", {}}, ""), "retry-after"), "");
}

}  // namespace
}  // namespace concord::gateway
