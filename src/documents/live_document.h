#pragma once
// One open document: its CRDT state, who is connected to it, and how far its snapshot lags behind. Lives on the reactor
// of its shard and is touched only there.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/async.h"
#include "base/id.h"
#include "documents/annotation_news.h"
#include "documents/annotations.h"
#include "documents/awareness.h"
#include "documents/document_events.h"
#include "documents/document_size.h"
#include "documents/history_store.h"
#include "documents/lazy_doc.h"
#include "documents/published.h"
#include "shard/shard.h"
#include "vault/sealed.h"

namespace concord::documents {

class LiveSession;
class OtDocument;

class LiveDocument : public std::enable_shared_from_this<LiveDocument> {
 public:
  /// Counts in `built` when its Doc is built.
  LiveDocument(DocumentId id, Reactor& reactor, AwarenessLimits awareness_limits, Counter& built);
  ~LiveDocument();
  LiveDocument(const LiveDocument&) = delete;
  LiveDocument& operator=(const LiveDocument&) = delete;

  DocumentId id() const { return id_; }
  const std::string& stream() const { return stream_; }
  /// Under whose number its snapshots and history lie.
  engines::ShardId home() const { return shard::home_of(id_.slot()); }
  /// Built by the first call that needs it.
  crdt::Doc& doc() { return state_.doc(); }
  /// What needs no Doc.
  LazyDoc& state() { return state_; }
  Awareness& awareness() { return awareness_; }

  /// Counts the updates of the log that this document is made of; what REST calls `version`.
  std::uint64_t version() const { return version_; }
  HybridTime updated() const { return updated_; }
  engines::Position position() const { return position_; }

  /// Sets the state at load, before anyone sees the document.
  Result<> restore(Bytes state, std::uint64_t version, HybridTime updated, engines::Position position);
  /// A record of the log behind that state, also before anyone sees the document.
  void replay(const engines::LogRecord& record, engines::Position position);
  /// Takes in a record of the log, in order, and tells whether it annotates. The version counts it even where the CRDT
  /// refuses it (`check_update` cannot see every conflict with the document): a replay decides in the same way.
  Result<Annotating> apply(const engines::LogRecord& record, engines::Position position);

  void join(LiveSession& session) { sessions_.push_back(&session); }
  void leave(LiveSession& session) { std::erase(sessions_, &session); }
  const std::vector<LiveSession*>& sessions() const { return sessions_; }
  /// To every session; `from` is the number of the one it comes from, or 0.
  void publish(Published::Kind kind, SharedBytes bytes, std::uint64_t from);
  void publish(Published::Kind kind, Bytes bytes, std::uint64_t from);

  /// What has come after a version, at which the document had the state vector `had`, as one update.
  SharedBytes since(std::uint64_t version, ByteView had);

  /// Since the newest snapshot: the records (which of them only annotate is told once the Doc is built), what they hold
  /// in memory, and whether there are any.
  const std::vector<HistoryRecord>& tail() const { return tail_; }
  std::size_t tail_bytes() const { return tail_bytes_; }
  bool dirty() const { return position_ > snapshot_position_; }
  /// A snapshot holds everything up to `position`, which made `version`.
  void snapshotted(engines::Position position, std::uint64_t version);
  engines::Position snapshot_position() const { return snapshot_position_; }
  std::size_t snapshot_bytes() const { return snapshot_bytes_; }
  void set_snapshot_bytes(std::size_t bytes) { snapshot_bytes_ = bytes; }

  /// From here on it is known what updates do to comments and suggestions. Before anyone sees the document.
  void follow_annotations() { news_.emplace(); }
  /// What came behind a version that no snapshot has; then of what is told no more.
  Activity activity_since(std::uint64_t version, std::uint32_t shard);
  void told(std::uint64_t version);

  DocumentSize& size() { return size_; }

  /// One REST write at a time.
  AsyncMutex& edit_mutex() { return edit_mutex_; }

  UserId owner;                         // known once it is loaded
  std::optional<vault::Sealer> sealer;  // seals its records, where the vault seals
  std::unique_ptr<OtDocument> ot;       // as OT clients see it; null until the first has come

  /// Monotonic; when a session or a REST call last used it.
  std::int64_t last_used_ns = 0;
  std::int64_t dirty_since_ns = 0;    // monotonic; when the oldest record of the tail came
  std::int64_t sessions_told_ns = 0;  // monotonic; when the bus was last told how many there are
  std::uint64_t noted_version = 0;    // the version that the tables know
  /// What the store has of the history: known from the first snapshot on.
  struct Kept {
    std::uint64_t version = 0;     // the last
    std::size_t chunks = 0;        // since the last one with a state,
    std::uint64_t size_bytes = 0;  // and their bytes
  };
  std::optional<Kept> history;
  bool snapshot_under_way = false;
  bool removed = false;               // deleted: refuse everything
  bool left = false;                  // its shard was given up, or lost: what is here is of the past
  bool read_at_this_version = false;  // somebody holds this version's number and may write against it

 private:
  void note(const engines::LogRecord& record, engines::Position position);
  Annotating look_for_annotations(const crdt::Doc& doc, ByteView update) const;

  DocumentId id_;
  std::string stream_;
  LazyDoc state_;
  Awareness awareness_;
  AsyncMutex edit_mutex_;
  std::vector<LiveSession*> sessions_;
  std::uint64_t version_ = 0;
  HybridTime updated_;
  engines::Position position_;
  engines::Position snapshot_position_;
  std::vector<HistoryRecord> tail_;
  std::size_t tail_bytes_ = 0;
  std::size_t snapshot_bytes_ = 0;
  std::size_t looked_at_ = 0;      // of the tail, while the Doc is built
  bool may_be_annotated_ = false;  // else nothing that came names comments or suggestions
  std::optional<AnnotationNews> news_;
  DocumentSize size_;
};

/// One that was deleted in the log.
struct RemovedDocument {
  std::shared_ptr<LiveDocument> live{};  // what was open of it: a snapshot may be under way
  std::string by{};                      // empty where that is not known
};

}  // namespace concord::documents
