#include "audit/routes.h"

#include <charconv>

#include "json/object.h"
#include "json/writer.h"

namespace concord::audit {

namespace {

constexpr std::int64_t kDefaultPage = 100;
constexpr std::int64_t kMaxPage = 1000;
constexpr std::string_view kLines = "application/x-ndjson";

template <class Number>
Result<std::optional<Number>> number_of(const net::Request& request, std::string_view name, Number least, Number most) {
  const auto text = request.query_value(name);
  if (!text) return std::optional<Number>();
  Number value{};
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), value);
  if (error == std::errc() && end == text->data() + text->size() && value >= least && value <= most)
    return std::optional<Number>(value);
  return fail(
      json::field_error(name, "must be a number from " + std::to_string(least) + " to " + std::to_string(most), *text));
}

Result<std::optional<std::string>> text_of(const net::Request& request, std::string_view name) {
  const auto text = request.query_value(name);
  if (!text) return std::optional<std::string>();
  if (text->size() > kMaxTextBytes)
    return fail(json::field_error(name, "must be at most " + std::to_string(kMaxTextBytes) + " bytes"));
  return std::optional<std::string>(*text);
}

Result<std::optional<std::int64_t>> time_of(const net::Request& request, std::string_view name) {
  const auto text = request.query_value(name);
  if (!text) return std::optional<std::int64_t>();
  if (const auto time = parse_time(*text)) return time;
  return fail(json::field_error(name, "must be a time such as 2026-11-20T12:00:00Z", *text));
}

Result<Filter> filter_of(const net::Request& request) {
  constexpr std::uint64_t kMaxSeq = (std::uint64_t{1} << 53) - 1;
  Filter filter;
  TRY(filter.actor, text_of(request, "actor"));
  TRY(filter.action, text_of(request, "action"));
  TRY(filter.target, text_of(request, "target"));
  TRY(filter.outcome, text_of(request, "outcome"));
  if (filter.outcome && *filter.outcome != "done" && *filter.outcome != "refused" && *filter.outcome != "failed")
    return fail(json::field_error("outcome", "must be done, refused or failed", *filter.outcome));
  TRY(filter.since_ms, time_of(request, "since"));
  TRY(filter.until_ms, time_of(request, "until"));
  TRY(filter.before, number_of<std::uint64_t>(request, "before", 1, kMaxSeq));
  return filter;
}

/// The lines as they stand, the oldest first, so that pages put one before the other make a file that verifies.
net::Response lines_response(const std::vector<Line>& lines) {
  net::Response response;
  response.set("content-type", std::string(kLines));
  for (auto line = lines.rbegin(); line != lines.rend(); ++line) response.body += line->text + "\n";
  return response;
}

net::Response json_response(const std::vector<Line>& lines, bool more, const Head& head) {
  json::Writer out;
  out.begin_object().key("events").begin_array();
  for (const Line& line : lines) out.raw(line.text);
  out.end().key("next");
  if (more) {
    out.integer(static_cast<std::int64_t>(lines.back().seq));
  } else {
    out.null();
  }
  out.key("head").begin_object().field("seq", head.seq).field("hash", head.hash).end().end();
  net::Response response;
  response.set("content-type", "application/json");
  response.body = std::move(out).take();
  return response;
}

Task<net::Response> answer(Audit& audit, AuditStore& store, const Audit::MayRead& may_read, net::Request request) {
  CO_TRY_VOID(co_await may_read(request));
  CO_TRY(Filter filter, filter_of(request));
  CO_TRY(const auto limit, number_of<std::int64_t>(request, "limit", 1, kMaxPage));
  const auto page = static_cast<std::size_t>(limit.value_or(kDefaultPage));
  co_await audit.settle();
  CO_TRY(const Head head, co_await store.head());
  CO_TRY(auto lines, co_await store.find(std::move(filter), static_cast<std::int64_t>(page) + 1));
  const bool more = lines.size() > page;
  if (more) lines.pop_back();
  if (request.header("accept").find(kLines) != std::string_view::npos) co_return lines_response(lines);
  co_return json_response(lines, more, head);
}

}  // namespace

void add_routes(net::Router& router, Audit& audit, AuditStore& store, Audit::MayRead may_read) {
  // The function lives in the router, and thus longer than the coroutine.
  router.add({"GET", "/audit", [&audit, &store, may_read = std::move(may_read)](net::Request request) {
                return answer(audit, store, may_read, std::move(request));
              }});
}

}  // namespace concord::audit
