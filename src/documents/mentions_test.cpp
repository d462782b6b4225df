#include "documents/mentions.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/clock_testing.h"
#include "documents/annotation_edits.h"
#include "documents/mention_watch.h"

namespace concord::documents {
namespace {

class MentionsTest : public ::testing::Test {
 protected:
  Comment comment(std::string body, std::vector<std::string> mentions) {
    Comment out;
    out.id = CommentId::make(ids_, Slot{0}).str();
    out.author = "usr_whoever";  // a claim, and no matter
    out.at_ms = 1;
    out.body = std::move(body);
    out.mentions = std::move(mentions);
    return out;
  }
  /// What the update of `change` says, which `principal` has sent.
  template <class Change>
  Written written(Change change, std::string principal) {
    const Bytes update = change(doc_).value();
    mentions_somebody_ = may_mention(update);
    return {std::move(principal), crdt::describe_update(update)->clients};
  }
  Written said(const Comment& what, std::string principal) {
    return written([&](crdt::Doc& doc) { return add_comment(doc, what); }, std::move(principal));
  }
  /// "user by: line" of each.
  std::vector<std::string> mentions(std::vector<Written> all) {
    std::vector<std::string> out;
    for (const Mention& one : mentions_in(doc_, all)) out.push_back(one.user + " " + one.by + ": " + one.line);
    std::ranges::sort(out);
    return out;
  }

  testing::ManualClock clock_;
  SystemIdSource ids_{clock_};
  crdt::Doc doc_{{.client = crdt::ClientId{7}}};
  bool mentions_somebody_ = false;
};

using Lines = std::vector<std::string>;

TEST_F(MentionsTest, a_comment_and_a_reply_mention_whom_they_name_and_not_who_writes) {
  const Comment first = comment("see here\nand more", {"usr_b", "usr_c", "usr_a"});
  const Written one = said(first, "usr_a");
  EXPECT_TRUE(mentions_somebody_);
  EXPECT_EQ(mentions({one}), (Lines{"usr_b usr_a: see here", "usr_c usr_a: see here"}));
  const Written two =
      written([&](crdt::Doc& doc) { return add_reply(doc, first.id, comment("I do", {"usr_a"})); }, "usr_b");
  EXPECT_EQ(mentions({two}), Lines{"usr_a usr_b: I do"});
  EXPECT_EQ(mentions({one, two}).size(), 3U);
}

TEST_F(MentionsTest, what_was_there_before_mentions_nobody_again) {
  const Comment first = comment("see here", {"usr_b"});
  said(first, "usr_a");
  const Written plain = said(comment("and here", {}), "usr_a");
  EXPECT_FALSE(mentions_somebody_);
  EXPECT_EQ(mentions({plain}), Lines{});
  const Written reworded = written(
      [&](crdt::Doc& doc) { return reword(doc, first.id, {}, {.body = "no, there", .mentions = {"usr_c"}}); }, "usr_a");
  EXPECT_EQ(mentions({reworded}), Lines{});
  EXPECT_EQ(mentions({}), Lines{});
}

TEST_F(MentionsTest, one_is_told_once_of_what_one_author_has_written_at_once) {
  std::vector<Written> all;
  all.reserve(6);
  for (int i = 0; i < 5; ++i) all.push_back(said(comment("again", {"usr_b"}), "usr_a"));
  all.push_back(said(comment("me, too", {"usr_b"}), "usr_c"));
  EXPECT_EQ(mentions(all), (Lines{"usr_b usr_a: again", "usr_b usr_c: me, too"}));
}

TEST_F(MentionsTest, what_was_removed_meanwhile_and_what_is_malformed_mention_nobody) {
  const Comment first = comment("see here", {"usr_b"});
  const Written one = said(first, "usr_a");
  ASSERT_TRUE(remove_comment(doc_, first.id, {}));
  EXPECT_EQ(mentions({one}), Lines{});
  const Written odd = written(
      [](crdt::Doc& doc) -> Result<Bytes> {
        return doc.transact([&] {
          (void)doc.map(kCommentsRoot).set("mentions", crdt::Any("usr_b"));
          (void)doc.map(kCommentsRoot).set_map("x")->set("mentions", crdt::Any(crdt::AnyArray{crdt::Any("usr_b")}));
        });
      },
      "usr_a");
  EXPECT_TRUE(mentions_somebody_);
  EXPECT_EQ(mentions({odd}), Lines{});
}

TEST_F(MentionsTest, a_long_line_is_shortened_between_characters) {
  std::string body;
  for (std::size_t i = 0; i < kMaxMentionLine + 1; ++i) body += "\xf0\x9f\x98\x80";
  const std::vector<Written> all{said(comment(body, {"usr_b"}), "usr_a")};
  const auto told = mentions_in(doc_, all);
  ASSERT_EQ(told.size(), 1U);
  EXPECT_EQ(told[0].line, body.substr(0, 4 * kMaxMentionLine) + "…");
}

TEST(MentionLimits, one_mail_for_a_document_and_person_in_some_minutes_and_thirty_an_hour) {
  constexpr std::int64_t kMinuteNs = 60'000'000'000;
  MentionLimits limits(10 * 60'000);
  EXPECT_TRUE(limits.take("doc_a", "usr_a", 0));
  EXPECT_FALSE(limits.take("doc_a", "usr_a", 9 * kMinuteNs));
  EXPECT_TRUE(limits.take("doc_a", "usr_b", 9 * kMinuteNs));
  EXPECT_TRUE(limits.take("doc_b", "usr_a", 9 * kMinuteNs));
  EXPECT_TRUE(limits.take("doc_a", "usr_a", 10 * kMinuteNs));
  for (std::size_t i = 3; i < MentionLimits::kMostAnHour; ++i)
    EXPECT_TRUE(limits.take("doc_" + std::to_string(i), "usr_a", 20 * kMinuteNs)) << i;
  EXPECT_FALSE(limits.take("doc_more", "usr_a", 20 * kMinuteNs));
  EXPECT_TRUE(limits.take("doc_more", "usr_a", 61 * kMinuteNs));
}

}  // namespace
}  // namespace concord::documents
