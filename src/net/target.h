#pragma once
// The target of a request line (RFC 9112 section 3.2, RFC 3986): origin form or absolute form,
// percent-decoded.

#include <expected>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace concord::net {

constexpr std::size_t kMaxPathBytes = 4096;
constexpr std::size_t kMaxQueryFields = 256;

using Fields = std::vector<std::pair<std::string, std::string>>;

struct Target {
  std::string path;  // decoded; no NUL, no "." or ".." segment, no segment with an encoded '/'
  Fields query;
  std::string authority;  // of the absolute form
};

/// The error is one sentence for the refusal's detail.
std::expected<Target, std::string> parse_target(std::string_view target);

/// A query, or a body that is application/x-www-form-urlencoded: names and values, in order.
std::expected<Fields, std::string> decode_query(std::string_view raw);

/// Decodes %XX; nullopt where a '%' is not followed by two hexadecimal digits. `plus_is_space` as in a query.
std::expected<std::string, std::string> percent_decode(std::string_view text, bool plus_is_space);

}  // namespace concord::net
