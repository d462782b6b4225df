#include "kafka/shard_log.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

namespace concord::kafka {

using engines::Epoch;
using engines::LogEntry;
using engines::LogRecord;
using engines::Position;
using engines::ShardId;

namespace {

constexpr std::size_t kMaxReadBytes = 64U << 20U;

std::unexpected<Error> not_sealed(Epoch epoch, Epoch sealed) {
  return fail(
      Error{Code::kInvalidArgument,
            "the epoch was not sealed",
            {{"field", "epoch"}, {"limit", std::to_string(sealed.value)}, {"value", std::to_string(epoch.value)}}});
}

}  // namespace

ShardLog::ShardLog(ShardId shard, LogParts& parts)
    : parts_(parts),
      view_(shard, parts,
            {.judged = [this](const Frame& frame, EpochFilter::Verdict verdict) { writer_.judged(frame, verdict); },
             .lost = [this] { writer_.lost(); }}),
      writer_(view_, parts) {}

Task<> ShardLog::seal(Epoch epoch, std::int64_t deadline_ns) { co_return co_await writer_.seal(epoch, deadline_ns); }

void ShardLog::close() {
  writer_.close();
  view_.close();
}

Task<Position> ShardLog::append(Epoch epoch, std::vector<LogRecord> records, std::int64_t deadline_ns) {
  CO_TRY_VOID(co_await view_.follow(deadline_ns));
  if (epoch > view_.state().epoch) CO_TRY_VOID(co_await view_.catch_up(deadline_ns));
  const Epoch sealed = view_.state().epoch;
  if (epoch > sealed) co_return not_sealed(epoch, sealed);
  if (epoch < sealed) {
    co_return fail(Error{
        Code::kFenced, "the shard has a newer owner", {{"field", "epoch"}, {"value", std::to_string(epoch.value)}}});
  }
  co_return co_await writer_.append(epoch, std::move(records), deadline_ns);
}

Task<engines::Log::Bounds> ShardLog::bounds(std::int64_t deadline_ns) {
  CO_TRY(const bool there, co_await view_.catch_up(deadline_ns));
  if (!there) co_return engines::Log::Bounds{Position{1}, Position{1}, Epoch{0}};
  const LogState& state = view_.state();
  co_return engines::Log::Bounds{state.first, state.next, state.epoch};
}

Task<std::vector<LogEntry>> ShardLog::read(Position from, std::size_t max_bytes, std::int64_t deadline_ns) {
  CO_TRY_VOID(co_await view_.follow(deadline_ns));
  if (from >= view_.state().next) CO_TRY_VOID(co_await view_.catch_up(deadline_ns));
  const LogState state = view_.state();
  const ShardId shard = view_.shard();
  if (from < state.first) {
    co_return fail(Error{
        Code::kNotFound,
        "the log of shard " + std::to_string(shard.value) + " begins later",
        {{"field", "from"}, {"limit", std::to_string(state.first.value)}, {"value", std::to_string(from.value)}}});
  }
  if (from >= state.next) co_return std::vector<LogEntry>();
  const std::optional<Landmark> landmark = view_.landmark(from);
  if (!landmark) co_return fail(Code::kInternal, "no message of Kafka's is known to be before the position");
  ReadRequest request{
      shard, parts_.topic_of(shard), *landmark, from, state.next, std::min(max_bytes, kMaxReadBytes), deadline_ns};
  auto entries = co_await parts_.blocking.run<std::vector<LogEntry>>(
      [this, request = std::move(request)] { return parts_.readers.read(request); });
  if (!entries && entries.error().code == Code::kNotFound) {
    view_.lose();  // another node has let it go
    co_return fail(Code::kUnavailable, "the log begins later by now; try again");
  }
  co_return entries;
}

/// The message's offset.
Task<std::int64_t> ShardLog::send(Bytes message, std::int64_t deadline_ns) {
  struct Report {
    AsyncEvent came;
    std::optional<Result<std::int64_t>> offset;
  };
  const auto report = std::make_shared<Report>(Report{AsyncEvent(parts_.reactor), std::nullopt});  // it may come late
  parts_.producer.send(parts_.topic_of(view_.shard()), message, [report](Result<std::int64_t> offset) {
    report->offset = std::move(offset);
    report->came.notify_all();
  });
  while (!report->offset) {
    const std::int64_t left_ms = parts_.left_ms(deadline_ns);
    if (left_ms <= 0 || parts_.closed) co_return parts_.too_late();
    co_await report->came.wait(std::min<std::int64_t>(left_ms, 1000));
  }
  co_return *report->offset;
}

Task<> ShardLog::truncate(Position keep_from, std::int64_t deadline_ns) {
  CO_TRY(const bool there, co_await view_.catch_up(deadline_ns));
  const LogState state = there ? view_.state() : LogState();
  if (keep_from > state.next) {
    co_return fail(Error{Code::kInvalidArgument,
                         "the position is past the end of the log",
                         {{"field", "keep_from"},
                          {"limit", std::to_string(state.next.value)},
                          {"value", std::to_string(keep_from.value)}}});
  }
  if (keep_from <= state.first) co_return Result<>();
  const Frame frame{.kind = Frame::Kind::kTruncate,
                    .shard = view_.shard(),
                    .epoch = state.epoch,
                    .writer = state.writer,
                    .position = state.next,
                    .keep_from = keep_from};
  CO_TRY(const std::int64_t offset, co_await send(encode_frame(frame), deadline_ns));
  CO_TRY_VOID(co_await view_.read_past(offset, deadline_ns));
  if (!std::exchange(removing_, true)) parts_.tasks.spawn(remove_before(*this, keep_from));
  co_return Result<>();
}

/// What this leaves, the next one finds.
asio::awaitable<void> ShardLog::remove_before(ShardLog& log, Position position) {
  LogParts& parts = log.parts_;
  const auto removed = co_await log.view_.remove_before(position, parts.deadline_in(parts.options.call_timeout_ms));
  if (!removed && !parts.closed) {
    parts.logger.warn("log: records could not be removed",
                      {{"shard", log.view_.shard().value}, {"error", removed.error().message}});
  }
  log.removing_ = false;
}

}  // namespace concord::kafka
