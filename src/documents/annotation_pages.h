#pragma once
// Which comments or suggestions of a document are wanted, page by page, for REST and tools alike. Pure.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "documents/annotations.h"

namespace concord::documents {

/// A place in a list of them: that of the last one of a page.
struct AnnotationPlace {
  std::int64_t at_ms = 0;
  std::string id;
};

/// A place as lists give it away: "<at_ms>_<id>".
std::string to_text(const AnnotationPlace& place);
/// kInvalidArgument with the field `after` where no list of comments, or of suggestions, gave it.
Result<AnnotationPlace> parse_comment_place(std::string_view text);
Result<AnnotationPlace> parse_suggestion_place(std::string_view text);

constexpr std::size_t kAllAnnotations = SIZE_MAX;

struct CommentFilter {
  std::optional<bool> resolved{};          // none: all
  std::optional<AnnotationPlace> after{};  // those behind it
  std::size_t limit = kAllAnnotations;
};
struct SuggestionFilter {
  std::optional<SuggestionState> state{};
  std::optional<AnnotationPlace> after{};
  std::size_t limit = kAllAnnotations;
};

/// "open" or "resolved"; kInvalidArgument with the field `state`.
Result<bool> parse_resolved(std::string_view word);
/// kInvalidArgument with the field `state`.
Result<SuggestionState> parse_state(std::string_view word);

/// Leaves those that are wanted in place, in their order, and tells where the next page begins; nothing: there is none.
std::optional<AnnotationPlace> take_page(std::vector<Comment>& comments, const CommentFilter& filter);
std::optional<AnnotationPlace> take_page(std::vector<Suggestion>& suggestions, const SuggestionFilter& filter);

}  // namespace concord::documents
