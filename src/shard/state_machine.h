#pragma once
// What a shard's log is for.

#include "engines/log.h"

namespace concord::shard {

/// Consumes a shard's log during recovery. While serving, whoever appended applies its own records.
class StateMachine {
 public:
  virtual ~StateMachine() = default;
  /// Whether a snapshot already holds the record is the machine's to know: the tail may begin before it.
  virtual void replay(engines::LogEntry entry) = 0;
};

}  // namespace concord::shard
