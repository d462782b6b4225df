// What is told of documents to programs outside: with what the tables know, through crashes, once.

#include "documents/document_events.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "documents/annotation_edits.h"
#include "documents/document_shard_testing.h"
#include "events/outbox.h"
#include "json/object.h"

namespace concord::documents {
namespace {

using Words = std::vector<std::string>;

class DocumentEventsTest : public testing::DocumentsTest {
 public:  // the coroutines of the tests reach in
  void SetUp() override {
    EngineTest::SetUp();
    ASSERT_TRUE(run(engines_.tables->migrate(DocumentStore::migrations())));
    ASSERT_TRUE(run(engines_.tables->migrate(shard::shard_map_migrations())));
    ASSERT_TRUE(run(engines_.tables->migrate(events::Outbox::migrations())));
    tell_from_here();
    start();
  }
  void TearDown() override {
    stop();
    journal_.reset();
    EngineTest::TearDown();
  }
  void tell_from_here() {
    journal_ = std::make_unique<events::Journal>(
        events::JournalOptions{}, events::Journal::Dependencies{*engines_.tables, clock_, ids_, metrics_, Logger()});
  }
  /// As DocumentsTest's, whose tables are opened anew.
  void die() {
    concord::testing::run_on(reactor(), shard_->drain());
    concord::testing::run_on(reactor(), documents_->abandon());
    documents_.reset();
    shard_.reset();
    reopen();
    tell_from_here();
    start();
  }
  void sweep() { concord::testing::run_on(reactor(), documents_->sweep_once()); }

  template <class Edit>
  void edit(DocumentId id, Edit change, std::string author) {
    ASSERT_TRUE(run(edit_task(id, change, std::move(author))));
  }
  template <class Edit>
  Task<> edit_task(DocumentId id, Edit change, std::string author) {
    CO_TRY(auto live, co_await documents_->open(id));
    crdt::Doc copy({.client = crdt::ClientId{++client_}});
    CO_TRY_VOID(copy.apply_update(live->state().encode_state_as_update()));
    CO_TRY(Bytes update, change(copy));
    co_return co_await documents_->submit_and_wait(live, std::make_shared<const Bytes>(std::move(update)),
                                                   {std::move(author)});
  }

