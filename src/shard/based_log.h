#pragma once
// A log in which a shard's positions go on where those of the shard it was split from have ended: a snapshot's position
// says how much it holds, whichever of the two logs that was in. The log beneath counts from 1, as every log.

#include "engines/log.h"
#include "shard/slot_table.h"

namespace concord::shard {

class BasedLog final : public engines::Log {
 public:
  /// Both outlive it. Of a shard that the table does not know yet nothing may be asked.
  BasedLog(engines::Log& log, const SlotTable& slots) : log_(log), slots_(slots) {}

  Task<> seal(engines::ShardId shard, engines::Epoch epoch) override;
  Task<engines::Position> append(engines::ShardId shard, engines::Epoch epoch,
                                 std::vector<engines::LogRecord> records) override;
  Task<std::vector<engines::LogEntry>> read(engines::ShardId shard, engines::Position from,
                                            std::size_t max_bytes) override;
  Task<Bounds> bounds(engines::ShardId shard) override;
  Task<> truncate(engines::ShardId shard, engines::Position keep_from) override;

 private:
  engines::Log& log_;
  const SlotTable& slots_;
};

}  // namespace concord::shard
