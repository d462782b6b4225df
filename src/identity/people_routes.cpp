#include "identity/people_routes.h"

#include <algorithm>
#include <ranges>

#include "identity/route_parts.h"

namespace concord::identity {

namespace {

constexpr json::TextRule kGroupName{.least = 1, .most = kMaxNameBytes};
constexpr std::int64_t kUsersPage = 100;

void write_group(json::Writer& out, const Group& group) {
  out.field("id", group.id.str()).field("name", group.name).field("members", group.members);
  out.field("created_at", format_time(group.created_ms));
}

std::string group_json(const Group& group) {
  json::Writer out;
  out.begin_object();
  write_group(out, group);
  out.end();
  return std::move(out).take();
}

Result<GroupId> group_of(const net::Request& request) {
  const auto id = GroupId::parse(request.parameter("group"));
  if (!id) return fail(Code::kNotFound, "there is no such group");
  return *id;
}

/// Whether `who` may give `role` to one who has `present`. The owner's own role is nobody's to change.
bool may_set(Role who, Role present, Role role) {
  if (present == Role::kOwner || role == Role::kOwner) return false;
  if (present == Role::kAdmin || role == Role::kAdmin) return who == Role::kOwner;
  return administers(who);
}

}  // namespace

void PeopleRoutes::add_to(net::Router& router) {
  add_route(router, "POST", "/groups", this, &PeopleRoutes::create);
  add_route(router, "GET", "/groups", this, &PeopleRoutes::list);
  add_route(router, "GET", "/groups/{group}", this, &PeopleRoutes::read);
  add_route(router, "PATCH", "/groups/{group}", this, &PeopleRoutes::rename);
  add_route(router, "DELETE", "/groups/{group}", this, &PeopleRoutes::remove);
  add_route(router, "PUT", "/groups/{group}/members/{user}", this, &PeopleRoutes::add_member);
  add_route(router, "DELETE", "/groups/{group}/members/{user}", this, &PeopleRoutes::remove_member);
  add_route(router, "GET", "/users", this, &PeopleRoutes::users);
  add_route(router, "PATCH", "/users/{user}", this, &PeopleRoutes::set_role);
}

Task<Principal> PeopleRoutes::insider(const net::Request& request) {
  CO_TRY(Authenticated who, co_await identity_.authenticate(request));
  if (who.principal.role == Role::kGuest) co_return fail(Code::kPermissionDenied, "guests may not do this");
  co_return std::move(who.principal);
}

Task<Principal> PeopleRoutes::admin(const net::Request& request) {
  CO_TRY(Authenticated who, co_await identity_.authenticate(request));
  if (!administers(who.principal.role)) co_return fail(Code::kPermissionDenied, "only an admin may do this");
  co_return std::move(who.principal);
}

Task<PeopleRoutes::Asked> PeopleRoutes::asked(const net::Request& request) {
  CO_TRY(Principal who, co_await admin(request));
  CO_TRY(const GroupId id, group_of(request));
  CO_TRY(auto group, co_await groups_.find(id));
  if (!group) co_return fail(Code::kNotFound, "there is no such group");
  co_return Asked{std::move(who), std::move(*group)};
}

Task<> PeopleRoutes::record(std::string action, const Principal& who, std::string target, const net::Request& request,
                            std::vector<std::pair<std::string, std::string>> detail) {
  audit::Event event = audit_event(std::move(action), who.id, caller_of(request));
  event.target = std::move(target);
  event.detail = std::move(detail);
  return on_.audit.record(std::move(event));
}

Task<net::Response> PeopleRoutes::create(net::Request request) {
  CO_TRY(const Principal who, co_await admin(request));
  CO_TRY(const json::Object body, body_of(request));
  CO_TRY(std::string name, body.text("name", kGroupName));
  const Slot slot{static_cast<std::uint16_t>(on_.ids.random64() % kSlots)};
  const Group group{.id = GroupId::make(on_.ids, slot), .name = std::move(name), .created_ms = on_.clock.wall_ms()};
  CO_TRY_VOID(co_await groups_.create(group));
  CO_TRY_VOID(co_await record("group.created", who, group.id.str(), request, {{"name", group.name}}));
  co_return json_response(201, group_json(group));
}

Task<net::Response> PeopleRoutes::list(net::Request request) {
  CO_TRY_VOID(co_await insider(request));
  CO_TRY(const std::vector<Group> groups, co_await groups_.list());
  json::Writer out;
  out.begin_object().key("groups").begin_array();
  for (const Group& group : groups) {
    out.begin_object();
    write_group(out, group);
    out.end();
  }
  out.end().end();
  co_return json_response(200, std::move(out).take());
}

Task<net::Response> PeopleRoutes::read(net::Request request) {
  CO_TRY_VOID(co_await insider(request));
  CO_TRY(const GroupId id, group_of(request));
  CO_TRY(const auto group, co_await groups_.find(id));
  if (!group) co_return fail(Code::kNotFound, "there is no such group");
  CO_TRY(auto members, co_await groups_.members(id));
  CO_TRY(const auto people, co_await accounts_.find_all(std::move(members)));
  json::Writer out;
  out.begin_object();
  write_group(out, *group);
  out.key("people").begin_array();
  for (const Principal& one : people)
    out.begin_object().field("id", one.id.str()).field("name", one.name).field("email", one.email).end();
  out.end().end();
  co_return json_response(200, std::move(out).take());
}

Task<net::Response> PeopleRoutes::rename(net::Request request) {
  CO_TRY(Asked asked_for, co_await asked(request));
  CO_TRY(const json::Object body, body_of(request));
  CO_TRY(asked_for.group.name, body.text("name", kGroupName));
  CO_TRY_VOID(co_await groups_.rename(asked_for.group.id, asked_for.group.name));
  CO_TRY_VOID(co_await record("group.renamed", asked_for.who, asked_for.group.id.str(), request,
                              {{"name", asked_for.group.name}}));
  co_return json_response(200, group_json(asked_for.group));
}

Task<net::Response> PeopleRoutes::remove(net::Request request) {
  CO_TRY(const Asked asked_for, co_await asked(request));
  CO_TRY_VOID(co_await groups_.remove(asked_for.group.id));
  changed_();
  CO_TRY_VOID(co_await record("group.removed", asked_for.who, asked_for.group.id.str(), request,
                              {{"name", asked_for.group.name}}));
  co_return net::Response{.status = 204};
}

Task<net::Response> PeopleRoutes::add_member(net::Request request) {
  CO_TRY(const Asked asked_for, co_await asked(request));
  CO_TRY(const UserId user, user_of(request));
  CO_TRY_VOID(co_await groups_.add_member(asked_for.group.id, user));
  changed_();
  CO_TRY_VOID(
      co_await record("group.joined", asked_for.who, asked_for.group.id.str(), request, {{"user", user.str()}}));
  co_return net::Response{.status = 204};
}

Task<net::Response> PeopleRoutes::remove_member(net::Request request) {
  CO_TRY(const Authenticated who, co_await identity_.authenticate(request));
  CO_TRY(const GroupId id, group_of(request));
  CO_TRY(const UserId user, user_of(request));
  if (!administers(who.principal.role) && user != who.principal.id)
    co_return fail(Code::kPermissionDenied, "only an admin may take others out of a group");
  CO_TRY(const bool was, co_await groups_.remove_member(id, user));
  if (!was) co_return fail(Code::kNotFound, "there is no such member of such a group");
  changed_();
  CO_TRY_VOID(co_await record("group.left", who.principal, id.str(), request, {{"user", user.str()}}));
  co_return net::Response{.status = 204};
}

Task<std::vector<Account>> PeopleRoutes::named(std::string ids) {
  std::vector<Account> out;
  std::int64_t count = 0;
  if (ids.empty()) ids.push_back(',');  // splitting nothing gives no part at all, and an empty one is to be refused
  for (const auto part : std::views::split(ids, ',')) {
    const auto id = UserId::parse(std::string_view(part));
    if (!id || ++count > kUsersPage)
      co_return fail(json::field_error(
          "ids", "must be at most " + std::to_string(kUsersPage) + " identifiers of users, with commas between them"));
    CO_TRY(auto account, co_await accounts_.find(*id));
    if (account) out.push_back(std::move(*account));
  }
  co_return out;
}

Task<net::Response> PeopleRoutes::users(net::Request request) {
  CO_TRY_VOID(co_await admin(request));
  if (const auto ids = request.query_value("ids")) {
    CO_TRY(auto accounts, co_await named(std::string(*ids)));
    co_return co_await users_response(std::move(accounts), false);
  }
  std::optional<UserId> after;
  if (const auto text = request.query_value("after")) {
    after = UserId::parse(*text);
    if (!after) co_return fail(json::field_error("after", "must be the identifier of a user", *text));
  }
  const std::string_view text = request.query_value("query").value_or("");
  if (text.size() > kMaxNameBytes)
    co_return fail(json::field_error("query", "must be at most " + std::to_string(kMaxNameBytes) + " bytes"));
  CO_TRY(auto accounts, co_await accounts_.list(after, std::string(text), kUsersPage + 1));
  const bool more = accounts.size() > kUsersPage;
  if (more) accounts.pop_back();
  co_return co_await users_response(std::move(accounts), more);
}

Task<net::Response> PeopleRoutes::users_response(std::vector<Account> accounts, bool more) {
  std::vector<UserId> ids;
  ids.reserve(accounts.size());
  for (const Account& account : accounts) ids.push_back(account.principal.id);
  CO_TRY(const auto in_two_steps, co_await factors_.having_any(std::move(ids)));
  json::Writer out;
  out.begin_object().key("users").begin_array();
  for (const Account& account : accounts) {
    write_user_fields(out, account);
    const bool two_steps = std::ranges::find(in_two_steps, account.principal.id) != in_two_steps.end();
    out.field("second_factor", two_steps).end();
  }
  out.end().key("next");
  if (more) {
    out.text(accounts.back().principal.id.str());
  } else {
    out.null();
  }
  out.end();
  co_return json_response(200, std::move(out).take());
}

Task<net::Response> PeopleRoutes::set_role(net::Request request) {
  CO_TRY(const Principal who, co_await admin(request));
  CO_TRY(const UserId user, user_of(request));
  CO_TRY(const json::Object body, body_of(request));
  CO_TRY(const std::string word, body.text("role", {.least = 1, .most = 16}));
  const auto role = parse_role(word);
  if (!role || *role == Role::kOwner) co_return fail(json::field_error("role", "must be admin, member or guest", word));
  CO_TRY(auto account, co_await accounts_.find(user));
  if (!account) co_return fail(Code::kNotFound, "nobody here has that identifier");
  if (!may_set(who.role, account->principal.role, *role))
    co_return fail(Code::kPermissionDenied, account->principal.role == Role::kOwner
                                                ? "the owner's role cannot be changed"
                                                : "only the owner makes and unmakes admins");
  CO_TRY(const bool set, co_await accounts_.set_role(user, account->principal.role, *role));
  if (!set) co_return fail(Code::kConflict, "the role was changed meanwhile");
  account->principal.role = *role;
  changed_();
  CO_TRY_VOID(co_await record("account.role_changed", who, user.str(), request, {{"role", word}}));
  json::Writer out;
  write_user(out, *account);
  co_return json_response(200, std::move(out).take());
}

}  // namespace concord::identity
