#pragma once
// The one place where an Error becomes HTTP: RFC 9457 problem details.
//
//   {"type": "/problems/not_found", "title": "Not Found", "status": 404, "detail": "…", "instance": "<request id>",
//    "code": "not_found", …the error's context as members: "field", "limit", "value", "current_version", …}
//
// Members that are whole numbers by their meaning ("limit", "current_version", "at", "byte") are written as such.

#include <string_view>

#include "base/result.h"
#include "net/http.h"

namespace concord::gateway {

/// 400 for input that is wrong, 401, 403, 404, 409, 413, 429; 501 for what is understood and not served; 503 and 504
/// for what may work later; 500 for what broke here, of which the caller learns no more than that.
int http_status(Code code);

/// Whether it says what callers are not told: what broke inside, and a database's own words.
bool is_for_the_log(const Error& error);

/// `request_id` may be empty: then there is no `instance`.
net::Response problem_response(const Error& error, std::string_view request_id);
/// For what never was a Code: 405, 408, 417, 426, 431, 505.
net::Response problem_response(int status, std::string_view code, std::string_view detail, std::string_view request_id);

/// The word for a status that the server answered by itself: a Code's where one means the same.
std::string_view code_of_status(int status);

}  // namespace concord::gateway
