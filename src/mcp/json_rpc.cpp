#include "mcp/json_rpc.h"

#include <boost/json.hpp>

#include "json/writer.h"

namespace concord::mcp {

namespace {

namespace bj = boost::json;

/// The JSON text of an identifier, "" where there is none; nullopt where it is of a kind that is not allowed.
std::optional<std::string> id_of(const json::Object& message) {
  const bj::value* id = message.raw("id");
  if (id == nullptr) return "";
  if (id->is_int64() || id->is_uint64()) return bj::serialize(*id);
  if (!id->is_string() || id->get_string().size() > kMaxIdBytes) return std::nullopt;
  std::string out;
  json::append_quoted(out, id->get_string());
  return out;
}

std::unexpected<Unreadable> unreadable(int code, std::string message, std::string id = {}) {
  return std::unexpected(Unreadable{{code, std::move(message)}, std::move(id)});
}

}  // namespace

std::expected<Message, Unreadable> parse_message(std::string_view text, json::Limits limits) {
  if (const std::size_t first = text.find_first_not_of(" \t\r\n");
      first != std::string_view::npos && text[first] == '[')
    return unreadable(kInvalidRequest, "batches are not served: one message a request");
  auto fields = json::Object::parse(text, limits);
  if (!fields) return unreadable(kParseError, fields.error().message);
  auto id = id_of(*fields);
  if (!id) return unreadable(kInvalidRequest, "id must be a whole number or a string of up to 256 bytes");
  const auto version = fields->text("jsonrpc", {.least = 1, .most = 8});
  if (!version || *version != "2.0") return unreadable(kInvalidRequest, "jsonrpc must be \"2.0\"", *id);
  auto method = fields->text("method", {.least = 1, .most = kMaxMethodBytes});
  if (!method) return unreadable(kInvalidRequest, method.error().message, *id);
  auto params = fields->raw("params") != nullptr ? fields->object("params") : json::Object::parse("{}");
  if (!params) return unreadable(kInvalidRequest, params.error().message, *id);
  return Message{std::move(*id), std::move(*method), std::move(*params)};
}

std::string result_text(std::string_view id, std::string_view result) {
  json::Writer out;
  out.begin_object().field("jsonrpc", "2.0").key("id").raw(id).key("result").raw(result).end();
  return std::move(out).take();
}

std::string error_text(std::string_view id, const RpcError& error) {
  json::Writer out;
  out.begin_object().field("jsonrpc", "2.0");
  if (!id.empty()) out.key("id").raw(id);
  out.key("error").begin_object().field("code", error.code).field("message", error.message);
  if (!error.data.empty()) out.key("data").raw(error.data);
  out.end().end();
  return std::move(out).take();
}

}  // namespace concord::mcp
