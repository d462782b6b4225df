#pragma once
// The documents service: what the gateway and the app see of it. Documents live on the reactors of their shards; every
// call here may come from any reactor and goes there by itself.

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "access/access.h"
#include "base/config.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/reactor.h"
#include "documents/annotation_service.h"
#include "documents/content.h"
#include "documents/document_shard.h"
#include "documents/document_store.h"
#include "documents/far_documents.h"
#include "documents/live_dialects.h"
#include "documents/mention_watch.h"
#include "documents/read_watch.h"
#include "documents/suggestion_store.h"
#include "documents/version_changes.h"
#include "identity/identity.h"
#include "net/http.h"
#include "shard/keeper.h"
#include "shard/shards.h"
#include "shard/snapshot_store.h"

namespace concord::documents {

std::span<const Setting> settings();
DocumentLimits limits_from(const Config& config);

class Documents final : public shard::ShardHost {
 public:
  struct Dependencies {
    shard::Shards& shards;
    engines::Tables& tables;
    shard::SnapshotStore& snapshots;
    HistoryStore& history;
    identity::Identity& identity;
    vault::Vault& vault;
    access::Access& access;
    engines::Bus& bus;
    net::Reconnects& reconnects;
    BlockingPool& pool;
    Clock& clock;
    Metrics& metrics;
    Logger logger;
    ReadWatch* watch = nullptr;         // null: nobody is told
    TellMention tell_mention{};         // empty: nobody is told of mentions
    events::Journal* events = nullptr;  // null: nothing is told to programs outside
  };
  Documents(Dependencies dependencies, DocumentLimits limits);
  ~Documents() override;

  /// Migrates the tables, then owns and recovers every shard; before the server starts.
  Task<> start();
  /// On a hub of several nodes, in its place: shards are taken and given from then on.
  Task<> start_among_nodes(FarDocuments& far);
  Task<> take(engines::ShardId shard) override;
  bool holds(engines::ShardId shard) const override;
  asio::awaitable<void> give(engines::ShardId shard) override;
  void add_routes(net::Router& router);
  /// Of one that this node serves. A hub of one node serves the new one, too.
  Task<engines::ShardId> split(engines::ShardId shard, std::optional<Slot> from);
  shard::SlotTable& slots() const { return dependencies_.shards.slots(); }
  /// After the server has drained: snapshots, gives the shards up.
  asio::awaitable<void> drain(std::int64_t deadline_ms);
  /// Success while every shard, or among nodes every one that is this node's, serves and takes writes; else the reason.
  Result<> ready() const;
  using Content = DocumentContent;
  using Preview = DocumentPreview;
  /// In the folder, where it is not empty.
  Task<DocumentRow> create(identity::Authenticated who, std::string name, std::string doc_type, std::string folder,
                           Format format, std::string content);
  Task<Content> read(DocumentId id, Format format);
  /// Whether what is read of it here may be out of date: another node may serve it by now.
  bool may_be_stale(DocumentId id) { return !shard_of(id).shard().surely_owns(); }
  /// From `version` to `content`; what others wrote since stays. `author`: a principal's identifier.
  Task<Content> write(DocumentId id, std::string author, Format format, std::string content, std::uint64_t version);
  /// What `write` would do now; nothing is written.
  Task<Preview> preview(DocumentId id, Format format, std::string content, std::uint64_t version, Format shown);
  /// What a new document of that content would read as.
  Task<std::string> preview_new(Format format, std::string content, Format shown);
  Task<HistoryPage> history(DocumentId id, VersionNames names, std::uint64_t before, std::size_t limit);
  /// The content as it was at a version, with its number and time. kNotFound where it is not kept.
  Task<Content> read_version(DocumentId id, Format format, std::uint64_t version);
  /// What differs between two versions, `from` <= `to`.
  Task<std::vector<VersionChange>> changes(DocumentId id, std::uint64_t from, std::uint64_t to);
  /// Who made the version. kNotFound where it is not kept, or is the first.
  Task<std::string> author_of(DocumentId id, std::uint64_t version);
  /// Brings the content of a version back, as a new edit.
  Task<Content> restore(DocumentId id, std::string author, Format format, std::uint64_t version);
  Task<> remove(DocumentId id, std::string author);

  AnnotationService& annotations() { return annotations_; }
  /// Content as Markdown; a page of at most a hundred, in the order of their identifiers.
  Task<identity::ExportedDocuments> export_of(UserId owner, std::string after);
  /// Removes what the user owns. What others keep in the user's folders comes to lie where those lay.
  Task<> remove_owned(UserId owner);

  DocumentStore& store() { return store_; }
  DocumentShard& shard_at(engines::ShardId number) { return *shards_[number.value]; }  // served here or not
  LiveDialects& live() { return live_; }

 private:
  Task<> prepare();
  std::vector<std::unique_ptr<DocumentShard>> make_shards();
  void watch_mentions();
  void add_live_routes(net::Router& router);
  void add_history_routes(net::Router& router);
  void add_folder_routes(net::Router& router);
  void add_suggestion_routes(net::Router& router);
  void add_comment_routes(net::Router& router);
  DocumentShard& shard_of(DocumentId id) { return *shards_[slots().of(id.slot()).value]; }
  asio::awaitable<void> take_at_last(engines::ShardId shard);
  static Task<> drain_here(DocumentShard& shard, std::int64_t deadline_ms);
  static Task<Content> read_here(DocumentShard& shard, DocumentId id, Format format);
  static Task<HistoryPage> history_here(DocumentShard& shard, DocumentId id, VersionNames names, std::uint64_t before,
                                        std::size_t limit);
  struct TwoStates {
    SharedBytes then, now;
    std::uint64_t version = 0;  // of `now`
  };
  static Task<TwoStates> states_here(DocumentShard& shard, DocumentId id, std::uint64_t version);
  static Task<SharedBytes> state_here(DocumentShard& shard, DocumentId id, std::uint64_t version);
  static Task<std::vector<HistoryRecord>> records_here(DocumentShard& shard, DocumentId id, std::uint64_t from,
                                                       std::uint64_t to);
  Task<Content> write_here(DocumentShard& shard, DocumentId id, std::string author, Format format, std::string content,
                           std::optional<std::uint64_t> version, std::uint64_t restores = 0);
  static Task<> remove_here(DocumentShard& shard, DocumentId id, std::string author);

  Dependencies dependencies_;
  DocumentLimits limits_;
  DocumentStore store_;
  SuggestionStore suggestions_;
  DocumentMetrics metrics_;
  SystemIdSource ids_;
  MentionLimits mention_limits_;
  std::vector<std::unique_ptr<MentionWatch>> mentions_;  // empty: nobody is told of any
  std::vector<std::unique_ptr<DocumentShard>> shards_;
  AnnotationService annotations_;
  LiveDialects live_;
  FarDocuments* far_ = nullptr;  // null: there is no other node
};

}  // namespace concord::documents
