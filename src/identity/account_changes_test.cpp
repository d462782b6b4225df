#include <gtest/gtest.h>

#include "identity/hub_testing.h"
#include "net/http.h"

namespace concord::identity::testing {
namespace {

struct User {
  std::string id, email, token, refresh;
};

User user_of(const Reply& reply) {
  EXPECT_TRUE(reply.status == 200 || reply.status == 201) << reply.error.message;
  return {reply.user("id"), reply.user("email"), reply.text("access_token"), reply.text("refresh_token")};
}

User make_user(Hub& hub, const std::string& name) { return user_of(hub.register_account(name + "@example.com")); }

std::string password_change(const std::string& from, const std::string& to) {
  return R"({"old_password":")" + from + R"(","new_password":")" + to + "\"}";
}

Reply reset(Hub& hub, const std::string& token, const std::string& password) {
  return hub.call("POST", "/auth/password/reset", R"({"token":")" + token + R"(","password":")" + password + "\"}");
}

std::string audited(Hub& hub, const std::string& action) {
  const auto rows = hub.sql("SELECT line FROM audit_lines ORDER BY seq");
  std::string found;
  for (const engines::Row& row : rows.rows)
    if (engines::as_string(row[0]).contains("\"action\":\"" + action + "\"")) found = engines::as_string(row[0]);
  return found;
}

TEST(AccountChanges, a_name_is_changed) {
  Hub hub;
  const User ada = make_user(hub, "ada");
  const Reply changed = hub.call("PATCH", "/auth/me", R"({"name":"  Ada Lovelace "})", ada.token);
  ASSERT_EQ(changed.status, 200);
  EXPECT_EQ(changed.text("name"), "Ada Lovelace");
  EXPECT_EQ(hub.call("GET", "/auth/me", "", ada.token).text("name"), "Ada Lovelace");
  EXPECT_EQ(hub.call("PATCH", "/auth/me", R"({"name":""})", ada.token).fact("field"), "name");
  EXPECT_EQ(hub.call("PATCH", "/auth/me", R"({"name":"x"})").status, 401);
}

TEST(AccountChanges, a_new_password_ends_the_other_sessions_and_keeps_this_one) {
  Hub hub;
  const User ada = make_user(hub, "ada");
  const User elsewhere = user_of(hub.log_in(ada.email));
  const Reply wrong = hub.call("POST", "/auth/password", password_change("not it", "another one"), ada.token);
  EXPECT_EQ(wrong.status, 403);
  EXPECT_EQ(wrong.fact("field"), "old_password");
  EXPECT_EQ(hub.call("POST", "/auth/password", password_change("long enough", "short"), ada.token).fact("field"),
            "new_password");
  EXPECT_EQ(hub.call("GET", "/auth/me", "", elsewhere.token).status, 200);

  ASSERT_EQ(hub.call("POST", "/auth/password", password_change("long enough", "another one"), ada.token).status, 204);
  EXPECT_EQ(hub.call("GET", "/auth/me", "", ada.token).status, 200);
  EXPECT_EQ(hub.refresh(ada.refresh).status, 200);
  EXPECT_EQ(hub.call("GET", "/auth/me", "", elsewhere.token).status, 401);
  EXPECT_EQ(hub.refresh(elsewhere.refresh).status, 401);
  EXPECT_EQ(hub.log_in(ada.email, "long enough").status, 401);
  EXPECT_EQ(hub.log_in(ada.email, "another one").status, 200);
  EXPECT_NE(audited(hub, "account.password_changed"), "");
  EXPECT_FALSE(audited(hub, "account.password_changed").contains("another one"));
}

TEST(AccountChanges, tries_at_the_old_password_count_as_tries_to_sign_in) {
  Options options = quick_options();
  options.sign_ins_per_minute = 3;
  Hub hub(options);
  const User ada = make_user(hub, "ada");
  for (int i = 0; i < 3; ++i)
    EXPECT_EQ(hub.call("POST", "/auth/password", password_change("not it", "another one"), ada.token).status, 403);
  EXPECT_EQ(hub.call("POST", "/auth/password", password_change("long enough", "another one"), ada.token).status, 429);
}

