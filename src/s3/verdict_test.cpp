#include "s3/verdict.h"

#include <gtest/gtest.h>

namespace concord::s3 {
namespace {

HttpOutcome answer(int status, const std::string& code = "") {
  HttpOutcome outcome{.status = status};
  if (!code.empty()) outcome.body = to_bytes("<Error><Code>" + code + "</Code><Message>m</Message></Error>");
  return outcome;
}

HttpOutcome failure(HttpFailure why) { return {.failure = why, .problem = "why"}; }

struct Case {
  HttpOutcome outcome;
  Verdict verdict;
  bool store_works;
};

TEST(Verdict, tells_what_may_pass_from_what_is_answered_and_what_is_refused) {
  const Case cases[] = {
      {answer(200), Verdict::kAnswered, true},
      {answer(206), Verdict::kAnswered, true},
      {answer(204), Verdict::kAnswered, true},
      {answer(404, "NoSuchKey"), Verdict::kAnswered, true},
      {answer(404), Verdict::kAnswered, true},  // of a HEAD
      {answer(412, "PreconditionFailed"), Verdict::kAnswered, true},
      {answer(416, "InvalidRange"), Verdict::kAnswered, true},
      {answer(404, "NoSuchUpload"), Verdict::kAnswered, true},
      {answer(409, "ConditionalRequestConflict"), Verdict::kAgain, true},
      {answer(409, "OperationAborted"), Verdict::kAgain, true},
      {answer(400, "RequestTimeout"), Verdict::kAgain, true},
      {answer(400, "XAmzContentSHA256Mismatch"), Verdict::kAgain, true},
      {answer(500, "InternalError"), Verdict::kAgain, false},
      {answer(503, "SlowDown"), Verdict::kAgain, false},
      {answer(502), Verdict::kAgain, false},
      {answer(429), Verdict::kAgain, false},
      {answer(404, "NoSuchBucket"), Verdict::kRefused, true},
      {answer(403, "SignatureDoesNotMatch"), Verdict::kRefused, true},
      {answer(301, "PermanentRedirect"), Verdict::kRefused, true},
      {answer(400, "EntityTooSmall"), Verdict::kRefused, true},
      {failure(HttpFailure::kUnreachable), Verdict::kAgain, false},
      {failure(HttpFailure::kBroken), Verdict::kAgain, false},
      {failure(HttpFailure::kTimeout), Verdict::kAgain, false},
      {failure(HttpFailure::kUntrusted), Verdict::kRefused, false},
      {failure(HttpFailure::kStopped), Verdict::kRefused, false},
      {failure(HttpFailure::kTooLarge), Verdict::kRefused, true},
  };
  for (const Case& each : cases) {
    const Judgement judgement = judge(each.outcome, false);
    const std::string what = std::to_string(each.outcome.status) + " " + std::string(as_text(each.outcome.body));
    EXPECT_EQ(judgement.verdict, each.verdict) << what;
    EXPECT_EQ(judgement.store_works, each.store_works) << what;
  }
}

TEST(Verdict, an_error_inside_a_success_is_one_where_there_can_be_one) {
  EXPECT_EQ(judge(answer(200, "InternalError"), true).verdict, Verdict::kAgain);
  EXPECT_EQ(judge(answer(200, "InternalError"), false).verdict, Verdict::kAnswered);  // an object may look like this
  HttpOutcome completed = answer(200);
  completed.body =
      to_bytes(std::string_view("<CompleteMultipartUploadResult><Key>k</Key></CompleteMultipartUploadResult>"));
  EXPECT_EQ(judge(completed, true).verdict, Verdict::kAnswered);
}

Code code_of(const HttpOutcome& outcome) { return error_of(outcome, judge(outcome, false)).code; }

TEST(Verdict, only_a_request_that_s3_does_not_take_is_our_own_fault) {
  EXPECT_EQ(code_of(answer(400, "EntityTooSmall")), Code::kInternal);
  for (const HttpOutcome& outcome :
       {answer(400, "RequestTimeout"), answer(403, "AccessDenied"), answer(503), answer(404, "NoSuchBucket"),
        failure(HttpFailure::kBroken), failure(HttpFailure::kTimeout), failure(HttpFailure::kUntrusted)})
    EXPECT_EQ(code_of(outcome), Code::kUnavailable);
}

TEST(Verdict, what_is_refused_is_told_with_what_the_store_said) {
  const HttpOutcome outcome = answer(301, "PermanentRedirect");
  const Error error = error_of(outcome, judge(outcome, false));
  EXPECT_EQ(error.message, "the object store answers with status 301 (PermanentRedirect: m)");
  const std::vector<std::pair<std::string, std::string>> facts{{"status", "301"}, {"s3_error", "PermanentRedirect"}};
  EXPECT_EQ(error.context, facts);
}

}  // namespace
}  // namespace concord::s3
