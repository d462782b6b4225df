// The REST face of documents; docs/api/openapi.json describes it.

#include "documents/documents.h"
#include "documents/route_parts.h"
#include "documents/sharing.h"

namespace concord::documents {

class DocumentRoutes : public DocumentRequests {
 public:
  using DocumentRequests::DocumentRequests;

  Task<net::Response> create(net::Request request) {
    CO_TRY(auto who, co_await identity_.authenticate_any(request));
    CO_TRY(const Format format, format_of(request));
    CO_TRY(auto body, body_of(request, limits_));
    CO_TRY(std::string name, body.text("name", kNameRule));
    CO_TRY(std::string type, type_field(body));
    CO_TRY(auto content, content_field(body, format, limits_));
    CO_TRY(auto named, folder_field(body));
    CO_TRY(std::string folder, co_await catalog_.folder_for(who, named.value_or("")));
    CO_TRY(const DocumentRow row, co_await documents_.create(who, std::move(name), std::move(type), std::move(folder),
                                                             format, content.value_or("")));
    CO_TRY(const Documents::Content now, co_await documents_.read(row.id, format));
    net::Response response = json_response(201, document_json(row, who.principal.name, &now.json));
    response.set("location", "/documents/" + row.id.str());
    co_return response;
  }

  Task<net::Response> list(net::Request request) {
    CO_TRY(auto who, co_await identity_.authenticate_visitor(request));
    CO_TRY(const std::int64_t limit, parse_limit(request));
    std::optional<ListCursor> after;
    if (auto text = request.query_value("after")) {
      CO_TRY(after, parse_cursor(*text));
    }
    CO_TRY(const auto folder, folder_query(request));
    CO_TRY(const auto page, co_await catalog_.list(who.actor(), folder, std::move(after), limit));
    const std::vector<DocumentRow>& rows = page.rows;
    std::vector<UserId> owners;
    owners.reserve(rows.size());
    for (const DocumentRow& row : rows) owners.push_back(row.owner);
    CO_TRY(auto names, co_await names_of(std::move(owners)));

    json::Writer out;
    out.begin_object().key("documents").begin_array();
    for (const DocumentRow& row : rows) {
      out.begin_object();
      write_fields(out, row, names[row.owner]);
      out.end();
    }
    out.end().key("next");
    if (page.next) {
      out.text(to_text(*page.next));
    } else {
      out.null();
    }
    out.end();
    co_return json_response(200, std::move(out).take());
  }

  Task<net::Response> read(net::Request request) {
    CO_TRY(auto found, co_await find_for_visitor(request, Level::kRead));
    CO_TRY(const Format format, format_of(request));
    CO_TRY(Documents::Content content, co_await documents_.read(found.row.id, format));
    co_return co_await respond(std::move(found.row), std::move(content));
  }

  Task<net::Response> write(net::Request request) {
    CO_TRY(auto found, co_await find_for_visitor(request, Level::kWrite));
    CO_TRY(const Format format, format_of(request));
    CO_TRY(auto body, body_of(request, limits_));
    CO_TRY(const std::int64_t version, body.integer("version", 0, (std::int64_t{1} << 53) - 1));
    CO_TRY(auto name, body.optional_text("name", kNameRule));
    CO_TRY(auto content, content_field(body, format, limits_));
    if (!content) co_return fail(json::field_error("content", "is required"));
    CO_TRY(Documents::Content now, co_await documents_.write(found.row.id, found.who.actor().str(), format,
                                                             std::move(*content), static_cast<std::uint64_t>(version)));
    if (name && *name != found.row.name) {
      CO_TRY_VOID(co_await documents_.store().rename(found.row.id, *name, clock_.wall_ms(), found.who.actor().str()));
      found.row.name = std::move(*name);
    }
    co_return co_await respond(std::move(found.row), std::move(now));
  }

