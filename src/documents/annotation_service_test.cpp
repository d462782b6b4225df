// Comments and suggestions of a document that is logged: who is recorded, what a crash leaves, what was kept elsewhere.

#include "documents/annotation_service.h"

#include <gtest/gtest.h>

#include "documents/annotation_edits.h"
#include "documents/document_shard_testing.h"
#include "documents/suggestion_store.h"

namespace concord::documents {
namespace {

class AnnotationServiceTest : public testing::DocumentsTest {
 public:  // the coroutines of the tests reach in
  void SetUp() override {
    DocumentsTest::SetUp();
    ASSERT_TRUE(run(engines_.tables->migrate(SuggestionStore::migrations())));
    id_ = create();
    write("hello world", "usr_ada");
  }

  void write(std::string content, std::string author) {
    DocumentsTest::write(id_, std::move(content), std::move(author));
  }
  /// An update that `change` makes on a copy, as a session of `author` sends it.
  template <class Edit>
  void edit(Edit change, std::string author) {
    ASSERT_TRUE(run(edit_task(change, std::move(author))));
  }
  template <class Edit>
  Task<> edit_task(Edit change, std::string author) {
    CO_TRY(auto live, co_await documents_->open(id_));
    crdt::Doc copy({.client = crdt::ClientId{++client_}});
    CO_TRY_VOID(copy.apply_update(live->state().encode_state_as_update()));
    CO_TRY(Bytes update, change(copy));
    co_return co_await documents_->submit_and_wait(live, std::make_shared<const Bytes>(std::move(update)),
                                                   {std::move(author)});
  }
  std::string text() { return run(text_task()).value(); }
  Task<std::string> text_task() {
    CO_TRY(auto live, co_await documents_->open(id_));
    co_return live->doc().text(kContentRoot).to_string();
  }
  /// Who the versions were made by, the first first.
  std::vector<std::string> authors() { return run(authors_task()).value(); }
  Task<std::vector<std::string>> authors_task() {
    CO_TRY(auto live, co_await documents_->open(id_));
    CO_TRY(const auto records,
           co_await documents_->history().between(documents_->history_source(*live), 0, live->version()));
    std::vector<std::string> out;
    for (const HistoryRecord& record : records) out.push_back(record.principal);
    co_return out;
  }
  AnnotationService service() {
    return AnnotationService([this](DocumentId) -> DocumentShard& { return *documents_; }, clock_, ids_);
  }