  /// What waits, oldest first and taken out: "TYPE ACTOR", and what of `data` is named.
  Words told(const std::string& field = "") {
    const auto waiting = run(events::Outbox::waiting(*engines_.tables, 1000)).value();
    Words out;
    Words ids;
    for (const events::Waiting& one : waiting) {
      const auto event = json::Object::parse(one.text).value();
      const auto data = event.object("data").value();
      std::string line = event.text("type", {}).value() + " " + event.text("actor", {}).value();
      if (!field.empty() && data.has(field)) {
        const auto number = data.integer(field, 0, 1'000'000'000);
        line += " " + (number ? std::to_string(*number) : data.text(field, {}).value());
      }
      out.push_back(std::move(line));
      ids.push_back(one.id);
    }
    EXPECT_TRUE(run(events::Outbox::remove(*engines_.tables, std::move(ids))));
    return out;
  }
  Comment comment(std::string body, std::vector<std::string> mentions = {}) {
    Comment made;
    made.id = CommentId::make(ids_, Slot{0}).str();
    made.author = "usr_ben";
    made.at_ms = 1;
    made.body = std::move(body);
    made.mentions = std::move(mentions);
    return made;
  }
};

TEST_F(DocumentEventsTest, rows_are_told_with_who_changes_them) {
  const DocumentId id = create();
  ASSERT_TRUE(run(store_->rename(id, "another", 5, "usr_ben")));
  FolderRow folder{.id = FolderId::make(ids_, Slot{0}), .owner = owner_, .name = "a folder"};
  ASSERT_TRUE(run(store_->create(folder, "usr_cem")));
  ASSERT_TRUE(run(store_->move(id.str(), folder.id.str(), "usr_cem")));
  EXPECT_FALSE(run(store_->rename(DocumentId::make(ids_, Slot{0}), "nobody's", 5, "usr_ben")));
  EXPECT_FALSE(run(store_->remove(folder.id, "usr_ben")));  // it is not empty
  const std::string owner = owner_.str();
  Words all = told("name");
  std::ranges::sort(all);
  EXPECT_EQ(all, (Words{"document.created " + owner + " a document", "document.moved usr_cem",
                        "document.renamed usr_ben another", "folder.created usr_cem a folder"}));
  ASSERT_TRUE(run(documents_->remove(id, "usr_ben")));
  EXPECT_EQ(told(), Words{"document.removed usr_ben"});
}

TEST_F(DocumentEventsTest, content_is_told_once_a_second_at_most_by_version) {
  const DocumentId id = create();
  (void)told();
  write(id, "one", "usr_ann");
  write(id, "one two", "usr_ann");
  sweep();
  EXPECT_EQ(told("version"), Words{"document.changed usr_ann 2"});
  sweep();
  EXPECT_EQ(told("version"), Words{});
  write(id, "one two three", "usr_ann");
  write(id, "one two three four", "usr_ben");
  sweep();
  EXPECT_EQ(told("since"), Words{"document.changed  2"});  // by two
}

TEST_F(DocumentEventsTest, what_was_acknowledged_before_a_crash_is_told_after_it_and_nothing_twice) {
  const DocumentId id = create();
  (void)told();
  write(id, "one", "usr_ann");
  sweep();
  write(id, "one two", "usr_ben");
  die();
  sweep();  // opens what the log has
  sweep();
  EXPECT_EQ(told("version"), (Words{"document.changed usr_ann 1", "document.changed usr_ben 2"}));
  die();
  sweep();
  sweep();
  EXPECT_EQ(told("version"), Words{});
}

/// A snapshot makes the log expendable: before there is one, what it has is told.
TEST_F(DocumentEventsTest, a_stop_and_its_snapshot_leave_nothing_untold) {
  const DocumentId id = create();
  (void)told();
  write(id, "one", "usr_ann");
  concord::testing::run_on(reactor(), documents_->drain(5'000));
  EXPECT_EQ(told("version"), Words{"document.changed usr_ann 1"});
}

TEST_F(DocumentEventsTest, a_version_that_is_brought_back_is_told_through_a_crash) {
  const DocumentId id = create();
  (void)told();
  write(id, "one", "usr_ann");
  const auto restoring = [](DocumentEventsTest& test, DocumentId document) -> Task<> {
    CO_TRY(auto live, co_await test.documents_->open(document));
    CO_TRY(Bytes update, edit_update(live->state().encode_state_as_update(), crdt::ClientId{9}, Format::kText, "two"));
    co_return co_await test.documents_->submit_and_wait(live, std::make_shared<const Bytes>(std::move(update)),
                                                        {"usr_ben", restoring_client(7, "abc"), 1});
  };
  ASSERT_TRUE(run(restoring(*this, id)));
  die();
  sweep();
  sweep();
  EXPECT_EQ(told("restored_version"), (Words{"document.restored usr_ben 7", "document.changed "}));
}

TEST_F(DocumentEventsTest, comments_and_suggestions_are_told_one_by_one_and_are_no_content) {
  const DocumentId id = create();
  write(id, "hello world", "usr_ann");
  sweep();
  (void)told();
  const std::string mentioned = UserId::make(ids_, Slot{0}).str();
  const Comment said = comment("look", {mentioned, "nobody"});
  edit(id, [&](crdt::Doc& doc) { return add_comment(doc, said); }, "usr_ben");
  Comment answer = comment("I do");
  edit(id, [&](crdt::Doc& doc) { return add_reply(doc, said.id, answer); }, "usr_cem");
  edit(id, [&](crdt::Doc& doc) { return resolve_comment(doc, said.id, Stamp{"usr_ann", 2}); }, "usr_ann");
  sweep();
  EXPECT_EQ(told("comment"), (Words{"comment.added usr_ben " + said.id, "mention.made usr_ben " + said.id,
                                    "comment.replied usr_cem " + said.id, "comment.resolved usr_ann " + said.id}));
  edit(id, [&](crdt::Doc& doc) { return reword(doc, said.id, "", {"look here", {mentioned}, 3}); }, "usr_ben");
  edit(id, [&](crdt::Doc& doc) { return resolve_comment(doc, said.id, std::nullopt); }, "usr_ann");
  edit(id, [&](crdt::Doc& doc) { return remove_comment(doc, said.id, answer.id); }, "usr_cem");
  edit(id, [&](crdt::Doc& doc) { return remove_comment(doc, said.id, ""); }, "usr_ben");
  sweep();
  EXPECT_EQ(told("reply"), (Words{"comment.changed usr_ben", "comment.reopened usr_ann",
                                  "comment.removed usr_cem " + answer.id, "comment.removed usr_ben"}));
}

TEST_F(DocumentEventsTest, comments_before_a_crash_are_told_after_it) {
  const DocumentId id = create();
  write(id, "hello world", "usr_ann");
  const Comment before = comment("told already");
  edit(id, [&](crdt::Doc& doc) { return add_comment(doc, before); }, "usr_ben");
  sweep();
  (void)told();
  const Comment after = comment("not told yet");
  edit(id, [&](crdt::Doc& doc) { return add_comment(doc, after); }, "usr_ben");
  Suggestion made{.id = SuggestionId::make(ids_, Slot{0}).str(),
                  .author = "usr_ben",
                  .at_ms = 1,
                  .message = "",
                  .update = {0, 0},
                  .version = 1,
                  .decided = {}};
  edit(id, [&](crdt::Doc& doc) { return add_suggestion(doc, made); }, "usr_ben");
  edit(
      id, [&](crdt::Doc& doc) { return decide_suggestion(doc, made.id, SuggestionState::kRejected, {"usr_ann", 2}); },
      "usr_ann");
  die();
  sweep();
  sweep();
  EXPECT_EQ(told("comment"),
            (Words{"comment.added usr_ben " + after.id, "suggestion.made usr_ben", "suggestion.rejected usr_ann"}));
}

TEST(RestoringClient, carries_the_version) {
  EXPECT_EQ(restored_version(restoring_client(12, "abc")), 12U);
  EXPECT_LE(restoring_client(UINT64_MAX, std::string(32, 'f')).size(), 64U);
  for (const std::string client :
       {"", "abc", "restored:", "restored:x:a", "restored:7", "restored:99999999999999999999:a"})
    EXPECT_EQ(restored_version(client), 0U) << client;
}

}  // namespace
}  // namespace concord::documents