TEST(AccountChanges, of_two_changes_of_a_password_at_once_one_wins) {
  Hub hub;
  const User ada = make_user(hub, "ada");
  hub.more_headers = {{"authorization", "Bearer " + ada.token}};
  const auto replies = hub.call_at_once(
      "POST", "/auth/password",
      {password_change("long enough", "first of them"), password_change("long enough", "second of them")});
  hub.more_headers.clear();
  const bool first = hub.log_in(ada.email, "first of them").status == 200;
  const bool second = hub.log_in(ada.email, "second of them").status == 200;
  EXPECT_NE(first, second);
  EXPECT_EQ(replies[0].status == 204, first);
  EXPECT_EQ(replies[1].status == 204, second);
}

TEST(AccountChanges, a_reset_link_sets_the_password_once_and_ends_every_session) {
  Hub hub;
  const User owner = make_user(hub, "owner");
  const User ben = make_user(hub, "ben");
  const Reply made = hub.call("POST", "/users/" + ben.id + "/reset-link", "", owner.token);
  ASSERT_EQ(made.status, 201) << made.error.message;
  const std::string token = made.text("token");
  EXPECT_EQ(made.text("link"), "/reset#" + token);
  EXPECT_TRUE(hub.sql("SELECT 1 FROM identity_links WHERE secret_hash = $1", {token}).empty());

  EXPECT_EQ(reset(hub, token, "short").fact("field"), "password");
  EXPECT_EQ(reset(hub, token + "x", "another one").fact("field"), "token");
  ASSERT_EQ(reset(hub, token, "another one").status, 204);
  EXPECT_EQ(reset(hub, token, "a third one").status, 403);
  EXPECT_EQ(hub.call("GET", "/auth/me", "", ben.token).status, 401);
  EXPECT_EQ(hub.refresh(ben.refresh).status, 401);
  EXPECT_EQ(hub.log_in(ben.email, "long enough").status, 401);
  EXPECT_EQ(hub.log_in(ben.email, "another one").status, 200);
  EXPECT_TRUE(audited(hub, "account.reset_link_made").contains(owner.id));
  EXPECT_NE(audited(hub, "account.password_reset"), "");
}

TEST(AccountChanges, a_reset_link_ends_with_time_and_with_a_change_of_the_password) {
  Hub hub;
  const User owner = make_user(hub, "owner");
  const User ben = make_user(hub, "ben");
  const std::string path = "/users/" + ben.id + "/reset-link";
  const std::string old = hub.call("POST", path, "", owner.token).text("token");
  hub.clock().advance_ms(3'600'000);
  EXPECT_EQ(reset(hub, old, "another one").status, 403);

  const std::string owner_token = hub.log_in(owner.email).text("access_token");
  const std::string ben_token = hub.log_in(ben.email).text("access_token");
  const std::string open = hub.call("POST", path, "", owner_token).text("token");
  ASSERT_EQ(hub.call("POST", "/auth/password", password_change("long enough", "another one"), ben_token).status, 204);
  EXPECT_EQ(reset(hub, open, "a third one").status, 403);
}

TEST(AccountChanges, three_reset_links_of_one_account_hold_at_most) {
  Hub hub;
  const User owner = make_user(hub, "owner");
  const User ben = make_user(hub, "ben");
  std::vector<std::string> tokens;
  for (int i = 0; i < 4; ++i) {
    hub.clock().advance_ms(10);
    tokens.push_back(hub.call("POST", "/users/" + ben.id + "/reset-link", "", owner.token).text("token"));
  }
  EXPECT_EQ(hub.sql("SELECT 1 FROM identity_links").rows.size(), 3U);
  EXPECT_EQ(reset(hub, tokens[0], "another one").status, 403);
  EXPECT_EQ(reset(hub, tokens[1], "another one").status, 204);
}

TEST(AccountChanges, of_many_that_show_one_reset_link_one_sets_the_password) {
  Hub hub;
  const User owner = make_user(hub, "owner");
  const User ben = make_user(hub, "ben");
  const std::string token = hub.call("POST", "/users/" + ben.id + "/reset-link", "", owner.token).text("token");
  std::vector<std::string> bodies;
  for (int i = 0; i < 12; ++i)
    bodies.push_back(R"({"token":")" + token + R"(","password":"password )" + std::to_string(i) + "\"}");
  int done = 0;
  for (const Reply& reply : hub.call_at_once("POST", "/auth/password/reset", bodies)) done += reply.status == 204;
  EXPECT_EQ(done, 1);
}

