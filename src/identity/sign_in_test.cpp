#include <gtest/gtest.h>

#include <algorithm>

#include "identity/hub_testing.h"
#include "identity/refresh_token.h"

namespace concord::identity::testing {
namespace {

constexpr std::int64_t kDayMs = 24LL * 60 * 60 * 1000;

std::size_t with_status(const std::vector<Reply>& replies, int status) {
  return static_cast<std::size_t>(std::ranges::count(replies, status, &Reply::status));
}

TEST(Register, of_many_first_accounts_at_once_exactly_one_is_the_owner) {
  Hub hub;
  std::vector<std::string> bodies;
  for (int i = 0; i < 24; ++i)
    bodies.push_back(R"({"email":"p)" + std::to_string(i) + R"(@example.com","password":"long enough"})");
  const auto replies = hub.call_at_once("POST", "/auth/register", bodies);
  EXPECT_EQ(with_status(replies, 201), bodies.size());
  EXPECT_EQ(hub.sql("SELECT id FROM identity_users WHERE role = 'owner'").rows.size(), 1U);
  EXPECT_EQ(std::ranges::count_if(replies, [](const Reply& r) { return r.user("role") == "owner"; }), 1);
}

TEST(Register, of_many_with_one_email_at_once_exactly_one_is_made) {
  Hub hub;
  const std::vector<std::string> bodies(24, R"({"email":"a@example.com","password":"long enough"})");
  const auto replies = hub.call_at_once("POST", "/auth/register", bodies);
  EXPECT_EQ(with_status(replies, 201), 1U);
  EXPECT_EQ(with_status(replies, 409), bodies.size() - 1);
}

TEST(Register, a_closed_hub_makes_one_of_many_first_accounts) {
  Options options = quick_options();
  options.registration = Registration::kClosed;
  Hub hub(options);
  std::vector<std::string> bodies;
  for (int i = 0; i < 24; ++i)
    bodies.push_back(R"({"email":"p)" + std::to_string(i) + R"(@example.com","password":"long enough"})");
  const auto replies = hub.call_at_once("POST", "/auth/register", bodies);
  EXPECT_EQ(with_status(replies, 201), 1U);
  EXPECT_EQ(with_status(replies, 403), bodies.size() - 1);
}

TEST(LogIn, an_unknown_email_and_a_wrong_password_get_the_same_answer) {
  Hub hub;
  hub.register_account("a@example.com");
  const Reply wrong = hub.log_in("a@example.com", "not this one");
  const Reply unknown = hub.log_in("b@example.com", "not this one");
  EXPECT_EQ(wrong.status, 401);
  EXPECT_EQ(unknown.status, 401);
  EXPECT_EQ(wrong.error.message, unknown.error.message);
  EXPECT_EQ(wrong.error.context, unknown.error.context);
}

TEST(LogIn, an_unknown_email_costs_the_same_one_hash_as_a_known_one) {
  Options options = quick_options();
  options.password_cost = {.memory_kib = 4096, .iterations = 4, .parallelism = 1};
  options.sign_in_delay_most_s = 0;
  Hub hub(options);
  hub.register_account("a@example.com");
  const std::string count = "concord_identity_password_hash_seconds_count";
  const std::string sum = "concord_identity_password_hash_seconds_sum";
  // Taken in turn, so that what else the machine does falls on both.
  double known_s = 0, unknown_s = 0;
  for (int round = 0; round < 20; ++round) {
    const double before = hub.metric(count), before_s = hub.metric(sum);
    hub.log_in("a@example.com", "not this one");
    const double between = hub.metric(count), between_s = hub.metric(sum);
    hub.log_in("b@example.com", "not this one");
    EXPECT_EQ(between - before, 1);
    EXPECT_EQ(hub.metric(count) - between, 1);
    known_s += between_s - before_s;
    unknown_s += hub.metric(sum) - between_s;
  }
  EXPECT_LT(unknown_s, known_s * 2);
  EXPECT_GT(unknown_s, known_s / 2);
  EXPECT_GT(known_s / 20, 0.001);
}

TEST(LogIn, the_decoy_is_not_a_way_in) {
  Hub hub;
  for (const char* password : {"", "x", "long enough"})
    EXPECT_NE(hub.log_in("ghost@example.com", password).status, 200);
}

TEST(LogIn, a_changed_cost_renews_the_hash_once) {
  Hub hub;
  hub.register_account("a@example.com");
  const auto stored = [&] {
    return engines::as_string(hub.sql("SELECT password_hash FROM identity_users").rows[0][0]);
  };
  const std::string first = stored();
  EXPECT_TRUE(first.starts_with("$argon2id$v=19$m=64,t=1,p=1$"));
  EXPECT_EQ(hub.log_in("a@example.com").status, 200);
  EXPECT_EQ(stored(), first);

  Options costlier = quick_options();
  costlier.password_cost.memory_kib = 128;
  hub.restart(costlier);
  EXPECT_EQ(hub.log_in("a@example.com", "not this one").status, 401);
  EXPECT_EQ(stored(), first);
  EXPECT_EQ(hub.log_in("a@example.com").status, 200);
  const std::string second = stored();
  EXPECT_TRUE(second.starts_with("$argon2id$v=19$m=128,t=1,p=1$"));
  EXPECT_EQ(hub.log_in("a@example.com").status, 200);
  EXPECT_EQ(stored(), second);
}

TEST(LogIn, sessions_beyond_the_limit_end_the_one_refreshed_longest_ago) {
  Options options = quick_options();
  options.sessions_per_user = 3;
  Hub hub(options);
  std::vector<std::string> tokens{hub.register_account("a@example.com").text("refresh_token")};
  for (int i = 0; i < 2; ++i) {
    hub.clock().advance_ms(10);
    tokens.push_back(hub.log_in("a@example.com").text("refresh_token"));
  }
  hub.clock().advance_ms(10);
  tokens[0] = hub.refresh(tokens[0]).text("refresh_token");
  hub.clock().advance_ms(10);
  tokens.push_back(hub.log_in("a@example.com").text("refresh_token"));
  EXPECT_EQ(hub.sql("SELECT id FROM identity_sessions").rows.size(), 3U);
  EXPECT_EQ(hub.refresh(tokens[0]).status, 200);
  EXPECT_EQ(hub.refresh(tokens[1]).status, 401);
  EXPECT_EQ(hub.refresh(tokens[2]).status, 200);
  EXPECT_EQ(hub.refresh(tokens[3]).status, 200);
}

TEST(LogIn, expired_sessions_are_removed_with_the_next_sign_in) {
  Hub hub;
  hub.register_account("a@example.com");
  hub.clock().advance_ms(8 * kDayMs);
  hub.log_in("a@example.com");
  EXPECT_EQ(hub.sql("SELECT id FROM identity_sessions").rows.size(), 1U);
}

TEST(LogIn, one_more_than_may_wait_is_told_to_come_back) {
  Options options = quick_options();
  options.hash_threads = 1;
  options.hash_queue = 2;
  options.password_cost = {.memory_kib = 8192, .iterations = 8, .parallelism = 1};
  Hub hub(options);
  hub.register_account("a@example.com");
  const std::vector<std::string> bodies(30, R"({"email":"a@example.com","password":"long enough"})");
  const auto replies = hub.call_at_once("POST", "/auth/login", bodies);
  EXPECT_GE(with_status(replies, 200), 1U);
  EXPECT_GE(with_status(replies, 503), 1U);
  EXPECT_EQ(with_status(replies, 200) + with_status(replies, 503), bodies.size());
  EXPECT_EQ(hub.log_in("a@example.com").status, 200);
}

TEST(LogIn, an_address_is_slowed_down_and_others_are_not) {
  Options options = quick_options();
  options.sign_ins_per_minute = 5;
  Hub hub(options);
  for (int i = 0; i < 5; ++i) EXPECT_EQ(hub.log_in("x" + std::to_string(i) + "@example.com").status, 401);
  const Reply limited = hub.log_in("y@example.com");
  EXPECT_EQ(limited.status, 429);
  EXPECT_EQ(limited.fact("retry_after"), "12");
  hub.peer_address = "192.0.2.2";
  EXPECT_EQ(hub.log_in("y@example.com").status, 401);
  hub.peer_address = "192.0.2.1";
  hub.clock().advance_ms(12'000);
  EXPECT_EQ(hub.log_in("y@example.com").status, 401);
  EXPECT_EQ(hub.log_in("y@example.com").status, 429);
}

TEST(LogIn, an_account_is_guarded_against_many_addresses) {
  Options options = quick_options();
  options.sign_ins_per_minute = 5;
  Hub hub(options);
  hub.register_account("a@example.com");
  for (int i = 0; i < 6; ++i) {
    hub.peer_address = "198.51.100." + std::to_string(i);
    EXPECT_EQ(hub.log_in(i % 2 == 0 ? "a@example.com" : "A@EXAMPLE.com", "guess").status, i < 5 ? 401 : 429) << i;
  }
  EXPECT_EQ(hub.metric(R"(concord_identity_sign_ins_total{result="rate_limited"})"), 1);
}

TEST(LogIn, failures_delay_the_next_try_alike_for_known_and_unknown_emails) {
  Hub hub;
  hub.register_account("known@example.com");
  hub.peer_address = "192.0.2.9";
  for (const char* email : {"known@example.com", "unknown@example.com"}) {
    for (int i = 0; i < 6; ++i) EXPECT_EQ(hub.log_in(email, "guess").status, 401) << email << i;
    for (const char* password : {"guess", "long enough"}) {
      const Reply limited = hub.log_in(email, password);
      EXPECT_EQ(limited.status, 429) << email;
      EXPECT_EQ(limited.fact("retry_after"), "1") << email;
    }
  }
  hub.peer_address = "192.0.2.1";  // where the account was made
  EXPECT_EQ(hub.log_in("known@example.com").status, 200);
  hub.peer_address = "192.0.2.9";
  hub.clock().advance_ms(1000);
  EXPECT_EQ(hub.log_in("known@example.com", "guess").status, 401);
  EXPECT_EQ(hub.log_in("known@example.com").status, 429);
  hub.clock().advance_ms(2000);
  EXPECT_EQ(hub.log_in("known@example.com").status, 200);
  for (int i = 0; i < 5; ++i) EXPECT_EQ(hub.log_in("known@example.com", "guess").status, 401) << i;
  EXPECT_EQ(hub.log_in("known@example.com").status, 200);
}

TEST(LogIn, a_wrong_password_of_somebody_signed_in_counts_too) {
  Hub hub;
  const std::string token = hub.register_account("a@example.com").text("access_token");
  const std::string body = R"({"old_password":"guess","new_password":"another one"})";
  for (int i = 0; i < 6; ++i) EXPECT_EQ(hub.call("POST", "/auth/password", body, token).status, 403) << i;
  EXPECT_EQ(hub.call("POST", "/auth/password", body, token).status, 429);
}

TEST(LogIn, without_a_longest_delay_there_is_none) {
  Options options = quick_options();
  options.sign_in_delay_most_s = 0;
  Hub hub(options);
  for (int i = 0; i < 30; ++i) EXPECT_EQ(hub.log_in("a@example.com", "guess").status, 401) << i;
}

TEST(Register, an_address_is_slowed_down) {
  Options options = quick_options();
  options.registrations_per_minute = 2;
  Hub hub(options);
  EXPECT_EQ(hub.register_account("a@example.com").status, 201);
  EXPECT_EQ(hub.register_account("a@example.com").status, 409);
  const Reply limited = hub.register_account("b@example.com");
  EXPECT_EQ(limited.status, 429);
  EXPECT_EQ(limited.fact("retry_after"), "30");
}

TEST(Refresh, tokens_rotate_for_as_long_as_they_are_used) {
  Hub hub;
  std::string token = hub.register_account("a@example.com").text("refresh_token");
  for (int i = 0; i < 5; ++i) {
    hub.clock().advance_ms(6 * kDayMs);
    const Reply reply = hub.refresh(token);
    ASSERT_EQ(reply.status, 200) << i;
    EXPECT_EQ(hub.call("GET", "/auth/me", "", reply.text("access_token")).status, 200);
    token = reply.text("refresh_token");
  }
  hub.clock().advance_ms(7 * kDayMs + 1000);
  const Reply late = hub.refresh(token);
  EXPECT_EQ(late.status, 401);
  EXPECT_EQ(late.fact("reason"), "expired");
}

TEST(Refresh, reuse_of_an_old_token_ends_its_family_and_no_other) {
  Hub hub;
  const std::string first = hub.register_account("a@example.com").text("refresh_token");
  const std::string other = hub.log_in("a@example.com").text("refresh_token");
  const std::string second = hub.refresh(first).text("refresh_token");
  const std::string third = hub.refresh(second).text("refresh_token");
  EXPECT_EQ(hub.refresh(first).fact("reason"), "reused");  // older than the last, too
  EXPECT_EQ(hub.refresh(third).fact("reason"), "revoked");
  EXPECT_EQ(hub.refresh(second).fact("reason"), "revoked");
  EXPECT_EQ(hub.refresh(other).status, 200);
  EXPECT_EQ(hub.metric(R"(concord_identity_refreshes_total{result="reused"})"), 1);
}

TEST(Refresh, of_many_racing_with_one_token_exactly_one_wins) {
  Hub hub;
  for (int round = 0; round < 5; ++round) {
    const std::string token = round == 0 ? hub.register_account("a@example.com").text("refresh_token")
                                         : hub.log_in("a@example.com").text("refresh_token");
    const std::vector<std::string> bodies(200, R"({"refresh_token":")" + token + "\"}");
    const auto replies = hub.call_at_once("POST", "/auth/refresh", bodies);
    EXPECT_EQ(with_status(replies, 200), 1U);
    EXPECT_EQ(with_status(replies, 401), bodies.size() - 1);
    const auto winner = std::ranges::find(replies, 200, &Reply::status);
    ASSERT_NE(winner, replies.end());
    EXPECT_EQ(hub.refresh(winner->text("refresh_token")).fact("reason"), "revoked");
  }
  EXPECT_EQ(hub.metric(R"(concord_identity_refreshes_total{result="reused"})"), 5);
}

TEST(Refresh, a_made_up_token_is_refused_and_ends_nothing) {
  Hub hub;
  const std::string good = hub.register_account("a@example.com").text("refresh_token");
  const RefreshToken token = RefreshToken::parse(good).value();
  RefreshToken other_family = token;
  other_family.family_secret[3] ^= 1U;
  RefreshToken other_session = token;
  other_session.session = SessionId{};
  for (const std::string& text :
       {std::string("x"), good.substr(1), good + "A", "xx" + good.substr(2), good.substr(0, 88) + "=",
        other_family.str(), other_session.str(), RefreshToken::make(token.session).str()}) {
    const Reply reply = hub.refresh(text);
    EXPECT_EQ(reply.status, 401) << text;
    EXPECT_EQ(reply.fact("reason"), "unknown") << text;
    EXPECT_EQ(hub.call("POST", "/auth/logout", R"({"refresh_token":")" + text + "\"}").status, 204);
  }
  EXPECT_EQ(hub.refresh(good).status, 200);
}

TEST(Refresh, an_access_token_is_no_refresh_token) {
  Hub hub;
  EXPECT_EQ(hub.refresh(std::string(200, 'e')).status, 401);
}

TEST(LogOut, ends_its_own_session_alone_also_with_a_used_up_token) {
  Hub hub;
  const std::string first = hub.register_account("a@example.com").text("refresh_token");
  const std::string other = hub.log_in("a@example.com").text("refresh_token");
  const std::string second = hub.refresh(first).text("refresh_token");
  EXPECT_EQ(hub.call("POST", "/auth/logout", R"({"refresh_token":")" + first + "\"}").status, 204);
  EXPECT_EQ(hub.refresh(second).fact("reason"), "revoked");
  EXPECT_EQ(hub.refresh(other).status, 200);
}