  /// A new name, another folder, or both.
  Task<net::Response> change(net::Request request) {
    CO_TRY(auto found, co_await find(request, Level::kWrite));
    CO_TRY(auto body, body_of(request, limits_));
    CO_TRY(auto name, body.optional_text("name", kNameRule));
    CO_TRY(auto folder, folder_field(body));
    if (!name && !folder) co_return fail(json::field_error("name", "is required where no folder is named"));
    if (folder) {
      CO_TRY_VOID(require(found.row.access, Level::kShare, "document"));
      CO_TRY(found.row.folder, co_await catalog_.folder_for(found.who, std::move(*folder)));
      CO_TRY_VOID(co_await documents_.store().move(found.row.id.str(), found.row.folder, found.who.actor().str()));
      access_.changed(found.row.id.str());
    }
    if (name) {
      found.row.name = std::move(*name);
      found.row.updated_ms = clock_.wall_ms();
      CO_TRY_VOID(co_await documents_.store().rename(found.row.id, found.row.name, found.row.updated_ms,
                                                     found.who.actor().str()));
    }
    CO_TRY(auto names, co_await names_of({found.row.owner}));
    co_return json_response(200, document_json(found.row, names[found.row.owner], nullptr));
  }

  Task<net::Response> remove(net::Request request) {
    CO_TRY(auto found, co_await find(request, Level::kOwner));
    CO_TRY_VOID(co_await documents_.remove(found.row.id, found.who.actor().str()));
    co_return net::Response{.status = 204};
  }

  Task<net::Response> shares(net::Request request) {
    CO_TRY(auto found, co_await find(request, Level::kRead));
    co_return co_await sharing_.list(thing_of(found));
  }

  Task<net::Response> share(net::Request request) {
    CO_TRY(auto found, co_await find(request, Level::kShare));
    co_return co_await sharing_.grant(thing_of(found), std::move(request));
  }

  Task<net::Response> unshare(net::Request request) {
    CO_TRY(auto found, co_await find(request, Level::kRead));
    co_return co_await sharing_.revoke(thing_of(found), std::move(request));
  }

  Task<net::Response> links(net::Request request) {
    CO_TRY(auto found, co_await find(request, Level::kShare));
    co_return co_await sharing_.links(thing_of(found));
  }

  Task<net::Response> make_link(net::Request request) {
    CO_TRY(auto found, co_await find(request, Level::kShare));
    co_return co_await sharing_.make_link(thing_of(found), std::move(request));
  }

  Task<net::Response> remove_link(net::Request request) {
    CO_TRY(auto found, co_await find(request, Level::kShare));
    co_return co_await sharing_.remove_link(thing_of(found), std::move(request));
  }

 private:
  static SharedThing thing_of(const Found& found) {
    return {found.row.id.str(), found.row.owner, found.who, found.row.access};
  }

  Sharing sharing_{access_, identity_, documents_.store(), clock_};
};

void Documents::add_routes(net::Router& router) {
  auto routes = std::make_shared<DocumentRoutes>(*this, dependencies_.access, dependencies_.identity, limits_,
                                                 dependencies_.clock);
  const std::size_t content_body = limits_.max_document_bytes * kDeltaOverhead;
  add_route(router, "POST", "/documents", routes, &DocumentRoutes::create, content_body);
  add_route(router, "GET", "/documents", routes, &DocumentRoutes::list);
  add_read_route(router, "/documents/{id}", routes, &DocumentRoutes::read);
  add_route(router, "PUT", "/documents/{id}", routes, &DocumentRoutes::write, content_body);
  add_route(router, "PATCH", "/documents/{id}", routes, &DocumentRoutes::change);
  add_route(router, "DELETE", "/documents/{id}", routes, &DocumentRoutes::remove);
  add_route(router, "GET", "/documents/{id}/share", routes, &DocumentRoutes::shares);
  add_route(router, "POST", "/documents/{id}/share", routes, &DocumentRoutes::share);
  add_route(router, "DELETE", "/documents/{id}/share/{principal}", routes, &DocumentRoutes::unshare);
  add_route(router, "GET", "/documents/{id}/links", routes, &DocumentRoutes::links);
  add_route(router, "POST", "/documents/{id}/links", routes, &DocumentRoutes::make_link);
  add_route(router, "DELETE", "/documents/{id}/links/{link}", routes, &DocumentRoutes::remove_link);
  add_live_routes(router);
  add_history_routes(router);
  add_folder_routes(router);
  add_suggestion_routes(router);
  add_comment_routes(router);
}

}  // namespace concord::documents
