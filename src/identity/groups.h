#pragma once
// The tables of groups, and the roles of users. Any reactor.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "engines/tables.h"
#include "identity/options.h"
#include "identity/principal.h"

namespace concord::identity {

struct Group {
  GroupId id;
  std::string name;
  std::int64_t created_ms = 0;
  std::int64_t members = 0;
};

class Groups {
 public:
  /// `guests_until_verified`: see acting_role.
  Groups(engines::Tables& tables, bool guests_until_verified, SecondFactorDemand demand)
      : tables_(tables), guests_until_verified_(guests_until_verified), demand_(demand) {}

  static constexpr std::int64_t kMaxGroups = 10'000;
  static constexpr std::int64_t kMaxMembers = 10'000;  // of one group

  /// kConflict where the name is taken, kTooLarge past kMaxGroups.
  Task<> create(Group group);
  /// kNotFound; kConflict where the name is taken.
  Task<> rename(GroupId id, std::string name);
  /// Whether there was one.
  Task<bool> remove(GroupId id);
  Task<std::optional<Group>> find(GroupId id);
  /// By name.
  Task<std::vector<Group>> list();

  /// kNotFound where the group or the user is not there, kTooLarge past kMaxMembers. Success where they are in it.
  Task<> add_member(GroupId id, UserId user);
  /// Whether they were in it.
  Task<bool> remove_member(GroupId id, UserId user);
  /// In no order.
  Task<std::vector<UserId>> members(GroupId id);

  /// kNotFound where there is no such account.
  Task<Membership> membership(UserId user);

 private:
  engines::Tables& tables_;
  const bool guests_until_verified_;
  const SecondFactorDemand demand_;
};

}  // namespace concord::identity
