#pragma once
// One GET, for what an engine tells over HTTP alone.

#include <cstddef>
#include <cstdint>
#include <string>

#include "base/result.h"

namespace concord::doctor {

struct HttpGet {
  std::string url;
  std::string ca_file, cert_file, key_file;  // PEM; empty: the system's authorities, and none of one's own
  std::int64_t timeout_ms = 3000;
  std::size_t max_bytes = 4U << 20U;
};

/// The body of an answer with status 200. Blocks.
Result<std::string> http_get(const HttpGet& request);

}  // namespace concord::doctor
