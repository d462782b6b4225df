// The contract suite of the `blobs` port, and what S3 adds to it, against Ceph's gateway.

#include "crypto/hash.h"
#include "engines/blobs_contract_testing.h"
#include "s3/store_testing.h"

namespace concord::s3 {
namespace {

using concord::testing::run_on;
using concord::testing::RunningReactors;
using engines::Blobs;
using engines::testing::BlobsContract;
using engines::testing::code_of;
using engines::testing::Driver;
using engines::testing::driver_name;
using engines::testing::DriverContext;
using testing::kAllBytes;
using testing::name_of;
using testing::pattern;
using testing::PlainClient;
using testing::RadosGateway;

Driver<Blobs> path_style() {
  return {.name = "S3", .open = [](DriverContext& context) {
            return open_s3_blobs(RadosGateway::shared().options(name_of(context)), context.clock, Logger(),
                                 context.metrics);
          }};
}

/// The bucket is in the host's name, and the prefix has two segments.
Driver<Blobs> virtual_host_style() {
  return {.name = "S3VirtualHost", .open = [](DriverContext& context) {
            S3Options options = RadosGateway::shared().options("hubs/" + name_of(context));
            options.endpoint = "http://localhost" + options.endpoint.substr(options.endpoint.rfind(':'));
            options.virtual_host = true;
            return open_s3_blobs(options, context.clock, Logger(), context.metrics);
          }};
}

INSTANTIATE_TEST_SUITE_P(Drivers, BlobsContract, ::testing::Values(path_style(), virtual_host_style()),
                         driver_name<Blobs>);

class S3BlobsTest : public testing::StoreTest {};

Task<> write_in_pieces(Blobs& blobs, std::string key, SharedBytes bytes, std::size_t piece_bytes) {
  CO_TRY(const auto writer, co_await blobs.create(std::move(key)));
  for (std::size_t at = 0; at < bytes->size(); at += piece_bytes) {
    const ByteView piece = ByteView(*bytes).subspan(at, std::min(piece_bytes, bytes->size() - at));
    CO_TRY_VOID(co_await writer->write(std::make_shared<const Bytes>(to_bytes(piece))));
  }
  co_return co_await writer->commit();
}

TEST_F(S3BlobsTest, an_object_of_any_size_around_that_of_parts_is_what_was_written) {
  const auto blobs = open();
  const auto part = static_cast<std::size_t>(kLeastPartBytes);
  for (const std::size_t size : {part - 1, part, part + 1, 2 * part, 2 * part + 12'345}) {
    for (const std::size_t piece : {std::size_t{1'000'003}, size}) {
      const std::string key = "o/" + std::to_string(size) + "-" + std::to_string(piece);
      const SharedBytes bytes = pattern(size);
      const Result<> written = run(write_in_pieces(*blobs, key, bytes, piece));
      ASSERT_TRUE(written) << written.error().message;
      EXPECT_EQ(run(blobs->stat(key))->size_bytes, size);
      EXPECT_TRUE(run(blobs->get(key, kAllBytes)).value() == *bytes) << size;
    }
  }
  // Of those that fit in a part none was sent in parts, of the others all were.
  EXPECT_EQ(calls("put"), 4U);
  EXPECT_EQ(calls("complete_upload"), 6U);
  EXPECT_EQ(calls("upload_part"), 4U + 4U + 6U);
  EXPECT_EQ(PlainClient(options_).unfinished_uploads(prefix_), 0U);
}

Task<Bytes> read_from(Blobs& blobs, std::string key, std::uint64_t offset, std::size_t piece_bytes) {
  CO_TRY(const auto reader, co_await blobs.open(std::move(key), offset));
  Bytes whole;
  for (;;) {
    CO_TRY(const Bytes piece, co_await reader->next(piece_bytes));
    if (piece.empty()) co_return whole;
    append(whole, piece);
  }
}

TEST_F(S3BlobsTest, a_large_object_is_read_from_any_offset) {
  const auto blobs = open();
  const SharedBytes bytes = pattern(6'000'000);
  ASSERT_TRUE(run(blobs->put("k", bytes)));
  for (const std::size_t offset : {0U, 1U, 1'048'575U, 1'048'576U, 5'242'879U, 5'242'880U, 5'999'999U, 6'000'000U}) {
    const Result<Bytes> read = run(read_from(*blobs, "k", offset, 700'001));
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_TRUE(std::ranges::equal(*read, ByteView(*bytes).subspan(offset))) << offset;
  }
  EXPECT_EQ(code_of(run(blobs->open("k", 6'000'001))), Code::kInvalidArgument);
  EXPECT_EQ(code_of(run(blobs->open("k", UINT64_MAX))), Code::kInvalidArgument);
}

Task<> replace_while_reading(Blobs& blobs, SharedBytes bytes) {
  CO_TRY_VOID(co_await blobs.put("k", bytes));
  CO_TRY(const auto reader, co_await blobs.open("k"));
  CO_TRY_VOID(co_await reader->next(10));
  CO_TRY_VOID(co_await blobs.remove("k"));
  Bytes other(*bytes);
  other.back() ^= 1U;
  CO_TRY_VOID(co_await blobs.put("k", std::make_shared<const Bytes>(std::move(other))));
  for (;;) {
    CO_TRY(const Bytes piece, co_await reader->next(1U << 20U));
    if (piece.empty()) co_return Result<>();
  }
}

TEST_F(S3BlobsTest, an_object_removed_and_written_anew_is_not_read_as_one) {
  const auto blobs = open();
  EXPECT_EQ(code_of(run(replace_while_reading(*blobs, pattern(3'000'000)))), Code::kNotFound);
}

TEST_F(S3BlobsTest, of_two_nodes_that_put_one_key_one_succeeds) {
  const auto first = open();
  const auto second = open();
  RunningReactors others;
  for (int round = 0; round < 20; ++round) {
    const std::string key = "k" + std::to_string(round);
    auto other = std::async(std::launch::async, [&] { return run_on(others.at(), second->put(key, pattern(2))); });
    const Result<> mine = run(first->put(key, pattern(1)));
    const Result<> theirs = other.get();
    ASSERT_NE(mine.has_value(), theirs.has_value());
    EXPECT_EQ((mine ? theirs : mine).error().code, Code::kConflict);
    EXPECT_EQ(run(first->stat(key))->size_bytes, mine ? 1U : 2U);
  }
}

/// Both have found that there is no such object before either commits.
Task<> commit_two(Blobs& one, Blobs& other, SharedBytes bytes) {
  CO_TRY(const auto first, co_await one.create("k"));
  CO_TRY(const auto second, co_await other.create("k"));
  CO_TRY_VOID(co_await first->write(bytes));
  CO_TRY_VOID(co_await second->write(bytes));
  CO_TRY_VOID(co_await first->commit());
  co_return co_await second->commit();
}

TEST_F(S3BlobsTest, a_large_object_does_not_replace_one_that_came_meanwhile) {
  {
    const auto first = open();
    const auto second = open();
    EXPECT_EQ(code_of(run(commit_two(*first, *second, pattern(6'000'000)))), Code::kConflict);
  }
  EXPECT_EQ(PlainClient(options_).unfinished_uploads(prefix_), 0U);
}

TEST_F(S3BlobsTest, what_others_keep_below_the_prefix_is_not_listed) {
  PlainClient other(options_);
  for (const std::string key : {"a//b", "space d", "\xc3\xa4", "dir/", "z+"})
    ASSERT_TRUE(other.call({.method = "PUT", .key = key})->ok()) << key;
  const auto blobs = open();
  ASSERT_TRUE(run(blobs->put("b", pattern(1))));
  const auto listed = run(blobs->list("", "", 10));
  ASSERT_TRUE(listed) << listed.error().message;
  ASSERT_EQ(listed->size(), 1U);
  EXPECT_EQ(listed->front().key, "b");
}

TEST_F(S3BlobsTest, more_than_a_thousand_keys_are_listed_in_order) {
  const auto blobs = open();
  constexpr int kMany = 1100;
  constexpr int kTasks = 10;
  std::vector<std::future<Result<>>> running;
  const auto put_some = [](Blobs& store, int first) -> Task<> {
    for (int i = first; i < kMany; i += kTasks) {
      std::string digits = std::to_string(i);
      CO_TRY_VOID(co_await store.put("k" + std::string(4 - digits.size(), '0') + digits, pattern(1)));
    }
    co_return Result<>();
  };
  running.reserve(kTasks);
  for (int i = 0; i < kTasks; ++i)
    running.push_back(std::async(std::launch::async, [&, i] { return run(put_some(*blobs, i)); }));
  for (auto& each : running) ASSERT_TRUE(each.get());
  const auto listed = run(blobs->list("", "", 5000)).value();
  ASSERT_EQ(listed.size(), static_cast<std::size_t>(kMany));
  EXPECT_TRUE(std::ranges::is_sorted(listed, {}, &engines::BlobInfo::key));
  EXPECT_EQ(run(blobs->list("", "k0998", 3)).value().front().key, "k0999");
}

TEST_F(S3BlobsTest, an_object_that_is_not_what_was_written_is_corrupt) {
  const auto blobs = open();
  const SharedBytes body = pattern(10);
  const std::string hash = to_hex(crypto::sha256(*body));
  for (const std::string& claimed : {hash, std::string(64, '0')}) {
    Call call{
        .method = "PUT", .key = claimed == hash ? "right" : "wrong", .body = {body, *body}, .payload_sha256 = hash};
    call.headers = {{"content-type", "application/octet-stream"}, {"x-amz-meta-concord-sha256", claimed}};
    ASSERT_TRUE(PlainClient(options_).call(std::move(call))->ok());
  }
  EXPECT_TRUE(run(blobs->get("right", kAllBytes)));
  EXPECT_EQ(code_of(run(blobs->get("wrong", kAllBytes))), Code::kCorrupt);
}

TEST_F(S3BlobsTest, connections_are_used_again) {
  const auto blobs = open();
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(run(blobs->put("k" + std::to_string(i), pattern(10))));
  EXPECT_LE(count("concord_s3_connects_total"), 3U);
}

TEST_F(S3BlobsTest, by_https_a_server_is_trusted_by_its_certificate_and_not_else) {
  S3Options options = RadosGateway::shared().tls_options(prefix_);
  const auto blobs = open(options);
  ASSERT_TRUE(run(blobs->put("k", pattern(6'000'000))));
  EXPECT_TRUE(run(blobs->get("k", kAllBytes)).value() == *pattern(6'000'000));
  options.ca_file.clear();
  const auto opened = open_s3_blobs(options, context_.clock, Logger(), context_.metrics);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, Code::kUnavailable);
  EXPECT_NE(opened.error().message.find("certificate"), std::string::npos) << opened.error().message;
}

}  // namespace
}  // namespace concord::s3
