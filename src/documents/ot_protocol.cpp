#include "documents/ot_protocol.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "crypto/jws.h"
#include "documents/ot_delta.h"
#include "json/elements.h"
#include "json/writer.h"

namespace concord::documents::ot_protocol {

namespace {

constexpr json::TextRule kToken{.least = 1, .most = crypto::kMaxTokenBytes, .secret = true};
constexpr json::TextRule kName{.most = 128, .any_character = true};
constexpr json::Limits kSmall{.max_bytes = 16u << 10u, .max_values = 64, .max_depth = 4};
constexpr std::int64_t kMaxPosition = 1LL << 30U;

Result<json::Object> object_of(std::string_view argument, const json::Limits& limits = kSmall) {
  auto object = json::Object::parse(argument.empty() ? "{}" : argument, limits);
  if (object) return object;
  Error error = std::move(object).error();
  std::erase_if(error.context, [](const auto& fact) { return fact.first == "field"; });
  return fail(std::move(error).with("field", "argument"));
}

Result<DocumentId> document_of(const json::Object& fields) {
  TRY(const std::string text, fields.text("document", {.least = 1, .most = 64}));
  const auto id = DocumentId::parse(text);
  if (!id || id->str() != text) return fail(json::field_error("document", "is no document's identifier", text));
  return *id;
}

Result<std::uint64_t> number_of(const json::Object& fields, std::string_view name) {
  TRY(const std::int64_t number, fields.integer(name, 0, static_cast<std::int64_t>(kMaxVersion)));
  return static_cast<std::uint64_t>(number);
}

Result<std::optional<std::uint64_t>> optional_number(const json::Object& fields, std::string_view name) {
  TRY(const auto number, fields.optional_integer(name, 0, static_cast<std::int64_t>(kMaxVersion)));
  return number ? std::optional(static_cast<std::uint64_t>(*number)) : std::nullopt;
}

Result<User> user_of(const json::Object& fields) {
  User user;
  if (!fields.has("user")) return user;
  TRY(const json::Object given, fields.object("user"));
  TRY(auto name, given.optional_text("name", kName));
  TRY(auto color, given.optional_text("color", {.most = 32}));
  user.name = std::move(name).value_or("");
  user.color = std::move(color).value_or("");
  return user;
}

/// {"version", "position", "length"}
Result<Cursor> cursor_of(const json::Object& fields) {
  Cursor cursor;
  TRY(cursor.version, number_of(fields, "version"));
  TRY(const std::int64_t position, fields.integer("position", 0, kMaxPosition));
  TRY(const auto length, fields.optional_integer("length", 0, kMaxPosition));
  cursor.position = static_cast<std::size_t>(position);
  cursor.length = static_cast<std::size_t>(length.value_or(0));
  return cursor;
}

/// An operation as it is, or as quill-delta's Delta is written.
Result<ot::Delta> delta_of(std::string_view json, const json::Limits& limits) {
  if (!json.starts_with('{')) return change_from_json(json);
  TRY(const std::vector<json::Member> members, json::members(json, limits));
  if (members.size() != 1 || members.front().name != "ops")
    return fail(json::field_error("op", "must be an array of operations, or an object with that array as `ops`"));
  return change_from_json(members.front().value);
}

void write_delta(json::Writer& out, std::string_view name, const ot::Delta& delta) {
  out.key(name).begin_object().key("ops").raw(change_to_json(delta)).end();
}

void write_error(json::Writer& out, const Error& error) {
  constexpr std::array<std::string_view, 4> kNumbers{"limit", "current_version", "oldest_version", "retry_after"};
  const bool inside = error.code == Code::kInternal || error.code == Code::kCorrupt;
  out.begin_object().field("code", to_string(error.code));
  out.field("message", inside ? std::string_view("the hub failed; its log says more") : error.message);
  std::vector<std::string_view> written{"code", "message"};
  for (const auto& [name, value] : error.context) {
    if (inside || std::ranges::find(written, name) != written.end()) continue;
    written.emplace_back(name);
    std::int64_t number = 0;
    const auto [end, failed] = std::from_chars(value.data(), value.data() + value.size(), number);
    const bool whole = failed == std::errc() && end == value.data() + value.size();
    whole&& std::ranges::find(kNumbers, name) != kNumbers.end() ? out.field(name, number) : out.field(name, value);
  }
  out.end();
}

void write_user(json::Writer& out, const User& user) {
  out.key("user").begin_object();
  if (!user.name.empty()) out.field("name", user.name);
  if (!user.color.empty()) out.field("color", user.color);
  out.end();
}

json::Writer about(std::string_view document) {
  json::Writer out;
  out.begin_object().field("document", document);
  return out;
}

}  // namespace

Result<DocumentId> read_document(std::string_view argument) {
  TRY(const json::Object fields, object_of(argument));
  return document_of(fields);
}

Result<std::string> read_token(std::string_view argument) {
  TRY(const json::Object fields, object_of(argument));
  TRY(auto token, fields.optional_text("token", kToken));
  return std::move(token).value_or("");
}

Result<Join> read_join(std::string_view argument) {
  TRY(const json::Object fields, object_of(argument));
  Join join;
  TRY(join.document, document_of(fields));
  TRY(auto token, fields.optional_text("token", kToken));
  join.token = std::move(token).value_or("");
  TRY(auto client, fields.optional_text("client", {.least = 1, .most = kMaxClientBytes}));
  join.client = std::move(client).value_or("");
  TRY(join.last_known_version, optional_number(fields, "last_known_version"));
  TRY(join.unacknowledged, optional_number(fields, "unacknowledged"));
  TRY(join.user, user_of(fields));
  return join;
}

Result<Changes> read_changes(std::string_view argument, const json::Limits& limits) {
  TRY(const std::vector<json::Member> members, json::members(argument, limits));
  std::string_view op;
  std::string rest = "{";
  for (const json::Member& member : members) {
    if (member.name == "op" && op.empty()) {
      op = member.value;
      continue;
    }
    if (rest.size() > 1) rest += ',';
    rest.append("\"").append(member.name).append("\":").append(member.value);
  }
  TRY(const json::Object fields, object_of(rest += '}'));
  Changes changes;
  TRY(changes.document, document_of(fields));
  TRY(changes.version, number_of(fields, "version"));
  TRY(changes.sequence, number_of(fields, "sequence"));
  if (op.empty()) return fail(json::field_error("op", "is required"));
  TRY(changes.op, delta_of(op, limits));
  return changes;
}

Result<CursorMoved> read_cursor(std::string_view argument) {
  TRY(const json::Object fields, object_of(argument));
  CursorMoved moved;
  TRY(moved.document, document_of(fields));
  if (fields.has("position")) {
    TRY(moved.cursor, cursor_of(fields));
  }
  return moved;
}

Result<Typing> read_typing(std::string_view argument) {
  TRY(const json::Object fields, object_of(argument));
  Typing said;
  TRY(said.document, document_of(fields));
  TRY(said.typing, fields.boolean("typing"));
  return said;
}

std::string joined(std::string_view document, const OtJoined& joined, const Welcome& welcome) {
  json::Writer out = about(document);
  out.field("version", joined.version);
  if (joined.document) {
    write_delta(out, "content", *joined.document);
  } else {
    out.key("operations").begin_array();
    for (const OtChange& change : joined.missed) {
      out.begin_object().field("version", change.version);
      if (!change.source.client.empty()) out.field("sequence", change.source.sequence);  // its own
      write_delta(out, "op", change.delta);
      out.end();
    }
    out.end();
  }
  out.field("acknowledged", joined.acknowledged)
      .field("permission", access::to_string(welcome.permission))
      .field("client", welcome.client);
  return std::move(out.field("id", welcome.id).end()).take();
}

std::string changes_received(std::string_view document, std::uint64_t version, std::uint64_t sequence) {
  return std::move(about(document).field("version", version).field("sequence", sequence).end()).take();
}

std::string receive_changes(std::string_view document, const OtChange& change) {
  json::Writer out = about(document);
  out.field("version", change.version);
  if (!change.principal.empty()) out.field("author", change.principal);
  write_delta(out, "op", change.delta);
  return std::move(out.end()).take();
}

std::string comments_changed(std::string_view document, std::uint64_t version) {
  json::Writer out;
  return std::move(out.begin_object().field("document", document).field("version", version).end()).take();
}

std::string access_changed(std::string_view document, access::Level permission) {
  return std::move(about(document).field("permission", access::to_string(permission)).end()).take();
}

std::string failed(const Error& error) {
  json::Writer out;
  out.begin_object().key("error");
  write_error(out, error);
  return std::move(out.end()).take();
}

std::string refused(std::string_view event, std::string_view document, const Error& error) {
  json::Writer out;
  out.begin_object().field("event", event);
  if (!document.empty()) out.field("document", document);
  out.key("error");
  write_error(out, error);
  return std::move(out.end()).take();
}

std::string ended(std::string_view document, std::string_view code, std::string_view message,
                  std::optional<std::int64_t> reconnect_in_ms) {
  json::Writer out;
  out.begin_object();
  if (!document.empty()) out.field("document", document);
  out.field("code", code).field("message", message);
  if (reconnect_in_ms) out.field("reconnect_in_ms", *reconnect_in_ms);
  return std::move(out.end()).take();
}

std::string awareness_state(const Presence& presence) {
  json::Writer out;
  out.begin_object();
  write_user(out, presence.user);
  if (presence.typing) out.field("typing", true);
  if (const auto& cursor = presence.cursor) {
    out.key("ot").begin_object().field("version", cursor->version);
    out.field("position", cursor->position).field("length", cursor->length).end();
  }
  return std::move(out.end()).take();
}

Presence read_awareness_state(std::string_view state) {
  Presence found;
  found.gone = state == "null";
  const auto fields = json::Object::parse(state, {.max_bytes = 1u << 20u});
  if (!fields) return found;
  if (auto user = user_of(*fields)) found.user = std::move(*user);
  found.typing = fields->optional_boolean("typing").value_or(std::nullopt).value_or(false);
  if (!fields->has("ot")) return found;
  if (const auto given = fields->object("ot"))
    if (const auto cursor = cursor_of(*given)) found.cursor = *cursor;
  return found;
}

std::string presence(std::string_view document, std::uint64_t id, const Presence& presence) {
  json::Writer out = about(document);
  out.field("id", id);
  presence.gone ? (void)out.key("user").null() : write_user(out, presence.user);
  if (presence.typing) out.field("typing", true);
  return std::move(out.end()).take();
}

std::string cursor(std::string_view document, std::uint64_t id, const Presence& presence) {
  json::Writer out = about(document);
  out.field("id", id);
  if (presence.cursor) {
    write_user(out, presence.user);
    out.field("version", presence.cursor->version).field("position", presence.cursor->position);
    out.field("length", presence.cursor->length);
  } else {
    out.key("position").null();
  }
  return std::move(out.end()).take();
}

}  // namespace concord::documents::ot_protocol
