#pragma once
// The documents of one shard: opens them from snapshot and log, takes updates to the log and then to everyone,
// snapshots them when they are idle or have grown, and lets go of what nobody uses. Lives on the shard's reactor.

#include <atomic>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "access/access.h"
#include "documents/author.h"
#include "documents/document_limits.h"
#include "documents/document_metrics.h"
#include "documents/document_store.h"
#include "documents/history.h"
#include "documents/live_document.h"
#include "documents/record_kind.h"
#include "documents/version_cache.h"
#include "shard/snapshot_store.h"
#include "shard/split.h"

namespace concord::documents {

class DocumentShard final : public shard::SplitMachine {
 public:
  using Live = std::shared_ptr<LiveDocument>;  // shared by the shard's map, its sessions and REST calls under way

  DocumentShard(shard::Shard& shard, shard::SnapshotStore& snapshots, HistoryStore& history, DocumentStore& store,
                vault::Vault& vault, BlockingPool& pool, DocumentLimits limits, Clock& clock, DocumentMetrics& metrics,
                Logger logger);

  Reactor& reactor() const { return shard_.reactor(); }
  shard::Shard& shard() { return shard_; }
  const DocumentLimits& limits() const { return limits_; }
  DocumentMetrics& metrics() { return metrics_; }
  Clock& clock() { return clock_; }
  BlockingPool& pool() { return pool_; }
  void spawn(asio::awaitable<void> task) { tasks_.spawn(std::move(task)); }

  /// Owns the shard and serves its documents, at first or after `drain`. What fails leaves nothing behind.
  Task<> start();
  bool serves() const { return !draining_ && shard_.state() == shard::Shard::State::kServing; }  // any thread
  /// Ends the sessions, snapshots for so long, and gives the shard up: who holds a document can change it no more.
  asio::awaitable<void> drain(std::int64_t deadline_ms);
  asio::awaitable<void> abandon() { return tasks_.close(); }  // writes nothing, as a crash would
  /// The document, loaded if need be. The caller has checked that it exists and who may see it; kNotFound where it has
  /// been deleted since, kCorrupt where its snapshot fails its check.
  Task<Live> open(DocumentId id);
  using Done = std::move_only_function<void(Result<>)>;
  /// Takes one checked update: log, then `acknowledged`, then the document and everyone but session number `session`.
  void submit(Live document, SharedBytes update, Author author, std::uint64_t session, Done acknowledged);
  Task<> submit_and_wait(Live document, SharedBytes update, Author author);  // resumed once it is durable and applied
  /// kTooLarge where the document with that update, or with that more, would pass a limit.
  Result<> check_size(LiveDocument& document, ByteView update);
  Result<> check_size(LiveDocument& document, DocumentSize::Growth more);
  /// The encoded state of a version. kConflict with `current_version` where it is not known.
  Task<SharedBytes> state_at(Live document, std::uint64_t version);
  History::Source history_source(const LiveDocument& document) const;
  History& history() { return history_; }
  /// Deletes the document: in the log, then its row, sessions and content. From the log on nothing brings it back: the
  /// sweep and the next start finish it. kUnavailable where the log or the tables cannot write; it may be there still.
  Task<> remove(DocumentId id, std::string principal);
  /// Some of the slots become another shard (split.h).
  Task<engines::ShardId> split(std::optional<Slot> from) { return shard::split(shard_, *this, from, {}); }

  /// What it does about once a second, for tests: notes progress, settles what recovery found, snapshots, lets go.
  asio::awaitable<void> sweep_once();
  /// Called about once a second with the monotonic time; and when documents go elsewhere: their sessions are to end.
  void on_sweep(std::move_only_function<void(std::int64_t)> hook) { sweep_hook_ = std::move(hook); }
  using Which = std::function<bool(DocumentId)>;
  void on_leave(std::move_only_function<void(const Which&)> hook) { leave_hook_ = std::move(hook); }

  /// Called with each update that annotates, when it is durable and applied; not with what a start replays.
  using Annotated = std::move_only_function<void(const Live&, const engines::LogRecord&)>;
  void on_annotated(Annotated hook) { annotated_hook_ = std::move(hook); }
  Live find_open(DocumentId id) const;  // null where it is not open
  template <class Visit>
  void each_open(Visit visit) {
    for (const auto& [id, entry] : documents_)
      if (entry.ready) visit(*entry.live);
  }
  std::optional<Slot> slot_of(const std::string& stream) const override;
  void replay(engines::LogEntry entry) override;
  Task<> found(engines::LogEntry entry) override;
  void ranges_changed() override;
  asio::awaitable<void> settle(shard::SlotRange slots, std::int64_t deadline_ms) override;
  void closed(shard::SlotRange slots) override;

 private:
  using Tail = std::vector<engines::LogEntry>;  // behind a document's snapshot; applied when it is opened
  struct Entry {
    Live live;
    bool ready = false;
    std::unique_ptr<AsyncEvent> loaded;  // while loading
  };

  Task<Live> open_any(DocumentId id);
  Task<> until_open(DocumentId id);
  Task<> settle_once(shard::SlotRange slots, std::int64_t until_ns);
  Task<> settle_tail(DocumentId id);
  Task<> load(Live document);
  Task<std::optional<shard::Snapshot>> newest_snapshot(Live document, DocumentStore::Stored stored);
  Task<> apply_tail(Live document);
  struct Submitted;
  void answered(Submitted& what, Result<shard::Shard::Appended> appended);
  Annotating applied(const Live& document, const engines::LogRecord& record, engines::Position position,
                     std::uint64_t session);
  asio::awaitable<void> sweep();
  asio::awaitable<void> until_loaded();
  asio::awaitable<void> snapshot_all(std::int64_t until_ns);
  void let_go_of_all();
  Task<> note_progress();
  Task<> snapshot(Live document);
  Task<> keep_history(Live document, std::vector<HistoryRecord> records, const Bytes& state);
  asio::awaitable<void> settle_tails(std::size_t most);
  Task<> log_removal(DocumentId id, std::string principal);
  Task<> take_away(DocumentId id, std::string by);
  Task<> finish_removal(DocumentId id);
  asio::awaitable<void> finish_removals();
  bool wants_snapshot(const Entry& entry, std::int64_t now_ns) const;
  bool evictable(const Entry& entry, std::int64_t now_ns) const;
  std::int64_t snapshot_age_ms() const;

  shard::Shard& shard_;
  shard::SnapshotStore& snapshots_;
  HistoryStore& history_store_;
  History history_;
  DocumentStore& store_;
  vault::Vault& vault_;
  BlockingPool& pool_;
  DocumentLimits limits_;
  Clock& clock_;
  DocumentMetrics& metrics_;
  Gauge& snapshot_age_seconds_;
  Logger logger_;
  TaskScope tasks_;

  std::unordered_map<DocumentId, Entry, IdHash<DocumentTag>> documents_;
  std::unordered_map<DocumentId, Tail, IdHash<DocumentTag>> tails_;
  /// Deleted in the log, and something of them may be there still.
  std::unordered_map<DocumentId, RemovedDocument, IdHash<DocumentTag>> removing_;
  VersionCache versions_;
  std::move_only_function<void(std::int64_t)> sweep_hook_;
  std::move_only_function<void(const Which&)> leave_hook_;
  Annotated annotated_hook_;
  std::atomic<bool> draining_ = true;  // or not started; read by `serves`
};

}  // namespace concord::documents
