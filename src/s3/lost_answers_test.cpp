// A call that succeeded and whose answer was lost is made again; its success is not taken for another's. And what is
// seen only between the driver and the store.

#include "s3/cutting_proxy_testing.h"
#include "s3/store_testing.h"

namespace concord::s3 {
namespace {

using engines::Blobs;
using engines::testing::code_of;
using testing::CuttingProxy;
using testing::kAllBytes;
using testing::pattern;

class S3LostAnswersTest : public testing::StoreTest {
 protected:
  S3LostAnswersTest()
      : proxy_(static_cast<std::uint16_t>(std::stoul(options_.endpoint.substr(options_.endpoint.rfind(':') + 1)))),
        beyond_(options_) {
    beyond_.endpoint = "http://127.0.0.1:" + std::to_string(proxy_.port());
    blobs_ = open(beyond_);
  }
  std::string request(const std::string& method, const std::string& rest) const {
    return method + " /tests/" + prefix_ + "/" + rest;
  }

  CuttingProxy proxy_;
  S3Options beyond_;
  std::unique_ptr<Blobs> blobs_;
};

TEST_F(S3LostAnswersTest, an_object_that_is_there_from_the_first_attempt_is_no_conflict) {
  for (int i = 0; i < 3; ++i) {
    const std::string key = "k" + std::to_string(i);
    proxy_.lose_next(request("PUT", key + " "));
    const Result<> put = run(blobs_->put(key, pattern(1000)));
    EXPECT_TRUE(put) << put.error().message;
    EXPECT_EQ(proxy_.lost(), i + 1);
    EXPECT_TRUE(run(blobs_->get(key, kAllBytes)).value() == *pattern(1000));
  }
}

/// Both have found that there is no such object before either commits.
Task<> commit_behind_another(Blobs& blobs, Blobs& other, std::function<void()> before_commit) {
  CO_TRY(const auto writer, co_await blobs.create("k"));
  CO_TRY_VOID(co_await writer->write(pattern(1000)));
  CO_TRY_VOID(co_await other.put("k", pattern(1000)));
  before_commit();
  co_return co_await writer->commit();
}

TEST_F(S3LostAnswersTest, another_s_object_is_a_conflict_even_where_it_is_the_same) {
  const auto other = open();
  const auto lose = [this] { proxy_.lose_next(request("PUT", "k ")); };
  EXPECT_EQ(code_of(run(commit_behind_another(*blobs_, *other, lose))), Code::kConflict);
  EXPECT_EQ(proxy_.lost(), 1);
}

TEST_F(S3LostAnswersTest, no_call_of_a_large_upload_is_lost_with_its_answer) {
  const std::string requests[] = {request("POST", "large0?uploads"), request("PUT", "large1?partNumber=1&"),
                                  request("PUT", "large2?partNumber=2&"), request("POST", "large3?uploadId"),
                                  request("HEAD", "large4 ")};
  for (int i = 0; i < 5; ++i) {
    const std::string key = "large" + std::to_string(i);
    proxy_.lose_next(requests[i]);
    const Result<> put = run(blobs_->put(key, pattern(6'000'000)));
    EXPECT_TRUE(put) << key << ": " << put.error().message;
    EXPECT_EQ(proxy_.lost(), i + 1);
    EXPECT_TRUE(run(blobs_->get(key, kAllBytes)).value() == *pattern(6'000'000)) << key;
  }
}

TEST_F(S3LostAnswersTest, what_is_read_and_removed_is_asked_for_again) {
  ASSERT_TRUE(run(blobs_->put("k", pattern(3'000'000))));
  proxy_.lose_next(request("GET", "k "));
  EXPECT_TRUE(run(blobs_->get("k", kAllBytes)).value() == *pattern(3'000'000));
  EXPECT_EQ(proxy_.lost(), 1);
  proxy_.lose_next("GET /tests?");
  EXPECT_EQ(run(blobs_->list("", "", 10)).value().size(), 1U);
  EXPECT_EQ(proxy_.lost(), 2);
  proxy_.lose_next(request("DELETE", "k "));
  EXPECT_TRUE(run(blobs_->remove("k")));
  EXPECT_EQ(proxy_.lost(), 3);
  EXPECT_EQ(code_of(run(blobs_->stat("k"))), Code::kNotFound);
}

/// The gateway of the tests knows no sessions: it checks that what was sent is what was signed.
TEST_F(S3LostAnswersTest, a_session_s_token_is_sent_and_signed) {
  beyond_.credentials.session_token = "a-token/of+a=session";
  const auto blobs = open(beyond_);
  ASSERT_TRUE(run(blobs->put("k", pattern(10))));
  const std::string sent = proxy_.last_request();
  EXPECT_TRUE(sent.starts_with(request("PUT", "k HTTP/1.1"))) << sent;
  EXPECT_TRUE(sent.contains("\r\nx-amz-security-token: a-token/of+a=session\r\n")) << sent;
  EXPECT_TRUE(sent.contains(";x-amz-security-token,Signature=")) << sent;
}

}  // namespace
}  // namespace concord::s3
