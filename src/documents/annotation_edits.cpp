#include "documents/annotation_edits.h"

#include <algorithm>

namespace concord::documents {

namespace {

using crdt::Any;
using crdt::Map;
using Limits = AnnotationLimits;

std::unexpected<Error> none_such(std::string_view what) {
  return fail(Code::kNotFound, "the document has no such " + std::string(what));
}

std::unexpected<Error> too_many(std::string_view what, std::size_t limit) {
  return fail(Error{Code::kTooLarge, "there are too many " + std::string(what), {{"limit", std::to_string(limit)}}});
}

Result<Map> map_in(const Map& map, std::string_view key, std::string_view what) {
  const auto value = map.get(key);
  const Map* inner = value ? std::get_if<Map>(&*value) : nullptr;
  if (inner == nullptr) return none_such(what);
  return *inner;
}

Any any_of(const Stamp& stamp) {
  return crdt::AnyObject{{"by", Any(stamp.by)}, {"at", Any(static_cast<double>(stamp.at_ms))}};
}

Any any_of(const std::vector<std::string>& words) {
  crdt::AnyArray out;
  out.reserve(words.size());
  for (const std::string& word : words) out.emplace_back(word);
  return out;
}

/// One transaction; nothing comes of it where a part fails, since the copy is thrown away then.
template <class Change>
Result<Bytes> transact(crdt::Doc& doc, Change change) {
  Result<> done;
  Bytes update = doc.transact([&] { done = change(); });
  if (!done) return fail(std::move(done).error());
  return update;
}

Result<> set_said(Map& map, const Reply& said) {
  TRY_VOID(map.set("author", said.author));
  TRY_VOID(map.set("at", static_cast<double>(said.at_ms)));
  TRY_VOID(map.set("body", said.body));
  if (!said.mentions.empty()) TRY_VOID(map.set("mentions", any_of(said.mentions)));
  if (said.edited_ms) TRY_VOID(map.set("edited_at", static_cast<double>(*said.edited_ms)));
  return {};
}

/// The comment, or the reply of it that is named.
Result<Map> said(crdt::Doc& doc, std::string_view comment, std::string_view reply) {
  TRY(Map entry, map_in(doc.map(kCommentsRoot), comment, "comment"));
  if (reply.empty()) return entry;
  TRY(const Map replies, map_in(entry, "replies", "reply"));
  return map_in(replies, reply, "reply");
}

}  // namespace

Result<Bytes> add_comment(crdt::Doc& doc, const Comment& comment) {
  Map all = doc.map(kCommentsRoot);
  if (all.size() >= Limits::kMaxComments) return too_many("comments on this document", Limits::kMaxComments);
  return transact(doc, [&]() -> Result<> {
    TRY(Map entry, all.set_map(comment.id));
    TRY_VOID(set_said(entry, comment));
    if (comment.anchor) {
      TRY_VOID(entry.set("start", crdt::encode_relative_position(comment.anchor->start)));
      TRY_VOID(entry.set("end", crdt::encode_relative_position(comment.anchor->end)));
      TRY_VOID(entry.set("quote", comment.anchor->quote));
    }
    TRY_VOID(entry.set_map("replies"));
    return {};
  });
}

Result<Bytes> add_reply(crdt::Doc& doc, std::string_view comment, const Reply& reply) {
  TRY(Map entry, said(doc, comment, {}));
  auto there = map_in(entry, "replies", "reply");
  if (there && there->size() >= Limits::kMaxReplies) return too_many("replies to this comment", Limits::kMaxReplies);
  return transact(doc, [&]() -> Result<> {
    if (!there) there = entry.set_map("replies");
    TRY(Map replies, there);
    TRY(Map made, replies.set_map(reply.id));
    return set_said(made, reply);
  });
}

Result<Bytes> reword(crdt::Doc& doc, std::string_view comment, std::string_view reply, const Wording& wording) {
  TRY(Map entry, said(doc, comment, reply));
  return transact(doc, [&]() -> Result<> {
    TRY_VOID(entry.set("body", wording.body));
    if (!wording.mentions.empty()) {
      TRY_VOID(entry.set("mentions", any_of(wording.mentions)));
    } else if (entry.contains("mentions")) {
      TRY_VOID(entry.erase("mentions"));
    }
    return entry.set("edited_at", static_cast<double>(wording.at_ms));
  });
}

Result<Bytes> remove_comment(crdt::Doc& doc, std::string_view comment, std::string_view reply) {
  TRY_VOID(said(doc, comment, reply));
  Map all = doc.map(kCommentsRoot);
  if (!reply.empty()) {
    TRY(const Map entry, said(doc, comment, {}));
    TRY(all, map_in(entry, "replies", "reply"));
  }
  return transact(doc, [&] { return all.erase(reply.empty() ? comment : reply); });
}

Result<Bytes> resolve_comment(crdt::Doc& doc, std::string_view comment, const std::optional<Stamp>& resolved) {
  TRY(Map entry, said(doc, comment, {}));
  if (entry.contains("resolved") == resolved.has_value())
    return fail(Code::kConflict, resolved ? "the comment is resolved already" : "the comment is open already");
  return transact(doc, [&]() -> Result<> {
    if (!resolved) return entry.erase("resolved");
    return entry.set("resolved", any_of(*resolved));
  });
}

Result<Bytes> add_suggestion(crdt::Doc& doc, const Suggestion& suggestion) {
  if (suggestion.state == SuggestionState::kOpen) {
    const auto all = read_suggestions(doc);
    const auto open = std::ranges::count(all, SuggestionState::kOpen, &Suggestion::state);
    if (static_cast<std::size_t>(open) >= Limits::kMaxOpenSuggestions)
      return too_many("open suggestions for this document", Limits::kMaxOpenSuggestions);
  }
  Map all = doc.map(kSuggestionsRoot);
  return transact(doc, [&]() -> Result<> {
    TRY(Map entry, all.set_map(suggestion.id));
    TRY_VOID(entry.set("author", suggestion.author));
    TRY_VOID(entry.set("at", static_cast<double>(suggestion.at_ms)));
    TRY_VOID(entry.set("message", suggestion.message));
    TRY_VOID(entry.set("update", suggestion.update));
    if (suggestion.version) TRY_VOID(entry.set("version", static_cast<double>(*suggestion.version)));
    if (suggestion.state == SuggestionState::kOpen) return {};
    return entry.set(to_string(suggestion.state), any_of(suggestion.decided));
  });
}

Result<Bytes> decide_suggestion(crdt::Doc& doc, std::string_view suggestion, SuggestionState state, const Stamp& by) {
  const auto one = read_suggestion(doc, suggestion);
  if (!one) return none_such("suggestion");
  if (one->state != SuggestionState::kOpen) return fail(Code::kConflict, "the suggestion was decided already");
  TRY(Map entry, map_in(doc.map(kSuggestionsRoot), suggestion, "suggestion"));
  return transact(doc, [&] { return entry.set(to_string(state), any_of(by)); });
}

}  // namespace concord::documents
