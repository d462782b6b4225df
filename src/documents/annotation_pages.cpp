#include "documents/annotation_pages.h"

#include <algorithm>
#include <charconv>
#include <tuple>

#include "json/object.h"

namespace concord::documents {

namespace {

template <class Id>
Result<AnnotationPlace> parse_place(std::string_view text) {
  AnnotationPlace place;
  const std::size_t split = text.find('_');
  const std::string_view time = text.substr(0, split);
  const auto [stop, error] = std::from_chars(time.data(), time.data() + time.size(), place.at_ms);
  if (split == std::string_view::npos || error != std::errc() || stop != time.data() + time.size() ||
      !Id::parse(text.substr(split + 1)))
    return fail(json::field_error("after", "is not a cursor that a list returned", text));
  place.id = text.substr(split + 1);
  return place;
}

/// Of those that are `wanted` and behind `after`, at most `limit`; `before(a, b)` orders places as the list is.
template <class One, class Wanted, class Before>
std::optional<AnnotationPlace> take(std::vector<One>& all, const std::optional<AnnotationPlace>& after,
                                    std::size_t limit, Wanted wanted, Before before) {
  std::erase_if(all, [&](const One& one) {
    return !wanted(one) || (after && !before(*after, AnnotationPlace{one.at_ms, one.id}));
  });
  if (all.size() <= limit) return std::nullopt;
  all.resize(limit);
  return AnnotationPlace{all.back().at_ms, all.back().id};
}

}  // namespace

std::string to_text(const AnnotationPlace& place) { return std::to_string(place.at_ms) + "_" + place.id; }

Result<AnnotationPlace> parse_comment_place(std::string_view text) { return parse_place<CommentId>(text); }
Result<AnnotationPlace> parse_suggestion_place(std::string_view text) { return parse_place<SuggestionId>(text); }

Result<bool> parse_resolved(std::string_view word) {
  if (word == "open") return false;
  if (word == "resolved") return true;
  return fail(json::field_error("state", "must be open or resolved", word));
}

Result<SuggestionState> parse_state(std::string_view word) {
  if (const auto state = parse_suggestion_state(word)) return *state;
  return fail(json::field_error("state", "must be open, accepted or rejected", word));
}

std::optional<AnnotationPlace> take_page(std::vector<Comment>& comments, const CommentFilter& filter) {
  return take(
      comments, filter.after, filter.limit,
      [&filter](const Comment& one) { return !filter.resolved || one.resolved.has_value() == *filter.resolved; },
      [](const AnnotationPlace& a, const AnnotationPlace& b) {
        return std::tie(a.at_ms, a.id) < std::tie(b.at_ms, b.id);
      });
}

std::optional<AnnotationPlace> take_page(std::vector<Suggestion>& suggestions, const SuggestionFilter& filter) {
  return take(
      suggestions, filter.after, filter.limit,
      [&filter](const Suggestion& one) { return !filter.state || one.state == *filter.state; },
      [](const AnnotationPlace& a, const AnnotationPlace& b) {
        return std::tie(a.at_ms, a.id) > std::tie(b.at_ms, b.id);
      });
}

}  // namespace concord::documents
