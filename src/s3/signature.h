#pragma once
// AWS Signature Version 4, as S3 computes it (IAM User Guide, "Create a signed AWS API request"; S3 API Reference,
// "Authenticating Requests: Using the Authorization Header"). Pure functions; any thread.

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace concord::s3 {

/// Names and values: of headers, with names in lower case, or of a query, not yet percent-encoded.
using Fields = std::vector<std::pair<std::string, std::string>>;

struct Credentials {
  std::string access_key;
  std::string secret_key;
  std::string session_token;  // of temporary credentials; empty: none
};

struct SigningScope {
  std::string region;
  std::string service = "s3";
};

/// SHA-256 of no bytes.
constexpr std::string_view kEmptyPayloadSha256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

struct ToSign {
  std::string method;
  std::string path;  // as it is sent: begins with '/', percent-encoded
  Fields query;
  Fields headers;  // all are signed; "host" and "x-amz-date" (amz_time) are among them
  std::string payload_sha256 = std::string(kEmptyPayloadSha256);  // in hexadecimal
};

/// All but A-Z a-z 0-9 - . _ ~ as %XX, and '/' where it is not kept.
std::string percent_encode(std::string_view text, bool keep_slash = false);
/// The query as it is sent and signed: encoded, sorted, "" for none.
std::string query_string(const Fields& query);
/// 20130524T000000Z
std::string amz_time(std::int64_t wall_ms);

/// The value of the header "authorization".
std::string authorization(const ToSign& request, const Credentials& credentials, const SigningScope& scope);

}  // namespace concord::s3
