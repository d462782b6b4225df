// What a shard keeps is taken apart behind its back, on the real engines, and put together again.

#include "reconcile/shard_reconciler.h"

#include <fmt/format.h>

#include <map>

#include "base/property_testing.h"
#include "documents/document_shard_testing.h"
#include "documents/history_names.h"
#include "reconcile/cut_off_blobs_testing.h"
#include "shard/passed_snapshots.h"

namespace concord::reconcile {
namespace {

using concord::testing::DocumentsTest;
using concord::testing::pick;
using concord::testing::Random;

class ShardReconcilerTest : public DocumentsTest {
 protected:
  void SetUp() override {
    DocumentsTest::SetUp();
    ASSERT_TRUE(run(engines_.tables->migrate(ReconcileStore::migrations())));
  }

  Result<> pass(Options options = {.grace_ms = 0, .per_second = 1'000'000, .orphans_percent = 100}) {
    findings_.clear();
    ReconcileStore store(*engines_.tables);
    ShardReconciler reconciler(
        *documents_, options,
        {*store_, *snapshots_, *history_, *engines_.blobs, *engines_.tables, log(), store, clock_, reconcile_metrics_,
         Logger(), [this](const Finding& finding) { findings_.push_back(finding); }});
    return run(reconciler.pass());
  }
  /// From here to the next crash the blobs take so many changes, and no more.
  void cut_off_after(std::size_t changes) {
    stop();
    auto blobs = std::make_unique<testing::CutOffBlobs>(std::move(engines_.blobs));
    testing::CutOffBlobs& cut_off = *blobs;
    engines_.blobs = std::move(blobs);
    start();
    cut_off.allow(changes);
  }

  std::vector<std::string> blobs_of(const std::string& prefix, DocumentId id) {
    std::vector<std::string> keys;
    const auto listed = run(engines_.blobs->list(prefix + id.str() + "/", "", 1000));
    EXPECT_TRUE(listed);
    for (const auto& blob : *listed) keys.push_back(blob.key);
    return keys;
  }
  std::vector<std::string> snapshots_of(DocumentId id) { return blobs_of(shard::snapshot_prefix(kShard), id); }
  std::vector<std::string> history_of(DocumentId id) { return blobs_of(documents::history_prefix(kShard), id); }
  std::string text_of(DocumentId id) {
    return run([](ShardReconcilerTest* test, DocumentId one) -> Task<std::string> {
             CO_TRY(auto live, co_await test->documents_->open(one));
             co_return documents::render_json(live->doc(), documents::Format::kText);
           }(this, id))
        .value_or("none");
  }
  std::uint64_t row_version(DocumentId id) { return run(store_->find(id)).value().version; }
  void set_row_version(DocumentId id, std::int64_t version) {
    ASSERT_TRUE(run(engines_.tables->query({"UPDATE documents SET version = $2 WHERE id = $1", {id.str(), version}})));
  }
  void remove_snapshots(DocumentId id) {
    for (const std::string& key : snapshots_of(id)) ASSERT_TRUE(run(engines_.blobs->remove(key)));
  }
  /// As a crash between a snapshot and the removal of the one before leaves it.
  void add_passed_snapshot(DocumentId id) {
    const auto key = shard::snapshot_prefix(kShard) + id.str() + fmt::format("/{:020}", 0);
    ASSERT_TRUE(run(engines_.blobs->put(key, std::make_shared<const Bytes>(to_bytes("old")))));
  }
  /// Nothing is open any more, and all has been snapshotted.
  DocumentId create_written(const std::string& text) {
    const DocumentId id = create();
    write(id, text);
    write(id, text + "!");
    return id;
  }
  std::string only_finding() const {
    if (findings_.size() != 1) return std::to_string(findings_.size()) + " findings";
    return std::string(to_string(findings_[0].what)) + (findings_[0].repaired ? " repaired " : " ") +
           findings_[0].document;
  }

