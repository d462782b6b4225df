#pragma once
// Remembers the writes that came with a (client, sequence), so that one sent again, because its acknowledgement was
// lost, is not logged again. The newest kMaxClients clients of a shard; filled again from the log at a start. Beyond
// that, and once the log before is gone, a state machine must know its own repetitions (documents do: a CRDT update
// that is known already changes nothing).

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <unordered_map>

#include "engines/log.h"

namespace concord::shard {

class WriteMemory {
 public:
  static constexpr std::size_t kMaxClients = 16'384;

  /// Where the write is in the log, or a later one of its client, if it was noted. Writes without a client never are.
  std::optional<engines::Position> find(const engines::LogRecord& record) const;
  void note(const engines::LogRecord& record, engines::Position position);

 private:
  struct Newest {
    std::uint64_t sequence = 0;
    engines::Position position;
  };
  static std::string key_of(const engines::LogRecord& record);

  std::unordered_map<std::string, Newest> newest_;  // by stream and client
  std::deque<std::string> order_;                   // as first noted
};

}  // namespace concord::shard
