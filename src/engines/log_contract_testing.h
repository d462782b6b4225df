#pragma once
// What every driver of the `log` port promises: a suite that a driver's own tests instantiate in
// `concord::engines::log_contract`, in one source of a test program.

#include <algorithm>
#include <atomic>
#include <map>
#include <set>

#include "base/waiting_testing.h"
#include "engines/contract_testing.h"
#include "engines/log.h"

namespace concord::engines::log_contract {

using concord::testing::eventually;
using testing::code_of;
using testing::Driver;
using testing::DriverContext;

constexpr std::size_t kAll = 1U << 30U;

inline SharedBytes bytes_of(std::string_view text) { return std::make_shared<const Bytes>(to_bytes(text)); }

inline LogRecord record(const std::string& payload, std::uint64_t sequence = 0) {
  LogRecord made;
  made.stream = "doc_1";
  made.payload = bytes_of(payload);
  made.sequence = sequence;
  return made;
}

inline std::vector<LogRecord> one(const std::string& payload, std::uint64_t sequence = 0) {
  std::vector<LogRecord> records;
  records.push_back(record(payload, sequence));
  return records;
}

inline std::vector<std::string> payloads(const Result<std::vector<LogEntry>>& entries) {
  std::vector<std::string> texts;
  for (const LogEntry& entry : entries.value()) texts.emplace_back(as_text(*entry.record.payload));
  return texts;
}

class LogContract : public testing::ContractTest<Log> {
 protected:
  static constexpr ShardId kShard{7};
  static constexpr Epoch kEpoch{3};