TEST(AccountChanges, a_deactivated_account_is_out_at_once_and_is_refused_like_a_wrong_password) {
  Hub hub;
  const User owner = make_user(hub, "owner");
  const User ben = make_user(hub, "ben");
  std::vector<SessionId> ended;
  hub.identity().on_session_ended([&](SessionId session) { ended.push_back(session); });
  EXPECT_EQ(hub.call("GET", "/auth/me", "", ben.token).status, 200);
  const std::string link = hub.call("POST", "/users/" + ben.id + "/reset-link", "", owner.token).text("token");

  const Reply done = hub.call("POST", "/users/" + ben.id + "/deactivate", "", owner.token);
  ASSERT_EQ(done.status, 200);
  EXPECT_FALSE(done.object().boolean("active").value());
  EXPECT_EQ(ended.size(), 1U);
  EXPECT_EQ(hub.call("GET", "/auth/me", "", ben.token).status, 401);
  EXPECT_EQ(hub.refresh(ben.refresh).status, 401);
  EXPECT_EQ(reset(hub, link, "another one").status, 403);
  EXPECT_EQ(hub.call("POST", "/users/" + ben.id + "/reset-link", "", owner.token).status, 409);
  const Reply right = hub.log_in(ben.email);
  const Reply wrong = hub.log_in(ben.email, "not the one");
  const Reply unknown = hub.log_in("nobody@example.com");
  EXPECT_EQ(right.status, 401);
  EXPECT_EQ(right.error.message, wrong.error.message);
  EXPECT_EQ(right.error.message, unknown.error.message);
  EXPECT_EQ(right.fact("reason"), wrong.fact("reason"));

  ASSERT_EQ(hub.call("POST", "/users/" + ben.id + "/reactivate", "", owner.token).status, 200);
  EXPECT_EQ(hub.refresh(ben.refresh).status, 401);
  EXPECT_EQ(hub.log_in(ben.email).status, 200);
  EXPECT_NE(audited(hub, "account.deactivated"), "");
  EXPECT_NE(audited(hub, "account.reactivated"), "");
}

TEST(AccountChanges, the_agents_of_a_deactivated_account_are_out_until_it_is_back) {
  Hub hub;
  const User owner = make_user(hub, "owner");
  const User ben = make_user(hub, "ben");
  const Reply made =
      hub.call("POST", "/agents", R"({"name":"Bot","scopes":[{"thing":"*","permission":"read"}]})", ben.token);
  ASSERT_EQ(made.status, 201);
  const auto agent = *AgentId::parse(made.text("id"));
  const std::string token = made.text("token");
  const auto works = [&] { return hub.run(hub.identity().authenticate_bearer(token)).has_value(); };
  const auto lives = [&] { return hub.run(hub.identity().living_agent(agent)).value() != nullptr; };
  EXPECT_TRUE(works() && lives());
  hub.call("POST", "/users/" + ben.id + "/deactivate", "", owner.token);
  EXPECT_FALSE(works());
  EXPECT_FALSE(lives());
  hub.call("POST", "/users/" + ben.id + "/reactivate", "", owner.token);
  EXPECT_TRUE(works() && lives());
}

TEST(AccountChanges, a_session_is_not_opened_on_a_password_read_before_it_changed) {
  Hub hub;
  const User owner = make_user(hub, "owner");
  const User ben = make_user(hub, "ben");
  // Sign-ins and deactivations race; whatever the order, in the end no session of the account lives.
  for (int round = 0; round < 8; ++round) {
    hub.call("POST", "/users/" + ben.id + "/reactivate", "", owner.token);
    std::vector<Reply> in;
    std::thread signing([&] {
      const std::string body = R"({"email":"ben@example.com","password":"long enough"})";
      in = hub.call_at_once("POST", "/auth/login", {body, body, body, body});
    });
    hub.call("POST", "/users/" + ben.id + "/deactivate", "", owner.token);
    signing.join();
    for (const Reply& reply : in) {
      if (reply.status != 200) continue;
      EXPECT_EQ(hub.call("GET", "/auth/me", "", reply.text("access_token")).status, 401);
      EXPECT_EQ(hub.refresh(reply.text("refresh_token")).status, 401);
    }
  }
}

