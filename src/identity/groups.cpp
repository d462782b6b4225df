#include "identity/groups.h"

#include "identity/accounts.h"

namespace concord::identity {

using engines::as_integer;
using engines::as_string;
using engines::Rows;

namespace {

constexpr std::string_view kSelect =
    "SELECT g.id, g.name, g.created_ms, (SELECT COUNT(*) FROM identity_group_members m WHERE m.group_id = g.id) FROM "
    "identity_groups g ";

Result<Group> group_of(const engines::Row& row) {
  const auto id = GroupId::parse(as_string(row[0]));
  if (!id) return fail(Code::kCorrupt, "a row of the table of groups is malformed");
  return Group{*id, as_string(row[1]), as_integer(row[2]), as_integer(row[3])};
}

std::unexpected<Error> no_such_group() { return fail(Code::kNotFound, "there is no such group"); }

Error name_taken(Error error) {
  if (error.code != Code::kConflict) return error;
  return Error{Code::kConflict, "there is a group of this name", {{"field", "name"}}};
}

}  // namespace

Task<> Groups::create(Group group) {
  auto made = co_await tables_.query(
      {"INSERT INTO identity_groups (id, name, created_ms) SELECT $1, $2, $3 WHERE (SELECT COUNT(*) FROM "
       "identity_groups) < $4",
       {group.id.str(), std::move(group.name), group.created_ms, kMaxGroups}});
  if (!made) co_return fail(name_taken(std::move(made).error()));
  if (made->affected == 0)
    co_return fail(Error{Code::kTooLarge, "the hub has too many groups", {{"limit", std::to_string(kMaxGroups)}}});
  co_return Result<>();
}

Task<> Groups::rename(GroupId id, std::string name) {
  auto changed =
      co_await tables_.query({"UPDATE identity_groups SET name = $2 WHERE id = $1", {id.str(), std::move(name)}});
  if (!changed) co_return fail(name_taken(std::move(changed).error()));
  if (changed->affected == 0) co_return no_such_group();
  co_return Result<>();
}

Task<bool> Groups::remove(GroupId id) {
  CO_TRY(const Rows changed, co_await tables_.query({"DELETE FROM identity_groups WHERE id = $1", {id.str()}}));
  co_return changed.affected > 0;
}

Task<std::optional<Group>> Groups::find(GroupId id) {
  CO_TRY(const Rows found, co_await tables_.query({std::string(kSelect) + "WHERE g.id = $1", {id.str()}}));
  if (found.empty()) co_return std::nullopt;
  CO_TRY(Group group, group_of(found.rows.front()));
  co_return std::optional(std::move(group));
}

Task<std::vector<Group>> Groups::list() {
  CO_TRY(const Rows found, co_await tables_.query({std::string(kSelect) + "ORDER BY g.name", {}}));
  std::vector<Group> out;
  out.reserve(found.rows.size());
  for (const engines::Row& row : found.rows) {
    CO_TRY(Group group, group_of(row));
    out.push_back(std::move(group));
  }
  co_return out;
}

Task<> Groups::add_member(GroupId id, UserId user) {
  CO_TRY(const Rows added,
         co_await tables_.query(
             {"INSERT INTO identity_group_members (group_id, user_id) SELECT g.id, u.id FROM identity_groups g, "
              "identity_users u WHERE g.id = $1 AND u.id = $2 AND (SELECT COUNT(*) FROM identity_group_members WHERE "
              "group_id = $1) < $3 ON CONFLICT (group_id, user_id) DO NOTHING",
              {id.str(), user.str(), kMaxMembers}}));
  if (added.affected > 0) co_return Result<>();
  CO_TRY(const Rows why, co_await tables_.query(
                             {"SELECT (SELECT COUNT(*) FROM identity_group_members WHERE group_id = $1 AND user_id = "
                              "$2), (SELECT COUNT(*) FROM identity_groups WHERE id = $1), (SELECT COUNT(*) FROM "
                              "identity_users WHERE id = $2)",
                              {id.str(), user.str()}}));
  const engines::Row& row = why.rows.front();
  if (as_integer(row[0]) > 0) co_return Result<>();
  if (as_integer(row[1]) == 0) co_return no_such_group();
  if (as_integer(row[2]) == 0)
    co_return fail(Error{Code::kNotFound, "nobody here has that identifier", {{"field", "user"}}});
  co_return fail(Error{Code::kTooLarge, "the group has too many members", {{"limit", std::to_string(kMaxMembers)}}});
}

Task<bool> Groups::remove_member(GroupId id, UserId user) {
  CO_TRY(const Rows changed,
         co_await tables_.query(
             {"DELETE FROM identity_group_members WHERE group_id = $1 AND user_id = $2", {id.str(), user.str()}}));
  co_return changed.affected > 0;
}

Task<std::vector<UserId>> Groups::members(GroupId id) {
  CO_TRY(const Rows found,
         co_await tables_.query({"SELECT user_id FROM identity_group_members WHERE group_id = $1", {id.str()}}));
  std::vector<UserId> out;
  out.reserve(found.rows.size());
  for (const engines::Row& row : found.rows) {
    const auto user = UserId::parse(as_string(row[0]));
    if (!user) co_return fail(Code::kCorrupt, "a member of a group is malformed");
    out.push_back(*user);
  }
  co_return out;
}

Task<Membership> Groups::membership(UserId user) {
  CO_TRY(const Rows found,
         co_await tables_.query(
             {"SELECT " + std::string(kAccountColumns) +
                  ", m.group_id FROM identity_users u LEFT JOIN identity_group_members m ON m.user_id = u.id WHERE "
                  "u.id = $1",
              {user.str()}}));
  if (found.empty()) co_return fail(Code::kNotFound, "there is no such account");
  Membership out;
  CO_TRY(const Account account, account_of(found.rows.front()));
  out.role = acting_role(account, guests_until_verified_);
  out.must_set_up = lacks_second_step(account.principal.role, account.has_second_step, demand_);
  for (const engines::Row& row : found.rows) {
    if (engines::is_null(row[kAccountColumnCount])) continue;
    const auto group = GroupId::parse(as_string(row[kAccountColumnCount]));
    if (!group) co_return fail(Code::kCorrupt, "a member's group is malformed");
    out.groups.push_back(*group);
  }
  co_return out;
}

}  // namespace concord::identity
