// The REST face of suggestions; docs/api/openapi.json describes it.

#include "documents/route_parts.h"

namespace concord::documents {

namespace {

using Names = std::map<std::string, std::string>;

void write_suggestion(json::Writer& out, const Suggestion& one, const Names& names) {
  const auto name_of = [&names](const std::string& principal) {
    const auto found = names.find(principal);
    return found == names.end() ? std::string() : found->second;
  };
  out.field("id", one.id).field("state", to_string(one.state)).field("version", one.version.value_or(0));
  out.field("author", one.author).field("author_name", name_of(one.author)).field("message", one.message);
  out.field("created_at", format_time(one.at_ms));
  if (one.state == SuggestionState::kOpen) return;
  out.field("decided_by", one.decided.by).field("decided_by_name", name_of(one.decided.by));
  out.field("decided_at", format_time(one.decided.at_ms));
}

}  // namespace

class SuggestionRoutes : public DocumentRequests {
 public:
  using DocumentRequests::DocumentRequests;

  Task<net::Response> create(net::Request request) {
    CO_TRY(auto found, co_await find_for_visitor(request, Level::kSuggest));
    CO_TRY(const Format format, format_of(request));
    CO_TRY(const auto body, body_of(request, limits_));
    CO_TRY(const std::int64_t version, body.integer("version", 0, (std::int64_t{1} << 53) - 1));
    CO_TRY(auto content, content_field(body, format, limits_));
    if (!content) co_return fail(json::field_error("content", "is required"));
    CO_TRY(auto message, body.optional_text("message", {.most = AnnotationLimits::kMaxMessageBytes}));
    CO_TRY(const Suggestion made,
           co_await documents_.annotations().suggest(found.row.id, found.who.actor().str(), format, std::move(*content),
                                                     static_cast<std::uint64_t>(version), message.value_or("")));
    CO_TRY(net::Response response, co_await whole(201, found.row.id, made));
    response.set("location", "/documents/" + found.row.id.str() + "/suggestions/" + made.id);
    co_return response;
  }

  Task<net::Response> list(net::Request request) {
    CO_TRY(auto found, co_await find(request, Level::kRead));
    SuggestionFilter filter;
    CO_TRY(const std::int64_t limit, parse_limit(request));
    filter.limit = static_cast<std::size_t>(limit);
    if (const auto word = request.query_value("state")) {
      CO_TRY(filter.state, parse_state(*word));
    }
    if (const auto text = request.query_value("after")) {
      CO_TRY(filter.after, parse_suggestion_place(*text));
    }
    CO_TRY(const auto page, co_await documents_.annotations().suggestions(found.row.id, std::move(filter)));
    std::vector<std::string> principals;
    for (const Suggestion& one : page.suggestions) {
      principals.push_back(one.author);
      principals.push_back(one.decided.by);
    }
    CO_TRY(const Names names, co_await identity_.names_of(std::move(principals)));
    json::Writer out;
    out.begin_object().key("suggestions").begin_array();
    for (const Suggestion& one : page.suggestions) {
      out.begin_object();
      write_suggestion(out, one, names);
      out.end();
    }
    out.end();
    write_next(out, page.next);
    out.end();
    co_return json_response(200, std::move(out).take());
  }

  Task<net::Response> read(net::Request request) {
    CO_TRY(auto found, co_await find(request, Level::kRead));
    CO_TRY(const Suggestion one,
           co_await documents_.annotations().suggestion(found.row.id, std::string(request.parameter("suggestion"))));
    co_return co_await whole(200, found.row.id, one);
  }

  Task<net::Response> accept(net::Request request) {
    CO_TRY(auto found, co_await find(request, Level::kWrite));
    CO_TRY(const Format format, format_of(request));
    CO_TRY_VOID(co_await documents_.annotations().accept(found.row.id, std::string(request.parameter("suggestion")),
                                                         found.who.actor().str()));
    CO_TRY(Documents::Content now, co_await documents_.read(found.row.id, format));
    co_return co_await respond(std::move(found.row), std::move(now));
  }

  Task<net::Response> reject(net::Request request) {
    CO_TRY(auto found, co_await find(request, Level::kRead));
    AnnotationService::Writer who{found.who.actor().str(), found.row.access >= Level::kWrite};
    CO_TRY_VOID(co_await documents_.annotations().reject(found.row.id, std::move(who),
                                                         std::string(request.parameter("suggestion"))));
    co_return net::Response{.status = 204};
  }

 private:
  /// With what it changes.
  Task<net::Response> whole(int status, DocumentId document, Suggestion one) {
    CO_TRY(const auto changes, co_await documents_.annotations().changes(document, one));
    CO_TRY(const Names names, co_await identity_.names_of({one.author, one.decided.by}));
    json::Writer out;
    out.begin_object();
    write_suggestion(out, one, names);
    out.key("changes").begin_array();
    for (const VersionChange& change : changes) write_change(out, change, names);
    out.end().end();
    co_return json_response(status, std::move(out).take());
  }
};

void Documents::add_suggestion_routes(net::Router& router) {
  auto routes = std::make_shared<SuggestionRoutes>(*this, dependencies_.access, dependencies_.identity, limits_,
                                                   dependencies_.clock);
  const std::string all = "/documents/{id}/suggestions";
  add_route(router, "POST", all, routes, &SuggestionRoutes::create, limits_.max_document_bytes * kDeltaOverhead);
  add_read_route(router, all, routes, &SuggestionRoutes::list);
  add_read_route(router, all + "/{suggestion}", routes, &SuggestionRoutes::read);
  add_route(router, "POST", all + "/{suggestion}/accept", routes, &SuggestionRoutes::accept);
  add_route(router, "DELETE", all + "/{suggestion}", routes, &SuggestionRoutes::reject);
}

}  // namespace concord::documents
