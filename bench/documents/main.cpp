// Fills a stopped hub's data directory with documents, through the code that the hub runs: a row in the tables, an
// update through the log, then its history and its snapshot as a drain writes them. Only the syncs of files are left
// out, which would take most of the time.
//
//   bench_documents DATA COUNT USER MINE     MINE of the documents belong to USER, whose identifiers are printed, a
//                                            line each; the others to made-up principals

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "base/async.h"
#include "documents/content.h"
#include "documents/document_shard.h"
#include "engines/data_lock.h"
#include "engines/directory_blobs.h"
#include "engines/local_coordination.h"
#include "engines/segment_log.h"
#include "engines/sqlite_tables.h"
#include "engines/unsynced_files.h"
#include "shard/shards.h"
#include "vault/vault.h"

namespace concord::bench {
namespace {

using documents::DocumentShard;

constexpr std::size_t kRound = 5'000;  // documents open at once
constexpr std::size_t kAtOnce = 64;
constexpr std::size_t kOthers = 1'000;  // principals
constexpr std::int64_t kPatienceMs = 600'000;

[[noreturn]] void stop(const std::string& message) {
  std::fprintf(stderr, "bench_documents: %s\n", message.c_str());
  std::exit(1);
}

template <class T>
T must(Result<T> result) {
  if (!result) stop(result.error().message);
  return std::move(*result);
}
void must(const Result<>& result) {
  if (!result) stop(result.error().message);
}

/// A node's documents, without what speaks to the outside.
class Node {
 public:
  explicit Node(const std::string& data) {
    std::filesystem::create_directories(data);
    lock_ = must(engines::DataLock::take(data));
    engines::SqliteTablesOptions tables;
    tables.connection.path = data + "/concord.db";
    // A commit here may wait for the disk to take all that was written without a sync.
    tables.max_wait_ms = tables.transaction_timeout_ms = kPatienceMs;
    tables_ = must(engines::SqliteTables::open(tables, clock_, Logger(), metrics_));
    engines::SegmentLogOptions log;
    log.directory = data + "/log";
    log_ = must(engines::SegmentLog::open(files_, log, clock_, ids_, Logger(), metrics_));
    coordination_ = must(
        engines::LocalCoordination::open(files_, {.directory = data + "/coordination"}, clock_, Logger(), metrics_));
    blobs_ = must(engines::DirectoryBlobs::open(files_, {.directory = data + "/blobs"}, Logger(), metrics_));
    reactors_.start();
    vault_ = std::make_unique<vault::Vault>(*blobs_, vault::MasterKeys{}, false);  // as the settings' defaults are
    snapshots_ = std::make_unique<shard::SnapshotStore>(*blobs_, *vault_, pool_, limits_.snapshot_bytes());
    history_ =
        std::make_unique<documents::HistoryStore>(*blobs_, *vault_, pool_, documents::max_history_chunk(limits_));
    store_ = std::make_unique<documents::DocumentStore>(*tables_);
    must(wait(tables_->migrate(documents::DocumentStore::migrations())));
    must(wait(tables_->migrate(shard::shard_map_migrations())));
    maps_ = std::make_unique<shard::TableShardMaps>(*tables_);
    for (std::size_t i = 0; i < kOthers; ++i)
      others_.push_back(UserId::make(ids_, Slot{static_cast<std::uint16_t>(ids_.random64() % kSlots)}));
  }
  ~Node() {
    pool_.stop();
    log_.reset();
    blobs_.reset();
    tables_.reset();
    reactors_.stop();
  }
  Node(const Node&) = delete;
  Node& operator=(const Node&) = delete;

  /// Makes documents, and snapshots them as the end of a hub does.
  void make(std::size_t count, UserId user, std::size_t mine) {
    shards_ = std::make_unique<shard::Shards>("bench", reactors_, *log_, *coordination_, *maps_, shard::ShardLimits{},
                                              clock_, metrics_, Logger());
    for (std::size_t i = 0; i < shards_->slots().size(); ++i) {
      documents_.push_back(std::make_unique<DocumentShard>(shards_->at(i), *snapshots_, *history_, *store_, *vault_,
                                                           pool_, limits_, clock_, document_metrics_, Logger()));
      must(wait(documents_.back()->start()));
    }
    for (std::size_t done = 0; done < count; done += kAtOnce) {
      std::vector<std::unique_ptr<Made>> some;
      for (std::size_t i = done; i < std::min(count, done + kAtOnce); ++i) {
        some.push_back(std::make_unique<Made>(reactor()));
        must(wait(begin(i < mine ? user : others_[i % kOthers], i < mine, *some.back())));
      }
      for (const auto& one : some) must(wait(end(*one)));
    }
    for (auto& documents : documents_) must(wait(drain(*documents)));
    documents_.clear();
    shards_.reset();
  }

