#pragma once
// The time in an HTTP header (RFC 9110, section 5.6.7).

#include <cstdint>
#include <optional>
#include <string>

namespace concord::s3 {

/// Milliseconds since the Unix epoch; nullopt where `text` is no such time.
std::optional<std::int64_t> parse_http_date(const std::string& text);

}  // namespace concord::s3
