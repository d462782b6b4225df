#include "s3/http_date.h"

#include <curl/curl.h>

namespace concord::s3 {

std::optional<std::int64_t> parse_http_date(const std::string& text) {
  const time_t seconds = curl_getdate(text.c_str(), nullptr);
  if (seconds < 0) return std::nullopt;
  return static_cast<std::int64_t>(seconds) * 1000;
}

}  // namespace concord::s3
