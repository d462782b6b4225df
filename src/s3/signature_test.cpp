// The vectors are those of the S3 API Reference ("Examples: Signature Calculations in AWS Signature Version 4") and of
// the published test suite of Signature Version 4.

#include "s3/signature.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "base/bytes.h"
#include "base/property_testing.h"
#include "crypto/hash.h"

namespace concord::s3 {
namespace {

using concord::testing::for_each_seed;
using concord::testing::pick;
using concord::testing::pick_bytes;
using concord::testing::Random;

const Credentials kExample{"AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", ""};
const SigningScope kUsEast{.region = "us-east-1"};

ToSign request(std::string method, std::string path, Fields query, Fields more, std::string_view body = "") {
  ToSign out{std::move(method), std::move(path), std::move(query), std::move(more)};
  out.payload_sha256 = to_hex(crypto::sha256(as_bytes(body)));
  out.headers.emplace_back("host", "examplebucket.s3.amazonaws.com");
  out.headers.emplace_back("x-amz-content-sha256", out.payload_sha256);
  out.headers.emplace_back("x-amz-date", "20130524T000000Z");
  return out;
}

std::string signature_of(const ToSign& to_sign, const Credentials& credentials = kExample,
                         const SigningScope& scope = kUsEast) {
  const std::string value = authorization(to_sign, credentials, scope);
  return value.substr(value.find("Signature=") + 10);
}

TEST(Signature, is_the_published_one_for_an_object_read_in_part) {
  const ToSign get = request("GET", "/test.txt", {}, {{"range", "bytes=0-9"}});
  EXPECT_EQ(authorization(get, kExample, kUsEast),
            "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,"
            "SignedHeaders=host;range;x-amz-content-sha256;x-amz-date,"
            "Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41");
}

TEST(Signature, is_the_published_one_for_an_object_written) {
  const ToSign put = request("PUT", "/" + percent_encode("test$file.text"), {},
                             {{"date", "Fri, 24 May 2013 00:00:00 GMT"}, {"x-amz-storage-class", "REDUCED_REDUNDANCY"}},
                             "Welcome to Amazon S3.");
  EXPECT_EQ(put.path, "/test%24file.text");
  EXPECT_EQ(signature_of(put), "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd");
}

TEST(Signature, is_the_published_one_for_a_query_without_a_value) {
  EXPECT_EQ(signature_of(request("GET", "/", {{"lifecycle", ""}}, {})),
            "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543");
}

TEST(Signature, is_the_published_one_for_a_list) {
  EXPECT_EQ(signature_of(request("GET", "/", {{"prefix", "J"}, {"max-keys", "2"}}, {})),
            "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7");
}

TEST(Signature, is_the_published_one_of_the_test_suite) {
  const Credentials credentials{"AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", ""};
  const SigningScope scope{.region = "us-east-1", .service = "service"};
  ToSign vanilla{"GET", "/", {}, {{"x-amz-date", "20150830T123600Z"}, {"host", "example.amazonaws.com"}}};
  EXPECT_EQ(signature_of(vanilla, credentials, scope),
            "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31");
  ToSign with_token = vanilla;
  with_token.headers.emplace_back("x-amz-security-token",
                                  "6e86291e8372ff2a2260956d9b8aae1d763fbf315fa00fa31553b73ebf194267");
  EXPECT_EQ(signature_of(with_token, credentials, scope),
            "07ec1639c89043aa0e3e2de82b96708f198cceab042d4a97044c66dd9f74e7f8");
  vanilla.query = {{"Param2", "value2"}, {"Param1", "value1"}};
  EXPECT_EQ(signature_of(vanilla, credentials, scope),
            "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500");
}

TEST(Signature, times_and_the_hash_of_nothing_are_as_s3_writes_them) {
  EXPECT_EQ(amz_time(1'369'353'600'999), "20130524T000000Z");
  EXPECT_EQ(amz_time(1'440'938'160'000), "20150830T123600Z");
  EXPECT_EQ(kEmptyPayloadSha256, to_hex(crypto::sha256({})));
}

ToSign pick_request(Random& random) {
  ToSign out = request(pick(random, 0, 1) == 0 ? "GET" : "PUT",
                       "/" + percent_encode(as_text(pick_bytes(random, 20)), true), {}, {});
  for (std::uint64_t i = pick(random, 0, 4); i > 0; --i)
    out.query.emplace_back(as_text(pick_bytes(random, 8)), as_text(pick_bytes(random, 8)));
  return out;
}

TEST(Signature, does_not_depend_on_the_order_in_which_things_are_named) {
  for_each_seed(300, [](Random& random) {
    const ToSign first = pick_request(random);
    ToSign second = first;
    std::ranges::shuffle(second.query, random);
    std::ranges::shuffle(second.headers, random);
    EXPECT_EQ(authorization(first, kExample, kUsEast), authorization(second, kExample, kUsEast));
    EXPECT_EQ(query_string(first.query), query_string(second.query));
  });
}

TEST(Signature, depends_on_everything_that_is_signed) {
  for_each_seed(300, [](Random& random) {
    const ToSign original = pick_request(random);
    std::set<std::string> signatures{signature_of(original)};
    const auto changed = [&](auto change) {
      ToSign other = original;
      change(other);
      signatures.insert(signature_of(other));
    };
    changed([](ToSign& r) { r.method += "X"; });
    changed([](ToSign& r) { r.path += "x"; });
    changed([](ToSign& r) { r.query.emplace_back("more", ""); });
    changed([](ToSign& r) { r.headers.emplace_back("x-more", "1"); });
    changed([](ToSign& r) { r.headers.front().second += "x"; });
    changed([](ToSign& r) { r.payload_sha256.back() = r.payload_sha256.back() == '0' ? '1' : '0'; });
    Credentials other_secret = kExample;
    other_secret.secret_key += "x";
    signatures.insert(signature_of(original, other_secret));
    signatures.insert(signature_of(original, kExample, {.region = "eu-central-1"}));
    EXPECT_EQ(signatures.size(), 9U);
  });
}

std::string decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    out += static_cast<char>(std::stoi(std::string(text.substr(i + 1, 2)), nullptr, 16));
    i += 2;
  }
  return out;
}

TEST(Signature, what_is_percent_encoded_can_be_read_back_and_holds_no_other_character) {
  for_each_seed(500, [](Random& random) {
    const Bytes bytes = pick_bytes(random, 60);
    for (const bool keep_slash : {false, true}) {
      const std::string encoded = percent_encode(as_text(bytes), keep_slash);
      EXPECT_EQ(decoded(encoded), as_text(bytes));
      EXPECT_TRUE(std::ranges::all_of(encoded, [keep_slash](char c) {
        return std::isalnum(static_cast<unsigned char>(c)) != 0 ||
               std::string_view("-._~%").find(c) != std::string_view::npos || (keep_slash && c == '/');
      })) << encoded;
    }
  });
}

}  // namespace
}  // namespace concord::s3
