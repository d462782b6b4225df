#include "gateway/web_app.h"

#include <algorithm>
#include <ranges>

namespace concord::gateway {
namespace {

constexpr std::string_view kForever = "public, max-age=31536000, immutable";
constexpr std::string_view kAsk = "no-cache";
constexpr std::string_view kHashed = "/assets/";
constexpr std::string_view kIndex = "/index.html";

std::string_view trimmed(std::string_view text) {
  while (text.starts_with(' ') || text.starts_with('\t')) text.remove_prefix(1);
  while (text.ends_with(' ') || text.ends_with('\t')) text.remove_suffix(1);
  return text;
}

/// The weight that an Accept-Encoding list gives `coding`, as "is it above zero" (RFC 9110, 12.5.3).
bool accepts(std::string_view list, std::string_view coding) {
  bool any = false;
  for (const auto part : std::views::split(list, ',')) {
    const std::string_view item(part.begin(), part.end());
    const std::size_t semicolon = std::min(item.find(';'), item.size());
    const std::string_view name = trimmed(item.substr(0, semicolon));
    const std::string_view parameters = item.substr(semicolon);
    const std::size_t weight = parameters.find("q=");
    const bool wanted =
        weight == std::string_view::npos || parameters.find_first_of("123456789", weight) != std::string_view::npos;
    if (name == coding) return wanted;
    if (name == "*") any = wanted;
  }
  return any;
}

/// Whether an If-None-Match list names the tag; weakly, as it is to be compared (RFC 9110, 13.1.2).
bool names_etag(std::string_view list, std::string_view etag) {
  return trimmed(list) == "*" || list.find(etag) != std::string_view::npos;
}

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

const embedded::Asset* WebApp::file(std::string_view path) const {
  const auto at = std::ranges::lower_bound(assets_, path, {}, &embedded::Asset::path);
  return at != assets_.end() && at->path == path ? &*at : nullptr;
}

const embedded::Asset* WebApp::find(std::string_view path) const {
  if (const embedded::Asset* exact = file(path)) return exact;
  const bool page = !path.substr(path.rfind('/') + 1).contains('.') && !path.starts_with(kHashed);
  return page ? file(kIndex) : nullptr;
}

net::Response WebApp::serve(const net::Request& request, const embedded::Asset& asset) const {
  return serve_asset(request, asset, asset.path.starts_with(kHashed) ? kForever : kAsk);
}

}  // namespace concord::gateway
