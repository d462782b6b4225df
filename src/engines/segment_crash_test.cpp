// The log's own code on a disk that fails, under one seed: after each loss of power, or death of the process, every
// acknowledged record is there, in order, once.

#include <gtest/gtest.h>

#include <algorithm>
#include <iostream>
#include <map>

#include "base/clock_testing.h"
#include "base/metrics.h"
#include "engines/segment_appender.h"
#include "engines/simulated_disk_testing.h"

namespace concord::engines {
namespace {

using concord::testing::for_each_seed;
using concord::testing::ManualClock;
using concord::testing::pick;
using concord::testing::Random;
using testing::DiskFaults;
using testing::SimulatedDisk;

constexpr std::uint32_t kShards = 3;
const std::string kDirectory = "log";

/// What may follow a shard's acknowledged records after a crash: the appends and states of one write that failed.
struct Attempt {
  std::vector<std::vector<std::uint64_t>> appends;  // identities of records
  std::uint64_t epoch = 0;
  std::uint64_t first = 0;
};

struct Model {
  std::vector<std::uint64_t> records;  // identities, from position 1; also those that are truncated
  std::uint64_t epoch = 0;
  std::uint64_t first = 1;
  std::vector<Attempt> attempts;  // since the last success of any write
};

class Simulation {
 public:
  explicit Simulation(Random& random) : random_(random), disk_(random()) {
    options_.directory = kDirectory;
    options_.segment_bytes = pick(random, 256, 8192);
    options_.allocate_bytes = pick(random, 0, 2) * 1024;
    options_.random64 = [this] { return random_(); };
    EXPECT_TRUE(disk_.make_directory(kDirectory));
    EXPECT_TRUE(disk_.sync_directory("."));
  }

  void run() {
    const std::uint64_t lives = pick(random_, 2, 6);
    for (std::uint64_t life = 0; life < lives && !::testing::Test::HasFailure(); ++life) {
      choose_weather();
      if (open()) {
        check();
        work();
      }
      appender_.reset();
      ++crashes_;
      pick(random_, 0, 3) > 0 ? disk_.power_on() : disk_.restart_process();
      disk_.set_faults({});
      disk_.set_capacity(~std::uint64_t{0});
    }
    ASSERT_TRUE(open());
    check();
    EXPECT_EQ(disk_.paths().size(), index_->segment_count()) << "a segment that nobody knows stays";
  }

  std::uint64_t acknowledged() const { return acknowledged_; }
  std::uint64_t crashes() const { return crashes_; }

