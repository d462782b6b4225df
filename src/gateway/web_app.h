#pragma once
// Serves the web app that was built into the binary: exact files with their ETag, compressed where the browser takes it, and
// index.html for every path that is a page of the app. There is no file system behind it, so no path can leave it.

#include <optional>

#include "embedded/assets.h"
#include "net/http.h"

namespace concord::gateway {

/// nullopt where `request` names no file and no page (a path whose last segment has an extension).
std::optional<net::Response> serve_web_app(const net::Request& request, std::span<const embedded::Asset> assets);
/// One asset as the answer to `request`: 200 or 304.
net::Response serve_asset(const net::Request& request, const embedded::Asset& asset, std::string_view cache_control);

}  // namespace concord::gateway
