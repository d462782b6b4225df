#pragma once
// What S3 answers in XML (S3 API Reference, ListObjectsV2, CreateMultipartUpload, ListMultipartUploads, error
// responses). All of it comes from outside: what is missing, too long or too many is refused with kUnavailable.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace concord::s3 {

constexpr std::size_t kMaxListedKeys = 1000;  // what S3 gives at once

struct ErrorAnswer {
  std::string code;     // e.g. "NoSuchKey"; empty where there was none
  std::string message;  // printable, and cut at 200 bytes
};

struct ObjectList {
  struct Object {
    std::string key;
    std::uint64_t size_bytes = 0;
  };
  std::vector<Object> objects;
  bool truncated = false;  // there are more behind the last
};

struct UploadList {
  struct Upload {
    std::string key;
    std::string id;
    std::int64_t begun_ms = 0;
  };
  std::vector<Upload> uploads;
  bool truncated = false;
  std::string next_key;  // where truncated: what to go on with
  std::string next_id;
};

/// nullopt where the body is no error.
std::optional<ErrorAnswer> read_error(ByteView body);
Result<ObjectList> read_object_list(ByteView body);
Result<UploadList> read_upload_list(ByteView body);
/// The identifier of the upload that CreateMultipartUpload began.
Result<std::string> read_upload_id(ByteView body);

/// The header of a partial answer: "bytes FIRST-LAST/TOTAL". nullopt where it is none, or none that can be.
struct ContentRange {
  std::uint64_t first = 0;
  std::uint64_t last = 0;
  std::uint64_t total = 0;
};
std::optional<ContentRange> parse_content_range(std::string_view text);

/// What CompleteMultipartUpload is sent: the parts' entity tags, from the first.
std::string completion_body(const std::vector<std::string>& etags);

}  // namespace concord::s3
