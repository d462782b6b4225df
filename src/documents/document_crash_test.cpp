// The documents' own code, with shard, log, snapshots and history under it, on a disk that fails and loses power: after
// each crash every acknowledged update is there, in order, once, and what was deleted is gone. One seed, one run of
// several lives. Mutations reach the disk one after the other, so a seed is the same run again; but
// for a deletion with a sweep beside it, where both may.

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <iostream>
#include <map>
#include <set>

#include "base/clock_testing.h"
#include "base/property_testing.h"
#include "base/reactor_testing.h"
#include "crdt/update.h"
#include "documents/content.h"
#include "documents/document_shard.h"
#include "engines/directory_blobs.h"
#include "engines/local_coordination.h"
#include "engines/segment_log.h"
#include "engines/simulated_disk_testing.h"
#include "engines/sqlite_tables.h"
#include "shard/shards.h"
#include "vault/vault_testing.h"

namespace concord::documents {
namespace {

using concord::testing::for_each_seed;
using concord::testing::pick;
using concord::testing::Random;
using engines::testing::DiskFaults;
using engines::testing::SimulatedDisk;

constexpr engines::ShardId kShard{0};
constexpr std::size_t kMostDocuments = 6;         // of one run, deleted ones among them
constexpr std::int64_t kLeaseMs = 1'000'000'000;  // the clock is moved by more than a usual one at once

class SharedManualClock final : public Clock {
 public:
  std::int64_t wall_ms() override { return 1'780'000'000'000 + ns_ / 1'000'000; }
  std::int64_t monotonic_ns() override { return ns_; }
  void advance_ms(std::int64_t ms) { ns_ += ms * 1'000'000; }

 private:
  std::atomic<std::int64_t> ns_ = 0;
};

/// What all runs share: threads, and the tables, which are not what is tried here.
struct Surroundings {
  Surroundings() {
    const std::filesystem::path memory = "/dev/shm";
    std::string name = (exists(memory) ? memory : std::filesystem::temp_directory_path()) / "concord-test-XXXXXX";
    directory = mkdtemp(name.data());
    engines::SqliteTablesOptions options;
    options.connection.path = directory + "/concord.db";
    tables = std::move(*engines::SqliteTables::open(options, clock, Logger(), metrics));
    EXPECT_TRUE(concord::testing::run_on(reactors.at(), tables->migrate(DocumentStore::migrations())));
    EXPECT_TRUE(concord::testing::run_on(reactors.at(), tables->migrate(shard::shard_map_migrations())));
  }
  ~Surroundings() {
    tables.reset();
    std::filesystem::remove_all(directory);
  }
  Surroundings(const Surroundings&) = delete;
  Surroundings& operator=(const Surroundings&) = delete;

