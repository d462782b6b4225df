#pragma once
// What updates do to comments and suggestions, told one by one: by what a document has of them before and after each.
// Pure. Time linear in the comments and suggestions of the document, for updates that annotate.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "documents/annotations.h"

namespace concord::documents {

/// The update of the log that is looked at.
struct WrittenBy {
  std::uint64_t version = 0;  // that it makes
  HybridTime time;
  std::string principal;
};

struct AnnotationEvent {
  WrittenBy by;
  std::string type;  // "comment.added"; docs/protocols/events.md has all
  std::string comment{};
  std::string reply{};
  std::string suggestion{};
  std::string user{};  // who is mentioned
};

/// What is there, as far as news of it go.
struct AnnotationIndex {
  struct Said {
    std::size_t body = 0;  // a hash
    bool resolved = false;
    std::string comment{};  // that a reply is to
    std::vector<std::string> mentions{};
  };
  std::map<std::string, Said> said;  // by the comment's or reply's identifier
  std::map<std::string, SuggestionState> suggestions;
  bool whole = true;  // else there are more than are read, and what is missing may be there

  static AnnotationIndex of(crdt::Doc& doc);
};

/// What the update has made of the one, which is the other now.
std::vector<AnnotationEvent> news_between(const AnnotationIndex& before, const AnnotationIndex& after,
                                          const WrittenBy& by);

/// Follows the updates of one document.
class AnnotationNews {
 public:
  /// The next update is about to be applied to `doc`.
  void before(crdt::Doc& doc, bool annotates, WrittenBy by);
  /// The last one has been.
  void settle(crdt::Doc& doc);

  const std::vector<AnnotationEvent>& events() const { return events_; }
  /// Of versions up to this one nothing is asked any more.
  void forget(std::uint64_t version);

 private:
  std::optional<AnnotationIndex> known_;  // once something has annotated
  std::optional<WrittenBy> open_;         // an update that annotates was about to be applied
  std::vector<AnnotationEvent> events_;
};

}  // namespace concord::documents
