// The REST face of comments; docs/api/openapi.json describes it.

#include <algorithm>
#include <boost/json.hpp>

#include "documents/route_parts.h"

namespace concord::documents {

namespace {

using Limits = AnnotationLimits;
using Names = std::map<std::string, std::string>;

constexpr std::size_t kCommentBody = 64u << 10u;
constexpr std::int64_t kMaxVersion = (std::int64_t{1} << 53) - 1;
constexpr json::TextRule kBodyRule{.least = 1, .most = Limits::kMaxBodyBytes, .any_character = true};

std::string name_of(const Names& names, const std::string& principal) {
  const auto found = names.find(principal);
  return found == names.end() ? std::string() : found->second;
}

void note_principals(const Reply& said, std::vector<std::string>& out) {
  out.push_back(said.author);
  out.insert(out.end(), said.mentions.begin(), said.mentions.end());
}

void write_said(json::Writer& out, const Reply& said, const Names& names) {
  out.field("id", said.id).field("author", said.author).field("author_name", name_of(names, said.author));
  out.field("created_at", format_time(said.at_ms)).key("edited_at");
  said.edited_ms ? out.text(format_time(*said.edited_ms)) : out.null();
  out.field("body", said.body).key("mentions").begin_array();
  for (const std::string& id : said.mentions)
    out.begin_object().field("id", id).field("name", name_of(names, id)).end();
  out.end();
}

void write_comment(json::Writer& out, const AnnotationService::Shown& shown, const Names& names) {
  const Comment& comment = shown.comment;
  write_said(out, comment, names);
  out.key("anchor");
  if (shown.range) {
    out.begin_object().field("start", shown.range->start).field("end", shown.range->end).end();
  } else {
    out.null();
  }
  out.key("quote");
  comment.anchor ? out.text(comment.anchor->quote) : out.null();
  out.field("state", comment.resolved ? "resolved" : "open");
  if (comment.resolved) {
    out.field("resolved_by", comment.resolved->by);
    out.field("resolved_by_name", name_of(names, comment.resolved->by));
    out.field("resolved_at", format_time(comment.resolved->at_ms));
  }
  out.key("replies").begin_array();
  for (const Reply& reply : comment.replies) {
    out.begin_object();
    write_said(out, reply, names);
    out.end();
  }
  out.end();
}

/// `anchor` of a body, where it has one: {start, end}.
Result<std::optional<Range>> anchor_field(const json::Object& body) {
  if (!body.has("anchor")) return std::optional<Range>();
  TRY(const json::Object anchor, body.object("anchor"));
  TRY(const std::int64_t start, anchor.integer("start", 0, kMaxVersion));
  TRY(const std::int64_t end, anchor.integer("end", 0, kMaxVersion));
  return std::optional<Range>(Range{static_cast<std::size_t>(start), static_cast<std::size_t>(end)});
}

/// The reply that the path names; empty where it names none.
std::string reply_of(const net::Request& request) {
  const auto name = &std::pair<std::string, std::string>::first;
  const bool named = std::ranges::find(request.parameters, "reply", name) != request.parameters.end();
  return named ? request.parameter("reply") : std::string();
}

/// Identifiers of users, each once.
Result<std::vector<std::string>> mentions_field(const json::Object& body) {
  std::vector<std::string> out;
  if (!body.has("mentions")) return out;
  const boost::json::value* value = body.raw("mentions");
  const auto* all = value->if_array();
  if (all == nullptr || all->size() > Limits::kMaxMentions)
    return fail(json::field_error(
        "mentions", "must be a list of at most " + std::to_string(Limits::kMaxMentions) + " identifiers of users"));
  out.reserve(all->size());
  for (const boost::json::value& one : *all) {
    const auto* text = one.if_string();
    if (text == nullptr || !UserId::parse(*text))
      return fail(json::field_error("mentions", "must be identifiers of users", text != nullptr ? *text : ""));
    if (std::ranges::find(out, std::string_view(*text)) == out.end()) out.emplace_back(*text);
  }
  return out;
}

}  // namespace

class CommentRoutes : public DocumentRequests {
 public:
  using DocumentRequests::DocumentRequests;

  Task<net::Response> list(net::Request request) {
    CO_TRY(auto found, co_await find_for_visitor(request, Level::kRead));
    CommentFilter filter;
    CO_TRY(const std::int64_t limit, parse_limit(request));
    filter.limit = static_cast<std::size_t>(limit);
    if (const auto word = request.query_value("state")) {
      CO_TRY(filter.resolved, parse_resolved(*word));
    }
    if (const auto text = request.query_value("after")) {
      CO_TRY(filter.after, parse_comment_place(*text));
    }
    CO_TRY(const auto all, co_await notes().comments(found.row.id, std::move(filter)));
    CO_TRY(const Names names, co_await names_in(all));
    json::Writer out;
    out.begin_object().key("comments").begin_array();
    for (const AnnotationService::Shown& one : all.comments) {
      out.begin_object();
      write_comment(out, one, names);
      out.end();
    }
    out.end().field("version", all.version);
    write_next(out, all.next);
    out.end();
    co_return json_response(200, std::move(out).take());
  }

  Task<net::Response> read(net::Request request) {
    CO_TRY(auto found, co_await find_for_visitor(request, Level::kRead));
    co_return co_await whole(200, found.row.id, request.parameter("comment"));
  }

