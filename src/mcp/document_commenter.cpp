#include "mcp/document_commenter.h"

#include <algorithm>

#include "json/writer.h"
#include "mcp/document_reader.h"

namespace concord::mcp {

namespace {

using documents::AnnotationLimits;
using documents::AnnotationService;
using documents::Comment;
using documents::Level;
using documents::Reply;
using Names = std::map<std::string, std::string>;

constexpr json::TextRule kIdRule{.least = 1, .most = 64};
constexpr json::TextRule kBodyRule{.least = 1, .most = AnnotationLimits::kMaxBodyBytes, .any_character = true};
constexpr json::TextRule kAboutRule{.least = 1, .most = 4 * AnnotationLimits::kMaxQuoteUnits, .any_character = true};
constexpr json::TextRule kStateRule{.least = 1, .most = 16};
constexpr json::TextRule kPlaceRule{.least = 1, .most = 64};
constexpr std::int64_t kDefaultPage = 50;
constexpr std::int64_t kMaxPage = 200;

void write_said(json::Writer& out, const Reply& said, const Names& names) {
  const auto name = names.find(said.author);
  out.field("id", said.id).field("author", said.author);
  out.field("author_name", name == names.end() ? std::string() : name->second);
  out.field("created_at", format_time(said.at_ms)).field("body", said.body);
}

void write_comment(json::Writer& out, const AnnotationService::Shown& shown, const Names& names) {
  const Comment& comment = shown.comment;
  out.begin_object();
  write_said(out, comment, names);
  out.field("state", comment.resolved ? "resolved" : "open").key("about");
  comment.anchor ? out.text(comment.anchor->quote) : out.null();
  out.field("about_is_there", shown.range.has_value()).key("replies").begin_array();
  for (const Reply& reply : comment.replies) {
    out.begin_object();
    write_said(out, reply, names);
    out.end();
  }
  out.end().end();
}

}  // namespace

Task<std::string> DocumentCommenter::tell(AnnotationService::Comments comments, bool only_one) {
  std::vector<std::string> principals;
  for (const AnnotationService::Shown& one : comments.comments) {
    principals.push_back(one.comment.author);
    for (const Reply& reply : one.comment.replies) principals.push_back(reply.author);
  }
  CO_TRY(const Names names, co_await identity_.names_of(std::move(principals)));
  json::Writer out;
  out.begin_object().field("version", comments.version).key(only_one ? "comment" : "comments");
  if (!only_one) out.begin_array();
  for (const AnnotationService::Shown& one : comments.comments) write_comment(out, one, names);
  if (!only_one) {
    out.end().key("next");
    comments.next ? out.text(to_text(*comments.next)) : out.null();
  }
  co_return std::move(out.end()).take();
}

Task<std::string> DocumentCommenter::list(Caller caller, json::Object arguments) {
  CO_TRY_VOID(only_fields(arguments, {"document", "state", "limit", "after"}));
  CO_TRY(const DocumentId id, document_field(arguments));
  CO_TRY(const auto state, arguments.optional_text("state", kStateRule));
  documents::CommentFilter filter;
  if (state) {
    CO_TRY(filter.resolved, documents::parse_resolved(*state));
  }
  CO_TRY(const auto limit, arguments.optional_integer("limit", 1, kMaxPage));
  filter.limit = static_cast<std::size_t>(limit.value_or(kDefaultPage));
  CO_TRY(const auto after, arguments.optional_text("after", kPlaceRule));
  if (after) {
    CO_TRY(filter.after, documents::parse_comment_place(*after));
  }
  CO_TRY_VOID(co_await catalog_.find(caller.who.actor(), id, Level::kRead));
  CO_TRY(auto all, co_await documents_.annotations().comments(id, std::move(filter)));
  co_return co_await tell(std::move(all), false);
}

Task<std::string> DocumentCommenter::add(Caller caller, json::Object arguments) {
  CO_TRY_VOID(only_fields(arguments, {"document", "body", "about"}));
  CO_TRY(const DocumentId id, document_field(arguments));
  AnnotationService::NewComment made;
  CO_TRY(made.body, arguments.text("body", kBodyRule));
  CO_TRY(made.about, arguments.optional_text("about", kAboutRule));
  CO_TRY_VOID(co_await catalog_.find(caller.who.actor(), id, Level::kComment));
  CO_TRY(std::string comment,
         co_await documents_.annotations().add_comment(id, caller.who.actor().str(), std::move(made)));
  CO_TRY(auto now, co_await documents_.annotations().comment(id, std::move(comment)));
  co_return co_await tell(std::move(now), true);
}

Task<std::string> DocumentCommenter::reply(Caller caller, json::Object arguments) {
  CO_TRY_VOID(only_fields(arguments, {"document", "comment", "body"}));
  CO_TRY(const DocumentId id, document_field(arguments));
  CO_TRY(std::string comment, arguments.text("comment", kIdRule));
  CO_TRY(std::string body, arguments.text("body", kBodyRule));
  CO_TRY_VOID(co_await catalog_.find(caller.who.actor(), id, Level::kComment));
  CO_TRY_VOID(co_await documents_.annotations().reply(id, caller.who.actor().str(), comment, std::move(body), {}));
  CO_TRY(auto now, co_await documents_.annotations().comment(id, std::move(comment)));
  co_return co_await tell(std::move(now), true);
}

Task<std::string> DocumentCommenter::resolve(Caller caller, json::Object arguments) {
  CO_TRY_VOID(only_fields(arguments, {"document", "comment", "resolved"}));
  CO_TRY(const DocumentId id, document_field(arguments));
  CO_TRY(std::string comment, arguments.text("comment", kIdRule));
  CO_TRY(const auto resolved, arguments.optional_boolean("resolved"));
  CO_TRY(const auto row, co_await catalog_.find(caller.who.actor(), id, Level::kComment));
  AnnotationService::Writer who{caller.who.actor().str(), row.access >= Level::kWrite};
  CO_TRY_VOID(co_await documents_.annotations().resolve(id, std::move(who), comment, resolved.value_or(true)));
  CO_TRY(auto now, co_await documents_.annotations().comment(id, std::move(comment)));
  co_return co_await tell(std::move(now), true);
}

}  // namespace concord::mcp
