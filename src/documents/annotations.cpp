#include "documents/annotations.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "crdt/update.h"
#include "documents/content.h"
#include "ot/utf16.h"

namespace concord::documents {

namespace {

using crdt::Any;
using crdt::Map;
using Limits = AnnotationLimits;

constexpr std::string_view kRootPrefix = "concord:";
static_assert(kCommentsRoot.starts_with(kRootPrefix) && kSuggestionsRoot.starts_with(kRootPrefix));
constexpr char16_t kEmbed = 0xdfff;  // no text has it alone
constexpr double kMaxNumber = 9'007'199'254'740'991.0;
constexpr std::array<std::string_view, 3> kStates{"open", "accepted", "rejected"};

std::optional<Any> member(const Map& map, std::string_view key) {
  auto value = map.get(key);
  Any* any = value ? std::get_if<Any>(&*value) : nullptr;
  if (any == nullptr || any->is_undefined() || any->is_null()) return std::nullopt;
  return std::move(*any);
}

std::optional<Map> map_in(const Map& map, std::string_view key) {
  auto value = map.get(key);
  const Map* inner = value ? std::get_if<Map>(&*value) : nullptr;
  return inner != nullptr ? std::optional<Map>(*inner) : std::nullopt;
}

/// The item that holds it.
std::optional<crdt::ElementId> element_of(const Map& entry) {
  const auto end = entry.position_at(0);
  return end ? end->type : std::nullopt;
}

/// A whole number that JSON can say exactly.
std::optional<std::int64_t> whole(const Any& value) {
  const auto* number = value.as<double>();
  if (number == nullptr || !(*number >= 0) || *number > kMaxNumber) return std::nullopt;
  return static_cast<std::int64_t>(*number);
}

std::optional<std::int64_t> whole(const Map& map, std::string_view key) {
  const auto value = member(map, key);
  return value ? whole(*value) : std::nullopt;
}

std::optional<std::string> text(const Any& value, std::size_t least, std::size_t most) {
  const auto* found = value.as<std::string>();
  if (found == nullptr || found->size() < least || found->size() > most) return std::nullopt;
  return *found;
}

std::optional<std::string> text(const Map& map, std::string_view key, std::size_t least, std::size_t most) {
  const auto value = member(map, key);
  return value ? text(*value, least, most) : std::nullopt;
}

std::optional<Stamp> stamp(const Map& map, std::string_view key) {
  const auto value = member(map, key);
  const Any* by = value ? value->find("by") : nullptr;
  const Any* at = value ? value->find("at") : nullptr;
  if (by == nullptr || at == nullptr) return std::nullopt;
  auto who = text(*by, 1, Limits::kMaxPrincipalBytes);
  const auto when = whole(*at);
  if (!who || !when) return std::nullopt;
  return Stamp{std::move(*who), *when};
}

std::vector<std::string> mentions(const Map& map) {
  std::vector<std::string> out;
  const auto value = member(map, "mentions");
  const auto* all = value ? value->as<crdt::AnyArray>() : nullptr;
  if (all == nullptr) return out;
  out.reserve(std::min(all->size(), Limits::kMaxMentions));
  for (const Any& one : *all) {
    if (out.size() == Limits::kMaxMentions) break;
    if (auto id = text(one, 1, Limits::kMaxPrincipalBytes)) out.push_back(std::move(*id));
  }
  return out;
}

std::optional<crdt::RelativePosition> position(const Map& map, std::string_view key) {
  const auto value = member(map, key);
  const auto* bytes = value ? value->as<Bytes>() : nullptr;
  if (bytes == nullptr || bytes->size() > Limits::kMaxPositionBytes) return std::nullopt;
  auto decoded = crdt::decode_relative_position(*bytes);
  if (!decoded) return std::nullopt;
  return std::move(*decoded);
}

std::string quote_of(const Map& map) {
  const auto value = member(map, "quote");
  const auto* quote = value ? value->as<std::string>() : nullptr;
  if (quote == nullptr || ot::to_utf16(*quote).size() > Limits::kMaxQuoteUnits) return {};
  return *quote;
}

bool read_said(std::string_view id, const Map& map, Reply& out) {
  auto author = text(map, "author", 1, Limits::kMaxPrincipalBytes);
  auto body = text(map, "body", 1, Limits::kMaxBodyBytes);
  const auto at = whole(map, "at");
  if (!CommentId::parse(id) || !author || !body || !at) return false;
  out.id = id;
  out.author = std::move(*author);
  out.at_ms = *at;
  out.body = std::move(*body);
  out.mentions = mentions(map);
  out.edited_ms = whole(map, "edited_at");
  return true;
}

bool earlier(const Reply& a, const Reply& b) { return std::tie(a.at_ms, a.id) < std::tie(b.at_ms, b.id); }

std::optional<Comment> comment_of(std::string_view id, const Map& map) {
  Comment out;
  if (!read_said(id, map, out)) return std::nullopt;
  auto start = position(map, "start");
  auto end = position(map, "end");
  if (start && end) out.anchor = Anchor{std::move(*start), std::move(*end), quote_of(map)};
  out.resolved = stamp(map, "resolved");
  const auto replies = map_in(map, "replies");
  if (!replies) return out;
  for (const std::string& key : replies->keys()) {
    const auto inner = map_in(*replies, key);
    Reply reply;
    if (inner && read_said(key, *inner, reply)) out.replies.push_back(std::move(reply));
  }
  std::ranges::sort(out.replies, earlier);
  return out;
}

std::optional<Suggestion> suggestion_of(std::string_view id, const Map& map) {
  auto author = text(map, "author", 1, Limits::kMaxPrincipalBytes);
  auto message = text(map, "message", 0, Limits::kMaxMessageBytes);
  const auto at = whole(map, "at");
  const auto update = member(map, "update");
  const auto* bytes = update ? update->as<Bytes>() : nullptr;
  if (!SuggestionId::parse(id) || !author || !message || !at || bytes == nullptr || !crdt::check_update(*bytes))
    return std::nullopt;
  Suggestion out{.id = std::string(id),
                 .author = std::move(*author),
                 .at_ms = *at,
                 .message = std::move(*message),
                 .update = *bytes,
                 .version = {},
                 .decided = {}};
  if (const auto version = whole(map, "version")) out.version = static_cast<std::uint64_t>(*version);
  if (auto accepted = stamp(map, "accepted")) {  // counts, where both were decided at once
    out.state = SuggestionState::kAccepted;
    out.decided = std::move(*accepted);
  } else if (auto rejected = stamp(map, "rejected")) {
    out.state = SuggestionState::kRejected;
    out.decided = std::move(*rejected);
  }
  return out;
}

bool is_annotations_root(std::string_view root) { return root == kCommentsRoot || root == kSuggestionsRoot; }

/// The content in UTF-16; an embed is a unit that no text has.
std::u16string units_of(crdt::Doc& doc) {
  std::u16string out;
  for (const crdt::DeltaOp& op : doc.text(kContentRoot).to_delta()) {
    if (op.kind == crdt::DeltaOp::Kind::kEmbed)
      out.push_back(kEmbed);
    else
      out += ot::to_utf16(op.text);
  }
  return out;
}

/// The text between two places, without embeds.
std::string slice(crdt::Doc& doc, Range range) {
  std::u16string out = units_of(doc).substr(range.start, range.end - range.start);
  std::erase(out, kEmbed);
  if (out.size() > Limits::kMaxQuoteUnits) out.resize(Limits::kMaxQuoteUnits);
  if (!out.empty() && ot::is_high_surrogate(out.back())) out.pop_back();
  return ot::to_utf8(out);
}

}  // namespace

std::string_view to_string(SuggestionState state) { return kStates[static_cast<std::size_t>(state)]; }

std::optional<SuggestionState> parse_suggestion_state(std::string_view word) {
  const auto at = std::ranges::find(kStates, word);
  if (at == kStates.end()) return std::nullopt;
  return static_cast<SuggestionState>(at - kStates.begin());
}

std::vector<Comment> read_comments(crdt::Doc& doc) {
  std::vector<Comment> out;
  const Map all = doc.map(kCommentsRoot);
  for (const std::string& id : all.keys()) {
    const auto entry = map_in(all, id);
    if (auto comment = entry ? comment_of(id, *entry) : std::nullopt) out.push_back(std::move(*comment));
  }
  std::ranges::sort(out, earlier);
  if (out.size() > Limits::kMaxComments)
    out.erase(out.begin(), out.end() - static_cast<std::ptrdiff_t>(Limits::kMaxComments));
  return out;
}

std::optional<Comment> read_comment(crdt::Doc& doc, std::string_view id) {
  const auto entry = map_in(doc.map(kCommentsRoot), id);
  return entry ? comment_of(id, *entry) : std::nullopt;
}

std::vector<Suggestion> read_suggestions(crdt::Doc& doc) {
  std::vector<Suggestion> out;
  const Map all = doc.map(kSuggestionsRoot);
  for (const std::string& id : all.keys()) {
    const auto entry = map_in(all, id);
    if (auto one = entry ? suggestion_of(id, *entry) : std::nullopt) out.push_back(std::move(*one));
  }
  std::ranges::sort(
      out, [](const Suggestion& a, const Suggestion& b) { return std::tie(a.at_ms, a.id) > std::tie(b.at_ms, b.id); });
  if (out.size() > Limits::kMaxSuggestions) out.resize(Limits::kMaxSuggestions);
  return out;
}

std::optional<Suggestion> read_suggestion(crdt::Doc& doc, std::string_view id) {
  const auto entry = map_in(doc.map(kSuggestionsRoot), id);
  return entry ? suggestion_of(id, *entry) : std::nullopt;
}

std::optional<crdt::ElementId> element_of_suggestion(crdt::Doc& doc, std::string_view id) {
  const auto entry = map_in(doc.map(kSuggestionsRoot), id);
  return entry ? element_of(*entry) : std::nullopt;
}

void each_said(crdt::Doc& doc, const std::function<void(crdt::ElementId, const ReadSaid&)>& visit) {
  const auto offer = [&visit](const std::string& id, const Map& entry) {
    const auto element = element_of(entry);
    if (!element) return;
    visit(*element, [&]() -> std::optional<Reply> {
      Reply said;
      return read_said(id, entry, said) ? std::optional<Reply>(std::move(said)) : std::nullopt;
    });
  };
  const Map all = doc.map(kCommentsRoot);
  for (const std::string& id : all.keys()) {
    const auto entry = map_in(all, id);
    if (!entry) continue;
    offer(id, *entry);
    const auto replies = map_in(*entry, "replies");
    if (!replies) continue;
    for (const std::string& reply : replies->keys())
      if (const auto inner = map_in(*replies, reply)) offer(reply, *inner);
  }
}

std::optional<Range> range_of(crdt::Doc& doc, const Anchor& anchor) {
  const crdt::Text content = doc.text(kContentRoot);
  const auto start = doc.resolve(anchor.start);
  const auto end = doc.resolve(anchor.end);
  if (!start || !end || !(start->type == content) || !(end->type == content)) return std::nullopt;
  if (start->index >= end->index) return std::nullopt;
  return Range{start->index, end->index};
}

Result<Anchor> anchor_at(crdt::Doc& doc, Range range) {
  const crdt::Text content = doc.text(kContentRoot);
  if (range.start >= range.end || range.end > content.length())
    return fail(Error{Code::kInvalidArgument,
                      "`start` and `end` must be a range of the content at that version",
                      {{"field", "anchor"}, {"limit", std::to_string(content.length())}}});
  TRY(crdt::RelativePosition start, content.position_at(range.start, 0));
  TRY(crdt::RelativePosition end, content.position_at(range.end, -1));
  return Anchor{std::move(start), std::move(end), slice(doc, range)};
}

Result<Anchor> anchor_of(crdt::Doc& doc, std::string_view text) {
  const std::u16string content = units_of(doc);
  const std::u16string wanted = ot::to_utf16(text);
  const std::size_t at = content.find(wanted);
  const bool once =
      !wanted.empty() && at != std::u16string::npos && content.find(wanted, at + 1) == std::u16string::npos;
  if (!once) return fail(Error{Code::kInvalidArgument, "`about` must occur once in the content", {{"field", "about"}}});
  return anchor_at(doc, {at, at + wanted.size()});
}

Annotating touches_annotations(const crdt::Doc& doc, ByteView update) {
  const auto touched = doc.touches(update);
  if (!touched) return {};
  const auto annotations = std::ranges::count_if(touched->roots, is_annotations_root);
  return {annotations > 0, annotations > 0 && std::cmp_equal(annotations, touched->roots.size()) && !touched->unknown};
}

/// Both names begin alike, and are written out where a root is first used.
bool may_annotate(ByteView encoded) { return as_text(encoded).find(kRootPrefix) != std::string_view::npos; }

Result<> applies(const crdt::Doc& doc, ByteView update) {
  const auto conflict = [](const char* why) {
    return fail(Error{Code::kConflict, std::string("the suggestion cannot be accepted: ") + why, {}});
  };
  const auto touched = doc.touches(update);
  if (!touched) return conflict("it is malformed");
  if (touched->unknown) return conflict("it is made on what this document does not have");
  if (!touched->continued.empty()) return conflict("it is signed as one who has written here already");
  if (!touched->roots.empty() && !touched->only(kContentRoot)) return conflict("it changes more than the content");
  return {};
}

}  // namespace concord::documents
