#pragma once
// The one place where an Error becomes HTTP: RFC 9457 problem details.
//
//   {"type": "/problems/not_found", "title": "Not Found", "status": 404, "detail": "…", "instance": "<request id>",
//    "code": "not_found", …the error's context as members: "field", "limit", "value", …}

#include <string_view>

#include "base/result.h"
#include "net/http.h"

namespace concord::gateway {

int http_status(Code code);
std::string_view reason_phrase(int status);

net::Response problem_response(const Error& error, std::string_view request_id);
/// For what never was a Code: 405, 408, 415, 431, …
net::Response problem_response(int status, std::string_view code, std::string_view detail, std::string_view request_id);

}  // namespace concord::gateway
