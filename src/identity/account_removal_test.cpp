#include <gtest/gtest.h>

#include "identity/hub_testing.h"

namespace concord::identity::testing {
namespace {

struct User {
  std::string id, email, token;
};

User make_user(Hub& hub, const std::string& name) {
  const Reply reply = hub.register_account(name + "@example.com");
  return {reply.user("id"), reply.user("email"), reply.text("access_token")};
}

Reply remove(Hub& hub, const User& who, const std::string& password = "long enough") {
  return hub.call("DELETE", "/auth/me", R"({"password":")" + password + "\"}", who.token);
}

Task<> note(std::vector<UserId>* removed, bool* works, UserId user) {
  removed->push_back(user);
  if (!*works) co_return fail(Code::kUnavailable, "not now");
  co_return Result<>();
}

TEST(AccountRemoval, takes_the_account_and_all_that_hangs_on_it) {
  Hub hub;
  const User owner = make_user(hub, "owner");
  const User ben = make_user(hub, "ben");
  std::vector<UserId> removed;
  bool works = true;
  hub.identity().on_account_removed([&](UserId user) { return note(&removed, &works, user); });
  hub.call("POST", "/agents", R"({"name":"Bot","scopes":[{"thing":"*","permission":"read"}]})", ben.token);
  EXPECT_EQ(remove(hub, ben, "not the one").fact("field"), "password");
  EXPECT_TRUE(removed.empty());
  ASSERT_EQ(remove(hub, ben).status, 204);
  EXPECT_EQ(removed, std::vector<UserId>{*UserId::parse(ben.id)});
  EXPECT_EQ(hub.call("GET", "/auth/me", "", ben.token).status, 401);
  EXPECT_EQ(hub.log_in(ben.email).status, 401);
  for (const char* table : {"identity_sessions", "identity_agents", "identity_links"}) {
    const std::string column = std::string(table) == "identity_agents" ? "owner" : "user_id";
    EXPECT_TRUE(hub.sql("SELECT 1 FROM " + std::string(table) + " WHERE " + column + " = $1", {ben.id}).empty());
  }
  EXPECT_EQ(hub.register_account(ben.email).status, 201);
  EXPECT_FALSE(hub.sql("SELECT 1 FROM audit_lines WHERE action = 'account.removed' AND target = $1", {ben.id}).empty());
}

TEST(AccountRemoval, one_that_fails_half_way_leaves_the_account_out_and_is_finished_at_the_next_start) {
  Hub hub;
  const User owner = make_user(hub, "owner");
  const User ben = make_user(hub, "ben");
  std::vector<UserId> removed;
  bool works = false;
  hub.identity().on_account_removed([&](UserId user) { return note(&removed, &works, user); });
  EXPECT_EQ(remove(hub, ben).status, 503);
  EXPECT_EQ(hub.log_in(ben.email).status, 401);
  EXPECT_EQ(hub.call("GET", "/auth/me", "", ben.token).status, 401);
  hub.call("POST", "/users/" + ben.id + "/reactivate", "", owner.token);
  EXPECT_EQ(hub.log_in(ben.email).status, 401);

  works = true;
  hub.restart(quick_options());
  hub.identity().on_account_removed([&](UserId user) { return note(&removed, &works, user); });
  EXPECT_TRUE(hub.run(hub.identity().finish_removals()));
  EXPECT_EQ(removed.size(), 2U);
  EXPECT_TRUE(hub.sql("SELECT 1 FROM identity_users WHERE id = $1", {ben.id}).empty());
  EXPECT_TRUE(hub.run(hub.identity().finish_removals()));
  EXPECT_EQ(removed.size(), 2U);
}

TEST(AccountRemoval, the_owner_is_the_last_to_go_and_the_next_account_owns_the_hub) {
  Hub hub;
  const User owner = make_user(hub, "owner");
  const User ben = make_user(hub, "ben");
  EXPECT_EQ(remove(hub, owner).status, 409);
  EXPECT_EQ(hub.call("GET", "/auth/me", "", owner.token).status, 200);
  ASSERT_EQ(remove(hub, ben).status, 204);
  ASSERT_EQ(remove(hub, owner).status, 204);
  EXPECT_TRUE(hub.call("GET", "/auth/setup").object().boolean("needs_owner").value());
  EXPECT_EQ(hub.register_account("next@example.com").user("role"), "owner");
}

TEST(AccountExport, holds_what_is_kept_about_the_user) {
  Hub hub;
  const User owner = make_user(hub, "owner");
  const std::string group = hub.call("POST", "/groups", R"({"name":"Editors"})", owner.token).text("id");
  hub.call("PUT", "/groups/" + group + "/members/" + owner.id, "", owner.token);
  const Reply all = hub.call("GET", "/auth/me/export", "", owner.token);
  ASSERT_EQ(all.status, 200) << all.error.message;
  EXPECT_EQ(all.object().object("account").value().text("email", {}).value(), owner.email);
  EXPECT_TRUE(all.body.contains(R"("groups":[{"id":")" + group + R"(","name":"Editors"}])"));
  EXPECT_TRUE(all.body.contains(R"("user_agent")"));
  EXPECT_FALSE(all.body.contains("argon2"));
  EXPECT_TRUE(all.body.ends_with(R"("documents":[],"next":null})"));
}

}  // namespace
}  // namespace concord::identity::testing
