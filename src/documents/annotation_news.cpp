#include "documents/annotation_news.h"

#include <algorithm>
#include <functional>

namespace concord::documents {

namespace {

AnnotationIndex::Said said_of(const Reply& reply) {
  AnnotationIndex::Said out{.body = std::hash<std::string>()(reply.body)};
  for (const std::string& user : reply.mentions)
    if (UserId::parse(user)) out.mentions.push_back(user);
  return out;
}

/// Compares what comments and replies say.
class SaidNews {
 public:
  SaidNews(const AnnotationIndex& before, const AnnotationIndex& after, const WrittenBy& by)
      : before_(before), after_(after), by_(by) {}

  std::vector<AnnotationEvent> take() && {
    for (const auto& [id, now] : after_.said) {
      const auto was = before_.said.find(id);
      if (was == before_.said.end())
        came(id, now);
      else
        changed(id, was->second, now);
    }
    for (const auto& [id, was] : before_.said)
      if (after_.whole && !after_.said.contains(id)) went(id, was);
    return std::move(out_);
  }

 private:
  AnnotationEvent& tell(std::string type, const std::string& id, const AnnotationIndex::Said& said) {
    AnnotationEvent& event = out_.emplace_back(by_, std::move(type));
    event.comment = said.comment.empty() ? id : said.comment;
    if (!said.comment.empty()) event.reply = id;
    return event;
  }

  void came(const std::string& id, const AnnotationIndex::Said& now) {
    if (!before_.whole) return;  // it may have been there
    tell(now.comment.empty() ? "comment.added" : "comment.replied", id, now);
    for (const std::string& user : now.mentions)
      if (user != by_.principal) tell("mention.made", id, now).user = user;
  }

  void changed(const std::string& id, const AnnotationIndex::Said& was, const AnnotationIndex::Said& now) {
    if (was.body != now.body) tell("comment.changed", id, now);
    if (was.resolved != now.resolved) tell(now.resolved ? "comment.resolved" : "comment.reopened", id, now);
    for (const std::string& user : now.mentions)
      if (user != by_.principal && std::ranges::find(was.mentions, user) == was.mentions.end())
        tell("mention.made", id, now).user = user;
  }

  /// With a comment its replies go, which are not told one by one.
  void went(const std::string& id, const AnnotationIndex::Said& was) {
    if (was.comment.empty() || after_.said.contains(was.comment)) tell("comment.removed", id, was);
  }

  const AnnotationIndex& before_;
  const AnnotationIndex& after_;
  const WrittenBy& by_;
  std::vector<AnnotationEvent> out_;
};

void compare_suggestions(const AnnotationIndex& before, const AnnotationIndex& after, const WrittenBy& by,
                         std::vector<AnnotationEvent>& out) {
  const auto tell = [&](std::string type, const std::string& id) {
    out.emplace_back(by, std::move(type)).suggestion = id;
  };
  for (const auto& [id, now] : after.suggestions) {
    const auto was = before.suggestions.find(id);
    const bool is_new = was == before.suggestions.end();
    if (is_new && !before.whole) continue;
    if (is_new) tell("suggestion.made", id);
    if (now == SuggestionState::kOpen || (!is_new && was->second == now)) continue;
    tell(now == SuggestionState::kAccepted ? "suggestion.accepted" : "suggestion.rejected", id);
  }
  for (const auto& [id, was] : before.suggestions)
    if (after.whole && !after.suggestions.contains(id)) tell("suggestion.removed", id);
}

}  // namespace

AnnotationIndex AnnotationIndex::of(crdt::Doc& doc) {
  AnnotationIndex out;
  const std::vector<Comment> comments = read_comments(doc);
  const std::vector<Suggestion> suggestions = read_suggestions(doc);
  out.whole =
      comments.size() < AnnotationLimits::kMaxComments && suggestions.size() < AnnotationLimits::kMaxSuggestions;
  for (const Comment& comment : comments) {
    Said said = said_of(comment);
    said.resolved = comment.resolved.has_value();
    out.said.emplace(comment.id, std::move(said));
    for (const Reply& reply : comment.replies) {
      Said answer = said_of(reply);
      answer.comment = comment.id;
      out.said.emplace(reply.id, std::move(answer));
    }
  }
  for (const Suggestion& one : suggestions) out.suggestions.emplace(one.id, one.state);
  return out;
}

std::vector<AnnotationEvent> news_between(const AnnotationIndex& before, const AnnotationIndex& after,
                                          const WrittenBy& by) {
  std::vector<AnnotationEvent> out = SaidNews(before, after, by).take();
  compare_suggestions(before, after, by, out);
  return out;
}

void AnnotationNews::before(crdt::Doc& doc, bool annotates, WrittenBy by) {
  settle(doc);
  if (!annotates) return;
  if (!known_) known_ = AnnotationIndex::of(doc);
  open_ = std::move(by);
}

void AnnotationNews::settle(crdt::Doc& doc) {
  if (!open_) return;
  AnnotationIndex now = AnnotationIndex::of(doc);
  std::ranges::move(news_between(*known_, now, *open_), std::back_inserter(events_));
  known_ = std::move(now);
  open_.reset();
}

void AnnotationNews::forget(std::uint64_t version) {
  std::erase_if(events_, [version](const AnnotationEvent& one) { return one.by.version <= version; });
}

}  // namespace concord::documents
