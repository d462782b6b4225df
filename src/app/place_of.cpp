#include "app/place_of.h"

#include <charconv>

#include "json/object.h"

namespace concord::app {

namespace {

constexpr std::size_t kMaxToolCallBytes = 64u << 20u;

/// What a call of a tool is about: its document, or, where it makes one, who calls.
std::optional<Slot> place_of_tool_call(const net::Request& request, const std::optional<Slot>& of_caller) {
  const auto message = json::Object::parse(
      request.body, {.max_bytes = kMaxToolCallBytes, .max_values = kMaxToolCallBytes / 4, .max_depth = 32});
  if (!message || message->text("method", {.least = 1, .most = 64}).value_or("") != "tools/call") return std::nullopt;
  const auto params = message->object("params");
  if (!params) return std::nullopt;
  if (params->text("name", {.least = 1, .most = 64}).value_or("") == "create_document") return of_caller;
  const auto arguments = params->object("arguments");
  if (!arguments) return std::nullopt;
  const auto document = DocumentId::parse(arguments->text("document", {.least = 1, .most = 64}).value_or(""));
  return document ? std::optional(document->slot()) : std::nullopt;
}

std::optional<Slot> slot_in_shard(std::string_view number, const shard::ShardMap& map) {
  engines::ShardId shard;
  const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), shard.value);
  if (error != std::errc() || end != number.data() + number.size() || shard.value >= map.size()) return std::nullopt;
  return Slot{map.at(shard).slots.first};
}

}  // namespace

std::optional<Slot> place_of(const net::Route& route, const net::Request& request,
                             const std::optional<guard::Caller>& caller, const shard::SlotTable& slots) {
  if (request.websocket_upgrade) return std::nullopt;
  const std::string_view pattern = route.pattern;
  if (pattern.starts_with("/documents/{id}")) {
    const auto document = DocumentId::parse(request.parameter("id"));
    return document ? std::optional(document->slot()) : std::nullopt;
  }
  if (pattern == "/shards/{shard}/split") return slot_in_shard(request.parameter("shard"), slots.map());
  // Documents lie with the user whose they are.
  const std::optional<Slot> of_caller = caller ? std::optional(caller->user.slot()) : std::nullopt;
  if (pattern == "/documents" && route.method == "POST") return of_caller;
  if (pattern == "/auth/me/export" || (pattern == "/auth/me" && route.method == "DELETE")) return of_caller;
  if (pattern == "/mcp") return place_of_tool_call(request, of_caller);
  return std::nullopt;
}

}  // namespace concord::app
