// What the driver does where the store refuses, is away, does not answer, or comes back.

#include "net/server_testing.h"
#include "s3/store_testing.h"

namespace concord::s3 {
namespace {

using engines::Blobs;
using engines::testing::code_of;
using testing::kAllBytes;
using testing::pattern;
using testing::PlainClient;
using testing::RadosGateway;

/// The machine's clocks, with the wall's off by so much.
class SkewedClock final : public Clock {
 public:
  explicit SkewedClock(std::int64_t ahead_ms) : ahead_ms_(ahead_ms) {}
  std::int64_t wall_ms() override { return clock_.wall_ms() + ahead_ms_; }
  std::int64_t monotonic_ns() override { return clock_.monotonic_ns(); }

 private:
  SystemClock clock_;
  std::int64_t ahead_ms_;
};

class S3FailuresTest : public testing::StoreTest {};

TEST_F(S3FailuresTest, wrong_credentials_are_told_from_one_another) {
  S3Options wrong_secret = options_;
  wrong_secret.credentials.secret_key += "x";
  const auto refused = try_open(wrong_secret);
  EXPECT_EQ(code_of(refused), Code::kPermissionDenied);
  EXPECT_TRUE(refused.error().message.contains("secret key")) << refused.error().message;
  EXPECT_FALSE(refused.error().message.contains(wrong_secret.credentials.secret_key));

  S3Options unknown_key = options_;
  unknown_key.credentials.access_key = "NOBODY";
  const auto unknown = try_open(unknown_key);
  EXPECT_EQ(code_of(unknown), Code::kPermissionDenied);
  EXPECT_TRUE(unknown.error().message.contains("access key")) << unknown.error().message;
  EXPECT_EQ(count("concord_s3_retries_total"), 0U);
}

TEST_F(S3FailuresTest, a_bucket_that_is_none_is_an_option_that_is_wrong) {
  options_.bucket = "no-such-bucket";
  const auto refused = try_open(options_);
  EXPECT_EQ(code_of(refused), Code::kInvalidArgument);
  EXPECT_TRUE(refused.error().message.contains("bucket")) << refused.error().message;
}

TEST_F(S3FailuresTest, a_clock_that_is_hours_off_does_no_harm) {
  for (const std::int64_t hours : {-5, 3}) {
    SkewedClock clock(hours * 3'600'000);
    const auto kept = std::make_shared<net::testing::KeptLog>();
    auto opened = open_s3_blobs(options_, clock, Logger(kept, LogLevel::kInfo, LogFormat::kJson), context_.metrics);
    ASSERT_TRUE(opened) << opened.error().message;
    const std::string key = "k" + std::to_string(hours);
    EXPECT_TRUE(run((*opened)->put(key, pattern(10))));
    EXPECT_EQ(run((*opened)->get(key, kAllBytes))->size(), 10U);
    EXPECT_TRUE(kept->text().contains("clock")) << kept->text();
  }
}

TEST_F(S3FailuresTest, a_clock_that_is_off_is_noticed_also_where_the_answer_has_no_body) {
  const auto blobs = open();
  SkewedClock clock(3'600'000);
  auto client = Client::make(options_, clock, Logger(), context_.metrics).value();
  const auto reply = client->call_now({.operation = "head", .method = "HEAD", .key = "none"});
  ASSERT_TRUE(reply) << reply.error().message;
  EXPECT_EQ(reply->status, 404);
}

TEST_F(S3FailuresTest, a_store_that_is_away_is_unavailable_and_after_some_calls_not_asked_any_more) {
  options_.max_attempts = 2;
  options_.breaker_failures = 6;
  options_.breaker_open_ms = 600'000;
  options_.max_breaker_open_ms = 600'000;
  const auto blobs = open();
  RadosGateway::shared().server().stop(SIGKILL);
  for (int i = 0; i < 3; ++i) {
    const auto result = run(blobs->stat("k"));
    EXPECT_EQ(code_of(result), Code::kUnavailable);
    EXPECT_TRUE(result.error().message.contains("cannot be reached")) << result.error().message;
  }
  EXPECT_EQ(count("concord_s3_breaker_openings_total"), 1U);
  const std::uint64_t retries = count("concord_s3_retries_total");
  const auto refused = run(blobs->stat("k"));
  EXPECT_EQ(code_of(refused), Code::kUnavailable);
  EXPECT_TRUE(refused.error().message.contains("repeatedly")) << refused.error().message;
  EXPECT_EQ(count("concord_s3_retries_total"), retries);
}

TEST_F(S3FailuresTest, a_store_that_came_back_is_used_again) {
  options_.max_attempts = 1;
  options_.breaker_failures = 1;
  options_.breaker_open_ms = 20;
  options_.max_breaker_open_ms = 100;
  const auto blobs = open();
  RadosGateway::shared().server().stop(SIGKILL);
  EXPECT_EQ(code_of(run(blobs->put("k", pattern(1)))), Code::kUnavailable);
  RadosGateway::shared().ensure_running();
  bool done = false;
  for (int i = 0; i < 3000 && !done; ++i) {
    done = run(blobs->put("after", pattern(1))).has_value() || run(blobs->stat("after")).has_value();
    std::this_thread::sleep_for(std::chrono::milliseconds(done ? 0 : 10));
  }
  EXPECT_TRUE(done);
  EXPECT_TRUE(context_.metrics.prometheus_text().contains("concord_s3_breaker_open 0"));
}

TEST_F(S3FailuresTest, a_store_that_does_not_answer_is_given_up_at_the_deadline) {
  const auto blobs = open();
  S3Options hurried = options_;
  hurried.attempt_timeout_ms = 1000;
  hurried.call_timeout_ms = 5000;
  hurried.max_attempts = 100;
  auto other = open(hurried);
  RadosGateway::shared().server().pause();
  const auto begun = std::chrono::steady_clock::now();
  const auto result = run(other->stat("k"));
  const auto took = std::chrono::steady_clock::now() - begun;
  RadosGateway::shared().server().resume();
  EXPECT_EQ(code_of(result), Code::kUnavailable);
  EXPECT_TRUE(result.error().message.contains("in time")) << result.error().message;
  EXPECT_GE(took, std::chrono::milliseconds(1000));
  EXPECT_GT(count("concord_s3_retries_total"), 0U);
}

TEST_F(S3FailuresTest, a_store_where_nothing_moves_is_given_up_before_the_whole_time_is_over) {
  options_.stalled_timeout_s = 1;
  options_.attempt_timeout_ms = 3'600'000;
  options_.call_timeout_ms = 3'600'000;
  options_.max_attempts = 1;
  const auto blobs = open();
  RadosGateway::shared().server().pause();
  const auto result = run(blobs->stat("k"));
  RadosGateway::shared().server().resume();
  EXPECT_EQ(code_of(result), Code::kUnavailable);
  EXPECT_TRUE(result.error().message.contains("in time")) << result.error().message;
}

TEST_F(S3FailuresTest, a_store_that_is_closed_ends_what_waits_for_it) {
  auto blobs = open();
  RadosGateway::shared().server().pause();
  auto waiting = std::async(std::launch::async, [&] { return run(blobs->stat("k")); });
  while (gauge("concord_s3_in_flight") == 0) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  blobs.reset();
  EXPECT_EQ(code_of(waiting.get()), Code::kUnavailable);
  RadosGateway::shared().server().resume();
}

TEST_F(S3FailuresTest, more_calls_than_may_wait_are_refused) {
  options_.max_calls = 5;
  options_.connections = 2;
  auto blobs = open();
  RadosGateway::shared().server().pause();
  std::vector<std::future<Result<engines::BlobInfo>>> waiting;
  const auto under_way = [&] { return gauge("concord_s3_in_flight") + gauge("concord_s3_waiting"); };
  waiting.reserve(5);
  for (int i = 0; i < 5; ++i) waiting.push_back(std::async(std::launch::async, [&] { return run(blobs->stat("k")); }));
  while (under_way() < 5) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  EXPECT_EQ(gauge("concord_s3_in_flight"), 2);
  const auto refused = run(blobs->stat("k"));
  EXPECT_EQ(code_of(refused), Code::kUnavailable);
  EXPECT_TRUE(refused.error().message.contains("too many")) << refused.error().message;
  RadosGateway::shared().server().resume();
  for (auto& each : waiting) EXPECT_EQ(code_of(each.get()), Code::kNotFound);
}

Task<> upload_over_a_restart(Blobs& blobs, std::function<void()> halfway) {
  CO_TRY(const auto writer, co_await blobs.create("k"));
  for (int i = 0; i < 12; ++i) {
    if (i == 6) halfway();
    CO_TRY_VOID(co_await writer->write(std::make_shared<const Bytes>(1 << 20, static_cast<std::uint8_t>(i))));
  }
  co_return co_await writer->commit();
}

TEST_F(S3FailuresTest, an_upload_goes_on_after_the_store_was_started_again) {
  options_.max_attempts = 100;
  options_.max_backoff_ms = 500;
  options_.breaker_failures = 3;
  options_.breaker_open_ms = 50;
  options_.max_breaker_open_ms = 500;
  const auto blobs = open();
  std::promise<void> halfway;
  std::promise<void> stopped;
  auto upload = std::async(std::launch::async, [&] {
    return run(upload_over_a_restart(*blobs, [&] {
      halfway.set_value();
      stopped.get_future().wait();
    }));
  });
  halfway.get_future().wait();
  RadosGateway::shared().server().stop(SIGKILL);
  stopped.set_value();
  while (count("concord_s3_breaker_openings_total") == 0) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  RadosGateway::shared().ensure_running();
  const Result<> written = upload.get();
  ASSERT_TRUE(written) << written.error().message;
  const Bytes read = run(blobs->get("k", kAllBytes)).value();
  ASSERT_EQ(read.size(), 12U << 20U);
  for (std::size_t i = 0; i < read.size(); i += 1U << 20U) EXPECT_EQ(read[i], i >> 20U);
  EXPECT_EQ(PlainClient(options_).unfinished_uploads(prefix_), 0U);
}

Task<> upload_and_drop(Blobs& blobs, PlainClient& other, std::string prefix) {
  CO_TRY(const auto writer, co_await blobs.create("k"));
  CO_TRY_VOID(co_await writer->write(pattern(11 << 20)));
  if (other.unfinished_uploads(prefix) != 1) co_return fail(Code::kInternal, "there is no upload to be aborted");
  co_return Result<>();
}

TEST_F(S3FailuresTest, an_upload_that_is_dropped_leaves_nothing) {
  PlainClient other(options_);
  auto blobs = open();
  const Result<> dropped = run(upload_and_drop(*blobs, other, prefix_));
  ASSERT_TRUE(dropped) << dropped.error().message;
  blobs.reset();  // waits for what it still has to do
  EXPECT_EQ(other.unfinished_uploads(prefix_), 0U);
  EXPECT_TRUE(run(open()->list("", "", 10)).value().empty());
}

TEST_F(S3FailuresTest, what_a_process_that_died_left_unfinished_is_aborted_when_it_is_old) {
  PlainClient other(options_);
  ASSERT_TRUE(other.call({.method = "POST", .key = "left", .query = {{"uploads", ""}}})->ok());
  ASSERT_EQ(other.unfinished_uploads(prefix_), 1U);
  static_cast<void>(open());
  EXPECT_EQ(other.unfinished_uploads(prefix_), 1U);
  SkewedClock tomorrow(25 * 3'600'000);  // of this machine alone
  ASSERT_TRUE(open_s3_blobs(options_, tomorrow, Logger(), context_.metrics));
  EXPECT_EQ(other.unfinished_uploads(prefix_), 1U);
  options_.stale_upload_s = 1;
  for (int i = 0; i < 1000 && other.unfinished_uploads(prefix_) > 0; ++i) {
    static_cast<void>(open());
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  EXPECT_EQ(other.unfinished_uploads(prefix_), 0U);
}

}  // namespace
}  // namespace concord::s3
