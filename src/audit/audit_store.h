#pragma once
// The table of lines and the head of the chain. Any reactor.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "audit/chain.h"
#include "engines/tables.h"

namespace concord::audit {

struct TimedEvent {
  std::int64_t time_ms = 0;
  Event event;
};

/// What of the record is wanted; what is not set counts for everything.
struct Filter {
  std::optional<std::string> actor, action, target, outcome;
  std::optional<std::int64_t> since_ms, until_ms;  // from, and before
  std::optional<std::uint64_t> before;             // lines with a lower number
};

struct Line {
  std::uint64_t seq = 0;
  std::string text;
};

class AuditStore {
 public:
  explicit AuditStore(engines::Tables& tables) : tables_(tables) {}

  static std::vector<engines::Migration> migrations();

  Task<Head> head();
  /// In one transaction, behind whatever any node has written; the new lines.
  Task<std::vector<Line>> append(std::vector<TimedEvent> events);
  /// Newest first.
  Task<std::vector<Line>> find(Filter filter, std::int64_t limit);
  /// In their order, those with a greater number than `seq`.
  Task<std::vector<Line>> after(std::uint64_t seq, std::int64_t limit);

 private:
  engines::Tables& tables_;
};

}  // namespace concord::audit
