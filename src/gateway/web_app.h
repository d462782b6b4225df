#pragma once
// Serves the web app that was built into the binary: exact files with their ETag, compressed where the browser takes
// it, and index.html to a browser that navigates to a page of the app. There is no file system behind it, so no path
// can leave it.

#include <optional>
#include <span>

#include "embedded/assets.h"
#include "net/http.h"

namespace concord::gateway {

/// One asset as the answer to `request`: 200, or 304 where If-None-Match names it.
net::Response serve_asset(const net::Request& request, const embedded::Asset& asset, std::string_view cache_control);

class WebApp {
 public:
  /// `assets` are sorted by path.
  explicit WebApp(std::span<const embedded::Asset> assets) : assets_(assets) {}

  /// The file or page at `path`; null where it is neither (its last segment has an extension, or it is below /assets/).
  const embedded::Asset* find(std::string_view path) const;
  /// Files below /assets/ carry their hash in their name and may be kept for ever; all else is asked for again.
  net::Response serve(const net::Request& request, const embedded::Asset& asset) const;

 private:
  const embedded::Asset* file(std::string_view path) const;

  std::span<const embedded::Asset> assets_;
};

}  // namespace concord::gateway
