#include "documents/catalog.h"

#include <algorithm>
#include <charconv>

#include "documents/sharing.h"
#include "json/object.h"

namespace concord::documents {

namespace {

bool may_make_anywhere(const identity::Agent& agent) {
  return std::ranges::any_of(agent.scopes, [](const identity::Scope& scope) {
    return scope.thing == identity::kEverything && scope.most == identity::Permission::kWrite;
  });
}

}  // namespace

Result<> require(Level access, Level least, std::string_view what) {
  if (access == Level::kNone) return fail(Code::kNotFound, "there is no such " + std::string(what));
  if (access >= least) return {};
  return fail(Code::kPermissionDenied,
              "this needs " + std::string(to_string(least)) + " access; you have " + std::string(to_string(access)));
}

std::string to_text(const ListCursor& cursor) { return std::to_string(cursor.updated_ms) + "_" + cursor.id; }

Result<ListCursor> parse_cursor(std::string_view text) {
  ListCursor cursor;
  const std::size_t split = text.find('_');
  const std::string_view time = text.substr(0, split);
  auto [stop, error] = std::from_chars(time.data(), time.data() + time.size(), cursor.updated_ms);
  if (split == std::string_view::npos || error != std::errc() || stop != time.data() + time.size() ||
      !DocumentId::parse(text.substr(split + 1))) {
    return fail(json::field_error("after", "is not a cursor that a list returned", text));
  }
  cursor.id = text.substr(split + 1);
  return cursor;
}

Task<DocumentRow> Catalog::find(identity::Actor who, DocumentId id, Level least) {
  CO_TRY(const access::Decision decision, co_await access_.decide(std::move(who), id.str()));
  CO_TRY_VOID(require(decision.level, least, "document"));
  CO_TRY(DocumentRow row, co_await store_.find(id));
  row.access = decision.level;
  co_return row;
}

Task<Catalog::Page> Catalog::list(identity::Actor who, std::optional<FolderId> folder, std::optional<ListCursor> after,
                                  std::int64_t limit) {
  Page page;
  CO_TRY(auto subjects, co_await access_.subjects_of(who.user));
  CO_TRY(auto rows, co_await store_.list(who.user, std::move(subjects), folder, std::move(after), limit + 1));
  if (rows.size() > static_cast<std::size_t>(limit)) {
    rows.pop_back();
    page.next = ListCursor{rows.back().updated_ms, rows.back().id.str()};
  }
  CO_TRY(page.rows, co_await seen_by(access_, std::move(who), std::move(rows)));
  co_return page;
}

Task<std::string> Catalog::folder_for(identity::Authenticated who, std::string folder) {
  if (who.principal.role == identity::Role::kGuest)
    co_return fail(Code::kPermissionDenied, "guests make no documents or folders");
  if (folder.empty()) {
    if (who.agent && !may_make_anywhere(*who.agent))
      co_return fail(Code::kPermissionDenied, "the agent may write in some folders only: name one");
    co_return folder;
  }
  CO_TRY(const access::Decision decision, co_await access_.decide(who.actor(), folder));
  if (auto allowed = require(decision.level, Level::kWrite, "folder"); !allowed)
    co_return fail(std::move(allowed).error().with("field", "folder"));
  co_return folder;
}

}  // namespace concord::documents