  DocumentId id_;
};

TEST_F(AnnotationServiceTest, a_comment_is_made_for_a_version_and_outlives_a_crash) {
  AnnotationService notes = service();
  write("hello, world", "usr_bob");
  const std::string id =
      run(notes.add_comment(id_, "usr_eve", {.body = "which?", .mentions = {}, .range = Range{6, 11}, .version = 1}))
          .value();
  ASSERT_TRUE(run(notes.reply(id_, "usr_bob", id, "ours", {"usr_eve"})));
  crash();
  const auto read = run(notes.comments(id_)).value();
  ASSERT_EQ(read.comments.size(), 1U);
  EXPECT_EQ(read.comments[0].comment.anchor->quote, "world");
  EXPECT_EQ(read.comments[0].range->start, 7U);
  EXPECT_EQ(read.comments[0].comment.replies[0].mentions, std::vector<std::string>{"usr_eve"});
  EXPECT_EQ(authors(), (std::vector<std::string>{"usr_ada", "usr_bob", "usr_eve", "usr_bob"}));
  EXPECT_EQ(text(), "hello, world");
  EXPECT_EQ(run(notes.add_comment(id_, "usr_eve", {.body = "x", .mentions = {}, .range = Range{0, 1}, .version = 99}))
                .error()
                .code,
            Code::kConflict);
}

TEST_F(AnnotationServiceTest, without_write_access_only_ones_own_is_changed) {
  AnnotationService notes = service();
  const std::string id = run(notes.add_comment(id_, "usr_eve", {.body = "one", .mentions = {}, .range = {}})).value();
  const std::string reply = run(notes.reply(id_, "usr_bob", id, "two", {})).value();
  const AnnotationService::Writer bob{"usr_bob", false};
  const AnnotationService::Writer ada{"usr_ada", true};
  EXPECT_EQ(run(notes.reword(id_, "usr_bob", id, {}, "forged", {})).error().code, Code::kPermissionDenied);
  EXPECT_EQ(run(notes.reword(id_, "usr_ada", id, reply, "forged", {})).error().code, Code::kPermissionDenied);
  EXPECT_EQ(run(notes.remove(id_, bob, id, {})).error().code, Code::kPermissionDenied);
  EXPECT_EQ(run(notes.resolve(id_, bob, id, true)).error().code, Code::kPermissionDenied);
  EXPECT_TRUE(run(notes.reword(id_, "usr_bob", id, reply, "too", {})));
  EXPECT_TRUE(run(notes.resolve(id_, ada, id, true)));
  EXPECT_EQ(run(notes.resolve(id_, ada, id, true)).error().code, Code::kConflict);
  EXPECT_EQ(run(notes.comment(id_, id)).value().comments[0].comment.resolved->by, "usr_ada");
  EXPECT_TRUE(run(notes.remove(id_, bob, id, reply)));
  EXPECT_TRUE(run(notes.remove(id_, ada, id, {})));
  EXPECT_EQ(run(notes.comment(id_, id)).error().code, Code::kNotFound);
}

TEST_F(AnnotationServiceTest, a_suggestion_is_accepted_in_its_authors_name_and_what_came_since_stays) {
  AnnotationService notes = service();
  const Suggestion made = run(notes.suggest(id_, "usr_eve", Format::kText, "oh, hello world", 1, "livelier")).value();
  write("hello world!", "usr_bob");
  const auto changes = run(notes.changes(id_, made)).value();
  ASSERT_EQ(changes.size(), 2U);
  EXPECT_EQ(changes[0].content.text, "oh, ");
  EXPECT_EQ(changes[0].principal, "usr_eve");
  ASSERT_TRUE(run(notes.accept(id_, made.id, "usr_ada")));
  EXPECT_EQ(text(), "oh, hello world!");
  EXPECT_EQ(run(notes.suggestion(id_, made.id)).value().decided.by, "usr_ada");
  EXPECT_EQ(run(notes.accept(id_, made.id, "usr_ada")).error().code, Code::kConflict);
  EXPECT_EQ(run(notes.reject(id_, {"usr_eve", false}, made.id)).error().code, Code::kConflict);
  EXPECT_EQ(authors(), (std::vector<std::string>{"usr_ada", "usr_eve", "usr_bob", "usr_eve", "usr_ada"}));
}

TEST_F(AnnotationServiceTest, what_only_annotates_is_no_version_in_the_history_whatever_comes_between) {
  AnnotationService notes = service();
  const auto versions = [this](const VersionNames& names = {}) {
    std::vector<std::pair<std::uint64_t, std::uint64_t>> out;  // and the updates of the entry
    for (const HistoryEntry& entry : history(id_, names).entries) {
      std::uint64_t updates = 0;
      for (const HistoryEntry::Author& author : entry.authors) updates += author.updates;
      out.emplace_back(entry.version, updates);
    }
    return out;
  };
  using Versions = std::vector<std::pair<std::uint64_t, std::uint64_t>>;
  const std::string id = run(notes.add_comment(id_, "usr_eve", {.body = "one", .mentions = {}, .range = {}})).value();
  ASSERT_TRUE(run(notes.reply(id_, "usr_bob", id, "two", {})));                                       // 3
  const Suggestion made = run(notes.suggest(id_, "usr_eve", Format::kText, "hello", 1, "")).value();  // 4
  EXPECT_EQ(versions(), (Versions{{1, 1}}));
  crash();
  EXPECT_EQ(versions(), (Versions{{1, 1}}));
  ASSERT_TRUE(run(notes.accept(id_, made.id, "usr_ada")));  // 5 is the edit, 6 says that it is accepted
  EXPECT_EQ(versions(), (Versions{{5, 2}}));
  ASSERT_TRUE(run(notes.resolve(id_, {"usr_ada", true}, id, true)));  // 7
  ASSERT_TRUE(run(notes.remove(id_, {"usr_ada", true}, id, {})));     // 8
  restart();
  EXPECT_EQ(versions(), (Versions{{5, 2}}));
  const VersionNames named{{3, "kept"}, {7, "kept, too"}};
  EXPECT_EQ(versions(named), (Versions{{7, 2}, {3, 2}}));
  EXPECT_EQ(authors().size(), 8U);
  write("hello again", "usr_ada");
  EXPECT_EQ(versions(), (Versions{{9, 3}}));
}

TEST_F(AnnotationServiceTest, an_edit_is_not_recorded_under_a_name_that_somebody_else_put_there) {
  AnnotationService notes = service();
  Suggestion forged{.id = SuggestionId::make(ids_, Slot{0}).str(), .author = "usr_eve", .at_ms = 1, .decided = {}};
  edit(
      [&](crdt::Doc& doc) {
        forged.update = edit_update(doc.encode_state_as_update(), crdt::ClientId{9999}, Format::kText, "hell").value();
        return add_suggestion(doc, forged);
      },
      "usr_mallory");
  ASSERT_TRUE(run(notes.accept(id_, forged.id, "usr_ada")));
  EXPECT_EQ(text(), "hell");
  EXPECT_EQ(authors(), (std::vector<std::string>{"usr_ada", "usr_mallory", "usr_ada", "usr_ada"}));
}

TEST_F(AnnotationServiceTest, a_suggestion_that_is_no_edit_of_the_content_is_refused_and_can_be_rejected) {
  AnnotationService notes = service();
  Suggestion wrong{.id = SuggestionId::make(ids_, Slot{0}).str(), .author = "usr_eve", .at_ms = 1, .decided = {}};
  edit(
      [&](crdt::Doc& doc) {
        crdt::Doc other({.client = crdt::ClientId{9999}});
        wrong.update = other.transact([&] { (void)other.map(kCommentsRoot).set("x", 1); });
        return add_suggestion(doc, wrong);
      },
      "usr_eve");
  const auto refused = run(notes.accept(id_, wrong.id, "usr_ada"));
  EXPECT_EQ(refused.error().code, Code::kConflict);
  EXPECT_EQ(text(), "hello world");
  EXPECT_TRUE(run(notes.comments(id_)).value().comments.empty());
  EXPECT_TRUE(run(notes.changes(id_, run(notes.suggestion(id_, wrong.id)).value())));
  EXPECT_TRUE(run(notes.reject(id_, {"usr_eve", false}, wrong.id)));
}

TEST_F(AnnotationServiceTest, suggestions_of_the_table_are_moved_once_and_none_is_lost) {
  SuggestionStore table(*engines_.tables, *vault_);
  const auto sealed = [&](const std::string& id, Bytes update) -> Bytes {
    auto sealer = run(vault_->sealer(run(store_->owner(id_)).value().value()));
    EXPECT_TRUE(sealer.has_value());
    return vault::seal_with(*sealer, "suggestions/" + id, std::move(update));
  };
  std::vector<std::string> ids;
  for (const char* state : {"open", "accepted", "rejected", "open"}) {
    ids.push_back(SuggestionId::make(ids_, Slot{0}).str());
    crdt::Doc doc({.client = crdt::ClientId{5000 + ids.size()}});
    Bytes update = doc.transact([&] { (void)doc.text(kContentRoot).insert(0, "more "); });
    const bool is_open = std::string_view(state) == "open";
    ASSERT_TRUE(run(engines_.tables->query(
        {"INSERT INTO document_suggestions (id, document_id, author, message, version, created_ms, state, decided_by, "
         "decided_ms, edit) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
         {ids.back(), id_.str(), "usr_eve", "why", std::int64_t{1}, std::int64_t{77}, state, is_open ? "" : "usr_ada",
          std::int64_t{is_open ? 0 : 88}, sealed(ids.back(), std::move(update))}})));
  }
  AnnotationService notes = service();
  Logger logger;
  ASSERT_TRUE(run(table.move_into(notes, logger)));
  crash();
  ASSERT_TRUE(run(SuggestionStore(*engines_.tables, *vault_).move_into(notes, logger)));
  const auto all = run(notes.suggestions(id_)).value().suggestions;
  ASSERT_EQ(all.size(), 4U);
  EXPECT_EQ(authors().size(), 5U);
  EXPECT_EQ(run(engines_.tables->query({"SELECT COUNT(*) FROM document_suggestions", {}})).value().rows[0][0],
            engines::Value(std::int64_t{0}));
  const Suggestion accepted = run(notes.suggestion(id_, ids[1])).value();
  EXPECT_EQ(accepted.state, SuggestionState::kAccepted);
  EXPECT_EQ(accepted.decided.by, "usr_ada");
  EXPECT_EQ(accepted.decided.at_ms, 88);
  EXPECT_EQ(accepted.at_ms, 77);
  EXPECT_EQ(accepted.version, 1U);
  ASSERT_TRUE(run(notes.accept(id_, ids[0], "usr_ada")));
  EXPECT_EQ(text(), "hello worldmore ");
}

}  // namespace
}  // namespace concord::documents
