// The REST face of a document's history; docs/api/openapi.json describes it.

#include "crdt/any_json.h"
#include "documents/route_parts.h"

namespace concord::documents {

namespace {

constexpr std::size_t kMaxVersionNameBytes = 255;

/// Names of users and agents by their identifiers.
using Names = std::map<std::string, std::string>;

std::vector<std::string> authors_of(const HistoryPage& page) {
  std::vector<std::string> out;
  for (const HistoryEntry& entry : page.entries)
    for (const HistoryEntry::Author& author : entry.authors) out.push_back(author.principal);
  return out;
}

/// An author's name, where it is still known here.
std::string name_of(const Names& names, const std::string& principal) {
  const auto found = names.find(principal);
  return found != names.end() ? found->second : std::string();
}

void write_entry(json::Writer& out, const HistoryEntry& entry, const Names& names) {
  out.begin_object().field("version", entry.version).field("from_version", entry.from_version);
  out.field("since", format_time(entry.since.wall_ms())).field("at", format_time(entry.at.wall_ms()));
  out.field("bytes", entry.bytes).key("name");
  entry.name.empty() ? out.null() : out.text(entry.name);
  out.key("authors").begin_array();
  for (const HistoryEntry::Author& author : entry.authors) {
    out.begin_object().field("principal", author.principal).field("name", name_of(names, author.principal));
    out.field("updates", author.updates).field("bytes", author.bytes).end();
  }
  out.end().end();
}

}  // namespace

class HistoryRoutes : public DocumentRequests {
 public:
  using DocumentRequests::DocumentRequests;

  Task<net::Response> history(net::Request request) {
    CO_TRY(auto found, co_await find(request, Level::kRead));
    CO_TRY(const std::int64_t limit, parse_limit(request));
    std::uint64_t before = 0;
    if (auto text = request.query_value("before")) {
      CO_TRY(before, parse_version("before", *text));
    }
    CO_TRY(const auto named, co_await documents_.store().version_names(found.row.id));
    VersionNames version_names;
    for (const auto& one : named) version_names.emplace(one.version, one.name);
    CO_TRY(const HistoryPage page, co_await documents_.history(found.row.id, std::move(version_names), before,
                                                               static_cast<std::size_t>(limit)));
    CO_TRY(const auto names, co_await identity_.names_of(authors_of(page)));
    json::Writer out;
    out.begin_object().key("versions").begin_array();
    for (const HistoryEntry& entry : page.entries) write_entry(out, entry, names);
    out.end().key("next");
    page.next_before != 0 ? out.integer(static_cast<std::int64_t>(page.next_before)) : out.null();
    out.end();
    co_return json_response(200, std::move(out).take());
  }

  Task<net::Response> named(net::Request request) {
    CO_TRY(auto found, co_await find(request, Level::kRead));
    CO_TRY(const auto named, co_await documents_.store().version_names(found.row.id));
    std::vector<UserId> principals;
    for (const auto& one : named) principals.push_back(one.by);
    CO_TRY(auto names, co_await names_of(std::move(principals)));
    json::Writer out;
    out.begin_object().key("versions").begin_array();
    for (const auto& one : named) {
      out.begin_object().field("version", one.version).field("name", one.name).field("named_by", one.by.str());
      out.field("named_by_name", names[one.by]).field("named_at", format_time(one.named_ms)).end();
    }
    out.end().end();
    co_return json_response(200, std::move(out).take());
  }

  Task<net::Response> read(net::Request request) {
    CO_TRY(auto found, co_await find(request, Level::kRead));
    CO_TRY(const Format format, format_of(request));
    CO_TRY(const std::uint64_t version, parse_version("version", request.parameter("version")));
    CO_TRY(const Documents::Content content, co_await documents_.read_version(found.row.id, format, version));
    json::Writer out;
    out.begin_object().field("id", found.row.id.str()).field("version", version).key("content").raw(content.json).end();
    co_return json_response(200, std::move(out).take());
  }