  ReconcileMetrics reconcile_metrics_{metrics_};
  std::vector<Finding> findings_;
};

TEST_F(ShardReconcilerTest, what_fits_is_left_alone) {
  const DocumentId empty = create();
  const DocumentId written = create_written("one");
  restart();
  const DocumentId open = create_written("two");
  const auto kept = snapshots_of(written);
  ASSERT_EQ(kept.size(), 1U);
  ASSERT_TRUE(pass());
  EXPECT_TRUE(findings_.empty()) << only_finding();
  EXPECT_EQ(snapshots_of(written), kept);
  EXPECT_EQ(text_of(empty), "\"\"");
  EXPECT_EQ(text_of(written), "\"one!\"");
  EXPECT_EQ(text_of(open), "\"two!\"");
}

TEST_F(ShardReconcilerTest, a_row_that_lags_is_brought_up) {
  const DocumentId id = create_written("text");
  restart();
  const std::uint64_t version = row_version(id);
  set_row_version(id, 1);
  ASSERT_TRUE(pass());
  EXPECT_EQ(only_finding(), "row_behind repaired " + id.str());
  EXPECT_EQ(row_version(id), version);
  ASSERT_TRUE(pass());
  EXPECT_TRUE(findings_.empty());
}

TEST_F(ShardReconcilerTest, content_without_a_document_goes_after_the_time_of_grace) {
  const DocumentId kept = create_written("kept");
  const DocumentId orphan = create_written("orphan");
  restart();
  ASSERT_TRUE(run(store_->remove(orphan, "usr_test")));
  ASSERT_TRUE(pass({.grace_ms = 3'600'000, .per_second = 1'000'000, .orphans_percent = 100}));
  EXPECT_TRUE(findings_.empty());
  EXPECT_EQ(reconcile_metrics_.orphans(kShard).value(), 1);
  EXPECT_FALSE(snapshots_of(orphan).empty());

  ASSERT_TRUE(pass());
  EXPECT_EQ(only_finding(), "orphan repaired " + orphan.str());
  EXPECT_EQ(reconcile_metrics_.orphans(kShard).value(), 0);
  EXPECT_TRUE(snapshots_of(orphan).empty());
  EXPECT_TRUE(history_of(orphan).empty());
  EXPECT_EQ(text_of(kept), "\"kept!\"");
  EXPECT_TRUE(run(engines_.tables->query({"SELECT 1 FROM reconcile_orphans", {}}))->empty());
}

TEST_F(ShardReconcilerTest, the_time_of_grace_begins_anew_where_the_document_was_there_in_between) {
  const documents::DocumentRow row = new_row();
  ASSERT_TRUE(run(store_->create(row, "usr_test")));
  write(row.id, "text");
  restart();
  const Options patient{.grace_ms = 3'600'000, .per_second = 1'000'000, .orphans_percent = 100};
  ASSERT_TRUE(run(store_->remove(row.id, "usr_test")));
  ASSERT_TRUE(pass(patient));
  ASSERT_TRUE(run(engines_.tables->query({"UPDATE reconcile_orphans SET since_ms = 0, seen_ms = seen_ms - 1", {}})));
  ASSERT_TRUE(run(store_->create(row, "usr_test")));
  ASSERT_TRUE(pass(patient));
  ASSERT_TRUE(run(store_->remove(row.id, "usr_test")));
  ASSERT_TRUE(pass(patient));
  EXPECT_FALSE(snapshots_of(row.id).empty());
}

TEST_F(ShardReconcilerTest, where_much_has_no_document_nothing_is_removed) {
  std::vector<DocumentId> ids;
  ids.reserve(24);
  for (int i = 0; i < 24; ++i) ids.push_back(create_written("text"));
  restart();
  for (std::size_t i = 0; i < 12; ++i) ASSERT_TRUE(run(store_->remove(ids[i], "usr_test")));
  ASSERT_TRUE(pass({.grace_ms = 0, .per_second = 1'000'000, .orphans_percent = 50}));
  EXPECT_TRUE(findings_.empty());
  EXPECT_EQ(reconcile_metrics_.orphans(kShard).value(), 12);
  for (const DocumentId id : ids) EXPECT_FALSE(snapshots_of(id).empty());
  ASSERT_TRUE(pass());
  EXPECT_EQ(findings_.size(), 12U);
  for (std::size_t i = 0; i < ids.size(); ++i) EXPECT_EQ(snapshots_of(ids[i]).empty(), i < 12);
}

TEST_F(ShardReconcilerTest, content_whose_snapshot_is_gone_is_built_of_its_history) {
  const DocumentId id = create_written("text");
  restart();
  const std::uint64_t version = row_version(id);
  remove_snapshots(id);
  ASSERT_TRUE(pass());
  EXPECT_EQ(only_finding(), "snapshot_missing repaired " + id.str());
  EXPECT_EQ(text_of(id), "\"text!\"");
  crash();
  EXPECT_EQ(text_of(id), "\"text!\"");
  write(id, "more");
  restart();
  EXPECT_EQ(text_of(id), "\"more\"");
  EXPECT_EQ(row_version(id), version + 1);
  EXPECT_EQ(history(id).entries.front().version, version + 1);
  ASSERT_TRUE(pass());
  EXPECT_TRUE(findings_.empty()) << only_finding();
}

TEST_F(ShardReconcilerTest, what_is_lost_is_told) {
  const DocumentId id = create_written("text");
  restart();
  set_row_version(id, 1000);
  ASSERT_TRUE(pass());
  EXPECT_EQ(only_finding(), "content_behind " + id.str());

  const DocumentId nothing = create_written("nothing");
  restart();
  set_row_version(id, 2);
  remove_snapshots(nothing);
  for (const std::string& key : history_of(nothing)) ASSERT_TRUE(run(engines_.blobs->remove(key)));
  ASSERT_TRUE(pass());
  EXPECT_EQ(only_finding(), "content_behind " + nothing.str());
}

TEST_F(ShardReconcilerTest, a_snapshot_that_fails_its_check_is_told_and_stays) {
  const DocumentId id = create_written("text");
  restart();
  set_row_version(id, 1);
  const auto keys = snapshots_of(id);
  ASSERT_EQ(keys.size(), 1U);
  ASSERT_TRUE(run(engines_.blobs->remove(keys[0])));
  ASSERT_TRUE(run(engines_.blobs->put(keys[0], std::make_shared<const Bytes>(to_bytes("damaged")))));
  ASSERT_TRUE(pass());
  EXPECT_EQ(only_finding(), "unreadable " + id.str());
  EXPECT_EQ(snapshots_of(id), keys);
}

TEST_F(ShardReconcilerTest, of_several_snapshots_the_newest_stays) {
  const DocumentId id = create_written("text");
  restart();
  const auto newest = snapshots_of(id);
  add_passed_snapshot(id);
  ASSERT_TRUE(pass());
  EXPECT_EQ(only_finding(), "snapshots_passed repaired " + id.str());
  EXPECT_EQ(snapshots_of(id), newest);
}

/// What is appended under numbers that a snapshot holds already would be lost at the next start.
TEST_F(ShardReconcilerTest, a_log_that_was_brought_back_goes_on_behind_the_snapshots) {
  const DocumentId id = create_written("text");
  restart();
  auto stored = run(snapshots_->newest(kShard, id.str())).value();
  ASSERT_TRUE(stored);
  stored->snapshot.position.value = 3000;
  ASSERT_TRUE(run(snapshots_->write(kShard, id.str(), owner_, std::move(stored->snapshot))));
  crash();
  ASSERT_TRUE(pass());
  EXPECT_EQ(only_finding(), "log_behind repaired " + id.str());
  EXPECT_EQ(run(log().bounds(kShard)).value().next.value, 3001U);
  write(id, "written after it");
  crash();
  EXPECT_EQ(text_of(id), "\"written after it\"");
  ASSERT_TRUE(pass());
  EXPECT_TRUE(findings_.empty()) << only_finding();
}

TEST_F(ShardReconcilerTest, a_shard_that_is_not_served_here_is_not_touched) {
  const DocumentId orphan = create_written("text");
  restart();
  ASSERT_TRUE(run(store_->remove(orphan, "usr_test")));
  concord::testing::run_on(reactor(), documents_->drain(5'000));
  EXPECT_EQ(pass().error().code, Code::kUnavailable);
  EXPECT_FALSE(snapshots_of(orphan).empty());
}

/// The engine goes away at any change, and then the process.
TEST_F(ShardReconcilerTest, wherever_it_is_cut_off_the_next_pass_finishes_it) {
  for (std::size_t changes = 0;; ++changes) {
    SCOPED_TRACE(changes);
    const DocumentId orphan = create_written("orphan");
    const DocumentId lagging = create_written("lagging");
    const DocumentId missing = create_written("missing");
    const DocumentId twice = create_written("twice");
    restart();
    ASSERT_TRUE(run(store_->remove(orphan, "usr_test")));
    set_row_version(lagging, 1);
    remove_snapshots(missing);
    add_passed_snapshot(twice);
    cut_off_after(changes);
    const bool finished = pass().has_value();
    crash();
    ASSERT_TRUE(pass());
    concord::testing::run_on(reactor(), documents_->sweep_once());  // ends a deletion that the log has
    EXPECT_TRUE(snapshots_of(orphan).empty() && history_of(orphan).empty());
    EXPECT_EQ(row_version(lagging), 2U);
    EXPECT_EQ(text_of(missing), "\"missing!\"");
    EXPECT_EQ(snapshots_of(missing).size(), 1U);
    EXPECT_EQ(snapshots_of(twice).size(), 1U);
    EXPECT_EQ(text_of(twice), "\"twice!\"");
    if (finished && changes > 12) break;  // also the removal, of which the log takes the end upon itself
    ASSERT_LT(changes, 100U);
  }
}

TEST_F(ShardReconcilerTest, a_walk_sees_everything_once_whatever_its_pages) {
  std::map<std::string, Kept> expected;
  concord::testing::for_each_seed(20, [&](Random& random) {
    const documents::DocumentRow row = new_row();
    Kept kept{.stream = row.id.str()};
    if (pick(random, 0, 2) > 0) {
      ASSERT_TRUE(run(store_->create(row, "usr_test")));
      kept.row = pick(random, 0, 5);
      set_row_version(row.id, static_cast<std::int64_t>(*kept.row));
    }
    kept.snapshots = pick(random, 0, 3);
    for (std::size_t i = 0; i < kept.snapshots; ++i)
      ASSERT_TRUE(run(engines_.blobs->put(shard::snapshot_prefix(kShard) + kept.stream + fmt::format("/{:020}", i),
                                          std::make_shared<const Bytes>())));
    for (std::size_t i = pick(random, 0, 4); i > 0; --i) {
      ASSERT_TRUE(run(engines_.blobs->put(documents::history_prefix(kShard) + kept.stream +
                                              fmt::format("/{:020}-{:020}-r", kept.history + 1, kept.history + i),
                                          std::make_shared<const Bytes>())));
      kept.history += i;
    }
    if (kept.row || kept.snapshots > 0 || kept.history > 0) expected[kept.stream] = kept;

    Walk walk(shard::ShardMap().at(kShard).slots, *engines_.tables, *engines_.blobs, pick(random, 1, 9));
    auto at = expected.begin();
    for (;;) {
      const auto next = run(walk.next());
      ASSERT_TRUE(next) << next.error().message;
      if (!*next) break;
      ASSERT_NE(at, expected.end());
      EXPECT_EQ((*next)->stream, at->first);
      EXPECT_EQ((*next)->row, at->second.row);
      EXPECT_EQ((*next)->snapshots, at->second.snapshots);
      EXPECT_EQ((*next)->history, at->second.history);
      ++at;
    }
    EXPECT_EQ(at, expected.end());
  });
}

TEST_F(ShardReconcilerTest, rows_are_those_of_the_shard) {
  // One of them is narrower than what a row's identifier can be asked for.
  const shard::ShardMap map = shard::ShardMap().split(engines::ShardId{3}, Slot{1000}, 0).value();
  std::map<std::uint32_t, std::size_t> counts;
  for (std::uint16_t slot = 0; slot < kSlots; slot += 37) {
    documents::DocumentRow row = new_row();
    row.id = DocumentId::make(ids_, Slot{slot});
    ASSERT_TRUE(run(store_->create(row, "usr_test")));
    ++counts[map.of(Slot{slot}).value];
  }
  for (std::uint32_t shard = 0; shard < map.size(); ++shard) {
    const auto found = run(documents::versions_of(*engines_.tables, map.at(engines::ShardId{shard}).slots, "", 1000));
    ASSERT_TRUE(found);
    EXPECT_TRUE(found->ended);
    EXPECT_EQ(found->rows.size(), counts[shard]);
    for (const auto& row : found->rows) EXPECT_EQ(map.of(row.id.slot()).value, shard);
  }
}

}  // namespace
}  // namespace concord::reconcile
