#pragma once
// Where objects are kept in S3, and within which bounds it is asked.

#include <cstdint>
#include <string>

#include "base/result.h"
#include "s3/signature.h"

namespace concord::s3 {

constexpr std::int64_t kLeastPartBytes = 5 << 20;  // S3 takes no smaller part but the last
constexpr std::int64_t kMostPartBytes = 256 << 20;

struct S3Options {
  std::string endpoint;  // https://HOST[:PORT]; http:// to loopback, or where plain_http allows it
  std::string region = "us-east-1";
  std::string bucket;
  std::string
      key_prefix;  // what all keys have before them in the bucket: "" or segments of a key, without '/' at the end
  Credentials credentials;
  bool virtual_host = false;  // BUCKET.HOST in place of HOST/BUCKET
  bool plain_http = false;    // also beyond loopback: contents then cross the network unencrypted
  std::string ca_file;        // certificates (PEM) to trust in place of the system's

  std::int64_t part_bytes = 8 << 20;        // larger objects are sent in parts; a writer holds one
  std::int64_t read_block_bytes = 4 << 20;  // asked for at once; a reader holds one
  std::int64_t connections = 32;            // requests under way at once; what comes more waits
  std::int64_t max_calls = 4096;            // under way and waiting; past it kUnavailable
  std::int64_t connect_timeout_ms = 3000;
  std::int64_t stalled_timeout_s = 10;  // an attempt ends where nothing moves for so long
  std::int64_t attempt_timeout_ms = 60'000;
  std::int64_t call_timeout_ms = 120'000;  // a call with all that is tried again for it
  std::int64_t max_attempts = 8;
  std::int64_t backoff_ms = 50;  // the first wait is up to so long, then up to twice as long each time
  std::int64_t max_backoff_ms = 5000;
  std::int64_t breaker_failures = 10;   // so many failed attempts in a row, and new calls are refused
  std::int64_t breaker_open_ms = 1000;  // for so long at first, then twice as long each time
  std::int64_t max_breaker_open_ms = 15'000;
  std::int64_t stale_upload_s = 86'400;  // older unfinished uploads below the prefix are aborted on open; 0: none are
};

/// The parts of an endpoint as requests use them.
struct Endpoint {
  std::string base;       // "https://bucket.host:port" or "https://host:port/bucket"
  std::string host;       // the header "host"
  std::string base_path;  // "" or "/bucket": what is signed before the key
};

/// kInvalidArgument, naming the field, the limit and the value.
Result<> check_options(const S3Options& options);
Result<Endpoint> endpoint_of(const S3Options& options);

}  // namespace concord::s3
