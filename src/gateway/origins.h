#pragma once
// Which web pages may call the hub from a browser: its own, and those of the origins in ALLOWED_ORIGINS.
//
// A page of another origin cannot read answers (no CORS headers) and cannot open a live session (the Origin header is
// checked before the upgrade, since browsers do not apply CORS to WebSockets). What is no browser sends no Origin.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "net/http.h"

namespace concord::gateway {

/// "scheme://host" or "scheme://host:port" in lower case, without a port that is the scheme's own; nullopt where the
/// text is no such origin.
std::optional<std::string> normal_origin(std::string_view text);

class Origins {
 public:
  /// Exact origins; those that are none can match nothing and are left out.
  explicit Origins(const std::vector<std::string>& allowed);

  /// Whether a live session may be opened by the page that the request names.
  bool may_upgrade(const net::Request& request) const;
  /// The same for a request that no page but a trusted one may send at all. Over plain HTTP beyond loopback the hub's
  /// own name is no proof: a page can have its name lead here (DNS rebinding), so its origin has to be an allowed one.
  bool may_call(const net::Request& request) const;
  /// The headers that let a page of an allowed origin read the answer. `origin` is the request's.
  void add_headers(std::string_view origin, net::Response& response) const;
  /// The answer to OPTIONS for a path that has these methods: a preflight's where it is one, else `Allow` alone.
  net::Response options(const net::Request& request, std::string_view methods) const;

 private:
  bool is_allowed(std::string_view origin) const;

  std::vector<std::string> allowed_;  // normal
};

}  // namespace concord::gateway
