#include "documents/document_events.h"

#include <algorithm>
#include <charconv>

#include "json/writer.h"

namespace concord::documents {

namespace {

constexpr std::size_t kMostAuthors = 100;

using events::Event;
using events::Topic;

Event content_event(DocumentId id, const Activity& activity, std::uint64_t since, std::uint64_t version,
                    std::int64_t updated_ms) {
  std::vector<std::string> authors;
  std::uint64_t updates = 0;
  for (const Activity::Write& write : activity.writes) {
    if (write.by.version <= since || write.by.version > version || write.only_annotates) continue;
    ++updates;
    if (std::ranges::find(authors, write.by.principal) == authors.end() && authors.size() < kMostAuthors)
      authors.push_back(write.by.principal);
    updated_ms = write.by.time.wall_ms();
  }
  Event event{.topic = Topic::kDocuments, .key = id.str(), .type = "document.changed", .time_ms = updated_ms};
  if (authors.size() == 1) event.actor = authors.front();
  json::Writer data;
  data.begin_object().field("version", version).field("since", since).field("updates", updates);
  data.key("authors").begin_array();
  for (const std::string& author : authors) data.text(author);
  data.end();
  if (activity.position > 0) data.field("shard", activity.shard).field("position", activity.position);
  data.end();
  event.data = std::move(data).take();
  return event;
}

Event annotation_event(DocumentId id, const AnnotationEvent& one) {
  Event event{.topic = Topic::kCollaboration,
              .key = id.str(),
              .type = one.type,
              .actor = one.by.principal,
              .time_ms = one.by.time.wall_ms()};
  json::Writer data;
  data.begin_object();
  if (!one.comment.empty()) data.field("comment", one.comment);
  if (!one.reply.empty()) data.field("reply", one.reply);
  if (!one.suggestion.empty()) data.field("suggestion", one.suggestion);
  if (!one.user.empty()) data.field("user", one.user);
  data.field("version", one.by.version).end();
  event.data = std::move(data).take();
  return event;
}

}  // namespace

std::vector<Event> events_of(DocumentId id, const Activity& activity, std::uint64_t since, std::uint64_t version,
                             std::int64_t updated_ms) {
  const auto is_news = [&](const WrittenBy& by) { return by.version > since && by.version <= version; };
  std::vector<Event> out;
  bool changed = activity.writes.empty();  // by whom is not known
  for (const Activity::Write& write : activity.writes) {
    if (!is_news(write.by)) continue;
    changed = changed || !write.only_annotates;
    if (write.restores == 0) continue;
    Event event = thing_event("restored", id.str(), write.by.principal, write.by.time.wall_ms());
    json::Writer data;
    data.begin_object().field("version", write.by.version).field("restored_version", write.restores).end();
    event.data = std::move(data).take();
    out.push_back(std::move(event));
  }
  if (changed) out.push_back(content_event(id, activity, since, version, updated_ms));
  for (const AnnotationEvent& one : activity.annotations)
    if (is_news(one.by)) out.push_back(annotation_event(id, one));
  return out;
}

Event thing_event(std::string_view what, std::string id, std::string by, std::int64_t now_ms, std::string data) {
  const bool is_document = id.starts_with(DocumentTag::kPrefix);
  return {.topic = Topic::kDocuments,
          .key = std::move(id),
          .type = (is_document ? "document." : "folder.") + std::string(what),
          .actor = std::move(by),
          .time_ms = now_ms,
          .data = std::move(data)};
}

std::string name_and_folder(const std::string* name, const std::string* folder) {
  json::Writer data;
  data.begin_object();
  if (name != nullptr) data.field("name", *name);
  if (folder != nullptr) data.field("folder", *folder);
  data.end();
  return std::move(data).take();
}

std::string restoring_client(std::uint64_t version, std::string_view client) {
  return std::string(kRestores) + std::to_string(version) + ":" + std::string(client);
}

std::uint64_t restored_version(std::string_view client) {
  if (!client.starts_with(kRestores)) return 0;
  client.remove_prefix(kRestores.size());
  std::uint64_t version = 0;
  const auto [end, error] = std::from_chars(client.data(), client.data() + client.size(), version);
  const bool whole = error == std::errc() && end != client.data() + client.size() && *end == ':';
  return whole ? version : 0;
}

}  // namespace concord::documents