  void SetUp() override { ASSERT_TRUE(run(port().seal(kShard, kEpoch))); }
  Result<Position> append(std::string payload) { return run(port().append(kShard, kEpoch, one(std::move(payload)))); }
  Result<std::vector<LogEntry>> read(std::uint64_t from = 1, std::size_t max_bytes = kAll) {
    return run(port().read(kShard, Position{from}, max_bytes));
  }
  Log::Bounds bounds(ShardId shard = kShard) { return run(port().bounds(shard)).value(); }
};

TEST_P(LogContract, a_shard_without_records_begins_at_one) {
  const Log::Bounds empty = bounds(ShardId{99});
  EXPECT_EQ(empty.first, Position{1});
  EXPECT_EQ(empty.next, Position{1});
  EXPECT_EQ(empty.epoch, Epoch{0});
  EXPECT_TRUE(run(port().read(ShardId{99}, Position{1}, kAll)).value().empty());
}

TEST_P(LogContract, positions_begin_at_one_and_have_no_gaps) {
  EXPECT_EQ(append("a").value(), Position{1});
  std::vector<LogRecord> three;
  for (const char* text : {"b", "c", "d"}) three.push_back(record(text));
  EXPECT_EQ(run(port().append(kShard, kEpoch, three)).value(), Position{2});
  EXPECT_EQ(append("e").value(), Position{5});
  const auto entries = read();
  EXPECT_EQ(payloads(entries), (std::vector<std::string>{"a", "b", "c", "d", "e"}));
  for (std::size_t i = 0; i < entries->size(); ++i) EXPECT_EQ((*entries)[i].position, Position{i + 1});
  EXPECT_EQ(bounds().next, Position{6});
}

TEST_P(LogContract, a_record_comes_back_as_it_was_also_after_a_restart) {
  LogRecord full;
  full.kind = 255;
  full.stream = std::string(64, 's');
  full.principal = "usr_\xff\x01";
  full.time = HybridTime{0xfedcba9876543210};
  full.client = std::string("c\0d", 3);
  full.sequence = ~std::uint64_t{0};
  full.payload = std::make_shared<const Bytes>(Bytes{0, 1, 2, 255, 0});
  LogRecord empty;
  empty.payload = bytes_of("");
  ASSERT_TRUE(run(port().append(kShard, kEpoch, {full, empty})));
  for (int restart = 0; restart < 2; ++restart) {
    const auto entries = read();
    ASSERT_EQ(entries->size(), 2U);
    const LogEntry& entry = entries->front();
    EXPECT_EQ(entry.epoch, kEpoch);
    EXPECT_EQ(entry.record.kind, full.kind);
    EXPECT_EQ(entry.record.stream, full.stream);
    EXPECT_EQ(entry.record.principal, full.principal);
    EXPECT_EQ(entry.record.time, full.time);
    EXPECT_EQ(entry.record.client, full.client);
    EXPECT_EQ(entry.record.sequence, full.sequence);
    EXPECT_EQ(*entry.record.payload, *full.payload);
    EXPECT_TRUE(entries->back().record.stream.empty());
    EXPECT_TRUE(entries->back().record.payload->empty());
    reopen();
  }
}

TEST_P(LogContract, an_older_epoch_is_fenced_also_after_a_restart) {
  ASSERT_TRUE(append("mine"));
  ASSERT_TRUE(run(port().seal(kShard, Epoch{5})));
  for (int restart = 0; restart < 2; ++restart) {
    EXPECT_EQ(code_of(append("late")), Code::kFenced);
    EXPECT_EQ(code_of(run(port().seal(kShard, Epoch{4}))), Code::kFenced);
    EXPECT_EQ(bounds().epoch, Epoch{5});
    reopen();
  }
  EXPECT_EQ(payloads(read()), std::vector<std::string>{"mine"});
  EXPECT_EQ(run(port().append(kShard, Epoch{5}, one("theirs"))).value(), Position{2});
}

TEST_P(LogContract, sealing_again_with_the_same_epoch_is_allowed) {
  EXPECT_TRUE(run(port().seal(kShard, kEpoch)));
  EXPECT_TRUE(append("a"));
}

TEST_P(LogContract, an_epoch_that_was_never_sealed_cannot_append) {
  EXPECT_EQ(code_of(run(port().append(kShard, Epoch{9}, one("x")))), Code::kInvalidArgument);
  EXPECT_EQ(bounds().epoch, kEpoch);
  EXPECT_TRUE(append("still mine"));
}

TEST_P(LogContract, shards_do_not_know_each_other) {
  ASSERT_TRUE(run(port().seal(ShardId{8}, Epoch{1})));
  ASSERT_TRUE(append("a"));
  EXPECT_EQ(run(port().append(ShardId{8}, Epoch{1}, one("other"))).value(), Position{1});
  ASSERT_TRUE(append("b"));
  EXPECT_EQ(payloads(read()), (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(payloads(run(port().read(ShardId{8}, Position{1}, kAll))), std::vector<std::string>{"other"});
}

TEST_P(LogContract, a_read_gives_what_fits_and_at_least_one_entry) {
  for (const char* text : {"aaaa", "bbbb", "cccc"}) ASSERT_TRUE(append(text));
  EXPECT_EQ(payloads(read(1, 8)), (std::vector<std::string>{"aaaa", "bbbb"}));
  EXPECT_EQ(payloads(read(1, 11)), (std::vector<std::string>{"aaaa", "bbbb"}));
  EXPECT_EQ(payloads(read(2, 0)), std::vector<std::string>{"bbbb"});
  EXPECT_EQ(payloads(read(3)), std::vector<std::string>{"cccc"});
  EXPECT_TRUE(read(4)->empty());
  EXPECT_TRUE(read(400)->empty());
}

TEST_P(LogContract, a_long_log_is_read_whole_in_pieces) {
  constexpr std::uint64_t kRecords = 3000;
  ASSERT_TRUE(run(port().seal(ShardId{8}, Epoch{1})));
  std::uint64_t written = 0;
  while (written < kRecords) {
    std::vector<LogRecord> records;
    for (int i = 0; i < 100; ++i) {
      ++written;
      records.push_back(record(std::string(written % 200, 'x'), written));
    }
    ASSERT_TRUE(run(port().append(kShard, kEpoch, records)));
    ASSERT_TRUE(run(port().append(ShardId{8}, Epoch{1}, one(std::string(written % 5000, 'y')))));
  }
  std::uint64_t next = 1;
  for (;;) {
    const auto entries = read(next, 10'000);
    ASSERT_TRUE(entries);
    if (entries->empty()) break;
    for (const LogEntry& entry : *entries) {
      ASSERT_EQ(entry.position.value, next++);
      ASSERT_EQ(entry.record.sequence, entry.position.value);
    }
  }
  EXPECT_EQ(next, kRecords + 1);
}

TEST_P(LogContract, truncating_moves_the_first_position_and_never_back) {
  for (const char* text : {"a", "b", "c"}) ASSERT_TRUE(append(text));
  ASSERT_TRUE(run(port().truncate(kShard, Position{3})));
  ASSERT_TRUE(run(port().truncate(kShard, Position{2})));
  for (int restart = 0; restart < 2; ++restart) {
    EXPECT_EQ(bounds().first, Position{3});
    EXPECT_EQ(bounds().next, Position{4});
    EXPECT_EQ(code_of(read(2)), Code::kNotFound);
    EXPECT_EQ(payloads(read(3)), std::vector<std::string>{"c"});
    reopen();
  }
}

TEST_P(LogContract, a_log_truncated_to_its_end_goes_on_where_it_was) {
  for (const char* text : {"a", "b"}) ASSERT_TRUE(append(text));
  ASSERT_TRUE(run(port().truncate(kShard, Position{3})));
  reopen();
  EXPECT_EQ(bounds().first, Position{3});
  EXPECT_TRUE(read(3)->empty());
  EXPECT_EQ(append("c").value(), Position{3});
  EXPECT_EQ(payloads(read(3)), std::vector<std::string>{"c"});
}

TEST_P(LogContract, keeping_from_a_position_not_written_is_an_error) {
  ASSERT_TRUE(append("a"));
  EXPECT_TRUE(run(port().truncate(kShard, Position{2})));
  EXPECT_EQ(code_of(run(port().truncate(kShard, Position{3}))), Code::kInvalidArgument);
  EXPECT_EQ(bounds().first, Position{2});
}

TEST_P(LogContract, what_is_too_large_is_refused_and_named) {
  const auto refused_field = [&](const LogRecord& made) -> std::string {
    const Result<Position> result = run(port().append(kShard, kEpoch, {made}));
    if (result) return "accepted";
    EXPECT_EQ(result.error().code, made.payload ? Code::kTooLarge : Code::kInvalidArgument);
    return result.error().context.at(0).second;
  };
  LogRecord large = record("x");
  large.stream = std::string(65, 's');
  EXPECT_EQ(refused_field(large), "stream");
  large = record("x");
  large.principal = std::string(65, 's');
  EXPECT_EQ(refused_field(large), "principal");
  large = record("x");
  large.client = std::string(65, 's');
  EXPECT_EQ(refused_field(large), "client");
  large.client.clear();
  large.payload = std::make_shared<const Bytes>(kMaxPayloadBytes + 1);
  EXPECT_EQ(refused_field(large), "payload");
  large.payload = nullptr;
  EXPECT_EQ(refused_field(large), "payload");
  EXPECT_EQ(code_of(run(port().append(kShard, kEpoch, {}))), Code::kInvalidArgument);
  EXPECT_EQ(bounds().next, Position{1});
}

TEST_P(LogContract, the_largest_payload_is_kept) {
  LogRecord large = record("");
  Bytes content(kMaxPayloadBytes);
  for (std::size_t i = 0; i < content.size(); ++i) content[i] = static_cast<std::uint8_t>(i * 2654435761U >> 24U);
  large.payload = std::make_shared<const Bytes>(std::move(content));
  ASSERT_TRUE(append("before"));
  ASSERT_TRUE(run(port().append(kShard, kEpoch, {large})));
  ASSERT_TRUE(append("after"));
  reopen();
  const auto entries = read();
  ASSERT_EQ(entries->size(), 3U);
  EXPECT_TRUE(*(*entries)[1].record.payload == *large.payload);
}

/// Appends `count` records one after the other, each its own call.
inline Task<> append_many(Log& log, ShardId shard, Epoch epoch, std::string client, std::uint64_t count) {
  for (std::uint64_t sequence = 1; sequence <= count; ++sequence) {
    std::vector<LogRecord> records = one(client + ":" + std::to_string(sequence), sequence);
    records[0].client = client;
    CO_TRY_VOID(co_await log.append(shard, epoch, std::move(records)));
  }
  co_return Result<>();
}

TEST_P(LogContract, appends_from_many_reactors_are_each_there_once_and_in_the_order_of_each) {
  constexpr std::size_t kClients = 24;
  constexpr std::uint64_t kEach = 40;
  std::vector<std::future<Result<>>> running;
  running.reserve(kClients);
  for (std::size_t i = 0; i < kClients; ++i)
    running.push_back(start(i, append_many(port(), kShard, kEpoch, "c" + std::to_string(i), kEach)));
  for (auto& each : running) ASSERT_TRUE(each.get());
  reopen();
  const auto entries = read();
  ASSERT_EQ(entries->size(), kClients * kEach);
  std::map<std::string, std::uint64_t> last;
  for (const LogEntry& entry : *entries) EXPECT_EQ(entry.record.sequence, ++last[entry.record.client]);
}

TEST_P(LogContract, a_reader_beside_writers_sees_no_gap) {
  auto writing = start(1, append_many(port(), kShard, kEpoch, "w", 300));
  std::uint64_t next = 1;
  while (next <= 300) {
    const auto entries = read(next, 500);
    ASSERT_TRUE(entries);
    for (const LogEntry& entry : *entries) {
      ASSERT_EQ(entry.position.value, next);
      ASSERT_EQ(entry.record.sequence, next++);
    }
  }
  ASSERT_TRUE(writing.get());
}

inline Task<> append_until_fenced(Log& log, ShardId shard, Epoch epoch, std::atomic<std::uint64_t>& acknowledged) {
  for (;;) {
    const Result<Position> done = co_await log.append(shard, epoch, one("old owner"));
    if (!done) co_return fail(done.error());
    acknowledged.fetch_add(1);
  }
}

TEST_P(LogContract, a_seal_in_the_midst_of_appends_lets_none_of_the_old_epoch_through_behind_it) {
  std::atomic<std::uint64_t> acknowledged = 0;
  auto old_owner = start(1, append_until_fenced(port(), kShard, kEpoch, acknowledged));
  ASSERT_TRUE(eventually([&] { return acknowledged.load() > 20; }));
  ASSERT_TRUE(run(port().seal(kShard, Epoch{4})));
  const Position next = bounds().next;
  EXPECT_EQ(code_of(old_owner.get()), Code::kFenced);
  EXPECT_EQ(bounds().next, next);
  EXPECT_EQ(next.value, acknowledged.load() + 1);
}

inline asio::awaitable<void> append_and_forget(Log& log, ShardId shard, Epoch epoch, std::uint64_t sequence) {
  static_cast<void>(co_await log.append(shard, epoch, one("cancelled", sequence)));
}

TEST_P(LogContract, a_cancelled_append_is_there_once_or_not_at_all) {
  for (std::uint64_t i = 1; i <= 50; ++i)
    run_cancelled(i, append_and_forget(port(), kShard, kEpoch, i), std::chrono::microseconds(i * 7));
  const Position end = append("after").value();
  const auto entries = read();
  ASSERT_EQ(entries->size(), end.value);
  std::set<std::uint64_t> seen;
  for (const LogEntry& entry : *entries) EXPECT_TRUE(seen.insert(entry.record.sequence).second);
}

inline Task<> stays_on(Reactor& reactor, Log& log, ShardId shard) {
  bool stayed = reactor.is_current();
  CO_TRY_VOID(co_await log.seal(shard, Epoch{3}));
  stayed = stayed && reactor.is_current();
  CO_TRY_VOID(co_await log.append(shard, Epoch{3}, one("x")));
  stayed = stayed && reactor.is_current();
  CO_TRY_VOID(co_await log.read(shard, Position{1}, kAll));
  stayed = stayed && reactor.is_current();
  CO_TRY_VOID(co_await log.truncate(shard, Position{2}));
  stayed = stayed && reactor.is_current();
  CO_TRY_VOID(co_await log.bounds(shard));
  if (!stayed || !reactor.is_current()) co_return fail(Code::kInternal, "resumed elsewhere");
  co_return Result<>();
}

TEST_P(LogContract, a_caller_goes_on_on_its_own_reactor) {
  for (std::size_t i = 0; i < kReactors; ++i)
    EXPECT_TRUE(start(i, stays_on(reactor(i), port(), ShardId{static_cast<std::uint32_t>(20 + i)})).get());
}

}  // namespace concord::engines::log_contract
