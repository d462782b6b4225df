#include "s3/options.h"

#include <algorithm>
#include <array>

#include "engines/blobs.h"

namespace concord::s3 {
namespace {

constexpr std::size_t kMaxPrefixBytes = 400;  // a key of S3 has at most 1024 bytes, one of ours 512
constexpr std::size_t kMaxHostBytes = 255;

std::unexpected<Error> bad(std::string field, std::string message, std::string value) {
  return fail(
      Error{Code::kInvalidArgument, std::move(message), {{"field", std::move(field)}, {"value", std::move(value)}}});
}

bool is_lower_or_digit(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }

Result<> check_bucket(const std::string& bucket) {
  const bool holds = bucket.size() >= 3 && bucket.size() <= 63 && is_lower_or_digit(bucket.front()) &&
                     is_lower_or_digit(bucket.back()) && bucket.find("..") == std::string::npos &&
                     std::ranges::all_of(bucket, [](char c) { return is_lower_or_digit(c) || c == '-' || c == '.'; });
  if (!holds) return bad("bucket", "a bucket has 3 to 63 characters of a-z 0-9 - .", bucket);
  return {};
}

struct Bound {
  const char* field;
  std::int64_t S3Options::* value;
  std::int64_t least;
  std::int64_t most;
};

constexpr std::array kBounds = {
    Bound{"part_bytes", &S3Options::part_bytes, kLeastPartBytes, kMostPartBytes},
    Bound{"read_block_bytes", &S3Options::read_block_bytes, 64 << 10, kMostPartBytes},
    Bound{"connections", &S3Options::connections, 1, 1024},
    Bound{"max_calls", &S3Options::max_calls, 1, 1'000'000},
    Bound{"connect_timeout_ms", &S3Options::connect_timeout_ms, 1, 600'000},
    Bound{"stalled_timeout_s", &S3Options::stalled_timeout_s, 1, 600},
    Bound{"attempt_timeout_ms", &S3Options::attempt_timeout_ms, 1, 3'600'000},
    Bound{"call_timeout_ms", &S3Options::call_timeout_ms, 1, 3'600'000},
    Bound{"max_attempts", &S3Options::max_attempts, 1, 100},
    Bound{"backoff_ms", &S3Options::backoff_ms, 1, 60'000},
    Bound{"max_backoff_ms", &S3Options::max_backoff_ms, 1, 600'000},
    Bound{"breaker_failures", &S3Options::breaker_failures, 1, 1'000'000},
    Bound{"breaker_open_ms", &S3Options::breaker_open_ms, 1, 600'000},
    Bound{"max_breaker_open_ms", &S3Options::max_breaker_open_ms, 1, 600'000},
    Bound{"stale_upload_s", &S3Options::stale_upload_s, 0, 31'536'000},
};

bool is_loopback(std::string_view host) {
  return host == "localhost" || host.ends_with(".localhost") || host.starts_with("127.") || host == "[::1]";
}

/// HOST or HOST:PORT, in lower case.
Result<std::string> authority_of(const S3Options& options, std::string_view scheme) {
  std::string text = options.endpoint.substr(scheme.size());
  if (text.ends_with('/')) text.pop_back();
  std::ranges::transform(text, text.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  const std::size_t colon = text.ends_with(']') ? std::string::npos : text.rfind(':');
  const std::string host = text.substr(0, colon);
  const bool v6 = host.starts_with('[') && host.ends_with(']');
  const auto fits = [v6](char c) {
    return is_lower_or_digit(c) || c == '-' || c == '.' || (v6 && (c == ':' || c == '[' || c == ']'));
  };
  if (host.empty() || host.size() > kMaxHostBytes || !std::ranges::all_of(host, fits))
    return bad("endpoint", "an endpoint of S3 is https://HOST or https://HOST:PORT", options.endpoint);
  if (colon == std::string::npos) return text;
  const std::string port = text.substr(colon + 1);
  if (port.empty() || port.size() > 5 || !std::ranges::all_of(port, [](char c) { return c >= '0' && c <= '9'; }) ||
      std::stoul(port) == 0 || std::stoul(port) > 65'535)
    return bad("endpoint", "the endpoint's port is 1 to 65535", options.endpoint);
  // A client leaves a scheme's own port out of the header "host", which is signed.
  return std::stoul(port) == (scheme == "https://" ? 443U : 80U) ? host : text;
}

}  // namespace

Result<> check_options(const S3Options& options) {
  TRY_VOID(check_bucket(options.bucket));
  for (const Bound& bound : kBounds) {
    const std::int64_t value = options.*bound.value;
    if (value >= bound.least && value <= bound.most) continue;
    return fail(
        Error{Code::kInvalidArgument,
              std::string(bound.field) + " is " + std::to_string(bound.least) + " to " + std::to_string(bound.most),
              {{"field", bound.field},
               {"limit", std::to_string(value < bound.least ? bound.least : bound.most)},
               {"value", std::to_string(value)}}});
  }
  if (!options.key_prefix.empty()) {
    if (options.key_prefix.size() > kMaxPrefixBytes)
      return fail(Error{Code::kInvalidArgument,
                        "the prefix of keys in the bucket has at most 400 bytes",
                        {{"field", "key_prefix"},
                         {"limit", std::to_string(kMaxPrefixBytes)},
                         {"value", std::to_string(options.key_prefix.size())}}});
    if (const Result<> held = engines::check_blob_key(options.key_prefix); !held)
      return bad("key_prefix", "the prefix of keys in the bucket: " + held.error().message, options.key_prefix);
  }
  if (options.region.empty() || options.region.size() > 64 ||
      !std::ranges::all_of(options.region, [](char c) { return is_lower_or_digit(c) || c == '-'; }))
    return bad("region", "a region has 1 to 64 characters of a-z 0-9 -", options.region);
  const auto printable = [](const std::string& text, std::size_t most) {
    return text.size() <= most && std::ranges::all_of(text, [](char c) { return c > ' ' && c < '\x7f'; });
  };
  if (options.credentials.access_key.empty() || !printable(options.credentials.access_key, 128))
    return bad("access_key", "an access key has 1 to 128 printable characters", "");
  if (options.credentials.secret_key.empty() || !printable(options.credentials.secret_key, 256))
    return bad("secret_key", "a secret key has 1 to 256 printable characters", "");
  if (!printable(options.credentials.session_token, 4096))
    return bad("session_token", "a session token has at most 4096 printable characters", "");
  return {};
}

Result<Endpoint> endpoint_of(const S3Options& options) {
  const std::string_view scheme = options.endpoint.starts_with("http://") ? "http://" : "https://";
  if (!options.endpoint.starts_with(scheme))
    return bad("endpoint", "an endpoint of S3 begins with https://", options.endpoint);
  TRY(const std::string authority, authority_of(options, scheme));
  const std::string host = authority.substr(0, authority.ends_with(']') ? std::string::npos : authority.rfind(':'));
  if (scheme == "http://" && !options.plain_http && !is_loopback(host))
    return bad("endpoint", "beyond loopback S3 is reached by https", options.endpoint);
  if (!options.virtual_host)
    return Endpoint{.base = std::string(scheme) + authority + "/" + options.bucket,
                    .host = authority,
                    .base_path = "/" + options.bucket};
  const std::string below = options.bucket + "." + authority;
  return Endpoint{.base = std::string(scheme) + below, .host = below, .base_path = ""};
}

}  // namespace concord::s3
