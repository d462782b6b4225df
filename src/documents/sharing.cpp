#include "documents/sharing.h"

#include <algorithm>
#include <map>
#include <utility>

#include "documents/route_parts.h"

namespace concord::documents {

namespace {

constexpr std::string_view kUser = "user";
constexpr std::string_view kGroup = "group";

Result<std::int64_t> expiry_of(const json::Object& body, std::int64_t now_ms) {
  TRY(const auto text, body.optional_text("expires_at", {.least = 1, .most = 32}));
  if (!text) return std::int64_t{0};
  const auto time = parse_time(*text);
  if (!time) return fail(json::field_error("expires_at", "must be a time such as 2026-11-20T12:00:00Z", *text));
  if (*time <= now_ms) return fail(json::field_error("expires_at", "must be in the future", *text));
  return *time;
}

Result<> may_keep_links(const SharedThing& thing) {
  if (thing.who.agent) return fail(Code::kPermissionDenied, "this is for users; an agent may not do it");
  return {};
}

/// With the secret where there is one to show.
void write_link(json::Writer& out, const identity::ShareLink& link, std::string_view made_by,
                const std::string* secret = nullptr) {
  out.begin_object().field("id", link.id.str()).field("name", link.name);
  out.field("access_level", identity::to_string(link.most)).field("has_password", link.has_password);
  out.field("made_by", link.made_by.str()).field("made_by_name", made_by);
  out.field("created_at", format_time(link.created_ms)).key("expires_at");
  if (link.expires_ms == 0) {
    out.null();
  } else {
    out.text(format_time(link.expires_ms));
  }
  if (secret != nullptr) out.field("secret", *secret);
  out.end();
}

std::unexpected<Error> nobody() {
  return fail(Error{Code::kNotFound, "nobody here has that id or e-mail", {{"field", "principal"}}});
}

}  // namespace

Task<Sharing::Named> Sharing::named(std::string principal) {
  if (principal == access::kEverybody) co_return Named{principal, access::kEverybody, "Everybody here", ""};
  if (const auto group = identity::GroupId::parse(principal)) {
    CO_TRY(auto name, co_await identity_.group_name(*group));
    if (!name) co_return nobody();
    co_return Named{std::move(principal), kGroup, std::move(*name), ""};
  }
  CO_TRY(auto user, co_await identity_.find_user(std::move(principal)));
  if (!user) co_return nobody();
  co_return Named{user->id.str(), kUser, std::move(user->name), std::move(user->email)};
}

/// Those that exist, in their order.
Task<std::vector<Sharing::Named>> Sharing::named(std::vector<std::string> ids) {
  std::vector<UserId> users;
  for (const std::string& id : ids)
    if (const auto user = UserId::parse(id)) users.push_back(*user);
  CO_TRY(auto found, co_await identity_.find_users(std::move(users)));
  std::map<std::string, identity::Principal> by_id;
  for (identity::Principal& user : found) by_id.emplace(user.id.str(), std::move(user));
  std::vector<Named> out;
  out.reserve(ids.size());
  for (std::string& id : ids) {
    if (const auto user = by_id.find(id); user != by_id.end()) {
      out.push_back({std::move(id), kUser, user->second.name, user->second.email});
    } else if (!UserId::parse(id)) {
      auto one = co_await named(std::move(id));
      if (one) out.push_back(std::move(*one));
      if (!one && one.error().code != Code::kNotFound) co_return fail(std::move(one).error());
    }
  }
  co_return out;
}

void Sharing::write(json::Writer& out, const Named& to, Level level, std::int64_t expires_ms) {
  out.begin_object().field("principal", to.id).field("kind", to.kind).field("name", to.name);
  if (to.kind == kUser) out.field("email", to.email);
  out.field("access_level", to_string(level));
  if (expires_ms != 0) out.field("expires_at", format_time(expires_ms));
}

std::vector<access::Grant> Sharing::living(std::vector<access::Grant> grants) {
  const std::int64_t now_ms = clock_.wall_ms();
  std::erase_if(grants, [now_ms](const access::Grant& one) { return one.expires_ms != 0 && one.expires_ms <= now_ms; });
  return grants;
}

Task<std::vector<Sharing::Above>> Sharing::above(const SharedThing& thing) {
  std::vector<Above> out;
  CO_TRY(auto at, co_await access_.store().find(thing.id));
  while (at && !at->folder.empty() && out.size() < access::AccessStore::kMaxDepth) {
    CO_TRY(at, co_await access_.store().find(at->folder));
    if (!at) break;
    CO_TRY(auto grants, co_await access_.grants(at->id));
    grants = living(std::move(grants));
    grants.insert(grants.begin(), access::Grant{at->owner.str(), Level::kShare, 0});
    std::erase_if(grants, [&thing](const access::Grant& one) { return one.to == thing.owner.str(); });
    out.push_back({.folder = at->id, .name = "", .grants = std::move(grants)});
  }
  for (Above& one : out) {
    CO_TRY(const access::Decision decision, co_await access_.decide(thing.who.actor(), one.folder));
    const auto folder = FolderId::parse(std::exchange(one.folder, ""));
    if (decision.level == Level::kNone || !folder) continue;
    auto row = co_await store_.find(*folder);
    if (!row && row.error().code != Code::kNotFound) co_return fail(std::move(row).error());
    if (!row) continue;  // gone meanwhile
    one.folder = folder->str();
    one.name = std::move(row->name);
  }
  co_return out;
}

Task<net::Response> Sharing::list(SharedThing thing) {
  CO_TRY(auto grants, co_await access_.grants(thing.id));
  grants = living(std::move(grants));
  grants.insert(grants.begin(), access::Grant{thing.owner.str(), Level::kOwner, 0});
  CO_TRY(const auto inherited, co_await above(thing));
  std::vector<std::string> ids;
  ids.reserve(grants.size());
  for (const access::Grant& grant : grants) ids.push_back(grant.to);
  for (const Above& folder : inherited) {
    ids.reserve(ids.size() + folder.grants.size());
    for (const access::Grant& grant : folder.grants) ids.push_back(grant.to);
  }
  std::ranges::sort(ids);
  ids.erase(std::ranges::unique(ids).begin(), ids.end());
  std::map<std::string, Named> by_id;
  CO_TRY(auto all, co_await named(std::move(ids)));
  for (Named& one : all) by_id.emplace(one.id, std::move(one));
  json::Writer out;
  out.begin_object().key("shares").begin_array();
  for (const access::Grant& grant : grants) {
    const auto to = by_id.find(grant.to);
    if (to == by_id.end()) continue;  // somebody who has gone
    write(out, to->second, grant.level, grant.expires_ms);
    out.end();
  }
  out.end().key("inherited").begin_array();
  for (const Above& folder : inherited) {
    for (const access::Grant& grant : folder.grants) {
      const auto to = by_id.find(grant.to);
      if (to == by_id.end()) continue;
      write(out, to->second, grant.level, grant.expires_ms);
      out.key("folder");
      if (folder.folder.empty()) {
        out.null().end();
      } else {
        out.begin_object().field("id", folder.folder).field("name", folder.name).end().end();
      }
    }
  }
  out.end().end();
  co_return json_response(200, std::move(out).take());
}

Task<net::Response> Sharing::grant(SharedThing thing, net::Request request) {
  CO_TRY(const json::Object body, json::Object::parse(request.body, {.max_bytes = kSmallBody}));
  CO_TRY(std::string principal, body.text("principal", {.least = 1, .most = 254}));
  CO_TRY(const std::string word, body.text("access_level", {.least = 1, .most = 16}));
  const auto level = access::grantable_level(word);
  if (!level) co_return fail(json::field_error("access_level", "must be read, comment, write or share", word));
  if (*level > thing.access) co_return fail(json::field_error("access_level", "is more than you have yourself", word));
  CO_TRY(const std::int64_t expires_ms, expiry_of(body, clock_.wall_ms()));
  CO_TRY(const Named to, co_await named(principal));
  if (to.id == thing.owner.str()) co_return fail(json::field_error("principal", "is the owner", principal));
  CO_TRY_VOID(co_await access_.grant(thing.id, {to.id, *level, expires_ms}, by(thing.who, request)));
  json::Writer out;
  write(out, to, *level, expires_ms);
  out.end();
  co_return json_response(200, std::move(out).take());
}

Task<net::Response> Sharing::revoke(SharedThing thing, net::Request request) {
  const std::string& principal = request.parameter("principal");
  if (thing.access < Level::kShare && principal != thing.who.actor().str())
    co_return fail(Code::kPermissionDenied,
                   "this needs share access; you have " + std::string(to_string(thing.access)));
  CO_TRY_VOID(co_await access_.revoke(thing.id, principal, by(thing.who, request)));
  co_return net::Response{.status = 204};
}

Task<net::Response> Sharing::links(SharedThing thing) {
  CO_TRY_VOID(may_keep_links(thing));
  CO_TRY(const auto links, co_await identity_.share_links(std::move(thing.id)));
  std::vector<std::string> makers;
  makers.reserve(links.size());
  for (const identity::ShareLink& link : links) makers.push_back(link.made_by.str());
  CO_TRY(auto names, co_await identity_.names_of(std::move(makers)));
  json::Writer out;
  out.begin_object().key("links").begin_array();
  for (const identity::ShareLink& link : links) write_link(out, link, names[link.made_by.str()]);
  out.end().end();
  co_return json_response(200, std::move(out).take());
}

Task<net::Response> Sharing::make_link(SharedThing thing, net::Request request) {
  CO_TRY_VOID(may_keep_links(thing));
  CO_TRY(const json::Object body, json::Object::parse(request.body, {.max_bytes = kSmallBody}));
  CO_TRY(const std::string word, body.text("access_level", {.least = 1, .most = 16}));
  const auto level = access::grantable_level(word);
  const auto most = identity::parse_permission(word);  // of a level that shares on, none
  if (!level || !most)
    co_return fail(json::field_error("access_level", "must be read, comment, suggest or write", word));
  if (*level > thing.access) co_return fail(json::field_error("access_level", "is more than you have yourself", word));
  CO_TRY(auto name, body.optional_text("name", kNameRule));
  CO_TRY(auto password,
         body.optional_text(
             "password", {.least = 1, .most = identity::kMaxLinkPasswordBytes, .secret = true, .any_character = true}));
  CO_TRY(const std::int64_t expires_ms, expiry_of(body, clock_.wall_ms()));
  CO_TRY(const auto made, co_await identity_.make_share_link(by(thing.who, request), {.thing = std::move(thing.id),
                                                                                      .name = name.value_or("Link"),
                                                                                      .most = *most,
                                                                                      .password = std::move(password),
                                                                                      .expires_ms = expires_ms}));
  json::Writer out;
  write_link(out, made.link, thing.who.principal.name, &made.secret);
  net::Response response = json_response(201, std::move(out).take());
  response.set("location", std::string(request.path) + "/" + made.link.id.str());
  co_return response;
}

Task<net::Response> Sharing::remove_link(SharedThing thing, net::Request request) {
  CO_TRY_VOID(may_keep_links(thing));
  const auto id = identity::AgentId::parse(request.parameter("link"));
  if (!id) co_return fail(Code::kNotFound, "there is no such link, or no longer");
  CO_TRY_VOID(co_await identity_.remove_share_link(by(thing.who, request), std::move(thing.id), *id));
  co_return net::Response{.status = 204};
}

}  // namespace concord::documents