 private:
  void choose_weather() {
    DiskFaults faults;
    if (pick(random_, 0, 1) == 0) faults.short_write = 200;
    if (pick(random_, 0, 2) == 0) faults.write_error = 50;
    if (pick(random_, 0, 2) == 0) faults.sync_error = 50;
    if (pick(random_, 0, 2) == 0) faults.other_error = 50;
    disk_.set_faults(faults);
    if (pick(random_, 0, 3) == 0) disk_.set_capacity(pick(random_, 0, 20'000));
    if (pick(random_, 0, 3) > 0) disk_.lose_power_after(pick(random_, 0, 60));
  }

  bool open() {
    index_ = std::make_unique<SegmentIndex>();
    const Result<RecoveredLog> recovered = recover_segments(disk_, kDirectory, *index_, Logger());
    if (!recovered) {
      EXPECT_EQ(recovered.error().code, Code::kUnavailable) << recovered.error().message;
      return false;
    }
    EXPECT_TRUE(recovered->damage.empty()) << recovered->damage.front().path << " " << recovered->damage.front().begin;
    appender_ = std::make_unique<SegmentAppender>(disk_, options_, *index_, *recovered, clock_, Logger(), metrics_);
    return true;
  }

  void work() {
    const std::uint64_t batches = pick(random_, 0, 20);
    for (std::uint64_t i = 0; i < batches; ++i) {
      clock_.advance_ms(static_cast<std::int64_t>(pick(random_, 0, 1)) * SegmentAppender::kRetryMs);
      run_batch();
    }
    if (pick(random_, 0, 1) == 0) appender_->close();
  }

  LogRequest make_request(std::map<std::uint32_t, Attempt>& attempts) {
    LogRequest request;
    request.shard.value = static_cast<std::uint32_t>(pick(random_, 0, kShards - 1));
    Model& model = models_[request.shard.value];
    Attempt& attempt = attempts.try_emplace(request.shard.value, Attempt{{}, model.epoch, model.first}).first->second;
    std::uint64_t next = model.records.size() + 1;
    for (const auto& append : attempt.appends) next += append.size();
    const std::uint64_t kind = pick(random_, 0, 9);
    if (kind == 0) {
      request.kind = LogRequest::Kind::kSeal;
      attempt.epoch += 1;
      request.epoch.value = attempt.epoch;
    } else if (kind == 1) {
      request.kind = LogRequest::Kind::kTruncate;
      request.keep_from.value = pick(random_, attempt.first, next);
      attempt.first = request.keep_from.value;
    } else {
      request.epoch.value = attempt.epoch;
      attempt.appends.emplace_back();
      for (std::uint64_t count = pick(random_, 1, 3); count > 0; --count) {
        request.records.push_back(make_record());
        attempt.appends.back().push_back(request.records.back().sequence);
      }
    }
    request.size_bytes = 64;
    for (const LogRecord& record : request.records) request.size_bytes += 64 + record.payload->size();
    return request;
  }

  LogRecord make_record() {
    LogRecord record;
    record.sequence = ++last_identity_;
    record.stream = "doc_" + std::to_string(last_identity_ % 7);
    // Content follows from the identity, so that a reader knows what to expect.
    record.payload = std::make_shared<const Bytes>(payload_of(last_identity_));
    return record;
  }

  static Bytes payload_of(std::uint64_t identity) {
    Bytes payload(identity % 3 * 104);  // few sizes, so that what a failed write left fits where a later one ends
    for (std::size_t i = 0; i < payload.size(); ++i) payload[i] = static_cast<std::uint8_t>(identity + i / 8);
    if (identity % 5 == 0) std::ranges::fill(payload, std::uint8_t{0});
    return payload;
  }

  void run_batch() {
    std::map<std::uint32_t, Attempt> attempts;
    std::vector<LogRequest> requests;
    for (std::uint64_t count = pick(random_, 1, 5); count > 0; --count) requests.push_back(make_request(attempts));
    std::vector<LogRequest*> batch;
    batch.reserve(requests.size());
    for (LogRequest& request : requests) batch.push_back(&request);
    appender_->run(batch);
    const bool succeeded = requests.front().result.has_value();
    for (const LogRequest& request : requests) {
      ASSERT_EQ(request.result.has_value(), succeeded) << "a batch is answered as one";
      if (!succeeded) ASSERT_EQ(request.result.error().code, Code::kUnavailable);
    }
    if (!succeeded) {
      for (auto& [id, attempt] : attempts) models_[id].attempts.push_back(attempt);
      return;
    }
    // A batch of requests that changed nothing writes nothing.
    bool wrote = false;
    for (auto& [id, attempt] : attempts) {
      wrote =
          wrote || !attempt.appends.empty() || attempt.epoch != models_[id].epoch || attempt.first != models_[id].first;
      adopt(models_[id], attempt, attempt.appends.size());
    }
    if (wrote) {
      for (auto& [id, model] : models_) model.attempts.clear();
    }
  }

  void adopt(Model& model, const Attempt& attempt, std::size_t appends) {
    for (std::size_t i = 0; i < appends; ++i) {
      acknowledged_ += attempt.appends[i].size();
      model.records.insert(model.records.end(), attempt.appends[i].begin(), attempt.appends[i].end());
    }
    model.epoch = std::max(model.epoch, attempt.epoch);
    model.first = std::max(model.first, attempt.first);
  }

  void check() {
    for (std::uint32_t id = 0; id < kShards && !::testing::Test::HasFailure(); ++id) check_shard(id);
  }

  void check_shard(std::uint32_t id) {
    Model& model = models_[id];
    const auto [shard, runs] = index_->find(ShardId{id}, index_->shard(ShardId{id}).first, ~std::size_t{0});
    ASSERT_FALSE(shard.damage) << shard.damage->message;
    const auto entries = read_entries(runs, ShardId{id}, shard.first, ~std::size_t{0});
    ASSERT_TRUE(entries) << entries.error().message;
    ASSERT_EQ(entries->size(), shard.next.value - shard.first.value) << "shard " << id;
    ASSERT_GE(shard.next.value, model.records.size() + 1) << "acknowledged records are missing in shard " << id;

    // What is truncated is taken as known; it cannot be read.
    std::vector<std::uint64_t> found = model.records;
    found.resize(shard.first.value - 1, 0);
    for (const LogEntry& entry : *entries) {
      ASSERT_EQ(entry.position.value, found.size() + 1);
      ASSERT_EQ(*entry.record.payload, payload_of(entry.record.sequence));
      found.push_back(entry.record.sequence);
    }
    ASSERT_TRUE(is_explained(model, shard, found))
        << "shard " << id << ": what was never acknowledged is no whole attempt";
    // From now on what was found has been seen, and must stay.
    model.records = found;
    model.epoch = shard.epoch.value;
    model.first = shard.first.value;
    model.attempts.clear();
  }

  /// The acknowledged records, and then whole appends of one attempt, in their order.
  static bool is_explained(const Model& model, const SegmentIndex::Shard& shard,
                           const std::vector<std::uint64_t>& found) {
    const auto is_found = [&](const std::vector<std::uint64_t>& expected) {
      const std::size_t kept = std::min<std::size_t>(shard.first.value - 1, expected.size());
      return expected.size() == found.size() &&
             std::equal(expected.begin() + static_cast<std::ptrdiff_t>(kept), expected.end(),
                        found.begin() + static_cast<std::ptrdiff_t>(kept));
    };
    if (is_found(model.records) && shard.epoch.value == model.epoch && shard.first.value == model.first) return true;
    return std::ranges::any_of(model.attempts, [&](const Attempt& attempt) {
      if (shard.epoch.value < model.epoch || shard.epoch.value > attempt.epoch) return false;
      if (shard.first.value < model.first || shard.first.value > attempt.first) return false;
      std::vector<std::uint64_t> expected = model.records;
      if (is_found(expected)) return true;
      for (const auto& append : attempt.appends) {
        expected.insert(expected.end(), append.begin(), append.end());
        if (is_found(expected)) return true;
      }
      return false;
    });
  }

  Random& random_;
  SimulatedDisk disk_;
  SegmentAppenderOptions options_;
  ManualClock clock_;
  Metrics metrics_;
  std::unique_ptr<SegmentIndex> index_;
  std::unique_ptr<SegmentAppender> appender_;
  std::map<std::uint32_t, Model> models_;
  std::uint64_t last_identity_ = 0;
  std::uint64_t acknowledged_ = 0;
  std::uint64_t crashes_ = 0;
};

TEST(SegmentCrash, every_acknowledged_record_is_there_in_order_once) {
  std::uint64_t acknowledged = 0;
  std::uint64_t crashes = 0;
  for_each_seed(500, [&](Random& random) {
    Simulation simulation(random);
    simulation.run();
    acknowledged += simulation.acknowledged();
    crashes += simulation.crashes();
  });
  std::cout << crashes << " crashes, " << acknowledged << " records acknowledged\n";
  if (std::getenv("CONCORD_SEED") == nullptr) EXPECT_GT(acknowledged, crashes);
}

}  // namespace
}  // namespace concord::engines
