#include "shard/based_log.h"

namespace concord::shard {

using engines::LogEntry;
using engines::Position;

Task<> BasedLog::seal(engines::ShardId shard, engines::Epoch epoch) { return log_.seal(shard, epoch); }

Task<Position> BasedLog::append(engines::ShardId shard, engines::Epoch epoch, std::vector<engines::LogRecord> records) {
  CO_TRY(Position first, co_await log_.append(shard, epoch, std::move(records)));
  first.value += slots_.behind(shard);
  co_return first;
}

Task<std::vector<LogEntry>> BasedLog::read(engines::ShardId shard, Position from, std::size_t max_bytes) {
  const std::uint64_t behind = slots_.behind(shard);
  if (from.value <= behind) co_return fail(Code::kNotFound, "the shard's log begins later");
  CO_TRY(auto entries, co_await log_.read(shard, Position{from.value - behind}, max_bytes));
  for (LogEntry& entry : entries) entry.position.value += behind;
  co_return entries;
}

Task<engines::Log::Bounds> BasedLog::bounds(engines::ShardId shard) {
  CO_TRY(Bounds bounds, co_await log_.bounds(shard));
  bounds.first.value += slots_.behind(shard);
  bounds.next.value += slots_.behind(shard);
  co_return bounds;
}

Task<> BasedLog::truncate(engines::ShardId shard, Position keep_from) {
  const std::uint64_t behind = slots_.behind(shard);
  if (keep_from.value <= behind) co_return Result<>{};
  co_return co_await log_.truncate(shard, Position{keep_from.value - behind});
}

}  // namespace concord::shard
