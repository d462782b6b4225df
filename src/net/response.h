#pragma once
// How a Response is written (RFC 9112).

#include <string>
#include <string_view>

#include "net/http.h"

namespace concord::net {

struct ResponseForm {
  bool keep_alive = true;
  bool head_request = false;    // the head alone, with the length that GET would have
  bool http10 = false;          // keep-alive must be said
  std::string_view request_id;  // set as X-Request-Id where the response has none
};

/// The status line and headers. Content-Length and Connection are the server's and not taken from the
/// response; a line break in a header's value becomes a space.
std::string response_head(const Response& response, const ResponseForm& form);

/// The 101 of an accepted opening handshake, with the response's own headers.
std::string switching_protocols_head(const Response& response, std::string_view accept);

/// What follows the head: empty for HEAD and for statuses that have no body.
ByteView response_body(const Response& response, bool head_request);

}  // namespace concord::net
