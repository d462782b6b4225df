#include "documents/route_parts.h"

#include <algorithm>
#include <boost/json.hpp>
#include <charconv>

#include "crdt/any_json.h"
#include "documents/document_size.h"

namespace concord::documents {

namespace {

constexpr std::int64_t kDefaultPage = 50;
constexpr std::int64_t kMaxPage = 200;
constexpr std::uint64_t kMaxVersion = (std::uint64_t{1} << 53) - 1;

constexpr std::size_t kMaxTypeBytes = 32;
constexpr std::string_view kDefaultType = "rich_text";

}  // namespace

net::Response json_response(int status, std::string body) {
  net::Response response;
  response.status = status;
  response.set("content-type", "application/json");
  response.body = std::move(body);
  return response;
}

Result<DocumentId> document_of(const net::Request& request) {
  auto id = DocumentId::parse(request.parameter("id"));
  if (!id) return fail(Code::kNotFound, "there is no such document");
  return *id;
}

Result<Format> format_of(const net::Request& request) {
  auto word = request.query_value("format");
  if (!word) return Format::kText;
  auto format = parse_format(*word);
  if (!format) return fail(json::field_error("format", "must be text, markdown or delta", *word));
  return *format;
}

Result<json::Object> body_of(const net::Request& request, const DocumentLimits& limits) {
  return json::Object::parse(request.body, {.max_bytes = limits.max_document_bytes * kDeltaOverhead,
                                            .max_values = limits.max_document_bytes / 4,
                                            .max_depth = 32});
}

void write_folder(json::Writer& out, std::string_view folder) {
  out.key("folder");
  if (folder.empty()) {
    out.null();
  } else {
    out.text(folder);
  }
}

/// Fields in the order of the documentation; the caller adds `content` and ends the object.
void write_fields(json::Writer& out, const DocumentRow& row, std::string_view owner_name) {
  out.field("id", row.id.str()).field("name", row.name).field("doc_type", row.doc_type);
  out.field("version", row.version).field("owner", row.owner.str()).field("owner_name", owner_name);
  write_folder(out, row.folder);
  out.field("access_level", to_string(row.access));
  out.field("created_at", format_time(row.created_ms)).field("updated_at", format_time(row.updated_ms));
}

std::string document_json(const DocumentRow& row, std::string_view owner_name, const std::string* content) {
  json::Writer out;
  out.begin_object();
  write_fields(out, row, owner_name);
  if (content != nullptr) out.key("content").raw(*content);
  out.end();
  return std::move(out).take();
}

Result<std::int64_t> parse_limit(const net::Request& request) {
  auto text = request.query_value("limit");
  if (!text) return kDefaultPage;
  std::int64_t limit = 0;
  auto [stop, error] = std::from_chars(text->data(), text->data() + text->size(), limit);
  if (error != std::errc() || stop != text->data() + text->size() || limit < 1 || limit > kMaxPage) {
    return fail(json::field_error("limit", "must be a number from 1 to " + std::to_string(kMaxPage), *text));
  }
  return limit;
}

Result<std::optional<std::string>> content_field(const json::Object& body, Format format,
                                                 const DocumentLimits& limits) {
  if (!body.has("content")) return std::optional<std::string>();
  if (format == Format::kDelta) {
    const boost::json::value* value = body.raw("content");
    if (!value->is_array()) return fail(json::field_error("content", "must be an array of operations"));
    return std::optional<std::string>(boost::json::serialize(*value));
  }
  TRY(std::string text,
      body.text("content", {.most = limits.max_document_bytes * kDeltaOverhead, .any_character = true}));
  if (text.size() > limits.max_document_bytes) return fail(document_too_large(limits, text.size()));
  return std::optional<std::string>(std::move(text));
}

void write_change(json::Writer& out, const VersionChange& change, const std::map<std::string, std::string>& names) {
  using Kind = VersionChange::Kind;
  const bool kept = change.kind == Kind::kKept;
  out.begin_object().field("kind", kept ? "kept" : change.kind == Kind::kAdded ? "added" : "removed");
  const crdt::Any op = crdt::delta_to_any({&change.content, 1});
  const crdt::Any& only = op.as<crdt::AnyArray>()->front();
  for (const crdt::AnyMember& member : *only.as<crdt::AnyObject>())
    out.key(member.name).raw(crdt::to_json(member.value));
  if (!kept) {
    const auto name = names.find(change.principal);
    out.field("principal", change.principal).field("name", name == names.end() ? std::string() : name->second);
    out.field("at", format_time(change.time.wall_ms()));
  }
  out.end();
}

void write_next(json::Writer& out, const std::optional<AnnotationPlace>& next) {
  out.key("next");
  next ? out.text(to_text(*next)) : out.null();
}

Result<std::optional<FolderId>> folder_query(const net::Request& request) {
  const auto text = request.query_value("folder");
  if (!text) return std::optional<FolderId>();
  const auto id = FolderId::parse(*text);
  if (!id) return fail(json::field_error("folder", "must be the identifier of a folder", *text));
  return std::optional<FolderId>(*id);
}

Result<std::uint64_t> parse_version(std::string_view field, std::string_view text) {
  std::uint64_t version = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), version);
  if (error != std::errc() || stop != text.data() + text.size() || version > kMaxVersion)
    return fail(json::field_error(field, "must be a version: a whole number below 2^53", text));
  return version;
}