  Task<net::Response> changes(net::Request request) {
    CO_TRY(auto found, co_await find(request, Level::kRead));
    CO_TRY(const std::uint64_t version, parse_version("version", request.parameter("version")));
    std::uint64_t since = version == 0 ? 0 : version - 1;
    if (auto text = request.query_value("since")) {
      CO_TRY(since, parse_version("since", *text));
      if (since > version) co_return fail(json::field_error("since", "must not be after the version", *text));
    }
    CO_TRY(const auto changes, co_await documents_.changes(found.row.id, since, version));
    std::vector<std::string> principals;
    principals.reserve(changes.size());
    for (const VersionChange& change : changes) principals.push_back(change.principal);
    CO_TRY(const auto names, co_await identity_.names_of(std::move(principals)));
    json::Writer out;
    out.begin_object().field("id", found.row.id.str()).field("version", version).field("since", since);
    out.key("changes").begin_array();
    for (const VersionChange& change : changes) write_change(out, change, names);
    out.end().end();
    co_return json_response(200, std::move(out).take());
  }

  Task<net::Response> restore(net::Request request) {
    CO_TRY(auto found, co_await find(request, Level::kWrite));
    CO_TRY(const Format format, format_of(request));
    CO_TRY(const std::uint64_t version, parse_version("version", request.parameter("version")));
    CO_TRY(Documents::Content now, co_await documents_.restore(found.row.id, found.who.actor().str(), format, version));
    co_return co_await respond(std::move(found.row), std::move(now));
  }

  Task<net::Response> name(net::Request request) {
    CO_TRY(auto found, co_await find(request, Level::kWrite));
    CO_TRY(const std::uint64_t version, parse_version("version", request.parameter("version")));
    CO_TRY(auto body, body_of(request, limits_));
    CO_TRY(std::string name, body.text("name", {.least = 1, .most = kMaxVersionNameBytes}));
    CO_TRY_VOID(co_await documents_.read_version(found.row.id, Format::kText, version));  // it is one
    const std::int64_t now_ms = clock_.wall_ms();
    CO_TRY_VOID(co_await documents_.store().name_version(found.row.id, version, name, found.who.principal.id, now_ms));
    json::Writer out;
    out.begin_object().field("version", version).field("name", name).field("named_by", found.who.principal.id.str());
    out.field("named_by_name", found.who.principal.name).field("named_at", format_time(now_ms)).end();
    co_return json_response(200, std::move(out).take());
  }

  Task<net::Response> unname(net::Request request) {
    CO_TRY(auto found, co_await find(request, Level::kWrite));
    CO_TRY(const std::uint64_t version, parse_version("version", request.parameter("version")));
    CO_TRY(const bool was, co_await documents_.store().unname_version(found.row.id, version));
    if (!was) co_return fail(Code::kNotFound, "that version has no name");
    co_return net::Response{.status = 204};
  }
};

void Documents::add_history_routes(net::Router& router) {
  auto routes = std::make_shared<HistoryRoutes>(*this, dependencies_.access, dependencies_.identity, limits_,
                                                dependencies_.clock);
  add_read_route(router, "/documents/{id}/history", routes, &HistoryRoutes::history);
  add_read_route(router, "/documents/{id}/versions", routes, &HistoryRoutes::named);
  add_read_route(router, "/documents/{id}/versions/{version}", routes, &HistoryRoutes::read);
  add_route(router, "PUT", "/documents/{id}/versions/{version}", routes, &HistoryRoutes::name);
  add_route(router, "DELETE", "/documents/{id}/versions/{version}", routes, &HistoryRoutes::unname);
  add_read_route(router, "/documents/{id}/versions/{version}/changes", routes, &HistoryRoutes::changes);
  add_route(router, "POST", "/documents/{id}/versions/{version}/restore", routes, &HistoryRoutes::restore);
}

}  // namespace concord::documents
