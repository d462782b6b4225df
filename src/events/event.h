#pragma once
// What is told to programs outside the hub, and its form. docs/protocols/events.md says the same, with a schema.
//
//   {"id":"evt_…","schema_version":1,"topic":…,"type":…,"time":…,"key":…,"sequence":1,"actor":…,"data":{…}}
//
// `sequence` counts the events of a key in a topic from 1 on, without a gap.

#include <cstdint>
#include <string>
#include <string_view>

#include "base/id.h"

namespace concord::events {

enum class Topic : std::uint8_t { kDocuments, kCollaboration, kUsers };
/// "document-events", "collaboration-events", "user-events".
std::string_view to_string(Topic topic);

struct EventTag {
  static constexpr std::string_view kPrefix = "evt";
};
using EventId = Id<EventTag>;

struct Event {
  Topic topic = Topic::kDocuments;
  std::string key;    // the identifier of what it is about: what is told of it has an order
  std::string type;   // "document.renamed"
  std::string actor;  // a principal's identifier; empty where nobody is known
  std::int64_t time_ms = 0;
  std::string data = "{}";  // a JSON object; never content, secrets or addresses
};

constexpr int kSchemaVersion = 1;

std::string encode(const Event& event, EventId id, std::int64_t sequence);

}  // namespace concord::events
