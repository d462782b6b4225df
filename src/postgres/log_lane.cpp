#include "postgres/log_lane.h"

#include <algorithm>

#include "postgres/log_rows.h"

namespace concord::postgres {
namespace {

using engines::Epoch;
using engines::LogRecord;
using engines::Position;
using engines::Rows;
using engines::ShardId;

Error closing() { return {Code::kUnavailable, "the log is closing", {}}; }

/// Nothing of an append that the engine refused was acknowledged: it may be tried again, whatever the reason.
Error retryable(Error error) {
  if (error.code != Code::kCorrupt) error.code = Code::kUnavailable;
  return error;
}

}  // namespace

LogQueue::LogQueue(const PostgresLogOptions& o, Metrics& metrics)
    : options(o),
      depth(metrics.gauge("concord_log_queue_depth", "Appends that wait for the log or for their commit.")),
      depth_bytes(metrics.gauge("concord_log_queue_bytes", "Their bytes.")),
      refused(metrics.counter("concord_log_refused_total", "Calls refused because the queue was full.")),
      batch_records(metrics.histogram("concord_log_batch_records", "Records that shared a commit.", size_bounds())) {}

Task<Position> LogLane::append(ShardId shard, Epoch epoch, std::vector<LogRecord> records, std::size_t bytes) {
  Call call{.shard = shard, .epoch = epoch, .records = std::move(records), .bytes = bytes, .result = {}, .resume = {}};
  co_await engines::suspend([this, &call](engines::Resume resume) { enqueue(call, std::move(resume)); });
  if (call.result) co_return *std::move(call.result);
  CO_TRY_VOID(co_await explain(shard, epoch));
  co_return fail(Code::kUnavailable, "the shard's epoch changed meanwhile");
}

Result<> LogLane::admit(const Call& call) const {
  const PostgresLogOptions& options = queue_.options;
  if (closed_) return fail(closing());
  const bool full = queue_.calls >= options.max_queued_appends ||
                    (queue_.calls > 0 && queue_.bytes + call.bytes > options.max_queued_bytes);
  if (!full) return {};
  queue_.refused.add();
  return fail(Error{Code::kUnavailable,
                    "too many appends wait for the log",
                    {{"limit", std::to_string(options.max_queued_appends)}}});
}

void LogLane::enqueue(Call& call, engines::Resume resume) {
  call.resume = std::move(resume);
  const Result<> admitted = admit(call);
  ++queue_.calls;
  queue_.bytes += call.bytes;
  if (!admitted) return answer(call, fail(admitted.error()));
  call.queued_ns = pool_.clock().monotonic_ns();
  waiting_.push_back(&call);
  waiting_bytes_ += call.bytes;
  pump();
}

/// The call is gone once its coroutine goes on.
void LogLane::answer(Call& call, std::optional<Result<Position>> result) {
  --queue_.calls;
  queue_.bytes -= call.bytes;
  queue_.depth.set(static_cast<std::int64_t>(queue_.calls));
  queue_.depth_bytes.set(static_cast<std::int64_t>(queue_.bytes));
  call.result = std::move(result);
  engines::Resume resume = std::move(call.resume);
  resume();
}

void LogLane::refuse_all(const Error& error) {
  waiting_bytes_ = 0;
  for (Call* call : std::exchange(waiting_, {})) answer(*call, fail(retryable(error)));
}

void LogLane::close() {
  closed_ = true;
  refuse_all(closing());
}

/// Looks at what can be done now: called whenever something has changed.
void LogLane::pump() {
  if (in_flight_ == 0 && lease_ && (waiting_.empty() || !(*lease_)->is_open())) lease_.reset();
  if (closed_ || waiting_.empty() || !has_connection()) return;
  while (may_send()) send();
  gather();
}

bool LogLane::has_connection() {
  if (lease_) return (*lease_)->is_open();  // one that is lost goes with its last answer
  if (!std::exchange(connecting_, true)) pool_.spawn(connect(*this));
  return false;
}

asio::awaitable<void> LogLane::connect(LogLane& lane) {
  Result<Pool::Lease> lease = co_await lane.pool_.acquire();
  lane.connecting_ = false;
  if (lease && !lane.closed_) {
    lane.lease_.emplace(*std::move(lease));
  } else if (!lease) {
    lane.refuse_all(lease.error());
  }
  lane.pump();
}

bool LogLane::may_send() const {
  const PostgresLogOptions& options = queue_.options;
  if (waiting_.empty() || in_flight_ >= options.pipelined || !(*lease_)->is_open()) return false;
  if (in_flight_ == 0 || waiting_bytes_ >= options.max_batch_bytes) return true;
  return pool_.clock().monotonic_ns() - waiting_.front()->queued_ns >= options.max_delay_ms * 1'000'000;
}

/// What has to wait for others is looked at again when its time is over.
void LogLane::gather() {
  if (waiting_.empty() || gathering_ || in_flight_ >= queue_.options.pipelined || !(*lease_)->is_open()) return;
  gathering_ = true;
  pool_.spawn(wait_for_more(*this, queue_.options.max_delay_ms));
}

asio::awaitable<void> LogLane::wait_for_more(LogLane& lane, std::int64_t milliseconds) {
  static_cast<void>(co_await sleep_ms(milliseconds));
  lane.gathering_ = false;
  lane.pump();
}

LogLane::Groups LogLane::take() {
  Groups groups;
  std::size_t bytes = 0;
  while (!waiting_.empty()) {
    Call& call = *waiting_.front();
    if (bytes > 0 && bytes + call.bytes > queue_.options.max_batch_bytes) break;
    bytes += call.bytes;
    groups[{call.shard, call.epoch}].calls.push_back(&call);
    waiting_.pop_front();
  }
  waiting_bytes_ -= bytes;
  return groups;
}

/// Shards in the order of their numbers, so that two commits never wait for each other's rows.
void LogLane::send() {
  Groups groups = take();
  std::vector<Step> steps;
  std::size_t count = 0;
  for (auto& [key, group] : groups) {
    const auto& [shard, epoch] = key;
    std::vector<const LogRecord*> records;
    for (const Call* call : group.calls) {
      for (const LogRecord& record : call->records) records.push_back(&record);
    }
    count += records.size();
    if (epoch == Epoch{0}) steps.push_back(make_shard_step(shard));
    group.step = steps.size();
    steps.push_back(append_step(shard, epoch, records));
  }
  queue_.batch_records.record(static_cast<double>(count));
  ++in_flight_;
  (*lease_)->submit(
      steps, queue_.options.append_timeout_ms + pool_.options().grace_ms,
      [this, groups = std::move(groups)](const Result<std::vector<Rows>>& result) { finish(groups, result); });
}

void LogLane::finish(const Groups& groups, const Result<std::vector<Rows>>& result) {
  --in_flight_;
  for (const auto& [key, group] : groups) {
    std::optional<Position> next;
    if (result && !(*result)[group.step].empty())
      next = Position{static_cast<std::uint64_t>(engines::as_integer((*result)[group.step].rows[0][0]))};
    for (Call* call : group.calls) {
      const std::size_t count = call->records.size();
      if (!result) {
        answer(*call, fail(retryable(result.error())));
      } else if (next) {
        answer(*call, *next);
        next->value += count;
      } else {
        answer(*call, std::nullopt);
      }
    }
  }
  pump();
}

/// Why the shard had no row to append to.
Task<> LogLane::explain(ShardId shard, Epoch epoch) {
  CO_TRY(const Pool::Lease lease, co_await pool_.acquire());
  std::vector<Step> steps;
  steps.push_back(bounds_step(shard));
  CO_TRY(const std::vector<Rows> answer, co_await lease->run(std::move(steps), pool_.call_timeout_ms()));
  const Epoch sealed = bounds_of(answer[0]).epoch;
  if (sealed == epoch) co_return Result<>();
  const bool older = epoch < sealed;
  co_return fail(
      Error{older ? Code::kFenced : Code::kInvalidArgument,
            older ? "the shard has a newer owner" : "the shard is not sealed at this epoch",
            {{"field", "epoch"}, {"limit", std::to_string(sealed.value)}, {"value", std::to_string(epoch.value)}}});
}

}  // namespace concord::postgres
