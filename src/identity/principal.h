#pragma once
// Who acts, as other parts see it.

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/id.h"
#include "base/task.h"

namespace concord::identity {

struct SessionTag {
  static constexpr std::string_view kPrefix = "ses";
};
/// One sign-in and all the refreshes that follow from it.
using SessionId = Id<SessionTag>;

struct GroupTag {
  static constexpr std::string_view kPrefix = "grp";
};
using GroupId = Id<GroupTag>;

/// What a principal may do on the hub as a whole, most first. The owner and admins administer it; a guest sees what was
/// shared with them and makes nothing.
enum class Role : std::uint8_t { kOwner, kAdmin, kMember, kGuest };

constexpr bool administers(Role role) { return role <= Role::kAdmin; }

std::string_view to_string(Role role);
std::optional<Role> parse_role(std::string_view text);

struct Principal {
  UserId id;
  std::string name;
  std::string email;
  Role role = Role::kMember;
};

struct AgentTag {
  static constexpr std::string_view kPrefix = "agt";
};
using AgentId = Id<AgentTag>;

/// The most that an agent may do with a thing, each with the ones before it.
enum class Permission : std::uint8_t { kRead, kComment, kSuggest, kWrite };

std::string_view to_string(Permission permission);
std::optional<Permission> parse_permission(std::string_view text);

/// A part of what an agent may do for its owner: with a thing and all that lies in it, or with everything
/// (kEverything).
struct Scope {
  std::string thing;
  Permission most = Permission::kRead;
  bool operator==(const Scope&) const = default;
};
constexpr std::string_view kEverything = "*";

/// A program that acts for a user, by a token of its own. It may do what its scopes say and its owner may, whichever is
/// less.
struct Agent {
  AgentId id;
  std::string name;
  std::vector<Scope> scopes;
  std::int64_t per_minute = 0;  // requests; 0: without limit of its own
  bool link = false;            // whoever holds a link acts by it (share_link.h)
};

/// Who acts: a user, or an agent for the user who owns it.
struct Actor {
  Actor() = default;
  Actor(UserId who, std::shared_ptr<const Agent> by = nullptr) : user(who), agent(std::move(by)) {}

  UserId user;
  std::shared_ptr<const Agent> agent;  // null: the user; shared with whatever it acts through

  /// The identifier that what they do is recorded under.
  std::string str() const { return agent ? agent->id.str() : user.str(); }
};

/// Who does something and where from, for the audit record.
struct By {
  UserId user;
  std::string address, request_id;
};

/// What a user is on the hub, beside themselves.
struct Membership {
  Role role = Role::kGuest;
  std::vector<GroupId> groups;
  bool must_set_up = false;  // a second step of signing in, before they or their agents may do anything
};

/// A principal who has shown a valid access token.
struct Authenticated {
  Principal principal;
  std::int64_t expires_ms = 0;         // wall clock; from then on the token is refused
  SessionId session;                   // of an agent, what stands for its token
  std::shared_ptr<const Agent> agent;  // where the token is an agent's; `principal` is its owner then
  bool must_set_up = false;            // a second step of signing in, before anything else

  Actor actor() const { return {principal.id, agent}; }
};

/// Some of a user's documents, for the export of what the hub keeps.
struct ExportedDocuments {
  std::string json = "[]";  // an array of them
  std::string next;         // after which one there is more; empty: that was all
};
using DocumentsExport = std::function<asio::awaitable<Result<ExportedDocuments>>(UserId, std::string after)>;

}  // namespace concord::identity
