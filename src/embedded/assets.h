#pragma once
// Files that were built into the binary: the web app and the OpenAPI document. Immutable; any thread.

#include <span>
#include <string_view>

#include "base/bytes.h"

namespace concord::embedded {

struct Asset {
  std::string_view path;  // begins with '/', e.g. "/index.html"
  ByteView identity;
  ByteView gzip;  // the same bytes as one gzip member; empty where that would not be smaller
  std::string_view content_type;
  std::string_view etag;  // strong and quoted, of the identity bytes; a gzip answer needs one of its own
};

/// The built web app, sorted by path; empty where the program was built without it (CONCORD_WEB=OFF).
std::span<const Asset> web_assets();

/// docs/api/openapi.json, with the path "/openapi.json".
const Asset& openapi_json();

}  // namespace concord::embedded
