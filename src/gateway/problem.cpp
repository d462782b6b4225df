#include "gateway/problem.h"

#include <algorithm>
#include <array>

#include "json/writer.h"

namespace concord::gateway {

namespace {

constexpr std::array<std::string_view, 6> kMembers{"type", "title", "status", "detail", "instance", "code"};

net::Response make(int status, std::string_view code, std::string_view detail, std::string_view request_id,
                   const std::vector<std::pair<std::string, std::string>>& context) {
  json::Writer out;
  out.begin_object();
  out.field("type", "/problems/" + std::string(code));
  out.field("title", reason_phrase(status)).field("status", status).field("detail", detail);
  out.field("instance", request_id).field("code", code);
  std::vector<std::string_view> written(kMembers.begin(), kMembers.end());
  for (const auto& [name, value] : context) {
    if (std::ranges::find(written, name) != written.end()) continue;  // the first fact of a name wins
    written.push_back(name);
    if (name != "retry_after") out.field(name, value);
  }
  out.end();

  net::Response response;
  response.status = status;
  response.set("content-type", "application/problem+json");
  response.set("cache-control", "no-store");
  response.body = std::move(out).take();
  return response;
}

}  // namespace

int http_status(Code code) {
  switch (code) {
    case Code::kInvalidArgument: return 400;
    case Code::kUnauthenticated: return 401;
    case Code::kPermissionDenied: return 403;
    case Code::kNotFound: return 404;
    case Code::kConflict: return 409;
    case Code::kTooLarge: return 413;
    case Code::kRateLimited: return 429;
    case Code::kUnavailable: return 503;
    case Code::kTimeout: return 504;
    case Code::kFenced: return 503;
    case Code::kUnsupported: return 501;
    case Code::kCorrupt:
    case Code::kInternal: return 500;
  }
  return 500;
}

std::string_view reason_phrase(int status) {
  switch (status) {
    case 400: return "Bad Request";
    case 401: return "Unauthorized";
    case 403: return "Forbidden";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 408: return "Request Timeout";
    case 409: return "Conflict";
    case 413: return "Content Too Large";
    case 426: return "Upgrade Required";
    case 429: return "Too Many Requests";
    case 431: return "Request Header Fields Too Large";
    case 500: return "Internal Server Error";
    case 501: return "Not Implemented";
    case 503: return "Service Unavailable";
    case 504: return "Gateway Timeout";
    default: return "Error";
  }
}

net::Response problem_response(const Error& error, std::string_view request_id) {
  const int status = http_status(error.code);
  // What broke inside is for the log; the caller learns that it did, and the request id to ask about.
  const bool internal = status == 500;
  static const std::vector<std::pair<std::string, std::string>> kNothing;
  net::Response response = make(status, to_string(error.code), internal ? "the hub failed; its log has more" : error.message,
                                request_id, internal ? kNothing : error.context);
  if (error.code == Code::kUnauthenticated) response.set("www-authenticate", "Bearer");
  if (status == 429 || status == 503) {
    auto known = std::ranges::find(error.context, "retry_after", &std::pair<std::string, std::string>::first);
    response.set("retry-after", known == error.context.end() ? "1" : known->second);
  }
  return response;
}

net::Response problem_response(int status, std::string_view code, std::string_view detail, std::string_view request_id) {
  return make(status, code, detail, request_id, {});
}

}  // namespace concord::gateway
