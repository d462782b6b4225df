#include "gateway/web_app.h"

#include <algorithm>
#include <ranges>

namespace concord::gateway {

namespace {

constexpr std::string_view kForever = "public, max-age=31536000, immutable";
constexpr std::string_view kAsk = "no-cache";

/// Whether a comma-separated list names `word`, with no weight of zero (RFC 9110, 12.5.3).
bool accepts(std::string_view list, std::string_view word) {
  for (auto part : std::views::split(list, ',')) {
    std::string_view item(part.begin(), part.end());
    const std::size_t semicolon = item.find(';');
    const std::string_view parameters = semicolon == std::string_view::npos ? "" : item.substr(semicolon + 1);
    item = item.substr(0, semicolon);
    while (item.starts_with(' ')) item.remove_prefix(1);
    while (item.ends_with(' ')) item.remove_suffix(1);
    if (item != word) continue;
    const std::size_t q = parameters.find("q=");
    return q == std::string_view::npos || parameters.find_first_of("123456789", q) != std::string_view::npos;
  }
  return false;
}

bool names_etag(std::string_view list, std::string_view etag) {
  return list == "*" || list.find(etag) != std::string_view::npos;
}

const embedded::Asset* find(std::span<const embedded::Asset> assets, std::string_view path) {
  auto at = std::ranges::lower_bound(assets, path, {}, &embedded::Asset::path);
  return at != assets.end() && at->path == path ? &*at : nullptr;
}

/// The app's bundler writes the hash of a file into its name, below /assets/.
bool is_hashed(std::string_view path) { return path.starts_with("/assets/"); }

}  // namespace

net::Response serve_asset(const net::Request& request, const embedded::Asset& asset, std::string_view cache_control) {
  const bool gzip = !asset.gzip.empty() && accepts(request.header("accept-encoding"), "gzip");
  std::string etag(asset.etag);
  if (gzip) etag.insert(etag.size() - 1, "-gzip");

  net::Response response;
  response.set("etag", etag);
  response.set("cache-control", std::string(cache_control));
  response.set("vary", "accept-encoding");
  if (names_etag(request.header("if-none-match"), etag)) {
    response.status = 304;
    return response;
  }
  response.set("content-type", std::string(asset.content_type));
  if (gzip) response.set("content-encoding", "gzip");
  response.body = as_text(gzip ? asset.gzip : asset.identity);
  return response;
}

std::optional<net::Response> serve_web_app(const net::Request& request, std::span<const embedded::Asset> assets) {
  if (const embedded::Asset* asset = find(assets, request.path)) {
    return serve_asset(request, *asset, is_hashed(request.path) ? kForever : kAsk);
  }
  const std::string_view last = std::string_view(request.path).substr(request.path.rfind('/') + 1);
  if (last.find('.') != std::string_view::npos || is_hashed(request.path)) return std::nullopt;
  const embedded::Asset* index = find(assets, "/index.html");
  if (index == nullptr) return std::nullopt;
  return serve_asset(request, *index, kAsk);
}

}  // namespace concord::gateway