Result<std::optional<std::string>> folder_field(const json::Object& body) {
  const boost::json::value* value = body.raw("folder");
  if (value == nullptr) return std::optional<std::string>();
  if (value->is_null()) return std::optional<std::string>("");
  TRY(std::string text, body.text("folder", {.least = 1, .most = 64}));
  if (!FolderId::parse(text)) return fail(json::field_error("folder", "must be the identifier of a folder", text));
  return std::optional<std::string>(std::move(text));
}

Result<std::string> type_field(const json::Object& body) {
  TRY(auto word, body.optional_text("doc_type", {.least = 1, .most = kMaxTypeBytes}));
  if (!word) return std::string(kDefaultType);
  for (std::size_t i = 0; i < word->size(); ++i) {
    const char c = (*word)[i];
    const bool letter = c >= 'a' && c <= 'z';
    if (!letter && (i == 0 || ((c < '0' || c > '9') && c != '_' && c != '-'))) {
      return fail(
          json::field_error("doc_type", "must be lower-case letters, digits, '_' and '-', a letter first", *word));
    }
  }
  return std::move(*word);
}

access::By by(const identity::Authenticated& who, const net::Request& request) {
  return {who.principal.id, request.peer_address, request.request_id};
}

void DocumentRequests::mark_stale(DocumentId id, net::Response& response) {
  if (documents_.may_be_stale(id)) response.set(std::string(kStaleHeader), "true");
}

Task<DocumentRequests::Found> DocumentRequests::find(const net::Request& request, Level least) {
  CO_TRY(auto who, co_await identity_.authenticate_any(request));
  co_return co_await find(request, std::move(who), least);
}

Task<DocumentRequests::Found> DocumentRequests::find_for_visitor(const net::Request& request, Level least) {
  CO_TRY(auto who, co_await identity_.authenticate_visitor(request));
  co_return co_await find(request, std::move(who), least);
}

Task<DocumentRequests::Found> DocumentRequests::find(const net::Request& request, identity::Authenticated who,
                                                     Level least) {
  CO_TRY(const DocumentId id, document_of(request));
  CO_TRY(DocumentRow row, co_await catalog_.find(who.actor(), id, least));
  co_return Found{std::move(who), std::move(row)};
}

Task<net::Response> DocumentRequests::respond(DocumentRow row, Documents::Content content) {
  row.version = content.version;
  row.updated_ms = std::max(row.updated_ms, content.updated_ms);
  CO_TRY(auto names, co_await names_of({row.owner}));
  co_return json_response(200, document_json(row, names[row.owner], &content.json));
}

Task<std::map<UserId, std::string>> DocumentRequests::names_of(std::vector<UserId> ids) {
  std::map<UserId, std::string> out;
  for (const UserId& id : ids) out[id];
  std::vector<UserId> distinct;
  distinct.reserve(out.size());
  for (const auto& [id, name] : out) distinct.push_back(id);
  CO_TRY(auto users, co_await identity_.find_users(std::move(distinct)));
  for (identity::Principal& user : users) out[user.id] = std::move(user.name);
  co_return out;
}

}  // namespace concord::documents