/// What each role may do to an account of each role; the owner is first, then an admin, a member and a guest.
TEST(AccountChanges, who_manages_whose_account) {
  Hub hub;
  std::vector<User> users;
  for (const char* name : {"owner", "admin", "member", "guest"}) users.push_back(make_user(hub, name));
  const auto set_role = [&](const User& user, const std::string& role) {
    ASSERT_EQ(hub.call("PATCH", "/users/" + user.id, R"({"role":")" + role + "\"}", users[0].token).status, 200);
  };
  set_role(users[1], "admin");
  set_role(users[3], "guest");
  const User other_admin = make_user(hub, "other.admin");
  set_role(other_admin, "admin");
  users.push_back(other_admin);
  const int expected[4][5] = {
      {403, 200, 200, 200, 200}, {403, 403, 200, 200, 403}, {403, 403, 403, 403, 403}, {403, 403, 403, 403, 403}};
  for (std::size_t who = 0; who < 4; ++who) {
    for (std::size_t whom = 0; whom < 5; ++whom) {
      for (const std::string action : {"confirm", "reset-link", "reactivate"}) {
        const Reply reply = hub.call("POST", "/users/" + users[whom].id + "/" + action, "", users[who].token);
        const int wanted = expected[who][whom] == 200 && action == "reset-link" ? 201 : expected[who][whom];
        EXPECT_EQ(reply.status, wanted) << who << " " << action << " " << whom;
      }
    }
    EXPECT_EQ(hub.call("POST", "/users/" + users[0].id + "/deactivate", "", users[who].token).status, 403);
  }
  EXPECT_EQ(hub.call("POST", "/users/usr_x/deactivate", "", users[0].token).status, 404);
  EXPECT_EQ(hub.call("POST", "/users/" + users[2].id + "/deactivate").status, 401);
}

TEST(AccountChanges, where_emails_have_to_be_confirmed_an_account_acts_as_a_guest_until_it_is) {
  Options options = quick_options();
  options.require_verified_email = true;
  Hub hub(options);
  const User owner = make_user(hub, "owner");
  const User ben = make_user(hub, "ben");
  const auto role_of = [&](const User& user) {
    return hub.run(hub.identity().membership(*UserId::parse(user.id))).value().role;
  };
  EXPECT_EQ(role_of(owner), Role::kOwner);
  EXPECT_EQ(role_of(ben), Role::kGuest);
  EXPECT_EQ(hub.call("GET", "/groups", "", ben.token).status, 403);  // known to the cache of tokens from here on
  EXPECT_EQ(hub.call("GET", "/auth/me", "", ben.token).text("role"), "member");

  const Reply confirmed = hub.call("POST", "/users/" + ben.id + "/confirm", "", owner.token);
  ASSERT_EQ(confirmed.status, 200);
  EXPECT_TRUE(confirmed.object().boolean("email_verified").value());
  EXPECT_EQ(role_of(ben), Role::kMember);
  EXPECT_EQ(hub.call("GET", "/groups", "", ben.token).status, 200);
}

Reply invite(Hub& hub, const User& who, const std::string& body = "{}") {
  return hub.call("POST", "/invitations", body, who.token);
}

Reply accept(Hub& hub, const std::string& email, const std::string& invitation) {
  return hub.call("POST", "/auth/register",
                  R"({"email":")" + email + R"(","password":"long enough","invitation":")" + invitation + "\"}");
}

Options by_invitation() {
  Options options = quick_options();
  options.registration = Registration::kInvitation;
  options.public_url = "https://hub.example.com";
  return options;
}

TEST(Invitations, an_account_needs_one_that_works_once) {
  Hub hub(by_invitation());
  const User owner = make_user(hub, "owner");
  EXPECT_EQ(hub.call("GET", "/auth/setup").text("registration"), "invitation");
  EXPECT_EQ(hub.register_account("ben@example.com").fact("field"), "invitation");
  const Reply made = invite(hub, owner);
  ASSERT_EQ(made.status, 201) << made.error.message;
  const std::string token = made.text("token");
  EXPECT_EQ(made.text("link"), "https://hub.example.com/register#" + token);
  const Reply ben = accept(hub, "ben@example.com", token);
  ASSERT_EQ(ben.status, 201) << ben.error.message;
  EXPECT_EQ(ben.user("role"), "member");
  EXPECT_FALSE(ben.object().object("user").value().boolean("email_verified").value());
  EXPECT_EQ(accept(hub, "eve@example.com", token).fact("field"), "invitation");
  EXPECT_TRUE(audited(hub, "account.registered").contains(made.text("id")));
  EXPECT_TRUE(hub.sql("SELECT 1 FROM identity_invitations").empty());
}

