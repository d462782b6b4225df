#pragma once
// Who a document or folder is shared with, over REST: the same for both.

#include <string>

#include "access/access.h"
#include "documents/document_store.h"
#include "identity/identity.h"
#include "json/writer.h"
#include "net/http.h"

namespace concord::documents {

/// What is shared, and who asks, with what they may do with it.
struct SharedThing {
  std::string id;
  UserId owner;
  identity::Authenticated who;
  Level access = Level::kNone;
};

class Sharing {
 public:
  Sharing(access::Access& access, identity::Identity& identity, DocumentStore& store, Clock& clock)
      : access_(access), identity_(identity), store_(store), clock_(clock) {}

  /// The owner first, then the grants on the thing itself that have not expired; and what is inherited: the same of
  /// each folder above it, the nearest first. A folder's name is told to who may see the folder.
  Task<net::Response> list(SharedThing thing);
  /// As the request's body says: `principal` (a user's identifier or e-mail, a group's identifier, or "everybody"),
  /// `access_level`, and `expires_at` where it has one.
  Task<net::Response> grant(SharedThing thing, net::Request request);
  /// From the {principal} of the path: for who may share it, and for everyone their own.
  Task<net::Response> revoke(SharedThing thing, net::Request request);

  // Links, for who may share the thing and is no agent.
  Task<net::Response> links(SharedThing thing);
  /// As the request's body says: `access_level`, and where it has them `name`, `password`, `expires_at`.
  Task<net::Response> make_link(SharedThing thing, net::Request request);
  /// The {link} of the path.
  Task<net::Response> remove_link(SharedThing thing, net::Request request);

 private:
  struct Named {
    std::string id;
    std::string_view kind;
    std::string name;
    std::string email;  // of a user
  };
  /// A folder above the thing, and what it gives; the owner's comes first.
  struct Above {
    std::string folder, name;  // empty: not for who asks
    std::vector<access::Grant> grants;
  };
  Task<Named> named(std::string principal);
  Task<std::vector<Named>> named(std::vector<std::string> ids);
  Task<std::vector<Above>> above(const SharedThing& thing);
  std::vector<access::Grant> living(std::vector<access::Grant> grants);
  /// The caller ends the object.
  static void write(json::Writer& out, const Named& to, Level level, std::int64_t expires_ms);

  access::Access& access_;
  identity::Identity& identity_;
  DocumentStore& store_;
  Clock& clock_;
};

/// The rows that `who` may see now, each with what they may do.
template <class Row>
Task<std::vector<Row>> seen_by(access::Access& access, identity::Actor who, std::vector<Row> rows) {
  std::vector<std::string> ids;
  ids.reserve(rows.size());
  for (const Row& row : rows) ids.push_back(row.id.str());
  CO_TRY(const auto decisions, co_await access.decide(std::move(who), std::move(ids)));
  for (std::size_t i = 0; i < rows.size(); ++i) rows[i].access = decisions[i].level;
  std::erase_if(rows, [](const Row& row) { return row.access == Level::kNone; });
  co_return rows;
}

}  // namespace concord::documents
