#pragma once
// What is told of documents and folders to programs outside (docs/protocols/events.md): never what they say.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/id.h"
#include "documents/annotation_news.h"
#include "events/event.h"

namespace concord::documents {

/// What has become of a live document, one update after the other.
struct Activity {
  struct Write {
    WrittenBy by;
    bool only_annotates = false;
    std::uint64_t restores = 0;  // the version whose content it brings back; 0: none
  };
  std::vector<Write> writes;
  std::vector<AnnotationEvent> annotations;
  std::uint32_t shard = 0;     // where the log has
  std::uint64_t position = 0;  // its newest update; 0: not known
};

/// Of what came behind version `since`, of which the tables knew, up to `version`: one event for the content, one for
/// each version that was brought back, and those of comments and suggestions.
std::vector<events::Event> events_of(DocumentId id, const Activity& activity, std::uint64_t since,
                                     std::uint64_t version, std::int64_t updated_ms);

/// Of a document or folder: "renamed" is told as "document.renamed" or "folder.renamed".
events::Event thing_event(std::string_view what, std::string id, std::string by, std::int64_t now_ms,
                          std::string data = "{}");

/// {"name":…,"folder":…}; what is not given is left out.
std::string name_and_folder(const std::string* name, const std::string* folder);

/// How a write that brings a version back is known in the log: as its client, which begins with this.
constexpr std::string_view kRestores = "restored:";
std::string restoring_client(std::uint64_t version, std::string_view client);
/// The version that such a write brings back; 0: it is none.
std::uint64_t restored_version(std::string_view client);

}  // namespace concord::documents
