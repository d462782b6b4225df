#include "shard/shard.h"

#include <algorithm>
#include <cassert>
#include <set>
#include <utility>

namespace concord::shard {

namespace {
constexpr std::size_t kReplayBatchBytes = 8u << 20u;
constexpr std::size_t kRecordOverheadBytes = 128;  // what a queued record costs beside its payload
constexpr std::int64_t kProbeMs = 500;             // while the log cannot write, or the lease cannot be taken
constexpr std::int64_t kDeadlineShare = 10;        // of the lease: so much before its end nothing is written any more
}  // namespace

Shard::Shard(ShardId id, std::string node, Reactor& reactor, engines::Log& log, engines::Coordination& coordination,
             SlotTable& slots, ShardLimits limits, Clock& clock, ShardMetrics& metrics, const Logger& logger)
    : id_(id),
      node_(std::move(node)),
      reactor_(reactor),
      log_(log),
      coordination_(coordination),
      slots_(slots),
      limits_(limits),
      clock_(clock),
      time_(clock),
      metrics_(metrics),
      logger_(logger.with("shard", std::to_string(id.value))),
      tasks_(reactor),
      idle_(reactor) {
  if (id.value < kFirstShards) counts_.emplace(metrics.of(id));
}

void Shard::enter(State state) {
  state_ = state;
  if (counts_) counts_->serving.set(state == State::kServing ? 1 : 0);
}

/// Knows nothing of an earlier life.
void Shard::begin_anew() {
  assert(queue_.empty() && !committing_);
  tasks_.reopen();
  probing_ = lapsed_ = false;
  unsure_.reset();
  tried_.clear();
  regain_at_ns_ = 0;
  writes_ = {};
  unsnapshotted_ = {};
  writable_ = true;
}

Task<> Shard::start(StateMachine& machine) {
  assert(state_ == State::kIdle || state_ == State::kStopped);
  if (state_ == State::kStopped) begin_anew();
  if (!counts_) counts_.emplace(metrics_.of(id_));
  enter(State::kRecovering);
  machine_ = &machine;
  auto taken = co_await coordination_.acquire(std::string(kOwnershipPrefix) + std::to_string(id_.value), node_,
                                              limits_.lease_ms, "");
  if (!taken) {
    enter(State::kStopped);
    co_return fail(std::move(taken).error());
  }
  ownership_ = std::move(*taken);
  owns_until(ownership_.expires_ns);
  if (auto recovered = co_await recover(); !recovered) {
    enter(State::kStopped);
    co_await give_back();
    co_return recovered;
  }
  enter(State::kServing);
  tasks_.spawn(maintain());
  co_return Result<>{};
}

Task<> Shard::recover() {
  CO_TRY_VOID(co_await log_.seal(id_, ownership_.epoch));
  CO_TRY_VOID(co_await slots_.begin(id_, ownership_.epoch));
  co_return co_await replay_tail();
}

Task<> Shard::replay_tail() {
  const std::int64_t began_ns = time_.monotonic_ns();
  CO_TRY(auto bounds, co_await log_.bounds(id_));
  next_position_ = bounds.first.value;
  truncated_to_ = bounds.first.value;
  CO_TRY(const std::uint64_t replayed, co_await take_in(bounds.next));
  const double seconds = static_cast<double>(time_.monotonic_ns() - began_ns) / 1e9;
  metrics_.replayed_records.add(replayed);
  metrics_.replay_seconds.record(seconds);
  if (replayed > 0) {
    logger_.info("replayed the log's tail",
                 {{"records", replayed}, {"seconds", seconds}, {"epoch", ownership_.epoch.value}});
  }
  co_return Result<>{};
}

/// Reads what the log has before `end` and is not known yet; answers how many records the machine was given. While
/// serving kFenced where one of them is another owner's.
Task<std::uint64_t> Shard::take_in(Position end) {
  const bool serving = state_ == State::kServing;
  std::uint64_t given = 0;
  while (next_position_ < end.value) {
    CO_TRY(auto entries, co_await log_.read(id_, Position{next_position_}, kReplayBatchBytes));
    if (entries.empty()) co_return fail(Code::kCorrupt, "the log ended before the position it announced");
    for (LogEntry& entry : entries) {
      if (entry.position.value != next_position_) co_return fail(Code::kCorrupt, "the log has a gap in its positions");
      if (serving && !is_own(entry.epoch)) co_return fail(Code::kFenced, "another has written since");
      clock_.observe(entry.record.time);
      // One of no stream is a probe, or stands in for a record that is lost: nobody's. One whose slot went to another
      // shard is in a snapshot. A write whose acknowledgement was lost, and that was sent again, counts once: nobody
      // needs the second.
      if (!entry.record.stream.empty() && has(entry.record.stream) && !writes_.find(entry.record)) {
        if (serving) {
          CO_TRY_VOID(co_await machine_->found(entry));
        }
        unsnapshotted_.note(entry.record.stream, next_position_);
        writes_.note(entry.record, Position{next_position_});
        if (!serving) machine_->replay(std::move(entry));
        ++given;
      }
      ++next_position_;
    }
  }
  co_return given;
}

void Shard::append(LogRecord record, Done done) {
  assert(record.payload != nullptr);
  if (state_ == State::kLost) {
    done(fail(Code::kFenced, "this node does not own the shard any more"));
    return;
  }
  if (state_ != State::kServing) {
    done(fail(Code::kUnavailable, "the shard is starting or draining; try again"));
    return;
  }
  if (queued_bytes_ + size_of(record) > limits_.max_queue_bytes) {
    metrics_.failures.add();
    done(fail(Error{Code::kUnavailable, "the log is behind; try again", {{"limit", "SHARD_QUEUE_BYTES"}}}));
    return;
  }
  queued_bytes_ += size_of(record);
  metrics_.queued_bytes.add(static_cast<std::int64_t>(size_of(record)));
  enqueue({std::move(record), std::move(done)});
}

bool Shard::has_written(const std::string& stream, const std::string& client, std::uint64_t sequence) const {
  LogRecord record;
  record.stream = stream;
  record.client = client;
  record.sequence = sequence;
  return writes_.find(record).has_value();
}

bool Shard::has(const std::string& stream) const {
  const auto slot = machine_->slot_of(stream);
  return !slot || slots_.of(*slot) == id_;
}

/// It is, and is not on its way to another.
bool Shard::takes(const std::string& stream) const {
  const auto slot = machine_->slot_of(stream);
  return !slot || slots_.settled(*slot) == id_;
}

bool Shard::is_sure() const { return state_ == State::kServing && !unsure_ && !lapsed_; }

bool Shard::needs_log(SlotRange slots) const {
  return unsnapshotted_.any([this, slots](const std::string& stream) {
    const auto slot = machine_->slot_of(stream);
    return slot && slots.contains(*slot);
  });
}

void Shard::barrier(std::move_only_function<void()> done) {
  if (queue_.empty() && !committing_) {
    done();
    return;
  }
  enqueue({std::nullopt, [done = std::move(done)](const Result<Appended>&) mutable { done(); }});
}

void Shard::enqueue(Pending pending) {
  queue_.push_back(std::move(pending));
  start_committing();
}

void Shard::start_committing() {
  if (committing_) return;
  committing_ = true;
  tasks_.spawn(commit());
}

std::size_t Shard::size_of(const LogRecord& record) { return record.payload->size() + kRecordOverheadBytes; }

/// As much of the queue as goes to the log in one append. A repetition of a record of this batch begins the next one.
Shard::Batch Shard::take_batch() {
  Batch batch;
  std::set<std::pair<std::string, std::string>> writers;
  while (!queue_.empty() && batch.records.size() < limits_.max_batch_records && batch.bytes < limits_.max_batch_bytes) {
    Pending& next = queue_.front();
    if (next.record) {
      next.known = writes_.find(*next.record);
      next.moved = !takes(next.record->stream);
      if (!next.known && !next.moved) {
        if (!next.record->client.empty() && !writers.emplace(next.record->stream, next.record->client).second) break;
        batch.records.push_back(*next.record);
        counts_->edits.add();
        counts_->edit_bytes.add(next.record->payload->size());
      }
      batch.bytes += size_of(*next.record);
    }
    batch.pending.push_back(std::move(next));
    queue_.pop_front();
  }
  return batch;
}

asio::awaitable<void> Shard::commit() {
  while (lapsed_ || !queue_.empty()) {
    if (std::exchange(lapsed_, false) || unsure_ || !surely_owns()) co_await make_sure();  // no append is under way
    Batch batch = take_batch();
    if (batch.pending.empty()) continue;
    const std::int64_t began_ns = time_.monotonic_ns();
    const std::size_t count = batch.records.size();
    Result<Position> first = Position{next_position_};
    if (count > 0) first = co_await write(std::move(batch.records));
    queued_bytes_ -= batch.bytes;
    metrics_.queued_bytes.add(-static_cast<std::int64_t>(batch.bytes));

    if (first && count > 0) {
      metrics_.records.add(count);
      metrics_.batch_records.record(static_cast<double>(count));
      metrics_.append_seconds.record(static_cast<double>(time_.monotonic_ns() - began_ns) / 1e9);
      next_position_ = first->value;
      if (!writable_.exchange(true)) logger_.info("the shard takes writes again");
    } else if (!first) {
      metrics_.failures.add(count);
      logger_.error("the log refused an append", {{"records", count}, {"error", first.error().message}});
      if (first.error().code == Code::kFenced) enter(State::kLost);
      if (first.error().code == Code::kUnavailable) writable_ = false;
    }
    answer(batch, first);
  }
  committing_ = false;
  idle_.notify_all();
}

void Shard::answer(Batch& batch, const Result<Position>& first) {
  for (Pending& pending : batch.pending) {
    if (pending.known) {
      pending.done(Appended{*pending.known, true});
    } else if (pending.moved) {
      pending.done(fail(Code::kUnavailable, "what is written moves to another shard; try again"));
    } else if (!first) {
      pending.done(fail(first.error()));
    } else if (!pending.record) {
      pending.done(Appended{Position{next_position_}});
    } else {
      unsnapshotted_.note(pending.record->stream, next_position_);
      writes_.note(*pending.record, Position{next_position_});
      pending.done(Appended{Position{next_position_++}});
    }
  }
}

void Shard::snapshotted(const std::string& stream, Position through) {
  unsnapshotted_.snapshotted(stream, through.value);
}

asio::awaitable<void> Shard::maintain() {
  const std::int64_t every_ms = limits_.lease_ms / 3;
  std::int64_t renew_at_ns = time_.monotonic_ns() + every_ms * 1'000'000;
  while (state_ == State::kServing) {
    if (!co_await sleep_ms(std::min(kProbeMs, every_ms)) || state_ != State::kServing) break;
    if (!writable_) probe();
    if (time_.monotonic_ns() < renew_at_ns) continue;
    renew_at_ns = time_.monotonic_ns() + every_ms * 1'000'000;
    co_await renew();
    if (state_ == State::kServing && writable_) co_await truncate_passed();
  }
}

asio::awaitable<void> Shard::renew() {
  auto renewed = co_await coordination_.renew(ownership_, limits_.lease_ms);
  if (renewed) {
    owns_until(renewed->expires_ns);
  } else if (renewed.error().code == Code::kFenced) {
    lapsed_ = true;
    start_committing();
  }
}

void Shard::owns_until(std::int64_t expires_ns) {
  ownership_.expires_ns = expires_ns;
  owned_until_ns_ = expires_ns - limits_.lease_ms * 1'000'000 / kDeadlineShare;
}

/// The log's epoch decides who can write; an owner that knows it may be none any more does not even try.
Task<Position> Shard::write(std::vector<LogRecord> records) {
  if (state_ == State::kLost) co_return fail(Code::kFenced, "this node does not own the shard any more");
  if (unsure_) co_return fail(*unsure_);
  if (!surely_owns()) co_return fail(Code::kUnavailable, "this node is not sure to own the shard; try again");
  auto first = co_await log_.append(id_, ownership_.epoch, std::move(records));
  if (!first && first.error().code == Code::kUnavailable) unsure_ = first.error();
  co_return first;
}

/// Tries to own the shard again, and to know what its log has; where that is in vain, not all the time.
asio::awaitable<void> Shard::make_sure() {
  if (time_.monotonic_ns() < regain_at_ns_) co_return;
  co_await regain();
  if (unsure_ || !surely_owns()) regain_at_ns_ = time_.monotonic_ns() + kProbeMs * 1'000'000;
}

/// Takes the ownership again, at a new epoch: nothing that is on its way at the old one can be written any more.
asio::awaitable<void> Shard::regain() {
  if (state_ != State::kServing) co_return;
  auto taken = co_await coordination_.acquire(ownership_.name, node_, limits_.lease_ms, "");
  Result<> resumed = taken ? co_await resume_at(*taken) : fail(taken.error());
  if (resumed) {
    logger_.warn("took the ownership again; nobody else has written since, and the shard goes on",
                 {{"epoch", ownership_.epoch.value}});
  } else if (resumed.error().code == Code::kUnavailable) {
    logger_.warn("the ownership cannot be taken again now", {{"error", resumed.error().message}});
  } else {
    logger_.error("lost the ownership", {{"error", resumed.error().message}});
    enter(State::kLost);
  }
}

/// Goes on at another epoch with what is in memory, and what the log has beyond. kFenced where someone else has written
/// since.
Task<> Shard::resume_at(engines::Ownership taken) {
  CO_TRY(const auto before, co_await log_.bounds(id_));
  if (!is_own(before.epoch)) co_return fail(Code::kFenced, "another has owned the shard since");
  if (!unsure_) unsure_ = Error{Code::kUnavailable, "this node is not sure of the shard's log; try again", {}};
  tried_.push_back(taken.epoch);
  CO_TRY_VOID(co_await log_.seal(id_, taken.epoch));
  CO_TRY_VOID(co_await slots_.begin(id_, taken.epoch));
  machine_->ranges_changed();
  CO_TRY(const auto after, co_await log_.bounds(id_));
  CO_TRY(const std::uint64_t given, co_await take_in(after.next));
  if (given > 0) logger_.info("records whose append was not answered are in the log", {{"records", given}});
  ownership_ = std::move(taken);
  owns_until(ownership_.expires_ns);
  tried_.clear();
  unsure_.reset();
  co_return Result<>{};
}

bool Shard::is_own(Epoch epoch) const {
  return epoch == ownership_.epoch || std::ranges::find(tried_, epoch) != tried_.end();
}

/// A record of no stream: nobody's write need fail for the shard to learn that the log takes writes again.
void Shard::probe() {
  if (probing_) return;
  probing_ = true;
  LogRecord record;
  record.time = now();
  record.payload = std::make_shared<const Bytes>();
  append(std::move(record), [this](const Result<Appended>& appended) {
    probing_ = false;
    if (appended) snapshotted({}, appended->position);
  });
}

asio::awaitable<void> Shard::truncate_passed() {
  if (unsure_) co_return;
  const std::uint64_t keep = unsnapshotted_.first_or(next_position_);
  if (keep <= truncated_to_) co_return;
  if (auto done = co_await log_.truncate(id_, Position{keep}); done) {
    truncated_to_ = keep;
  } else {
    logger_.warn("could not truncate the log", {{"error", done.error().message}});
  }
}

asio::awaitable<void> Shard::drain() {
  const bool owned = state_ == State::kServing;
  if (state_ != State::kLost) enter(State::kDraining);
  while (committing_) co_await idle_.wait();
  co_await tasks_.close();
  if (owned) {
    co_await truncate_passed();
    co_await give_back();
  }
  enter(State::kStopped);
}

asio::awaitable<void> Shard::give_back() {
  if (auto done = co_await coordination_.release(ownership_); !done)
    logger_.warn("could not release the ownership", {{"error", done.error().message}});
}

}  // namespace concord::shard
