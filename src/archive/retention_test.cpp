// The retention over simulated days, with losses of power among its rounds: whatever a restore to a moment of the kept
// time needs is there, and what only earlier moments need goes in the end.

#include <algorithm>
#include <filesystem>
#include <iostream>

#include "archive/archive_reader.h"
#include "archive/archiver.h"
#include "archive/restore.h"
#include "base/clock_testing.h"
#include "base/property_testing.h"
#include "crdt/doc.h"
#include "documents/history_store.h"
#include "engines/directory_blobs.h"
#include "engines/embedded_testing.h"
#include "engines/log_repair.h"
#include "engines/simulated_disk_testing.h"
#include "engines/sqlite_copy.h"
#include "shard/snapshot_store.h"

namespace concord::archive {
namespace {

using concord::testing::pick;
using concord::testing::Random;
using engines::Epoch;
using engines::LogRecord;
using engines::Position;
using engines::ShardId;
using engines::testing::SimulatedDisk;

constexpr std::int64_t kMinuteMs = 60'000;
constexpr std::int64_t kHourMs = 60 * kMinuteMs;
constexpr std::int64_t kKeepMs = 48 * kHourMs;
constexpr ShardId kShard{1};
constexpr std::size_t kMost = 1U << 30U;

/// A hub's log, objects and database, with a document that lives, one that is deleted, and a crowd that fills segments.
class Days {
 public:
  Days(Random& random, Reactor& reactor, std::string directory)
      : random_(random), reactor_(reactor), directory_(std::move(directory)), disk_(random()) {
    engines_ =
        engines::open_embedded({.data_directory = directory_ + "/hub", .log_archived = true, .segment_size_mb = 1},
                               clock_, Logger(), metrics_)
            .value();
    vault_ = std::make_unique<vault::Vault>(*engines_.blobs, vault::MasterKeys{}, false);
    snapshots_ = std::make_unique<shard::SnapshotStore>(*engines_.blobs, *vault_, pool_, kMost);
    history_ = std::make_unique<documents::HistoryStore>(*engines_.blobs, *vault_, pool_, kMost);
    query("CREATE TABLE documents (id TEXT, owner TEXT)");
    query("CREATE TABLE marks (mark INTEGER)");
    query("INSERT INTO documents VALUES ('" + living_ + "', '" + owner_.str() + "'), ('" + deleted_ + "', '" +
          owner_.str() + "')");
    EXPECT_TRUE(run(engines_.log->seal(kShard, Epoch{1})));
    begin_archive();
  }

  void run_days(int steps) {
    const int deleted_at = static_cast<int>(pick(random_, 2, 10));
    for (int step = 0; step < steps && !::testing::Test::HasFailure(); ++step) {
      clock_.advance_ms(static_cast<std::int64_t>(pick(random_, 0, 2) == 0 ? pick(random_, 2 * kMinuteMs, kHourMs)
                                                                           : pick(random_, kHourMs, 9 * kHourMs)));
      if (step == 1) snapshot(deleted_, {edit(deleted_)});
      if (step == deleted_at) remove_document();
      work();
      if (pick(random_, 0, 2) == 0) disk_.lose_power_after(pick(random_, 1, 40));
      if (!round()) {
        disk_.power_on();
        begin_archive();
        ASSERT_TRUE(round());
        ++crashes_;
      } else if (!disk_.has_power()) {
        disk_.power_on();
        begin_archive();
      }
      disk_.lose_power_after(kMost);
      check(pick(random_, 0, 3) == 0 ? clock_.wall_ms() : moment());
    }
  }

