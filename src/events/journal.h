#pragma once
// How services tell events: in the transaction that does what is told, so that none is missing; or in passing, for what
// is in no table, where the last moments before a crash may be lost.

#include <cstddef>
#include <memory>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/reactor.h"
#include "base/task.h"
#include "engines/tables.h"
#include "events/event.h"

namespace concord::events {

struct JournalOptions {
  std::size_t queue = 10'000;        // events told in passing that wait for the tables; past it they are dropped
  std::int64_t flush_ms = 500;       // how long they wait
  std::int64_t measure_ms = 10'000;  // how often the backlog is looked at
};

class Journal {
 public:
  /// All of it outlives the journal.
  struct Dependencies {
    engines::Tables& tables;
    Clock& clock;
    IdSource& ids;
    Metrics& metrics;
    Logger logger;
  };
  Journal(JournalOptions options, Dependencies dependencies);
  ~Journal();  // stopped, or never started

  /// Migrates. `reactor` is where what is told in passing is written from.
  Task<> start(Reactor& reactor);
  /// Writes what waits, once. On the reactor.
  asio::awaitable<void> stop();

  /// As part of the transaction; it fails where that is to fail. Any reactor.
  Task<> write(engines::Transaction& transaction, Event event) const;
  Task<> write(engines::Transaction& transaction, std::vector<Event> events) const;
  /// Never waits and never fails. Any thread.
  void note(Event event);

  std::int64_t now_ms() const;

 private:
  struct State;
  const std::unique_ptr<State> state_;
};

}  // namespace concord::events
