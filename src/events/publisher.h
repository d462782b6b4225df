#pragma once
// Publishes what waits in the outbox, and before it takes over what of the audit record is told. One node of a hub does
// it at a time; where two do for a moment, events come twice, with the same identifiers.
//
// At least once, and in order per key: an event is sent when the one before it of its key is on all replicas in sync,
// and leaves the outbox after that.

#include <cstddef>
#include <string>

#include "audit/audit_store.h"
#include "base/log.h"
#include "base/metrics.h"
#include "engines/topics.h"
#include "events/outbox.h"

namespace concord::events {

class Publisher {
 public:
  /// All of it outlives the publisher. `prefix`: what the names of the topics begin with.
  struct Dependencies {
    engines::Tables& tables;
    engines::Topics& topics;
    IdSource& ids;
    Metrics& metrics;
    std::string prefix;
    Logger logger;
  };
  explicit Publisher(Dependencies dependencies);

  /// Makes the topics that are missing, and begins at the end of the audit record where nobody has begun. Before the
  /// first `publish_some` of a term.
  Task<> prepare();
  /// Some of what waits; how many of it were published. Where it fails the rest waits.
  Task<std::size_t> publish_some();

  static constexpr std::int64_t kMostAtOnce = 500;

 private:
  Task<> take_over_audit();
  Task<std::size_t> send(std::vector<Waiting> waiting);
  std::string name_of(std::string_view topic) const { return on_.prefix + std::string(topic); }

  Dependencies on_;
  audit::AuditStore audit_;
  const Outbox outbox_;
  Counter& failures_;
  Counter& unreadable_;
};

}  // namespace concord::events
