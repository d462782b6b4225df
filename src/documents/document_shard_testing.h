#pragma once
// A test fixture with one shard's documents and no HTTP: on the real engines in a directory of the test's own, which
// can be stopped, crash and start again.

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/reactor_testing.h"
#include "documents/content.h"
#include "documents/document_shard.h"
#include "engines/embedded_testing.h"
#include "shard/shards.h"
#include "vault/vault_testing.h"

namespace concord::testing {

class DocumentsTest : public EngineTest {
 public:  // the coroutines of the tests reach in
  void SetUp() override {
    EngineTest::SetUp();
    ASSERT_TRUE(run(engines_.tables->migrate(documents::DocumentStore::migrations())));
    ASSERT_TRUE(run(engines_.tables->migrate(shard::shard_map_migrations())));
    start();
  }
  void TearDown() override {
    stop();
    EngineTest::TearDown();
  }

  void start() {
    store_ = std::make_unique<documents::DocumentStore>(*engines_.tables, journal_.get());
    vault_ = std::make_unique<vault::Vault>(*engines_.blobs, masters_, true);
    snapshots_ = std::make_unique<shard::SnapshotStore>(*engines_.blobs, *vault_, pool_, 64u << 20u, snapshot_cache());
    history_ = std::make_unique<documents::HistoryStore>(*engines_.blobs, *vault_, pool_, max_history_chunk(limits_));
    maps_ = std::make_unique<shard::TableShardMaps>(*engines_.tables);
    slots_ = std::make_unique<shard::SlotTable>(*maps_);
    shard_ = std::make_unique<shard::Shard>(kShard, "node", reactor(), log(), *engines_.coordination, *slots_,
                                            shard_limits_, clock_, shard_metrics_, Logger());
    documents_ = std::make_unique<documents::DocumentShard>(*shard_, *snapshots_, *history_, *store_, *vault_, pool_,
                                                            limits_, clock_, document_metrics_, Logger());
    ASSERT_TRUE(run(documents_->start()));
  }
  /// The graceful way down: snapshots and all.
  void stop() {
    if (!documents_) return;
    run_on(reactor(), documents_->drain(5'000));
    documents_.reset();
    shard_.reset();
  }
  /// And up again, on what the engines have.
  void restart() {
    stop();
    reopen();
    start();
  }
  /// Gives the shard up and takes it again, as a node does that goes on.
  void give_and_take() {
    run_on(reactor(), documents_->drain(5'000));
    ASSERT_TRUE(run(documents_->start()));
  }
  /// As kill -9 leaves it: no snapshot is written, nothing in memory survives.
  void crash() {
    run_on(reactor(), shard_->drain());  // ends the coroutines; writes nothing of the documents
    run_on(reactor(), documents_->abandon());
    documents_.reset();
    shard_.reset();
    reopen();
    start();
  }

  documents::DocumentRow new_row() {
    documents::DocumentRow row;
    row.id = DocumentId::make(ids_, Slot{0});
    row.owner = owner_;
    row.name = "a document";
    row.doc_type = "rich_text";
    return row;
  }
  DocumentId create() {
    const documents::DocumentRow row = new_row();
    EXPECT_TRUE(run(store_->create(row, owner_.str())));
    return row.id;
  }
  /// Leads the document's text to `content` and waits until that is durable and applied.
  void write(DocumentId id, std::string content, std::string author = "usr_test") {
    ASSERT_TRUE(run(write_task(id, std::move(content), std::move(author))));
  }
  Task<> write_task(DocumentId id, std::string content, std::string author = "usr_test") {
    CO_TRY(auto live, co_await documents_->open(id));
    const Bytes state = live->state().encode_state_as_update();
    CO_TRY(Bytes update, documents::edit_update(state, crdt::ClientId{++client_}, documents::Format::kText, content));
    co_return co_await documents_->submit_and_wait(live, std::make_shared<const Bytes>(std::move(update)),
                                                   {std::move(author)});
  }
  documents::HistoryPage history(DocumentId id, const documents::VersionNames& names = {}) {
    return run(history_task(id, names, 0, 50)).value();
  }
  Task<documents::HistoryPage> history_task(DocumentId id, documents::VersionNames names, std::uint64_t before,
                                            std::size_t limit) {
    CO_TRY(auto live, co_await documents_->open(id));
    (void)live->doc();
    co_return co_await documents_->history().page(documents_->history_source(*live), std::move(names), before, limit);
  }

  static constexpr engines::ShardId kShard{0};
  BlockingPool pool_{2};
  shard::ShardMetrics shard_metrics_{metrics_};
  documents::DocumentMetrics document_metrics_{metrics_};
  documents::DocumentLimits limits_;
  shard::ShardLimits shard_limits_;
  const vault::MasterKeys masters_ = some_master_keys();
  UserId owner_{UserId::make(ids_, Slot{0})};
  std::unique_ptr<vault::Vault> vault_;
  std::unique_ptr<events::Journal> journal_;  // null, unless a test has set it
  std::unique_ptr<documents::DocumentStore> store_;
  std::unique_ptr<shard::SnapshotStore> snapshots_;
  std::unique_ptr<documents::HistoryStore> history_;
  std::unique_ptr<shard::TableShardMaps> maps_;
  std::unique_ptr<shard::SlotTable> slots_;
  std::unique_ptr<shard::Shard> shard_;
  std::unique_ptr<documents::DocumentShard> documents_;
  std::uint64_t client_ = 100;  // the newest that has written

 protected:
  /// Null: there is none.
  virtual shard::SnapshotCache* snapshot_cache() { return nullptr; }
  /// What the shard writes to.
  virtual engines::Log& log() { return *engines_.log; }
};

}  // namespace concord::testing