TEST(Invitations, one_for_an_address_is_for_it_alone_and_confirms_it) {
  Hub hub(by_invitation());
  const User owner = make_user(hub, "owner");
  const std::string token = invite(hub, owner, R"({"email":"Ben@example.com","role":"guest"})").text("token");
  EXPECT_EQ(accept(hub, "eve@example.com", token).fact("field"), "email");
  const Reply ben = accept(hub, "ben@EXAMPLE.com", token);
  ASSERT_EQ(ben.status, 201);
  EXPECT_EQ(ben.user("role"), "guest");
  EXPECT_TRUE(ben.object().object("user").value().boolean("email_verified").value());
}

TEST(Invitations, of_many_who_show_one_only_one_gets_an_account) {
  Hub hub(by_invitation());
  const User owner = make_user(hub, "owner");
  const std::string token = invite(hub, owner).text("token");
  std::vector<std::string> bodies;
  for (int i = 0; i < 12; ++i)
    bodies.push_back(R"({"email":"u)" + std::to_string(i) + R"(@example.com","password":"long enough","invitation":")" +
                     token + "\"}");
  int made = 0;
  for (const Reply& reply : hub.call_at_once("POST", "/auth/register", bodies)) made += reply.status == 201;
  EXPECT_EQ(made, 1);
  EXPECT_EQ(hub.sql("SELECT 1 FROM identity_users").rows.size(), 2U);
}

TEST(Invitations, end_with_time_when_taken_back_and_with_their_maker) {
  Hub hub(by_invitation());
  const User owner = make_user(hub, "owner");
  const Reply revoked = invite(hub, owner);
  EXPECT_EQ(hub.call("DELETE", "/invitations/" + revoked.text("id"), "", owner.token).status, 204);
  EXPECT_EQ(hub.call("DELETE", "/invitations/" + revoked.text("id"), "", owner.token).status, 404);
  EXPECT_EQ(accept(hub, "a@example.com", revoked.text("token")).status, 403);

  const User admin = user_of(accept(hub, "admin@example.com", invite(hub, owner, R"({"role":"admin"})").text("token")));
  EXPECT_EQ(invite(hub, admin, R"({"role":"admin"})").status, 403);
  const std::string by_admin = invite(hub, admin).text("token");
  hub.call("PATCH", "/users/" + admin.id, R"({"role":"member"})", owner.token);
  EXPECT_EQ(invite(hub, admin).status, 403);
  EXPECT_EQ(accept(hub, "b@example.com", by_admin).status, 403);
  hub.call("PATCH", "/users/" + admin.id, R"({"role":"admin"})", owner.token);
  hub.call("POST", "/users/" + admin.id + "/deactivate", "", owner.token);
  EXPECT_EQ(accept(hub, "b@example.com", by_admin).status, 403);

  const std::string late = invite(hub, owner, R"({"expires_in_days":1})").text("token");
  hub.clock().advance_ms(24LL * 3'600'000);
  EXPECT_EQ(accept(hub, "c@example.com", late).status, 403);
}

TEST(Invitations, are_made_by_admins_and_not_where_registration_is_closed) {
  Hub hub;
  const User owner = make_user(hub, "owner");
  const User member = make_user(hub, "member");
  EXPECT_EQ(invite(hub, member).status, 403);
  EXPECT_EQ(hub.call("GET", "/invitations", "", member.token).status, 403);
  EXPECT_EQ(invite(hub, owner, R"({"role":"owner"})").fact("field"), "role");
  EXPECT_EQ(invite(hub, owner, R"({"email":"x"})").fact("field"), "email");
  EXPECT_EQ(invite(hub, owner, R"({"expires_in_days":91})").fact("field"), "expires_in_days");
  const std::string token = invite(hub, owner, R"({"role":"guest"})").text("token");
  EXPECT_FALSE(hub.call("GET", "/invitations", "", owner.token).body.contains(token));
  EXPECT_EQ(accept(hub, "open@example.com", token).user("role"), "guest");

  const std::string open = invite(hub, owner).text("token");
  Options closed = quick_options();
  closed.registration = Registration::kClosed;
  hub.restart(closed);
  EXPECT_EQ(accept(hub, "late@example.com", open).status, 403);
  EXPECT_EQ(invite(hub, owner).status, 403);
}

}  // namespace
}  // namespace concord::identity::testing
