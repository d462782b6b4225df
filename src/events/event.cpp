#include "events/event.h"

#include <array>

#include "base/clock.h"
#include "json/writer.h"

namespace concord::events {

std::string_view to_string(Topic topic) {
  constexpr std::array<std::string_view, 3> kNames{"document-events", "collaboration-events", "user-events"};
  return kNames.at(static_cast<std::size_t>(topic));
}

std::string encode(const Event& event, EventId id, std::int64_t sequence) {
  json::Writer out;
  out.begin_object().field("id", id.str()).field("schema_version", kSchemaVersion);
  out.field("topic", to_string(event.topic)).field("type", event.type).field("time", format_time(event.time_ms));
  out.field("key", event.key).field("sequence", sequence).field("actor", event.actor);
  out.key("data").raw(event.data).end();
  return std::move(out).take();
}

}  // namespace concord::events
