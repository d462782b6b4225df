// Documents that are opened from cached snapshots: soon, and never as they were before.

#include <gtest/gtest.h>

#include "documents/document_shard_testing.h"
#include "engines/cache_testing.h"

namespace concord::documents {
namespace {

class DocumentCacheTest : public testing::DocumentsTest {
 protected:
  shard::SnapshotCache* snapshot_cache() override { return &counted_; }

  std::string text_of(DocumentId id) {
    return run([](DocumentCacheTest& test, DocumentId one) -> Task<std::string> {
             CO_TRY(auto live, co_await test.documents_->open(one));
             co_return render_json(live->doc(), Format::kText);
           }(*this, id))
        .value();
  }
  std::uint64_t hits() { return counted_.hits().value(); }
  std::string blob_of(DocumentId id) {
    const auto page = run(engines_.blobs->list("snapshots/0/" + id.str() + "/", "", 10)).value();
    EXPECT_EQ(page.size(), 1U);
    return page.back().key;
  }
  DocumentStore::Stored stored(DocumentId id) { return run(store_->stored(id)).value().value(); }
  /// As tables that were brought back to where they named that snapshot.
  void name(DocumentId id, const shard::SnapshotName& name) {
    ASSERT_TRUE(
        run(engines_.tables->query({"UPDATE documents SET snapshot_position = $2, snapshot_digest = $3 WHERE id = $1",
                                    {id.str(), static_cast<std::int64_t>(name.position.value), name.digest}})));
  }

  engines::testing::MapCache cache_;
  shard::SnapshotCache counted_{cache_, metrics_};
};

TEST_F(DocumentCacheTest, a_document_is_opened_without_its_blob) {
  const DocumentId id = create();
  write(id, "some words");
  restart();
  ASSERT_TRUE(run(engines_.blobs->remove(blob_of(id))));
  EXPECT_EQ(text_of(id), "\"some words\"");
  EXPECT_EQ(hits(), 1U);
  restart();  // what was only read is not written again
  EXPECT_EQ(text_of(id), "\"some words\"");
  EXPECT_EQ(hits(), 2U);
}

TEST_F(DocumentCacheTest, what_the_log_has_behind_it_is_there) {
  const DocumentId id = create();
  write(id, "before");
  restart();
  write(id, "and after");
  crash();
  EXPECT_EQ(text_of(id), "\"and after\"");
  EXPECT_EQ(hits(), 2U);
}

TEST_F(DocumentCacheTest, a_cache_that_was_brought_back_brings_no_state_back) {
  const DocumentId id = create();
  write(id, "old");
  restart();
  const auto then = cache_.values();
  write(id, "new");
  restart();
  cache_.restore(then);
  EXPECT_EQ(text_of(id), "\"new\"");
  restart();
  EXPECT_EQ(text_of(id), "\"new\"");
}

/// A program that knows nothing of caches, or tables that were brought back beside a log and blobs that were not.
TEST_F(DocumentCacheTest, nor_does_one_that_the_tables_name_where_the_document_has_come_further) {
  const DocumentId id = create();
  write(id, "old");
  restart();
  const auto then = cache_.values();
  const auto named = stored(id).snapshot.value();
  write(id, "new");
  restart();
  cache_.restore(then);
  name(id, named);
  EXPECT_EQ(text_of(id), "\"new\"");
  EXPECT_NE(stored(id).snapshot.value().digest, named.digest);
}

TEST_F(DocumentCacheTest, one_of_beyond_the_end_of_the_log_is_compared_with_the_blobs) {
  const DocumentId id = create();
  write(id, "text");
  restart();
  auto newest = run(snapshots_->newest(kShard, id.str())).value().value();
  newest.snapshot.position.value = 3000;
  const auto name = run(snapshots_->write(kShard, id.str(), owner_, std::move(newest.snapshot))).value();
  ASSERT_TRUE(run(store_->note_snapshot(id, name)));
  const int before = cache_.gets;
  EXPECT_EQ(text_of(id), "\"text\"");
  EXPECT_EQ(cache_.gets, before);
}

/// A crash comes between the blob and what the tables say of it.
TEST_F(DocumentCacheTest, a_blob_that_the_tables_do_not_name_yet_is_named_when_it_is_opened) {
  const DocumentId id = create();
  write(id, "old");
  restart();
  const auto then = cache_.values();
  const auto named = stored(id).snapshot.value();
  write(id, "new");
  restart();
  name(id, named);
  cache_.restore({});
  EXPECT_EQ(text_of(id), "\"new\"");
  EXPECT_GT(stored(id).snapshot.value().position, named.position);
  restart();
  cache_.restore(then);
  EXPECT_EQ(text_of(id), "\"new\"");
}

TEST_F(DocumentCacheTest, without_the_cache_everything_works_the_same) {
  const DocumentId id = create();
  cache_.away = true;
  write(id, "one");
  restart();
  EXPECT_EQ(text_of(id), "\"one\"");
  cache_.away = false;
  restart();
  EXPECT_EQ(text_of(id), "\"one\"");
  EXPECT_EQ(hits(), 0U);
  restart();
  EXPECT_EQ(text_of(id), "\"one\"");
  EXPECT_EQ(hits(), 1U);
}

TEST_F(DocumentCacheTest, a_deleted_document_is_in_the_cache_no_more) {
  const DocumentId id = create();
  write(id, "some words");
  restart();
  ASSERT_EQ(cache_.values().size(), 1U);
  ASSERT_TRUE(run(documents_->remove(id, "usr_test")));
  EXPECT_TRUE(cache_.values().empty());
  EXPECT_FALSE(run(store_->stored(id)).value());
}

TEST_F(DocumentCacheTest, what_the_tables_say_of_a_snapshot_never_goes_back) {
  const DocumentId id = create();
  ASSERT_TRUE(run(store_->note_snapshot(id, {{7}, "aa"})));
  ASSERT_TRUE(run(store_->note_snapshot(id, {{5}, "bb"})));
  EXPECT_EQ(stored(id).snapshot->digest, "aa");
  ASSERT_TRUE(run(store_->forget_snapshot(id, {5})));
  EXPECT_EQ(stored(id).snapshot->digest, "aa");
  ASSERT_TRUE(run(store_->forget_snapshot(id, {7})));
  EXPECT_FALSE(stored(id).snapshot);
  ASSERT_TRUE(run(store_->note_snapshot(id, {{6}, "cc"})));
  EXPECT_FALSE(stored(id).snapshot);
  ASSERT_TRUE(run(store_->note_snapshot(id, {{7}, "dd"})));
  EXPECT_EQ(stored(id).snapshot->digest, "dd");
}

}  // namespace
}  // namespace concord::documents
