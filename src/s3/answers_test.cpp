#include "s3/answers.h"

#include <gtest/gtest.h>

namespace concord::s3 {
namespace {

TEST(Answers, an_error_is_read_with_its_code_and_message) {
  const auto error = read_error(as_bytes(
      R"(<?xml version="1.0" encoding="UTF-8"?><Error><Code>NoSuchKey</Code><Message>The &lt;key&gt; is none</Message></Error>)"));
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code, "NoSuchKey");
  EXPECT_EQ(error->message, "The <key> is none");
}

TEST(Answers, what_an_error_says_is_cut_and_made_printable) {
  const std::string long_message = "a\nb\x1b[1m" + std::string(1000, 'x');
  const auto error = read_error(as_bytes("<Error><Code>A</Code><Message>" + long_message + "</Message></Error>"));
  ASSERT_TRUE(error);
  EXPECT_EQ(error->message.size(), 200U);
  EXPECT_EQ(error->message.substr(0, 7), "a?b?[1m");
}

TEST(Answers, what_is_no_error_is_none) {
  for (const std::string body : {"", "no xml", "<html><body>502</body></html>", "<Error", "<Errors/>"})
    EXPECT_FALSE(read_error(as_bytes(body))) << body;
}

TEST(Answers, entities_of_the_sender_s_own_are_not_read) {
  const auto error = read_error(as_bytes(
      R"(<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY f SYSTEM "file:///etc/passwd">]><Error><Code>&a;&f;</Code></Error>)"));
  if (error) EXPECT_EQ(error->code, "&a;&f;");
}

constexpr std::string_view kList =
    R"(<?xml version="1.0" encoding="UTF-8"?><ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>tests</Name>)"
    R"(<Prefix></Prefix><MaxKeys>2</MaxKeys><IsTruncated>true</IsTruncated><Contents><Key>a&amp;b</Key>)"
    R"(<LastModified>2026-11-22T09:24:50.844Z</LastModified><ETag>&quot;d41d&quot;</ETag><Size>0</Size></Contents>)"
    R"(<Contents><Key>b</Key><Size>18446744073709551615</Size></Contents><KeyCount>2</KeyCount></ListBucketResult>)";

TEST(Answers, a_list_is_read) {
  const auto list = read_object_list(as_bytes(kList));
  ASSERT_TRUE(list) << list.error().message;
  ASSERT_EQ(list->objects.size(), 2U);
  EXPECT_TRUE(list->truncated);
  EXPECT_EQ(list->objects[0].key, "a&b");
  EXPECT_EQ(list->objects[1].size_bytes, UINT64_MAX);
}

TEST(Answers, a_list_that_does_not_hold_is_refused) {
  const auto with = [](std::string_view from, std::string_view to) {
    std::string text(kList);
    const std::size_t at = text.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    return text.replace(at, from.size(), to);
  };
  const std::string contents = "<Contents><Key>k</Key><Size>1</Size></Contents>";
  std::string many = "<ListBucketResult><IsTruncated>false</IsTruncated>";
  for (int i = 0; i < 1001; ++i) many += contents;
  for (const std::string& body :
       {with("true", "yes"), with("<IsTruncated>true</IsTruncated>", ""), with("<Key>b</Key>", ""),
        with("<Key>b</Key>", "<Key>" + std::string(1025, 'x') + "</Key>"), with("<Size>0</Size>", ""),
        with("<Size>0", "<Size>-1"), with("<Size>0", "<Size>0x"), with("18446744073709551615", "18446744073709551616"),
        with("ListBucketResult xmlns", "Result xmlns"), std::string(kList.substr(0, 300)), many + "</ListBucketResult>",
        std::string("<ListBucketResult><IsTruncated>true</IsTruncated></ListBucketResult>")}) {
    const auto list = read_object_list(as_bytes(body));
    ASSERT_FALSE(list) << body.substr(0, 400);
    EXPECT_EQ(list.error().code, Code::kUnavailable);
  }
}

TEST(Answers, unfinished_uploads_are_read) {
  const auto list = read_upload_list(as_bytes(
      R"(<ListMultipartUploadsResult><NextKeyMarker>k</NextKeyMarker><NextUploadIdMarker>2~q</NextUploadIdMarker>)"
      R"(<IsTruncated>true</IsTruncated><Upload><Key>k</Key><UploadId>2~q</UploadId>)"
      R"(<Initiated>2026-11-22T09:24:51.225Z</Initiated></Upload></ListMultipartUploadsResult>)"));
  ASSERT_TRUE(list) << list.error().message;
  ASSERT_EQ(list->uploads.size(), 1U);
  EXPECT_EQ(list->uploads[0].key, "k");
  EXPECT_EQ(list->uploads[0].id, "2~q");
  EXPECT_EQ(list->uploads[0].begun_ms, 1'795'339'491'225);
  EXPECT_EQ(list->next_key, "k");
  EXPECT_EQ(list->next_id, "2~q");
  EXPECT_FALSE(read_upload_list(
      as_bytes("<ListMultipartUploadsResult><IsTruncated>false</IsTruncated><Upload><Key>k</Key><UploadId>u</UploadId>"
               "<Initiated>yesterday</Initiated></Upload></ListMultipartUploadsResult>")));
}

TEST(Answers, the_identifier_of_an_upload_is_read) {
  EXPECT_EQ(read_upload_id(
                as_bytes("<InitiateMultipartUploadResult><UploadId>abc</UploadId></InitiateMultipartUploadResult>")),
            "abc");
  EXPECT_FALSE(read_upload_id(as_bytes("<InitiateMultipartUploadResult/>")));
}

TEST(Answers, a_completion_names_its_parts_in_order) {
  EXPECT_EQ(completion_body({"\"a<&>\"", "\"b\""}),
            "<CompleteMultipartUpload xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">"
            "<Part><PartNumber>1</PartNumber><ETag>\"a&lt;&amp;&gt;\"</ETag></Part>"
            "<Part><PartNumber>2</PartNumber><ETag>\"b\"</ETag></Part></CompleteMultipartUpload>");
}

TEST(Answers, a_range_is_read_and_one_that_cannot_be_is_refused) {
  const auto range = parse_content_range("bytes 0-5/6");
  ASSERT_TRUE(range);
  EXPECT_EQ(range->first, 0U);
  EXPECT_EQ(range->last, 5U);
  EXPECT_EQ(range->total, 6U);
  for (const std::string text : {"", "bytes", "bytes */6", "bytes 0-5", "bytes 0-6/6", "bytes 5-4/6", "bytes 0-5/6x",
                                 "bytes -1-5/6", "bytes 0-5/*", "items 0-5/6", "bytes 0-5/18446744073709551616"})
    EXPECT_FALSE(parse_content_range(text)) << text;
}

}  // namespace
}  // namespace concord::s3