  /// Two quiet rounds when everything so far is older than what is kept.
  void expect_old_ones_gone() {
    snapshot(living_, {edit(living_)});
    ASSERT_TRUE(round());
    clock_.advance_ms(kKeepMs + kHourMs);
    query("INSERT INTO marks VALUES (0)");
    ++marks_;
    begin_archive();  // whose first version of the database has all pages
    ASSERT_TRUE(round());
    const std::int64_t begun_ms = clock_.wall_ms();
    clock_.advance_ms(kKeepMs + kHourMs);
    snapshot(living_, {edit(living_)});
    for (int i = 0; i < 2; ++i) {
      ASSERT_TRUE(round());
      clock_.advance_ms(ArchiveWriter::kGraceMs + 1);
    }
    ASSERT_TRUE(round());
    const auto log = engines_.embedded.log->extents();
    for (const auto& [key, object] : archiver_->manifest().objects()) {
      if (const auto piece = LogPiece::parse(key)) EXPECT_GE(piece->segment, log.front().segment->number) << key;
      if (const auto part = DatabasePart::parse(key))
        EXPECT_GE(part->version, static_cast<std::uint64_t>(begun_ms)) << key;
      EXPECT_EQ(key.find(deleted_), std::string::npos) << key;
      EXPECT_EQ(object.gone_ms, 0) << key;
    }
    for (const auto& blob : run(place_->list("", "", 100'000)).value()) {
      EXPECT_TRUE(parse_manifest_key(blob.key) || archiver_->manifest().find(blob.key) != nullptr) << blob.key;
    }
    check(clock_.wall_ms());
  }

  int crashes() const { return crashes_; }

 private:
  struct Edit {
    std::int64_t at_ms = 0;
    Position position;
    SharedBytes update;
  };

  template <class T>
  Result<T> run(Task<T> task) {
    return concord::testing::run_on(reactor_, std::move(task));
  }
  void query(const std::string& text) { ASSERT_TRUE(run(engines_.tables->query({text, {}}))); }

  void begin_archive() {
    archiver_.reset();
    place_.reset();
    place_ = engines::DirectoryBlobs::open(disk_, {.directory = "a", .threads = 1}, Logger(), place_metrics_).value();
    ArchiveSource source;
    engines::SegmentLog* log = engines_.embedded.log;
    source.log = log->identity();
    source.extents = [log] { return log->extents(); };
    source.release = [log](std::uint32_t number) { log->release_before(number); };
    source.blobs = engines_.blobs.get();
    source.files = engines_.embedded.files;
    source.database_path = engines_.embedded.database_path;
    source.temporary_path = directory_ + "/copy";
    ArchiverOptions options;
    options.keep_ms = kKeepMs;
    archiver_ = std::make_unique<Archiver>(*place_, source, options, pool_, clock_, Logger(), metrics_);
  }

  Position append(const std::string& stream, SharedBytes payload) {
    LogRecord record;
    record.kind = 1;
    record.stream = stream;
    record.time = HybridTime{static_cast<std::uint64_t>(clock_.wall_ms()) << 16U};
    record.payload = std::move(payload);
    return run(engines_.log->append(kShard, Epoch{1}, {record})).value();
  }

  Edit edit(const std::string& document) {
    clock_.advance_ms(1000);
    crdt::Doc other({.client = crdt::ClientId{2}});
    crdt::Doc& doc = document == living_ ? doc_ : other;
    crdt::Text text = doc.text("t");
    const std::string words = std::to_string(edits_.size()) + ";";
    const Bytes update = doc.transact([&] { EXPECT_TRUE(text.insert(text.length(), words)); });
    Edit made{clock_.wall_ms(), {}, std::make_shared<const Bytes>(update)};
    made.position = append(document, made.update);
    if (document == living_) {
      edits_.push_back(made);
      texts_.push_back(text.to_string());
    }
    return made;
  }

  /// As the hub does: the history first, then the snapshot, then what it has made expendable may go.
  void snapshot(const std::string& document, std::vector<Edit> since) {
    std::uint64_t& version = versions_[document];
    documents::HistoryChunk chunk;
    for (const Edit& one : since)
      chunk.records.push_back({++version, HybridTime{static_cast<std::uint64_t>(one.at_ms) << 16U}, "", one.update});
    const Position last = since.back().position;
    const HybridTime time = chunk.records.back().time;
    ASSERT_TRUE(run(history_->write(kShard, document, owner_, std::move(chunk))));
    const Bytes state = document == living_ ? doc_.encode_state_as_update() : *since.back().update;
    ASSERT_TRUE(run(snapshots_->write(kShard, document, owner_, {last, version, time, state})));
    if (document == living_) ASSERT_TRUE(run(engines_.log->truncate(kShard, Position{last.value + 1})));
    if (document == deleted_) written_ms_ = clock_.wall_ms();
  }

  void remove_document() {
    ASSERT_TRUE(run(snapshots_->remove_all(kShard, deleted_)));
    ASSERT_TRUE(run(history_->remove_all(kShard, deleted_)));
    removed_ms_ = clock_.wall_ms();
  }

  void work() {
    for (int i = 0; i < 2; ++i)
      (void)append("doc_00000000000000000000000099", std::make_shared<const Bytes>(300'000, 'x'));
    for (std::uint64_t i = pick(random_, 0, 3); i > 0; --i) (void)edit(living_);
    if (pick(random_, 0, 2) == 0 && snapshotted_ < edits_.size()) {
      snapshot(living_, {edits_.begin() + static_cast<std::ptrdiff_t>(snapshotted_), edits_.end()});
      snapshotted_ = edits_.size();
    }
    query("INSERT INTO marks VALUES (0)");
    ++marks_;
  }

  bool round() {
    if (!run(archiver_->round())) return false;
    archived_ms_ = clock_.wall_ms();
    for (const DatabaseVersion& one : database_versions(archiver_->manifest()))
      databases_.try_emplace(static_cast<std::int64_t>(one.version), marks_);
    return true;
  }

  std::int64_t moment() {
    const std::int64_t first = std::max(databases_.begin()->first, clock_.wall_ms() - kKeepMs);
    return first + static_cast<std::int64_t>(pick(random_, 0, static_cast<std::uint64_t>(archived_ms_ - first)));
  }

  void check(std::int64_t at_ms) {
    SCOPED_TRACE("at " + std::to_string(at_ms) + ", now " + std::to_string(clock_.wall_ms()));
    RestoreOptions options;
    options.to = directory_ + "/restored";
    options.at_ms = at_ms;
    options.random64 = [this] { return random_(); };
    const auto report = run(restore(*place_, *engines_.embedded.files, options, pool_, clock_));
    ASSERT_TRUE(report) << report.error().message;
    EXPECT_TRUE(report->whole()) << report->damage.front();
    check_database(at_ms, report->database_ms);
    check_documents(at_ms);
    std::filesystem::remove_all(options.to);
  }

  void check_database(std::int64_t at_ms, std::int64_t restored_ms) {
    const std::int64_t newest_ms = std::prev(databases_.upper_bound(at_ms))->first;
    const bool fine = newest_ms >= clock_.wall_ms() - DatabaseArchiver::kFineMs;
    EXPECT_LT(newest_ms - restored_ms, fine ? 1 : DatabaseArchiver::kCoarseMs);
    const auto marks =
        engines::column_of_database(directory_ + "/restored/concord.db", "SELECT CAST(count(*) AS TEXT) FROM marks");
    ASSERT_TRUE(marks);
    EXPECT_EQ(marks->front(), std::to_string(databases_.at(restored_ms)));
  }

  void check_documents(std::int64_t at_ms) {
    auto& files = *engines_.embedded.files;
    Metrics metrics;
    const auto blobs = engines::DirectoryBlobs::open(
        files, {.directory = directory_ + "/restored/blobs", .read_only = true}, Logger(), metrics);
    ASSERT_TRUE(blobs);
    vault::Vault vault(**blobs, {}, false);
    shard::SnapshotStore snapshots(**blobs, vault, pool_, kMost);
    const auto snapshot = run(snapshots.newest(kShard, living_));
    ASSERT_TRUE(snapshot) << snapshot.error().message;
    crdt::Doc doc({.client = crdt::ClientId{3}});
    std::uint64_t held = 0;
    if (*snapshot) {
      held = (*snapshot)->snapshot.position.value;
      ASSERT_TRUE(doc.apply_update((*snapshot)->snapshot.state));
    }
    ASSERT_TRUE(engines::walk_log(files, directory_ + "/restored/log", [&](const engines::LogItem& item) -> Result<> {
      if (item.frame == nullptr || item.frame->stream != living_ || item.frame->position.value <= held) return {};
      TRY(const auto applied, doc.apply_update(item.frame->payload));
      static_cast<void>(applied);
      return {};
    }));
    const auto later = std::ranges::upper_bound(edits_, at_ms, {}, &Edit::at_ms);
    const auto count = static_cast<std::size_t>(later - edits_.begin());
    EXPECT_EQ(doc.text("t").to_string(), count == 0 ? "" : texts_[count - 1]);
    if (written_ms_ == 0 || at_ms < written_ms_ || (removed_ms_ != 0 && at_ms >= removed_ms_)) return;
    const auto deleted = run(snapshots.newest(kShard, deleted_));
    ASSERT_TRUE(deleted);
    EXPECT_TRUE(*deleted) << "of the document that was deleted later";
  }

  Random& random_;
  Reactor& reactor_;
  const std::string directory_;
  concord::testing::ManualClock clock_;
  SystemClock machine_;
  SystemIdSource ids_{machine_};
  Metrics metrics_;
  Metrics place_metrics_;
  SimulatedDisk disk_;
  BlockingPool pool_{1};
  engines::Engines engines_;
  const UserId owner_ = UserId::make(ids_, Slot{1});
  const std::string living_ = "doc_00000000000000000000000001";
  const std::string deleted_ = "doc_00000000000000000000000002";
  std::unique_ptr<engines::Blobs> place_;
  std::unique_ptr<Archiver> archiver_;
  std::unique_ptr<vault::Vault> vault_;
  std::unique_ptr<shard::SnapshotStore> snapshots_;
  std::unique_ptr<documents::HistoryStore> history_;
  crdt::Doc doc_{{.client = crdt::ClientId{1}}};
  std::vector<Edit> edits_;
  std::vector<std::string> texts_;  // after each edit
  std::map<std::string, std::uint64_t> versions_;
  std::size_t snapshotted_ = 0;
  std::map<std::int64_t, int> databases_;  // versions that were archived: the marks they have
  int marks_ = 0;
  int crashes_ = 0;
  std::int64_t archived_ms_ = 0;
  std::int64_t written_ms_ = 0;  // of the document that is deleted
  std::int64_t removed_ms_ = 0;
};

class RetentionTest : public concord::testing::EngineTest {};

TEST_F(RetentionTest, what_a_restore_within_the_kept_time_needs_stays_and_the_rest_goes) {
  int crashes = 0;
  int run_number = 0;
  concord::testing::for_each_seed(2, [&](Random& random) {
    Days days(random, reactor(), directory() + "/" + std::to_string(++run_number));
    days.run_days(14);
    if (!HasFailure()) days.expect_old_ones_gone();
    crashes += days.crashes();
  });
  std::cout << crashes << " losses of power\n";
  if (std::getenv("CONCORD_SEED") == nullptr) EXPECT_GT(crashes, 0);
}

}  // namespace
}  // namespace concord::archive
