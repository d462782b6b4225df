#include "documents/annotation_rules.h"

#include <algorithm>
#include <map>

#include "crdt/any_json.h"

namespace concord::documents {

namespace {

using crdt::Any;
using Limits = AnnotationLimits;

std::unexpected<Error> denied(std::string why) { return fail(Code::kPermissionDenied, std::move(why)); }

std::unexpected<Error> too_many(std::string_view what, std::size_t limit) {
  return fail(Error{Code::kTooLarge, "there are too many " + std::string(what), {{"limit", std::to_string(limit)}}});
}

/// Members of an object, which may be absent, by name.
std::map<std::string_view, const Any*> members(const Any* value) {
  std::map<std::string_view, const Any*> out;
  const auto* object = value != nullptr ? value->as<crdt::AnyObject>() : nullptr;
  if (object == nullptr) return out;
  for (const crdt::AnyMember& member : *object) out.emplace(member.name, &member.value);
  return out;
}

const Any* member(const Any* value, std::string_view name) { return value != nullptr ? value->find(name) : nullptr; }

bool is_by(const Any* entry, const std::string& principal) {
  const Any* author = member(entry, "author");
  const auto* name = author != nullptr ? author->as<std::string>() : nullptr;
  return name != nullptr && *name == principal;
}

bool same(const Any* a, const Any* b) { return a == nullptr || b == nullptr ? a == b : *a == *b; }

/// Without one of its members.
Any without(const Any* entry, std::string_view name) {
  const auto* object = entry != nullptr ? entry->as<crdt::AnyObject>() : nullptr;
  if (object == nullptr) return entry != nullptr ? *entry : Any();
  crdt::AnyObject out;
  out.reserve(object->size());
  for (const crdt::AnyMember& one : *object)
    if (one.name != name) out.push_back(one);
  return out;
}

/// What differs between two objects: the entry before and after, either null where it is not there.
struct Changed {
  std::string_view id;
  const Any* before = nullptr;
  const Any* after = nullptr;
};

std::vector<Changed> difference(const Any* before, const Any* after) {
  const auto was = members(before);
  const auto is = members(after);
  std::vector<Changed> out;
  for (const auto& [id, value] : was) {
    const auto found = is.find(id);
    const Any* now = found != is.end() ? found->second : nullptr;
    if (!same(value, now)) out.push_back({id, value, now});
  }
  for (const auto& [id, value] : is)
    if (!was.contains(id)) out.push_back({id, nullptr, value});
  return out;
}

class Rules {
 public:
  Rules(crdt::Doc& after, const Annotator& who) : after_(after), who_(who) {}

  Result<> comments(const Any& was, const Any& is) {
    const std::size_t count = members(&is).size();
    if (count > Limits::kMaxComments && count > members(&was).size())
      return too_many("comments on this document", Limits::kMaxComments);
    for (const Changed& one : difference(&was, &is)) TRY_VOID(comment(one));
    return {};
  }

  Result<> suggestions(const Any& was, const Any& is) {
    const std::size_t open = count_open(is);
    if (open > Limits::kMaxOpenSuggestions && open > count_open(was))
      return too_many("open suggestions for this document", Limits::kMaxOpenSuggestions);
    for (const Changed& one : difference(&was, &is)) TRY_VOID(suggestion(one));
    return {};
  }

 private:
  Result<> own(const Changed& one, std::string_view what) const {
    if ((one.before == nullptr || is_by(one.before, who_.principal)) &&
        (one.after == nullptr || is_by(one.after, who_.principal)))
      return {};
    return denied("a " + std::string(what) + " of somebody else's");
  }

  Result<> bounded(const Any& entry) const {
    if (crdt::to_json(entry).size() <= Limits::kMaxEntryBytes) return {};
    return fail(Error{Code::kTooLarge, "a comment is too large", {{"limit", std::to_string(Limits::kMaxEntryBytes)}}});
  }