TEST(RefreshToken, has_one_text_form) {
  const RefreshToken token = RefreshToken::make(SessionId{});
  EXPECT_EQ(token.str().size(), kRefreshTokenBytes);
  const RefreshToken read = RefreshToken::parse(token.str()).value();
  EXPECT_EQ(read.family_hash(), token.family_hash());
  EXPECT_EQ(read.token_hash(), token.token_hash());
  EXPECT_EQ(token.next().family_hash(), token.family_hash());
  EXPECT_NE(token.next().token_hash(), token.token_hash());
}

TEST(SignIn, is_in_the_audit_record) {
  Hub hub;
  const Reply made = hub.register_account("ada@example.com");
  hub.log_in("ada@example.com", "not the password");
  hub.log_in("nobody@example.com");
  const std::string token = hub.log_in("ada@example.com").text("refresh_token");
  hub.refresh(token);
  hub.refresh(token);  // used twice
  hub.call("POST", "/auth/logout", R"({"refresh_token":")" + made.text("refresh_token") + "\"}");
  std::vector<std::string> lines;
  for (const engines::Row& row : hub.sql("SELECT action, outcome, actor, line FROM audit_lines ORDER BY seq").rows) {
    lines.push_back(engines::as_string(row[0]) + " " + engines::as_string(row[1]));
    if (!engines::as_string(row[2]).empty()) EXPECT_EQ(engines::as_string(row[2]), made.user("id"));
    EXPECT_NE(engines::as_string(row[3]).find("192.0.2.1"), std::string::npos);
    EXPECT_EQ(engines::as_string(row[3]).find("example.com"), std::string::npos);
  }
  EXPECT_EQ(lines,
            (std::vector<std::string>{"account.registered done", "session.opened refused", "session.opened refused",
                                      "session.opened done", "session.refreshed refused", "session.ended done"}));
}

TEST(Accounts, keep_their_role_and_sessions_when_there_come_to_be_four_roles) {
  Hub hub;
  hub.register_account("ada@example.com");
  const std::string token = hub.register_account("bob@example.com").text("refresh_token");
  for (const char* role : {"admin", "guest"}) {
    hub.sql("UPDATE identity_users SET role = $1 WHERE email = 'bob@example.com'", {std::string(role)});
    EXPECT_EQ(hub.log_in("bob@example.com").user("role"), role);
  }
  EXPECT_EQ(hub.log_in("ada@example.com").user("role"), "owner");
  EXPECT_EQ(hub.refresh(token).status, 200);
}

}  // namespace
}  // namespace concord::identity::testing
