// Shards that are split, on the real engines: what was written stays, and goes on in the new shard's log.

#include <gtest/gtest.h>

#include "base/reactor_testing.h"
#include "documents/document_shard.h"
#include "documents/document_shard_testing.h"
#include "shard/based_log.h"

namespace concord::documents {
namespace {

using engines::ShardId;

/// The shard 0, which is split, and the one that is made of it.
class DocumentSplitTest : public concord::testing::DocumentsTest {
 protected:
  void TearDown() override {
    stop_made();
    DocumentsTest::TearDown();
  }

  DocumentId create_at(std::uint16_t slot) {
    DocumentRow row = new_row();
    row.id = DocumentId::make(ids_, Slot{slot});
    EXPECT_TRUE(run(store_->create(row, "usr_test")));
    return row.id;
  }
  Result<ShardId> split(std::uint16_t from) { return run(documents_->split(Slot{from})); }
  void start_made(ShardId made) {
    based_ = std::make_unique<shard::BasedLog>(*engines_.log, *slots_);
    made_shard_ = std::make_unique<shard::Shard>(made, "node", reactor(), *based_, *engines_.coordination, *slots_,
                                                 shard_limits_, clock_, shard_metrics_, Logger());
    made_ = std::make_unique<DocumentShard>(*made_shard_, *snapshots_, *history_, *store_, *vault_, pool_, limits_,
                                            clock_, document_metrics_, Logger());
    ASSERT_TRUE(run(made_->start()));
  }
  void stop_made() {
    if (!made_) return;
    concord::testing::run_on(reactor(), made_->drain(5'000));
    made_.reset();
    made_shard_.reset();
  }
  void crash_made() {
    concord::testing::run_on(reactor(), made_shard_->drain());
    concord::testing::run_on(reactor(), made_->abandon());
    made_.reset();
    made_shard_.reset();
  }
  static Task<std::string> text_of(DocumentShard& shard, DocumentId id) {
    CO_TRY(auto live, co_await shard.open(id));
    co_return render_json(live->doc(), Format::kText) + " " + std::to_string(live->version());
  }
  std::string text_in(DocumentShard& shard, DocumentId id) {
    auto text = run(text_of(shard, id));
    return text ? *text : text.error().message;
  }
  static Task<> write_in(DocumentShard& shard, DocumentId id, std::string content, crdt::ClientId client) {
    CO_TRY(auto live, co_await shard.open(id));
    const Bytes state = live->state().encode_state_as_update();
    CO_TRY(Bytes update, edit_update(state, client, Format::kText, content));
    co_return co_await shard.submit_and_wait(live, std::make_shared<const Bytes>(std::move(update)), {"usr_test"});
  }

  std::unique_ptr<shard::BasedLog> based_;
  std::unique_ptr<shard::Shard> made_shard_;
  std::unique_ptr<DocumentShard> made_;
};

TEST_F(DocumentSplitTest, documents_go_on_in_the_new_shard_with_all_they_had) {
  const DocumentId stays = create_at(5);
  const DocumentId goes = create_at(200);
  write(stays, "one");
  for (const char* content : {"a", "ab", "abc"}) write(goes, content);
  const auto made = split(128);
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_EQ(made->value, 16U);
  EXPECT_EQ(run(text_of(*documents_, goes)).error().code, Code::kUnavailable);
  EXPECT_EQ(run(write_task(goes, "lost")).error().code, Code::kUnavailable);
  write(stays, "one two");

  start_made(*made);
  EXPECT_EQ(text_in(*made_, goes), "\"abc\" 3");
  EXPECT_EQ(run(text_of(*made_, stays)).error().code, Code::kUnavailable);
  ASSERT_TRUE(run(write_in(*made_, goes, "abcd", crdt::ClientId{900})));
  EXPECT_EQ(run(engines_.log->bounds(*made)).value().next.value, 2U) << "a log of its own";
  crash_made();
  start_made(*made);
  EXPECT_EQ(text_in(*made_, goes), "\"abcd\" 4")
      << "what only the new log had, on what the snapshot of the old one has";
  EXPECT_EQ(text_in(*documents_, stays), "\"one two\" 2");
}

TEST_F(DocumentSplitTest, the_old_shard_starts_again_without_what_has_gone_though_its_log_has_it) {
  const DocumentId goes = create_at(200);
  const DocumentId stays = create_at(1);
  write(stays, "kept in the log");  // so that the log is not truncated
  write(goes, "abc");
  const auto made = split(200);
  ASSERT_TRUE(made) << made.error().message;
  start_made(*made);
  ASSERT_TRUE(run(write_in(*made_, goes, "abcdef", crdt::ClientId{900})));
  stop_made();
  crash();  // the table is new, and learns the map
  EXPECT_EQ(slots_->map().size(), 17U);
  EXPECT_EQ(run(text_of(*documents_, goes)).error().code, Code::kUnavailable);
  EXPECT_EQ(text_in(*documents_, stays), "\"kept in the log\" 1");
  concord::testing::run_on(reactor(), documents_->sweep_once());
  start_made(*made);
  EXPECT_EQ(text_in(*made_, goes), "\"abcdef\" 2");
}

TEST_F(DocumentSplitTest, what_only_the_log_has_after_a_crash_is_taken_along) {
  const DocumentId goes = create_at(200);
  for (const char* content : {"a", "ab", "abc"}) write(goes, content);
  crash();
  const auto made = split(128);
  ASSERT_TRUE(made) << made.error().message;
  start_made(*made);
  EXPECT_EQ(text_in(*made_, goes), "\"abc\" 3");
}

TEST_F(DocumentSplitTest, a_new_shard_is_split_again) {
  const DocumentId goes = create_at(250);
  write(goes, "a");
  const auto made = split(128);
  ASSERT_TRUE(made) << made.error().message;
  start_made(*made);
  ASSERT_TRUE(run(write_in(*made_, goes, "ab", crdt::ClientId{900})));
  const auto again = run(made_->split(Slot{240}));
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(again->value, 17U);
  stop_made();
  start_made(*again);
  EXPECT_EQ(text_in(*made_, goes), "\"ab\" 2");
  ASSERT_TRUE(run(write_in(*made_, goes, "abc", crdt::ClientId{901})));
  crash_made();
  start_made(*again);
  EXPECT_EQ(text_in(*made_, goes), "\"abc\" 3");
}

TEST_F(DocumentSplitTest, who_has_lost_the_shard_cannot_split_it) {
  const DocumentId goes = create_at(200);
  write(goes, "abc");
  ASSERT_TRUE(run(shard::TableShardMaps(*engines_.tables).begin(kShard, engines::Epoch{1'000'000})));
  const auto made = split(128);
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().code, Code::kFenced);
  EXPECT_EQ(run(shard::TableShardMaps(*engines_.tables).newest()).value(), shard::ShardMap());
  EXPECT_EQ(text_in(*documents_, goes), "\"abc\" 1") << "and goes on";
}

TEST_F(DocumentSplitTest, a_document_that_was_deleted_does_not_come_back) {
  const DocumentId goes = create_at(200);
  write(goes, "abc");
  ASSERT_TRUE(run(documents_->remove(goes, "usr_test")));
  const auto made = split(128);
  ASSERT_TRUE(made) << made.error().message;
  start_made(*made);
  EXPECT_EQ(run(text_of(*made_, goes)).error().code, Code::kNotFound);
}

}  // namespace
}  // namespace concord::documents