  Result<> comment(const Changed& one) {
    const Any* replies_before = member(one.before, "replies");
    const Any* replies_after = member(one.after, "replies");
    const Any before = without(one.before, "replies");
    const Any after = without(one.after, "replies");
    if ((one.before == nullptr) != (one.after == nullptr) || !(before == after)) {
      TRY_VOID(own(one, "comment"));
      if (one.after == nullptr) return {};  // with the replies of all
      TRY_VOID(bounded(after));
    } else if ((replies_before == nullptr) != (replies_after == nullptr) && !is_by(one.after, who_.principal)) {
      return denied("all replies to a comment of somebody else's");
    }
    const auto read = read_comment(after_, one.id);
    if (!read) return denied("a comment that is malformed");
    if (!same(member(one.before, "resolved"), member(one.after, "resolved")) && read->resolved)
      TRY_VOID(decided(*read->resolved));
    const std::size_t count = members(replies_after).size();
    if (count > Limits::kMaxReplies && count > members(replies_before).size())
      return too_many("replies to this comment", Limits::kMaxReplies);
    for (const Changed& reply : difference(replies_before, replies_after)) {
      TRY_VOID(own(reply, "reply"));
      if (reply.after == nullptr) continue;
      TRY_VOID(bounded(*reply.after));
      if (std::ranges::find(read->replies, reply.id, &Reply::id) == read->replies.end())
        return denied("a reply that is malformed");
    }
    return {};
  }

  Result<> suggestion(const Changed& one) {
    TRY_VOID(own(one, "suggestion"));
    if (!same(member(one.before, "accepted"), member(one.after, "accepted")) && one.after != nullptr)
      return denied("what is accepted");
    if (one.after == nullptr) return {};
    TRY_VOID(bounded(without(one.after, "update")));
    const auto read = read_suggestion(after_, one.id);
    if (!read) return denied("a suggestion that is malformed");
    if (!same(member(one.before, "rejected"), member(one.after, "rejected")) &&
        read->state == SuggestionState::kRejected)
      TRY_VOID(decided(read->decided));
    return {};
  }

  Result<> decided(const Stamp& stamp) const {
    if (stamp.by == who_.principal) return {};
    return denied("what somebody else decides");
  }

  static std::size_t count_open(const Any& all) {
    return static_cast<std::size_t>(std::ranges::count_if(members(&all), [](const auto& one) {
      return one.second->find("accepted") == nullptr && one.second->find("rejected") == nullptr;
    }));
  }

  crdt::Doc& after_;
  const Annotator& who_;
};

}  // namespace

Result<crdt::Touched> annotate(crdt::Doc& copy, ByteView update, const Annotator& who) {
  TRY(crdt::Touched touched, copy.touches(update));
  if (touched.unknown) return denied("you may not change this document beyond what it has");
  for (const std::string& root : touched.roots) {
    const bool allowed = root == kCommentsRoot || (who.may_suggest && root == kSuggestionsRoot);
    if (!allowed)
      return denied(who.may_suggest ? "you may only comment and suggest here" : "you may only comment here");
  }
  for (const crdt::ClientId client : touched.continued) {
    const auto last = copy.root_last_written(client);
    if (client != who.wrote_as && last && *last != kCommentsRoot && *last != kSuggestionsRoot)
      return denied("you may not write as a client that edits this document");
  }
  const Any comments = copy.map(kCommentsRoot).to_json();
  const Any suggestions = copy.map(kSuggestionsRoot).to_json();
  TRY_VOID(copy.apply_update(update));
  Rules rules(copy, who);
  const auto refused = [](Result<> done) {
    Error error = std::move(done).error();
    if (error.code == Code::kPermissionDenied) error.message = "you may not change " + error.message;
    return fail(std::move(error));
  };
  if (auto done = rules.comments(comments, copy.map(kCommentsRoot).to_json()); !done) return refused(std::move(done));
  if (auto done = rules.suggestions(suggestions, copy.map(kSuggestionsRoot).to_json()); !done)
    return refused(std::move(done));
  return touched;
}

}  // namespace concord::documents
