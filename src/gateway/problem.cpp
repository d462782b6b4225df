#include "gateway/problem.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include "json/writer.h"

namespace concord::gateway {
namespace {

using Facts = std::vector<std::pair<std::string, std::string>>;

constexpr std::array<std::string_view, 6> kMembers{"type", "title", "status", "detail", "instance", "code"};
constexpr std::array<std::string_view, 4> kNumbers{"limit", "current_version", "at", "byte"};
constexpr std::string_view kRetryAfter = "retry_after";  // a header's, in seconds
constexpr std::string_view kSqlState = "sqlstate";       // of a database's own words, which name its tables and files
constexpr std::string_view kDatabase =
    "the hub's database could not do this; its log says more under this request's id";
constexpr std::string_view kInternal = "the hub failed; its log says more under this request's id";

std::string_view title_of(int status) {
  switch (status) {
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 408:
      return "Request Timeout";
    case 409:
      return "Conflict";
    case 413:
      return "Content Too Large";
    case 417:
      return "Expectation Failed";
    case 421:
      return "Misdirected Request";
    case 426:
      return "Upgrade Required";
    case 429:
      return "Too Many Requests";
    case 431:
      return "Request Header Fields Too Large";
    case 500:
      return "Internal Server Error";
    case 501:
      return "Not Implemented";
    case 503:
      return "Service Unavailable";
    case 504:
      return "Gateway Timeout";
    case 505:
      return "HTTP Version Not Supported";
    default:
      return "Error";
  }
}

std::optional<std::int64_t> whole_number(std::string_view text) {
  std::int64_t number = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (problem != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

void write_fact(json::Writer& out, const std::string& name, const std::string& value) {
  const bool numeric = std::ranges::find(kNumbers, name) != kNumbers.end();
  if (const auto number = numeric ? whole_number(value) : std::nullopt) {
    out.field(name, *number);
  } else {
    out.field(name, value);
  }
}

net::Response make(int status, std::string_view code, std::string_view detail, std::string_view request_id,
                   const Facts& facts) {
  json::Writer out;
  out.begin_object();
  out.field("type", "/problems/" + std::string(code));
  out.field("title", title_of(status)).field("status", status).field("detail", detail);
  if (!request_id.empty()) out.field("instance", request_id);
  out.field("code", code);
  for (auto fact = facts.begin(); fact != facts.end(); ++fact) {
    const bool ours = std::ranges::find(kMembers, fact->first) != kMembers.end() || fact->first == kRetryAfter;
    const bool repeated =
        std::find_if(facts.begin(), fact, [&](const auto& earlier) { return earlier.first == fact->first; }) != fact;
    if (!ours && !repeated) write_fact(out, fact->first, fact->second);
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
    case Code::kInvalidArgument:
      return 400;
    case Code::kUnauthenticated:
      return 401;
    case Code::kPermissionDenied:
      return 403;
    case Code::kNotFound:
      return 404;
    case Code::kConflict:
      return 409;
    case Code::kTooLarge:
      return 413;
    case Code::kRateLimited:
      return 429;
    case Code::kUnsupported:
      return 501;
    case Code::kUnavailable:
    case Code::kFenced:
      return 503;
    case Code::kTimeout:
      return 504;
    case Code::kCorrupt:
    case Code::kInternal:
      break;
  }
  return 500;
}

bool is_for_the_log(const Error& error) {
  const bool of_database =
      std::ranges::find(error.context, kSqlState, &Facts::value_type::first) != error.context.end();
  return of_database || http_status(error.code) == 500;
}

net::Response problem_response(const Error& error, std::string_view request_id) {
  const int status = http_status(error.code);
  if (status == 500) return make(status, to_string(Code::kInternal), kInternal, request_id, {});
  if (is_for_the_log(error)) return make(status, to_string(error.code), kDatabase, request_id, {});
  net::Response response = make(status, to_string(error.code), error.message, request_id, error.context);
  if (status == 401) response.set("www-authenticate", "Bearer");
  const auto when = std::ranges::find(error.context, kRetryAfter, &Facts::value_type::first);
  if (when != error.context.end() && (status == 429 || status == 503)) response.set("retry-after", when->second);
  return response;
}

net::Response problem_response(int status, std::string_view code, std::string_view detail,
                               std::string_view request_id) {
  return make(status, code, detail, request_id, {});
}

std::string_view code_of_status(int status) {
  switch (status) {
    case 405:
      return "method_not_allowed";
    case 408:
      return to_string(Code::kTimeout);
    case 413:
    case 431:
      return to_string(Code::kTooLarge);
    case 421:
      return "misdirected";
    case 426:
      return "upgrade_required";
    case 500:
      return to_string(Code::kInternal);
    case 417:
    case 501:
    case 505:
      return to_string(Code::kUnsupported);
    case 503:
      return to_string(Code::kUnavailable);
    default:
      return to_string(Code::kInvalidArgument);
  }
}

}  // namespace concord::gateway