  SystemClock clock;
  Metrics metrics;
  std::string directory;
  concord::testing::RunningReactors reactors;
  BlockingPool pool{1};
  std::unique_ptr<engines::Tables> tables;
  std::uint64_t crashes = 0;
  std::uint64_t acknowledged = 0;
  std::uint64_t deletions = 0;
};

/// One update: types its number somewhere into the text.
struct Edit {
  std::uint64_t number = 0;
  SharedBytes update;
};

struct Model {
  DocumentId id;
  std::vector<std::uint64_t> kept;  // acknowledged, or seen after a crash: must stay, in this order
  std::vector<Edit> failed;         // not acknowledged: may be there
  std::set<std::uint64_t> again;    // sent once more: the log may have them twice, the document never
  Bytes state;                      // of the acknowledged, to write the next edit on
  enum class Deletion : std::uint8_t { kNone, kTried, kDone } deletion = Deletion::kNone;  // kDone: for good
};

class Simulation {
 public:
  Simulation(Random& random, Surroundings& around)
      : random_(random),
        around_(around),
        disk_(random()),
        ids_(clock_, random()),
        masters_(testing::some_master_keys()) {
    limits_.snapshot_after_bytes = pick(random_, 1, 3000);
    limits_.idle_ms = 10'000;
    sealing_ = pick(random_, 0, 2) == 0;
    segment_bytes_ = pick(random_, 512, 16'384);
    owner_ = UserId::make(ids_, Slot{0});
    for (std::uint64_t count = pick(random_, 1, 3); count > 0; --count) make_document();
  }

  void run() {
    ASSERT_TRUE(on_reactor(around_.tables->query({"DELETE FROM shard_epochs", {}})));  // of a disk that was
    for (std::uint64_t life = pick(random_, 3, 6); life > 0 && !::testing::Test::HasFailure(); --life) {
      choose_weather();
      if (start()) {
        check(false);
        work();
        if (pick(random_, 0, 5) == 0) on_reactor(documents_->drain(60'000));
      }
      crash();
    }
    ASSERT_TRUE(start());
    check(true);
    check_nothing_is_left();
    stop();
  }

 private:
  template <class T>
  T on_reactor(asio::awaitable<T> task) {
    return concord::testing::run_on(around_.reactors.at(), std::move(task));
  }

  void make_document() {
    DocumentRow row;
    row.id = DocumentId::make(ids_, Slot{0});
    row.owner = owner_;
    row.name = "a document";
    row.doc_type = "rich_text";
    ASSERT_TRUE(on_reactor(DocumentStore(*around_.tables).create(row, "usr_test")));
    models_.push_back({});
    models_.back().id = row.id;
    models_.back().state = {0, 0};
  }

  void choose_weather() {
    DiskFaults faults;
    if (pick(random_, 0, 1) == 0) faults.short_write = 200;
    if (pick(random_, 0, 3) == 0) faults.write_error = 20;
    if (pick(random_, 0, 3) == 0) faults.sync_error = 20;
    if (pick(random_, 0, 3) == 0) faults.other_error = 20;
    disk_.set_faults(faults);
    if (pick(random_, 0, 4) == 0) disk_.set_capacity(pick(random_, 0, 60'000));
    if (pick(random_, 0, 5) > 0) disk_.lose_power_after(pick(random_, 0, 250));
  }

  /// False where the weather does not let the node start.
  bool start() {
    const Logger logger;
    engines::SegmentLogOptions log;
    log.directory = "log";
    log.segment_bytes = segment_bytes_;
    log.allocate_bytes = 1024;
    log.read_threads = 1;
    auto opened = engines::SegmentLog::open(disk_, log, clock_, ids_, logger, metrics_);
    if (!opened) return cannot(opened.error());
    EXPECT_TRUE((*opened)->damage().empty());
    log_ = std::move(*opened);
    auto coordination =
        engines::LocalCoordination::open(disk_, {.directory = "coordination"}, clock_, logger, metrics_);
    if (!coordination) return cannot(coordination.error());
    coordination_ = std::move(*coordination);
    auto blobs = engines::DirectoryBlobs::open(disk_, {.directory = "blobs", .threads = 1}, logger, metrics_);
    if (!blobs) return cannot(blobs.error());
    blobs_ = std::move(*blobs);

    store_ = std::make_unique<DocumentStore>(*around_.tables);
    vault_ = std::make_unique<vault::Vault>(*blobs_, masters_, sealing_);
    snapshots_ = std::make_unique<shard::SnapshotStore>(*blobs_, *vault_, around_.pool, 64u << 20u);
    history_ = std::make_unique<HistoryStore>(*blobs_, *vault_, around_.pool, max_history_chunk(limits_));
    maps_ = std::make_unique<shard::TableShardMaps>(*around_.tables);
    slots_ = std::make_unique<shard::SlotTable>(*maps_);
    shard_ = std::make_unique<shard::Shard>(kShard, "node", around_.reactors.at(), *log_, *coordination_, *slots_,
                                            shard::ShardLimits{.lease_ms = kLeaseMs}, clock_, shard_metrics_, logger);
    documents_ = std::make_unique<DocumentShard>(*shard_, *snapshots_, *history_, *store_, *vault_, around_.pool,
                                                 limits_, clock_, document_metrics_, logger);
    if (auto started = on_reactor(documents_->start()); !started) return cannot(started.error());
    return true;
  }
  static bool cannot(const Error& error) {
    EXPECT_EQ(error.code, Code::kUnavailable) << error.message;
    return false;
  }

  void stop() {
    if (documents_) {
      on_reactor(shard_->drain());
      on_reactor(documents_->abandon());
    }
    documents_.reset();
    shard_.reset();
    log_.reset();
    blobs_.reset();
    coordination_.reset();
  }

  void crash() {
    disk_.lose_power_after(0);
    stop();
    pick(random_, 0, 3) > 0 ? disk_.power_on() : disk_.restart_process();
    disk_.set_faults({});
    disk_.set_capacity(~std::uint64_t{0});
    ++around_.crashes;
  }

  void work() {
    for (std::uint64_t step = pick(random_, 0, 25); step > 0 && !::testing::Test::HasFailure(); --step) {
      const std::uint64_t what = pick(random_, 0, 9);
      if (what == 0) {
        clock_.advance_ms(static_cast<std::int64_t>(pick(random_, 0, 2)) * 11'000);  // documents become idle
        on_reactor(documents_->sweep_once());
      } else if (what == 1) {
        on_reactor(documents_->sweep_once());
        on_reactor(shard_->truncate_passed());
      } else if (what == 2) {
        clock_.advance_ms(200);  // the log tries again
        retry(pick_model());
      } else if (what == 3 && pick(random_, 0, 2) == 0) {
        remove(pick_model(), pick(random_, 0, 2));
        if (models_.size() < kMostDocuments) make_document();
      } else {
        write(pick_model(), pick(random_, 1, 3));
      }
    }
  }

  Model& pick_model() { return models_[pick(random_, 0, models_.size() - 1)]; }

  /// With some edits under way, and sometimes a sweep, which may be writing the document's snapshot.
  void remove(Model& model, std::uint64_t edits) {
    if (pick(random_, 0, 2) == 0) clock_.advance_ms(11'000);
    std::vector<Edit> under_way;
    for (; edits > 0; --edits) under_way.push_back(make_edit(model));
    const bool sweeps = pick(random_, 0, 1) == 0;
    const Result<> removed = on_reactor(remove_task(model.id, under_way, sweeps));
    model.failed.insert(model.failed.end(), under_way.begin(), under_way.end());
    if (model.deletion == Model::Deletion::kDone) return;
    if (removed) ++around_.deletions;
    if (!removed) EXPECT_EQ(removed.error().code, Code::kUnavailable) << removed.error().message;
    model.deletion = removed ? Model::Deletion::kDone : Model::Deletion::kTried;
  }
  Task<> remove_task(DocumentId id, std::vector<Edit> edits, bool sweeps) {
    auto live = co_await documents_->open(id);
    std::size_t left = 0;
    AsyncEvent event(around_.reactors.at());
    for (std::size_t i = 0; live && i < edits.size(); ++i) {
      ++left;
      documents_->submit(*live, edits[i].update, {"usr_test", std::to_string(edits[i].number), 1}, 0,
                         [&left, &event](const Result<>&) {
                           --left;
                           event.notify_all();
                         });
    }
    TaskScope beside(around_.reactors.at());
    if (sweeps) beside.spawn(sweep_beside(*documents_, ++left, event));
    Result<> removed = co_await documents_->remove(id, "usr_test");
    while (left > 0) co_await event.wait();
    co_await beside.close();
    co_return removed;
  }
  static asio::awaitable<void> sweep_beside(DocumentShard& documents, std::size_t& left, AsyncEvent& event) {
    co_await documents.sweep_once();
    --left;
    event.notify_all();
  }

  /// The content follows from the number: a later look knows what it found.
  Edit make_edit(const Model& model) {
    crdt::Doc doc({.client = crdt::ClientId{++last_edit_}});
    EXPECT_TRUE(doc.apply_update(model.state));
    crdt::Text text = doc.text(kContentRoot);
    const std::string content = text.to_string();
    std::size_t at = pick(random_, 0, content.size());
    while (at < content.size() && content[at] != '<') ++at;  // between two
    Bytes update = doc.transact([&] { (void)text.insert(at, "<" + std::to_string(last_edit_) + ">"); });
    return {last_edit_, std::make_shared<const Bytes>(std::move(update))};
  }

  /// Some edits at once, which share an append where they can.
  void write(Model& model, std::uint64_t count) {
    std::vector<Edit> edits;
    for (; count > 0; --count) edits.push_back(make_edit(model));
    submit(model, edits);
  }

  /// What was not acknowledged is sent again, as the same write.
  void retry(Model& model) {
    std::vector<Edit> edits;
    edits.swap(model.failed);
    for (const Edit& edit : edits) model.again.insert(edit.number);
    submit(model, edits);
  }

  void submit(Model& model, const std::vector<Edit>& edits) {
    const auto outcomes = on_reactor(submit_task(model.id, edits));
    for (std::size_t i = 0; i < edits.size(); ++i) {
      if (!outcomes[i] && outcomes[i].error().code == Code::kNotFound) {
        EXPECT_NE(model.deletion, Model::Deletion::kNone);
        model.deletion = Model::Deletion::kDone;
      } else if (!outcomes[i]) {
        EXPECT_EQ(outcomes[i].error().code, Code::kUnavailable) << outcomes[i].error().message;
      }
      if (!outcomes[i]) {
        model.failed.push_back(edits[i]);
        continue;
      }
      EXPECT_NE(model.deletion, Model::Deletion::kDone) << "a deleted document takes an edit";
      ++around_.acknowledged;
      if (std::ranges::find(model.kept, edits[i].number) == model.kept.end()) model.kept.push_back(edits[i].number);
      crdt::Doc doc;
      EXPECT_TRUE(doc.apply_update(model.state));
      EXPECT_TRUE(doc.apply_update(*edits[i].update));
      model.state = doc.encode_state_as_update();
    }
  }

  asio::awaitable<std::vector<Result<>>> submit_task(DocumentId id, std::vector<Edit> edits) {
    auto live = co_await documents_->open(id);
    if (!live) co_return std::vector<Result<>>(edits.size(), fail(live.error()));
    std::vector<Result<>> outcomes(edits.size());
    AsyncEvent event(around_.reactors.at());
    std::size_t left = edits.size();
    for (std::size_t i = 0; i < edits.size(); ++i) {
      documents_->submit(*live, edits[i].update, {"usr_test", std::to_string(edits[i].number), 1}, 0,
                         [&outcomes, &left, i](Result<> done) {
                           outcomes[i] = std::move(done);
                           --left;
                         });
    }
    shard_->barrier([&event] { event.notify_all(); });
    while (left > 0) co_await event.wait();
    co_return outcomes;
  }

  struct Seen {
    std::string text;
    std::vector<HistoryRecord> records;
  };
  Task<Seen> look(DocumentId id) {
    CO_TRY(auto live, co_await documents_->open(id));
    Seen seen;
    crdt::Doc reader;  // as a client is answered, from stored bytes or the Doc
    CO_TRY_VOID(reader.apply_update(live->state().encode_state_as_update()));
    seen.text = reader.text(kContentRoot).to_string();
    CO_TRY(seen.records, co_await documents_->history().between(documents_->history_source(*live), 0, live->version()));
    co_return seen;
  }

  static std::vector<std::uint64_t> numbers_in(std::string_view text) {
    std::vector<std::uint64_t> out;
    for (std::size_t at = 0; at < text.size();) {
      const std::size_t end = text.find('>', at);
      EXPECT_TRUE(text[at] == '<' && end != std::string_view::npos) << "a torn edit: " << text;
      if (end == std::string_view::npos) break;
      out.push_back(std::strtoull(text.data() + at + 1, nullptr, 10));
      at = end + 1;
    }
    return out;
  }

  void check(bool everything) {
    for (Model& model : models_) {
      auto seen = on_reactor(look(model.id));
      if (!seen && seen.error().code == Code::kNotFound) {
        EXPECT_NE(model.deletion, Model::Deletion::kNone) << "a document is gone that nobody has deleted";
        model.deletion = Model::Deletion::kDone;
        continue;
      }
      EXPECT_TRUE(!seen || model.deletion != Model::Deletion::kDone) << "a deleted document has come back";
      if (!seen) {
        EXPECT_FALSE(everything) << seen.error().message;
        EXPECT_EQ(seen.error().code, Code::kUnavailable) << seen.error().message;
        continue;
      }
      model.deletion = Model::Deletion::kNone;  // what was tried and did not come to pass never will
      check_document(model, *seen);
    }
  }

  /// A while later nothing is left of what was deleted, and all of the rest.
  void check_nothing_is_left() {
    // The sweep that runs beside, on real time, may hold what this one would do: it is done a little later.
    auto bounds = on_reactor(log_->bounds(kShard));
    for (int i = 0; i < 3 || (i < 100 && bounds && bounds->first != bounds->next); ++i) {
      clock_.advance_ms(11'000);
      on_reactor(documents_->sweep_once());
      if (i < 2) continue;
      on_reactor(shard_->truncate_passed());
      bounds = on_reactor(log_->bounds(kShard));
    }
    ASSERT_TRUE(bounds);
    EXPECT_EQ(bounds->first, bounds->next) << "the log is kept for something that is gone";
    const auto blobs = on_reactor(blobs_->list("", "", 100'000));
    ASSERT_TRUE(blobs);
    for (const Model& model : models_) {
      const bool gone = model.deletion == Model::Deletion::kDone;
      const auto row = on_reactor(store_->owner(model.id));
      ASSERT_TRUE(row);
      EXPECT_EQ(row->has_value(), !gone);
      const bool any = std::ranges::any_of(
          *blobs, [&](const engines::BlobInfo& blob) { return blob.key.find(model.id.str()) != std::string::npos; });
      if (gone) EXPECT_FALSE(any) << "something is left of " << model.id.str();
      if (!gone && !model.kept.empty()) EXPECT_TRUE(any) << model.id.str();
    }
    check(true);
  }

  void check_document(Model& model, const Seen& seen) {
    std::vector<std::uint64_t> logged;
    crdt::Doc doc;
    for (const HistoryRecord& record : seen.records) {
      ASSERT_TRUE(doc.apply_update(*record.update));
      const auto info = crdt::describe_update(*record.update);
      ASSERT_TRUE(info && info->clients.size() == 1);
      const std::uint64_t number = info->clients.front().client.value;
      const bool known = std::ranges::find(logged, number) != logged.end();
      ASSERT_TRUE(!known || model.again.contains(number)) << "edit " << number << " is there twice";
      if (!known) logged.push_back(number);
    }
    std::vector<std::uint64_t> in_text = numbers_in(seen.text);
    std::ranges::sort(in_text);
    std::vector<std::uint64_t> sorted = logged;
    std::ranges::sort(sorted);
    ASSERT_EQ(in_text, sorted) << "the document is not what its history says";

    ASSERT_TRUE(std::ranges::includes(sorted,
                                      [&] {
                                        auto kept = model.kept;
                                        std::ranges::sort(kept);
                                        return kept;
                                      }()))
        << "an acknowledged edit is lost";
    // In the order in which they were acknowledged; what was sent again may have been there before.
    std::vector<std::uint64_t> order = logged;
    std::vector<std::uint64_t> expected = model.kept;
    std::erase_if(order, [&](std::uint64_t one) {
      return model.again.contains(one) || std::ranges::find(model.kept, one) == model.kept.end();
    });
    std::erase_if(expected, [&](std::uint64_t one) { return model.again.contains(one); });
    ASSERT_EQ(order, expected) << "the order has changed";
    for (const std::uint64_t number : logged) {
      const bool tried = std::ranges::any_of(model.failed, [&](const Edit& edit) { return edit.number == number; });
      ASSERT_TRUE(tried || std::ranges::find(model.kept, number) != model.kept.end()) << number << " from nowhere";
    }
    // From now on what was found has been seen, and must stay.
    model.kept = std::move(logged);
    model.state = doc.encode_state_as_update();
  }

  Random& random_;
  Surroundings& around_;
  SimulatedDisk disk_;
  SharedManualClock clock_;
  concord::testing::SeededIdSource ids_;
  Metrics metrics_;
  shard::ShardMetrics shard_metrics_{metrics_};
  DocumentMetrics document_metrics_{metrics_};
  DocumentLimits limits_;
  const vault::MasterKeys masters_;
  bool sealing_ = false;
  std::uint64_t segment_bytes_ = 0;
  UserId owner_;
  std::unique_ptr<engines::SegmentLog> log_;
  std::unique_ptr<engines::LocalCoordination> coordination_;
  std::unique_ptr<engines::DirectoryBlobs> blobs_;
  std::unique_ptr<DocumentStore> store_;
  std::unique_ptr<vault::Vault> vault_;
  std::unique_ptr<shard::SnapshotStore> snapshots_;
  std::unique_ptr<HistoryStore> history_;
  std::unique_ptr<shard::TableShardMaps> maps_;
  std::unique_ptr<shard::SlotTable> slots_;
  std::unique_ptr<shard::Shard> shard_;
  std::unique_ptr<DocumentShard> documents_;
  std::vector<Model> models_;
  std::uint64_t last_edit_ = 0;
};

TEST(DocumentCrash, every_acknowledged_edit_is_there_in_order_once) {
  Surroundings around;
  for_each_seed(40, [&](Random& random) { Simulation(random, around).run(); });
  std::cout << around.crashes << " crashes, " << around.acknowledged << " edits and " << around.deletions
            << " deletions acknowledged\n";
  if (std::getenv("CONCORD_SEED") == nullptr) EXPECT_GT(around.acknowledged, around.crashes);
}

}  // namespace
}  // namespace concord::documents
