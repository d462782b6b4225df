#pragma once
// What a shard's log is for.

#include <optional>

#include "base/id.h"
#include "base/task.h"
#include "engines/log.h"

namespace concord::shard {

/// Consumes a shard's log during recovery. While serving, whoever appended applies its own records.
class StateMachine {
 public:
  virtual ~StateMachine() = default;
  /// Where the stream lies; nullopt for one that stays with the shard's log.
  virtual std::optional<Slot> slot_of(const std::string& stream) const = 0;
  /// Whether a snapshot already holds the record is the machine's to know: the tail may begin before it.
  virtual void replay(engines::LogEntry entry) = 0;
  /// While serving: a record whose append was answered with kUnavailable is in the log all the same, behind all that
  /// was applied. Nothing is appended until this has returned; where it fails it is called again.
  virtual Task<> found(engines::LogEntry entry) = 0;
  /// While serving: slots may have gone to another shard, as it was found when the ownership was taken again.
  virtual void ranges_changed() = 0;
};

}  // namespace concord::shard
