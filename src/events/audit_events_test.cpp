#include "events/audit_events.h"

#include <gtest/gtest.h>

#include "audit/chain.h"

namespace concord::events {
namespace {

/// "TOPIC KEY TYPE ACTOR DATA", or "-" where it is not told.
std::string told(audit::Event event) {
  audit::Head head;
  const auto read = event_of(audit::add_line(event, 1'700'000'000'123, head));
  if (!read) return "error: " + read.error().message;
  if (!*read) return "-";
  EXPECT_EQ((*read)->time_ms, 1'700'000'000'123);
  return std::string(to_string((*read)->topic)) + " " + (*read)->key + " " + (*read)->type + " " + (*read)->actor +
         " " + (*read)->data;
}

TEST(AuditEvents, accounts_are_told_by_whose_they_are_and_without_addresses) {
  EXPECT_EQ(told({.action = "account.registered",
                  .actor = "usr_a",
                  .target = "usr_a",
                  .address = "192.0.2.1",
                  .session = "ses_1",
                  .request_id = "r1",
                  .detail = {{"role", "member"}, {"email", "a@example.org"}}}),
            R"(user-events usr_a account.registered usr_a {"role":"member"})");
  EXPECT_EQ(
      told({.action = "account.role_changed", .actor = "usr_admin", .target = "usr_a", .detail = {{"role", "admin"}}}),
      R"(user-events usr_a account.role_changed usr_admin {"role":"admin"})");
  EXPECT_EQ(told({.action = "session.opened", .actor = "usr_a", .target = "ses_1", .address = "192.0.2.1"}),
            "user-events usr_a session.opened usr_a {}");
  EXPECT_EQ(told({.action = "account.passkey_added",
                  .actor = "usr_a",
                  .target = "usr_a",
                  .detail = {{"passkey", "secretish"}}}),
            "user-events usr_a account.passkey_added usr_a {}");
}

TEST(AuditEvents, who_joins_a_group_is_the_key) {
  EXPECT_EQ(told({.action = "group.joined", .actor = "usr_admin", .target = "grp_1", .detail = {{"user", "usr_a"}}}),
            R"(user-events usr_a group.joined usr_admin {"group":"grp_1"})");
  EXPECT_EQ(told({.action = "group.renamed", .actor = "usr_admin", .target = "grp_1", .detail = {{"name", "Crew"}}}),
            R"(user-events grp_1 group.renamed usr_admin {"name":"Crew"})");
}

TEST(AuditEvents, links_are_told_with_their_documents_and_folders) {
  EXPECT_EQ(told({.action = "link.made",
                  .actor = "usr_a",
                  .target = "doc_1",
                  .detail = {{"link", "agt_1"}, {"level", "read"}}}),
            R"(document-events doc_1 document.link_made usr_a {"link":"agt_1","level":"read"})");
  EXPECT_EQ(told({.action = "link.removed", .actor = "usr_a", .target = "fld_1", .detail = {{"link", "agt_1"}}}),
            R"(document-events fld_1 folder.link_removed usr_a {"link":"agt_1"})");
}

TEST(AuditEvents, what_was_refused_and_what_is_of_no_concern_is_not_told) {
  EXPECT_EQ(told({.action = "session.opened", .target = "usr_a", .outcome = audit::Outcome::kRefused}), "-");
  EXPECT_EQ(told({.action = "access.granted", .actor = "usr_a", .target = "doc_1"}), "-");
  EXPECT_EQ(told({.action = "signing_key.made", .target = "k"}), "-");
}

TEST(AuditEvents, what_is_no_line_is_corrupt) {
  EXPECT_EQ(event_of("not a line").error().code, Code::kCorrupt);
  EXPECT_EQ(event_of(R"({"time":"never","action":"account.removed"})").error().code, Code::kCorrupt);
  EXPECT_TRUE(told({.action = "account.removed"}).starts_with("error: "));
}

}  // namespace
}  // namespace concord::events
