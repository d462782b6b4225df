// The REST face of folders; docs/api/openapi.json describes it.

#include "documents/route_parts.h"
#include "documents/sharing.h"

namespace concord::documents {

namespace {

void write_folder_row(json::Writer& out, const FolderRow& row, std::string_view owner_name) {
  out.begin_object().field("id", row.id.str()).field("name", row.name);
  out.field("owner", row.owner.str()).field("owner_name", owner_name);
  write_folder(out, row.folder);
  out.field("access_level", to_string(row.access)).field("created_at", format_time(row.created_ms)).end();
}

}  // namespace

class FolderRoutes : public DocumentRequests {
 public:
  FolderRoutes(IdSource& ids, Documents& documents, access::Access& access, identity::Identity& identity,
               DocumentLimits limits, Clock& clock)
      : DocumentRequests(documents, access, identity, limits, clock), ids_(ids) {}

  Task<net::Response> create(net::Request request) {
    CO_TRY(auto who, co_await identity_.authenticate_any(request));
    CO_TRY(const auto body, body_of(request, limits_));
    FolderRow row{.id = FolderId::make(ids_, who.principal.id.slot()), .owner = who.principal.id};
    CO_TRY(row.name, body.text("name", kNameRule));
    CO_TRY(auto folder, folder_field(body));
    CO_TRY(row.folder, co_await catalog_.folder_for(who, folder.value_or("")));
    row.created_ms = clock_.wall_ms();
    row.access = Level::kOwner;
    CO_TRY_VOID(co_await documents_.store().create(row, who.actor().str()));
    access_.changed(row.id.str());
    CO_TRY(net::Response response, co_await answer(201, row));
    response.set("location", "/folders/" + row.id.str());
    co_return response;
  }

  Task<net::Response> list(net::Request request) {
    CO_TRY(auto who, co_await identity_.authenticate_visitor(request));
    CO_TRY(const auto folder, folder_query(request));
    CO_TRY(auto subjects, co_await access_.subjects_of(who.principal.id));
    CO_TRY(auto rows, co_await documents_.store().list_folders(who.principal.id, std::move(subjects), folder));
    CO_TRY(rows, co_await seen_by(access_, who.actor(), std::move(rows)));
    std::vector<UserId> owners;
    owners.reserve(rows.size());
    for (const FolderRow& row : rows) owners.push_back(row.owner);
    CO_TRY(auto names, co_await names_of(std::move(owners)));
    json::Writer out;
    out.begin_object().key("folders").begin_array();
    for (const FolderRow& row : rows) write_folder_row(out, row, names[row.owner]);
    out.end().end();
    co_return json_response(200, std::move(out).take());
  }

  Task<net::Response> read(net::Request request) {
    CO_TRY(auto who, co_await identity_.authenticate_visitor(request));
    CO_TRY(const auto found, co_await find_folder(request, std::move(who), Level::kRead));
    co_return co_await answer(200, found.row);
  }

  Task<net::Response> change(net::Request request) {
    CO_TRY(auto found, co_await find_folder(request, Level::kWrite));
    CO_TRY(const auto body, body_of(request, limits_));
    CO_TRY(auto name, body.optional_text("name", kNameRule));
    CO_TRY(auto folder, folder_field(body));
    if (!name && !folder) co_return fail(json::field_error("name", "is required where no folder is named"));
    if (folder) {
      CO_TRY_VOID(require(found.row.access, Level::kShare, "folder"));
      CO_TRY(found.row.folder, co_await catalog_.folder_for(found.who, std::move(*folder)));
      CO_TRY_VOID(co_await documents_.store().move(found.row.id.str(), found.row.folder, found.who.actor().str()));
      access_.changed(found.row.id.str());
    }
    if (name) {
      found.row.name = std::move(*name);
      CO_TRY_VOID(co_await documents_.store().rename(found.row.id, found.row.name, found.who.actor().str()));
    }
    co_return co_await answer(200, found.row);
  }