 private:
  /// A document in the making.
  struct Made {
    explicit Made(Reactor& reactor) : tasks(reactor) {}
    DocumentId id;
    bool shown = false;
    std::optional<Result<>> outcome;
    TaskScope tasks;
  };

  Reactor& reactor() { return reactors_.at(0); }
  template <class T>
  Result<T> wait(Task<T> task) {
    return wait_for(reactor(), std::move(task));
  }

  Task<> begin(UserId owner, bool shown, Made& made) {
    made.id = DocumentId::make(ids_, owner.slot());
    made.shown = shown;
    made.tasks.spawn(run(owner, made));
    co_return Result<>{};
  }
  asio::awaitable<void> run(UserId owner, Made& made) { made.outcome = co_await create(owner, made.id); }
  Task<> end(Made& made) {
    while (!made.outcome) CO_TRY_VOID(co_await sleep_ms(1));
    co_await made.tasks.close();
    if (*made.outcome && made.shown) std::printf("%s\n", made.id.str().c_str());
    co_return std::move(*made.outcome);
  }

  Task<> create(UserId owner, DocumentId id) {
    documents::DocumentRow row;
    row.id = id;
    row.owner = owner;
    row.name = "Notes of a day";
    row.doc_type = "rich_text";
    row.created_ms = row.updated_ms = clock_.wall_ms();
    CO_TRY_VOID(co_await store_->create(row, row.owner.str()));
    DocumentShard& shard = *documents_[shards_->slots().of(id.slot()).value];
    CO_TRY(auto live, co_await shard.open(id));
    for (const char* text : {kFirst, kSecond}) {  // two updates, as a short sitting leaves them
      CO_TRY(const SharedBytes state, co_await shard.state_at(live, live->version()));
      CO_TRY(Bytes update, documents::edit_update(*state, crdt::ClientId{ids_.random64() & crdt::kMaxClient},
                                                  documents::Format::kText, text));
      CO_TRY_VOID(
          co_await shard.submit_and_wait(live, std::make_shared<const Bytes>(std::move(update)), {owner.str()}));
    }
    co_return Result<>{};
  }

  static Task<> drain(DocumentShard& documents) {
    co_await documents.drain(kPatienceMs);
    co_return Result<>{};
  }

  static constexpr const char* kFirst =
      "Ann, Ben and Cem met at nine. The printer is repaired, the invoice has come, and the room is booked for May.";
  static constexpr const char* kSecond =
      "Ann, Ben and Cem met at nine. The printer is repaired, the invoice has come, and the room is booked for June "
      "and for July. Ben writes to the landlord; Cem looks after the key.";

  SystemClock clock_;
  SystemIdSource ids_{clock_};
  Metrics metrics_;
  const std::unique_ptr<engines::FileSystem> disk_ = engines::make_posix_file_system();
  const std::unique_ptr<engines::FileSystem> unsynced_ = engines::make_unsynced(*disk_);
  engines::FileSystem& files_ = *unsynced_;
  documents::DocumentLimits limits_;
  documents::DocumentMetrics document_metrics_{metrics_};
  BlockingPool pool_{2};
  Reactors reactors_{1};
  std::unique_ptr<engines::DataLock> lock_;
  std::unique_ptr<engines::SqliteTables> tables_;
  std::unique_ptr<engines::SegmentLog> log_;
  std::unique_ptr<engines::LocalCoordination> coordination_;
  std::unique_ptr<engines::DirectoryBlobs> blobs_;
  std::unique_ptr<vault::Vault> vault_;
  std::unique_ptr<shard::SnapshotStore> snapshots_;
  std::unique_ptr<documents::HistoryStore> history_;
  std::unique_ptr<documents::DocumentStore> store_;
  std::unique_ptr<shard::TableShardMaps> maps_;
  std::unique_ptr<shard::Shards> shards_;
  std::vector<std::unique_ptr<DocumentShard>> documents_;
  std::vector<UserId> others_;
};

}  // namespace
}  // namespace concord::bench

int main(int argc, char** argv) {
  using namespace concord;
  if (argc != 5) bench::stop("bench_documents DATA COUNT USER MINE");
  const std::size_t count = std::strtoull(argv[2], nullptr, 10);
  const auto user = UserId::parse(argv[3]);
  const std::size_t mine = std::strtoull(argv[4], nullptr, 10);
  if (!user || mine > count) bench::stop("USER is a principal's identifier, MINE at most COUNT");
  bench::Node node(argv[1]);
  for (std::size_t done = 0; done < count; done += bench::kRound)
    node.make(std::min(bench::kRound, count - done), *user, mine > done ? std::min(bench::kRound, mine - done) : 0);
  return 0;
}
