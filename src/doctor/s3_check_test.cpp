#include "doctor/s3_check.h"

#include "doctor/findings_testing.h"
#include "s3/radosgw_testing.h"

namespace concord::doctor {
namespace {

using s3::testing::RadosGateway;
using testing::complaints;
using testing::level_of;
using Words = std::vector<std::string>;

std::vector<Finding> with(const std::function<void(S3Facts&)>& change) {
  S3Facts facts{
      .address = "https://s3.example, bucket hub", .has_bucket = true, .second_put_status = 412, .reads_back = true};
  facts.write_us = {20'000};
  facts.versioning = "";
  facts.expirations.emplace();
  facts.skew_ms = 300;
  change(facts);
  return judge_s3(facts);
}

TEST(S3Judge, a_store_that_refuses_a_second_write_is_well) {
  EXPECT_EQ(complaints(with([](auto&) {})), Words());
}

TEST(S3Judge, what_the_driver_relies_on_is_an_error_where_it_is_not) {
  EXPECT_EQ(level_of(with([](auto& f) { f.second_put_status = 200; }), "conditional writes"), Level::kError);
  EXPECT_EQ(level_of(with([](auto& f) { f.reads_back = false; }), "read"), Level::kError);
  EXPECT_EQ(level_of(with([](auto& f) { f.write_failure = "status 403"; }), "write"), Level::kError);
  EXPECT_EQ(level_of(with([](auto& f) { f.delete_failure = "status 403"; }), "delete"), Level::kError);
  EXPECT_EQ(level_of(with([](auto& f) { f.has_bucket = false; }), "https://s3.example"), Level::kError);
  EXPECT_EQ(level_of(with([](auto& f) { f.versioning = "Enabled"; }), "versioning"), Level::kWarn);
  EXPECT_EQ(level_of(with([](auto& f) { f.expirations->push_back("old"); }), "lifecycle"), Level::kError);
  EXPECT_EQ(level_of(with([](auto& f) { f.skew_ms = -10'000; }), "clock"), Level::kWarn);
  EXPECT_EQ(level_of(with([](auto& f) { f.skew_ms = 20 * 60'000; }), "clock"), Level::kError);
}

TEST(S3Judge, configurations_are_read) {
  EXPECT_EQ(
      versioning_status("<VersioningConfiguration xmlns=\"x\"><Status>Enabled</Status></VersioningConfiguration>"),
      "Enabled");
  EXPECT_EQ(versioning_status("<VersioningConfiguration/>"), "");
  const std::string rules =
      "<LifecycleConfiguration><Rule><ID>a</ID><Status>Enabled</Status><Filter><Prefix>p/</Prefix></Filter>"
      "<Expiration><Days>3</Days></Expiration></Rule><Rule><ID>b</ID><Status>Disabled</Status><Expiration><Days>3</"
      "Days>"
      "</Expiration></Rule><Rule><ID>c</ID><Status>Enabled</Status><AbortIncompleteMultipartUpload>"
      "<DaysAfterInitiation>1</DaysAfterInitiation></AbortIncompleteMultipartUpload></Rule></LifecycleConfiguration>";
  EXPECT_EQ(expiring_rules(rules), Words{"a (prefix \"p/\")"});
}

TEST(S3Probe, a_store_is_written_to_and_left_as_it_was) {
  const s3::S3Options options = RadosGateway::shared().options("doctors");
  const auto facts = probe_s3(options);
  ASSERT_TRUE(facts) << facts.error().message;
  EXPECT_EQ(complaints(judge_s3(*facts)), Words()) << Report{judge_s3(*facts)}.text();
  EXPECT_EQ(facts->write_us.size(), 3U);
  EXPECT_TRUE(facts->skew_ms && std::abs(*facts->skew_ms) < 3000);
  s3::testing::PlainClient client(options);
  const auto left = client.call(
      {.operation = "list", .method = "GET", .of_bucket = true, .query = {{"list-type", "2"}, {"prefix", "doctors/"}}});
  ASSERT_TRUE(left && left->ok());
  EXPECT_EQ(as_text(left->body).find("<Key>"), std::string_view::npos) << as_text(left->body);
}

TEST(S3Probe, a_bucket_that_is_not_there_and_keys_that_are_wrong_are_told) {
  s3::S3Options options = RadosGateway::shared().options();
  options.bucket = "nobody-made-it";
  const auto missing = probe_s3(options);
  ASSERT_TRUE(missing);
  EXPECT_EQ(missing->unreachable, "");
  EXPECT_FALSE(missing->has_bucket);
  options = RadosGateway::shared().options();
  options.credentials.secret_key = "another";
  const auto refused = probe_s3(options);
  ASSERT_TRUE(refused);
  EXPECT_NE(refused->unreachable, "");
  EXPECT_EQ(refused->unreachable.find("another"), std::string::npos);
}

}  // namespace
}  // namespace concord::doctor