  Task<net::Response> remove(net::Request request) {
    CO_TRY(const auto found, co_await find_folder(request, Level::kOwner));
    CO_TRY_VOID(co_await documents_.store().remove(found.row.id, found.who.actor().str()));
    access_.changed(found.row.id.str());
    co_return net::Response{.status = 204};
  }

  Task<net::Response> shares(net::Request request) {
    CO_TRY(const auto found, co_await find_folder(request, Level::kRead));
    co_return co_await sharing_.list(thing_of(found));
  }

  Task<net::Response> share(net::Request request) {
    CO_TRY(auto found, co_await find_folder(request, Level::kShare));
    co_return co_await sharing_.grant(thing_of(found), std::move(request));
  }

  Task<net::Response> unshare(net::Request request) {
    CO_TRY(auto found, co_await find_folder(request, Level::kRead));
    co_return co_await sharing_.revoke(thing_of(found), std::move(request));
  }

  Task<net::Response> links(net::Request request) {
    CO_TRY(auto found, co_await find_folder(request, Level::kShare));
    co_return co_await sharing_.links(thing_of(found));
  }

  Task<net::Response> make_link(net::Request request) {
    CO_TRY(auto found, co_await find_folder(request, Level::kShare));
    co_return co_await sharing_.make_link(thing_of(found), std::move(request));
  }

  Task<net::Response> remove_link(net::Request request) {
    CO_TRY(auto found, co_await find_folder(request, Level::kShare));
    co_return co_await sharing_.remove_link(thing_of(found), std::move(request));
  }

 private:
  struct FoundFolder {
    identity::Authenticated who;
    FolderRow row;
  };
  static SharedThing thing_of(const FoundFolder& found) {
    return {found.row.id.str(), found.row.owner, found.who, found.row.access};
  }

  Task<FoundFolder> find_folder(const net::Request& request, Level least) {
    CO_TRY(auto who, co_await identity_.authenticate_any(request));
    co_return co_await find_folder(request, std::move(who), least);
  }

  Task<FoundFolder> find_folder(const net::Request& request, identity::Authenticated who, Level least) {
    const auto id = FolderId::parse(request.parameter("id"));
    if (!id) co_return fail(Code::kNotFound, "there is no such folder");
    CO_TRY(const access::Decision decision, co_await access_.decide(who.actor(), id->str()));
    CO_TRY_VOID(require(decision.level, least, "folder"));
    CO_TRY(FolderRow row, co_await documents_.store().find(*id));
    row.access = decision.level;
    co_return FoundFolder{std::move(who), std::move(row)};
  }

  Task<net::Response> answer(int status, FolderRow row) {
    CO_TRY(auto names, co_await names_of({row.owner}));
    json::Writer out;
    write_folder_row(out, row, names[row.owner]);
    co_return json_response(status, std::move(out).take());
  }

  IdSource& ids_;
  Sharing sharing_{access_, identity_, documents_.store(), clock_};
};

void Documents::add_folder_routes(net::Router& router) {
  auto routes = std::make_shared<FolderRoutes>(ids_, *this, dependencies_.access, dependencies_.identity, limits_,
                                               dependencies_.clock);
  add_route(router, "POST", "/folders", routes, &FolderRoutes::create);
  add_route(router, "GET", "/folders", routes, &FolderRoutes::list);
  add_route(router, "GET", "/folders/{id}", routes, &FolderRoutes::read);
  add_route(router, "PATCH", "/folders/{id}", routes, &FolderRoutes::change);
  add_route(router, "DELETE", "/folders/{id}", routes, &FolderRoutes::remove);
  add_route(router, "GET", "/folders/{id}/share", routes, &FolderRoutes::shares);
  add_route(router, "POST", "/folders/{id}/share", routes, &FolderRoutes::share);
  add_route(router, "DELETE", "/folders/{id}/share/{principal}", routes, &FolderRoutes::unshare);
  add_route(router, "GET", "/folders/{id}/links", routes, &FolderRoutes::links);
  add_route(router, "POST", "/folders/{id}/links", routes, &FolderRoutes::make_link);
  add_route(router, "DELETE", "/folders/{id}/links/{link}", routes, &FolderRoutes::remove_link);
}

}  // namespace concord::documents
