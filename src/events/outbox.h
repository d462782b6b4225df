#pragma once
// The tables of what is to be published. An event is written in the transaction that does what it tells of, and stays
// until it has been published. Any reactor.
//
//   event_keys     how far each key of a topic has come: its last sequence, and a time that grows with it
//   event_outbox   what waits: in the order of its times a key's events stand in the order of their sequences
//   event_sources  how far other records have been taken over from
//
// Whoever writes an event holds its key's row until the end of the transaction. So the events of a key become visible
// in the order of their sequences, and there is none behind one that is still to come.

#include <cstdint>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/id.h"
#include "engines/tables.h"
#include "events/event.h"

namespace concord::events {

struct Waiting {
  std::string id;
  std::string topic;
  std::string key;
  std::string text;  // as it is published
};

class Outbox {
 public:
  explicit Outbox(IdSource& ids) : ids_(ids) {}

  static std::vector<engines::Migration> migrations();

  /// As part of what it tells of.
  Task<> add(engines::Transaction& transaction, Event event) const;
  Task<> add(engines::Transaction& transaction, std::vector<Event> events) const;

  /// The oldest ones: of each key its first, and no other before it.
  static Task<std::vector<Waiting>> waiting(engines::Tables& tables, std::int64_t limit);
  /// They were published.
  static Task<> remove(engines::Tables& tables, std::vector<std::string> ids);

  struct Backlog {
    std::int64_t count = 0;      // at most kMostCounted
    std::int64_t oldest_ms = 0;  // wall time; 0: nothing waits
  };
  static constexpr std::int64_t kMostCounted = 100'000;
  static Task<Backlog> backlog(engines::Tables& tables);

  /// How far a record has been taken over; absent before the first time.
  static Task<std::optional<std::uint64_t>> position(engines::Tables& tables, std::string source);
  /// Where it is taken over from, if nobody has begun.
  static Task<> begin(engines::Tables& tables, std::string source, std::uint64_t position);
  /// In the transaction that writes what was found between the two; kConflict where somebody else was there before.
  static Task<> advance(engines::Transaction& transaction, std::string source, std::uint64_t from, std::uint64_t to);

 private:
  IdSource& ids_;
};

}  // namespace concord::events