  Task<net::Response> create(net::Request request) {
    CO_TRY(auto found, co_await find_for_visitor(request, Level::kComment));
    CO_TRY(const auto body, body_of(request, limits_));
    AnnotationService::NewComment made;
    CO_TRY(made.body, body.text("body", kBodyRule));
    CO_TRY(made.range, anchor_field(body));
    if (made.range) {
      CO_TRY(const std::int64_t version, body.integer("version", 0, kMaxVersion));
      made.version = static_cast<std::uint64_t>(version);
    }
    CO_TRY(made.mentions, mentions_field(body));
    CO_TRY_VOID(co_await check_mentions(found.row.id, made.mentions));
    CO_TRY(const std::string id, co_await notes().add_comment(found.row.id, found.who.actor().str(), std::move(made)));
    CO_TRY(net::Response response, co_await whole(201, found.row.id, id));
    response.set("location", "/documents/" + found.row.id.str() + "/comments/" + id);
    co_return response;
  }

  Task<net::Response> reply(net::Request request) {
    CO_TRY(auto found, co_await find_for_visitor(request, Level::kComment));
    CO_TRY(const auto body, body_of(request, limits_));
    CO_TRY(std::string text, body.text("body", kBodyRule));
    CO_TRY(auto mentions, mentions_field(body));
    CO_TRY_VOID(co_await check_mentions(found.row.id, mentions));
    const std::string& comment = request.parameter("comment");
    CO_TRY_VOID(
        co_await notes().reply(found.row.id, found.who.actor().str(), comment, std::move(text), std::move(mentions)));
    co_return co_await whole(201, found.row.id, comment);
  }

  /// Of a comment or a reply: who wrote it says something else.
  Task<net::Response> change(net::Request request) {
    CO_TRY(auto found, co_await find_for_visitor(request, Level::kComment));
    CO_TRY(const auto body, body_of(request, limits_));
    CO_TRY(std::string text, body.text("body", kBodyRule));
    CO_TRY(auto mentions, mentions_field(body));
    CO_TRY_VOID(co_await check_mentions(found.row.id, mentions));
    const std::string& comment = request.parameter("comment");
    CO_TRY_VOID(co_await notes().reword(found.row.id, found.who.actor().str(), comment, reply_of(request),
                                        std::move(text), std::move(mentions)));
    co_return co_await whole(200, found.row.id, comment);
  }

  Task<net::Response> remove(net::Request request) {
    CO_TRY(auto found, co_await find_for_visitor(request, Level::kComment));
    CO_TRY_VOID(co_await notes().remove(found.row.id, writer_of(found), std::string(request.parameter("comment")),
                                        reply_of(request)));
    co_return net::Response{.status = 204};
  }

  Task<net::Response> resolve(net::Request request) { return set_resolved(std::move(request), true); }
  Task<net::Response> reopen(net::Request request) { return set_resolved(std::move(request), false); }

 private:
  AnnotationService& notes() { return documents_.annotations(); }

  static AnnotationService::Writer writer_of(const Found& found) {
    return {found.who.actor().str(), found.row.access >= Level::kWrite};
  }

  Task<net::Response> set_resolved(net::Request request, bool resolved) {
    CO_TRY(auto found, co_await find_for_visitor(request, Level::kComment));
    const std::string& comment = request.parameter("comment");
    CO_TRY_VOID(co_await notes().resolve(found.row.id, writer_of(found), comment, resolved));
    co_return co_await whole(200, found.row.id, comment);
  }

  /// Whoever is mentioned may read the document.
  Task<> check_mentions(DocumentId document, std::vector<std::string> mentions) {
    for (const std::string& id : mentions) {
      CO_TRY(const auto decision, co_await access_.decide(identity::Actor(*UserId::parse(id)), document.str()));
      if (decision.level == Level::kNone)
        co_return fail(json::field_error("mentions", "must be people who may read the document", id));
    }
    co_return Result<>{};
  }

  Task<Names> names_in(AnnotationService::Comments all) {
    std::vector<std::string> principals;
    for (const AnnotationService::Shown& one : all.comments) {
      note_principals(one.comment, principals);
      if (one.comment.resolved) principals.push_back(one.comment.resolved->by);
      for (const Reply& reply : one.comment.replies) note_principals(reply, principals);
    }
    co_return co_await identity_.names_of(std::move(principals));
  }

  Task<net::Response> whole(int status, DocumentId document, std::string_view comment) {
    return [](CommentRoutes& self, int code, DocumentId id, std::string name) -> Task<net::Response> {
      CO_TRY(const auto found, co_await self.notes().comment(id, std::move(name)));
      CO_TRY(const Names names, co_await self.names_in(found));
      json::Writer out;
      out.begin_object();
      write_comment(out, found.comments.front(), names);
      out.field("version", found.version).end();
      co_return json_response(code, std::move(out).take());
    }(*this, status, document, std::string(comment));
  }
};

void Documents::add_comment_routes(net::Router& router) {
  auto routes = std::make_shared<CommentRoutes>(*this, dependencies_.access, dependencies_.identity, limits_,
                                                dependencies_.clock);
  const std::string all = "/documents/{id}/comments";
  const std::string one = all + "/{comment}";
  add_read_route(router, all, routes, &CommentRoutes::list);
  add_route(router, "POST", all, routes, &CommentRoutes::create, kCommentBody);
  add_read_route(router, one, routes, &CommentRoutes::read);
  add_route(router, "PATCH", one, routes, &CommentRoutes::change, kCommentBody);
  add_route(router, "DELETE", one, routes, &CommentRoutes::remove);
  add_route(router, "POST", one + "/resolve", routes, &CommentRoutes::resolve);
  add_route(router, "POST", one + "/reopen", routes, &CommentRoutes::reopen);
  add_route(router, "POST", one + "/replies", routes, &CommentRoutes::reply, kCommentBody);
  add_route(router, "PATCH", one + "/replies/{reply}", routes, &CommentRoutes::change, kCommentBody);
  add_route(router, "DELETE", one + "/replies/{reply}", routes, &CommentRoutes::remove);
}

}  // namespace concord::documents
