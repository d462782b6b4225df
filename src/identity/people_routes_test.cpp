#include "identity/people_routes.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "identity/hub_testing.h"

namespace concord::identity::testing {
namespace {

class PeopleTest : public ::testing::Test {
 protected:
  PeopleTest() {
    for (const char* name : {"ada", "ben", "a_b"}) {
      const Reply made = hub_.register_account(std::string(name) + "@example.com");
      if (owner_.empty()) owner_ = made.text("access_token");
      last_ = made.text("access_token");
    }
  }

  boost::json::value list(const std::string& query) {
    const Reply reply = hub_.call("GET", "/users" + query, "", owner_);
    EXPECT_EQ(reply.status, 200) << reply.error.message;
    return boost::json::parse(reply.body);
  }
  /// Their e-mails, in the order of the page.
  std::string found(const std::string& query) {
    std::string out;
    for (const auto& user : list(query).at("users").as_array())
      (out += user.at("email").as_string().subview(0, user.at("email").as_string().find('@'))) += ' ';
    return out;
  }

  Hub hub_;
  std::string owner_, last_;
};

TEST_F(PeopleTest, are_found_by_a_part_of_their_name_or_email) {
  EXPECT_EQ(hub_.call("PATCH", "/auth/me", R"({"name":"Zoë 100%"})", last_).status, 200);
  EXPECT_EQ(found(""), "ada ben a_b ");
  EXPECT_EQ(found("?query="), "ada ben a_b ");
  EXPECT_EQ(found("?query=EN@"), "ben ");
  EXPECT_EQ(found("?query=example"), "ada ben a_b ");
  EXPECT_EQ(found("?query=zo%C3%AB"), "a_b ");
  EXPECT_EQ(found("?query=nobody"), "");
  // What LIKE takes for a wildcard is a character like others.
  EXPECT_EQ(found("?query=%25"), "a_b ");
  EXPECT_EQ(found("?query=a_"), "a_b ");
  EXPECT_EQ(found("?query=%5C"), "");
  EXPECT_EQ(hub_.call("GET", "/users?query=" + std::string(201, 'x'), "", owner_).fact("field"), "query");
}

TEST_F(PeopleTest, are_paged_within_what_was_looked_for) {
  for (int i = 0; i < 3; ++i)
    hub_.sql(
        "INSERT INTO identity_users (id, email, email_key, name, password_hash, created_ms) WITH RECURSIVE n (i) AS "
        "(SELECT 100 UNION ALL SELECT i + 1 FROM n WHERE i < 139) SELECT 'usr_7zzzzzzzzzzzzzzzzzzzzz' || " +
        std::to_string(i + 2) + " || i, 'many' || i || '@" + std::to_string(i) + "', 'many' || i || '@" +
        std::to_string(i) + "', 'Many', '-', 0 FROM n");
  const auto first = list("?query=MANY");
  ASSERT_EQ(first.at("users").as_array().size(), 100U);
  const std::string next(first.at("next").as_string());
  EXPECT_EQ(first.at("users").as_array().back().at("id").as_string(), next);
  const auto second = list("?query=many&after=" + next);
  EXPECT_EQ(second.at("users").as_array().size(), 20U);
  EXPECT_TRUE(second.at("next").is_null());
  EXPECT_EQ(list("").at("users").as_array().size(), 100U);
}

TEST_F(PeopleTest, are_named_by_their_identifiers) {
  const auto all = list("").at("users").as_array();
  const std::string ada(all[0].at("id").as_string()), last(all[2].at("id").as_string());
  EXPECT_EQ(found("?ids=" + last + "," + ada + ",usr_00000000000000000000000000"), "a_b ada ");
  std::string many = ada;
  for (int i = 1; i < 100; ++i) (many += ",") += ada;
  EXPECT_EQ(list("?ids=" + many).at("users").as_array().size(), 100U);
  const std::string too_many = many + "," + ada;
  for (const std::string& bad : {std::string(), std::string("usr_x"), ada + ",", too_many})
    EXPECT_EQ(hub_.call("GET", "/users?ids=" + bad, "", owner_).fact("field"), "ids") << bad;
}

TEST_F(PeopleTest, an_invitation_names_who_made_it) {
  EXPECT_EQ(hub_.call("PATCH", "/auth/me", R"({"name":"Ada"})", owner_).status, 200);
  EXPECT_EQ(hub_.call("POST", "/invitations", "{}", owner_).text("invited_by_name"), "Ada");
  const auto all = boost::json::parse(hub_.call("GET", "/invitations", "", owner_).body);
  EXPECT_EQ(all.at("invitations").at(0).at("invited_by_name").as_string(), "Ada");
}

}  // namespace
}  // namespace concord::identity::testing
