#include "mcp/mcp.h"

#include <boost/json.hpp>

#include "json/writer.h"

namespace concord::mcp {

namespace {

constexpr std::string_view kInstructions =
    "Concord keeps live documents that people and programs write together. Find one with list_documents or "
    "search_documents, read it with read_document, and name the version that you read when you edit. Other people's "
    "edits made meanwhile stay. dry_run shows what a change would do; undo takes back an edit of yours.";
constexpr std::int64_t kDiscoverTtlMs = 3'600'000;
constexpr std::int64_t kToolsTtlMs = 60'000;  // a token's scopes may change

net::Response respond(int status, std::string body) {
  net::Response response;
  response.status = status;
  if (!body.empty()) response.set("content-type", "application/json");
  response.body = std::move(body);
  return response;
}

net::Response refuse(std::string_view id, const RpcError& error) {
  return respond(error.status, error_text(id, error));
}

void write_server_info(json::Writer& out) {
  out.begin_object().field("name", "concord").field("title", "Concord").field("version", CONCORD_VERSION).end();
}

/// The fields that a revision wants in every result.
void begin_result(json::Writer& out, Revision revision) {
  out.begin_object();
  if (!stateless(revision)) return;
  out.field("resultType", "complete").key("_meta").begin_object().key("io.modelcontextprotocol/serverInfo");
  write_server_info(out);
  out.end();
}

void write_cache_hints(json::Writer& out, Revision revision, std::int64_t ttl_ms, std::string_view scope) {
  if (stateless(revision)) out.field("ttlMs", ttl_ms).field("cacheScope", scope);
}

void write_capabilities(json::Writer& out) {
  out.key("capabilities").begin_object().key("tools").begin_object().end().end();
}

std::string discovered(Revision revision) {
  json::Writer out;
  begin_result(out, revision);
  out.key("supportedVersions").begin_array();
  for (const std::string_view version : kVersions) out.text(version);
  out.end();
  write_capabilities(out);
  out.field("instructions", kInstructions);
  write_cache_hints(out, revision, kDiscoverTtlMs, "public");
  out.end();
  return std::move(out).take();
}

/// The version that the client asks for, where it is one that begins so; else the newest of those.
std::string initialized(const Message& message) {
  std::string version = message.params.text("protocolVersion", {.least = 1, .most = 64}).value_or("");
  const auto revision = parse_revision(version);
  if (!revision || stateless(*revision)) version = "2025-11-25";
  json::Writer out;
  out.begin_object().field("protocolVersion", version);
  write_capabilities(out);
  out.key("serverInfo");
  write_server_info(out);
  out.field("instructions", kInstructions).end();
  return std::move(out).take();
}

std::string called(Revision revision, std::string_view structured) {
  json::Writer out;
  begin_result(out, revision);
  out.key("content").begin_array().begin_object().field("type", "text").field("text", structured).end().end();
  out.key("structuredContent").raw(structured).field("isError", false).end();
  return std::move(out).take();
}

std::string called_in_vain(Revision revision, std::string_view text) {
  json::Writer out;
  begin_result(out, revision);
  out.key("content").begin_array().begin_object().field("type", "text").field("text", text).end().end();
  out.field("isError", true).end();
  return std::move(out).take();
}

/// For a program to correct itself by: the code, the sentence, and the facts that go with it.
std::string explain(const Error& error) {
  std::string out = std::string(to_string(error.code)) + ": " + error.message;
  for (const auto& [name, value] : error.context)
    if ((name == "field" && !error.message.contains("'" + value + "'")) || name == "limit" || name == "current_version")
      out.append(" (").append(name).append(": ").append(value).append(")");
  return out;
}

/// Not the caller's to mend, nor to know.
bool is_internal(Code code) { return code == Code::kInternal || code == Code::kCorrupt || code == Code::kFenced; }

bool is_json(std::string_view content_type) {
  content_type = content_type.substr(0, content_type.find(';'));
  while (content_type.ends_with(' ')) content_type.remove_suffix(1);
  return content_type.size() == 16 && std::ranges::equal(content_type, std::string_view("application/json"),
                                                         [](char a, char b) { return (a | 0x20) == (b | 0x20); });
}

}  // namespace

Mcp::Mcp(Dependencies dependencies, documents::DocumentLimits limits)
    : on_(std::move(dependencies)),
      reader_(on_.documents, on_.access, on_.identity, on_.pool),
      editor_(on_.documents, on_.access, on_.pool, limits.max_document_bytes),
      commenter_(on_.documents, on_.access, on_.identity),
      limits_{.max_bytes = 2 * limits.max_document_bytes + (64u << 10u),
              .max_values = limits.max_document_bytes / 4,
              .max_depth = 32} {}

void Mcp::add_routes(net::Router& router) {
  router.add({.method = "POST",
              .pattern = "/mcp",
              .handler = [this](net::Request request) { return post(std::move(request)); },
              .body_limit_bytes = limits_.max_bytes,
              .trusted_pages_only = true});
}

Task<net::Response> Mcp::post(net::Request request) {
  CO_TRY(auto who, co_await on_.identity.authenticate_any(request));
  if (!is_json(request.header("content-type")))
    co_return refuse({}, {kInvalidRequest, "the content type must be application/json", 415});
  auto message = parse_message(request.body, limits_);
  if (!message) co_return refuse(message.error().id, message.error().error);
  if (message->id.empty()) co_return respond(202, {});  // nothing that a client notifies of changes anything here
  const Headers headers{.version = request.header("mcp-protocol-version"),
                        .method = request.header("mcp-method"),
                        .name = request.header("mcp-name")};
  const auto revision = revision_of(*message, headers);
  if (!revision) co_return refuse(message->id, revision.error());
  Caller caller{std::move(who), std::move(request.peer_address), std::move(request.request_id)};
  co_return co_await answer({*revision, std::move(*message), std::move(caller)});
}

Task<net::Response> Mcp::answer(Exchange exchange) {
  const Message& message = exchange.message;
  const bool is_stateless = stateless(exchange.revision);
  if (message.method == "tools/call") co_return co_await call_tool(std::move(exchange));
  std::string result;
  if (message.method == "tools/list") {
    if (message.params.has("cursor"))
      co_return refuse(message.id, {kInvalidParams, "cursor: there is one page of tools", 200});
    json::Writer out;
    begin_result(out, exchange.revision);
    out.key("tools").raw(list_tools(exchange.caller.who));
    write_cache_hints(out, exchange.revision, kToolsTtlMs, "private");
    out.end();
    result = std::move(out).take();
  } else if (is_stateless && message.method == "server/discover") {
    result = discovered(exchange.revision);
  } else if (!is_stateless && message.method == "initialize") {
    result = initialized(message);
  } else if (!is_stateless && message.method == "ping") {
    result = "{}";
  } else {
    co_return refuse(message.id, {kMethodNotFound, "Method not found", is_stateless ? 404 : 200});
  }
  co_return respond(200, result_text(message.id, result));
}

Task<net::Response> Mcp::call_tool(Exchange exchange) {
  const json::Object& params = exchange.message.params;
  const std::string& id = exchange.message.id;
  const auto name = params.text("name", {.least = 1, .most = kMaxMethodBytes});
  if (!name) co_return refuse(id, {kInvalidParams, name.error().message, 200});
  const ToolDefinition* tool = find_tool(*name);
  if (tool == nullptr) co_return refuse(id, {kInvalidParams, "Unknown tool: " + *name, 200});
  auto arguments = params.has("arguments") ? params.object("arguments") : json::Object::parse("{}");
  if (!arguments) co_return refuse(id, {kInvalidParams, arguments.error().message, 200});
  if (!may_use(exchange.caller.who, tool->needs)) {
    const std::string needs = "the agent has no scope with " + std::string(identity::to_string(tool->needs)) +
                              " permission, which " + *name + " needs";
    co_return tool_error(exchange, *tool, Error{Code::kPermissionDenied, needs, {}});
  }
  auto structured = co_await run_watched(tool->name, exchange.caller, std::move(*arguments));
  if (!structured) co_return tool_error(exchange, *tool, structured.error());
  count(tool->name, "done");
  co_return respond(200, result_text(id, called(exchange.revision, *structured)));
}

Task<std::string> Mcp::run_watched(std::string_view tool, Caller caller, json::Object arguments) {
  const auto document = arguments.text("document", {.least = 1, .most = kMaxMethodBytes});
  if (on_.watch == nullptr || !document) co_return co_await run(tool, std::move(caller), std::move(arguments));
  const identity::Authenticated who = caller.who;
  const std::string address = caller.address;
  const documents::Reader reader{.who = who, .address = address};
  CO_TRY_VOID(on_.watch->admit(reader));
  auto done = co_await run(tool, std::move(caller), std::move(arguments));
  if (done) on_.watch->read(reader, *document);
  if (!done && done.error().code == Code::kNotFound) on_.watch->missed(reader, *document);
  co_return done;
}

Task<std::string> Mcp::run(std::string_view tool, Caller caller, json::Object arguments) {
  if (tool == "list_documents") co_return co_await reader_.list(std::move(caller), std::move(arguments));
  if (tool == "search_documents") co_return co_await reader_.search(std::move(caller), std::move(arguments));
  if (tool == "read_document") co_return co_await reader_.read(std::move(caller), std::move(arguments));
  if (tool == "document_history") co_return co_await reader_.history(std::move(caller), std::move(arguments));
  if (tool == "edit_document") co_return co_await editor_.edit(std::move(caller), std::move(arguments));
  if (tool == "suggest_edit") co_return co_await editor_.suggest(std::move(caller), std::move(arguments));
  if (tool == "create_document") co_return co_await editor_.create(std::move(caller), std::move(arguments));
  if (tool == "undo") co_return co_await editor_.undo(std::move(caller), std::move(arguments));
  if (tool == "list_comments") co_return co_await commenter_.list(std::move(caller), std::move(arguments));
  if (tool == "add_comment") co_return co_await commenter_.add(std::move(caller), std::move(arguments));
  if (tool == "reply_to_comment") co_return co_await commenter_.reply(std::move(caller), std::move(arguments));
  if (tool == "resolve_comment") co_return co_await commenter_.resolve(std::move(caller), std::move(arguments));
  co_return fail(Code::kInternal, "a tool is described and not served: " + std::string(tool));
}

net::Response Mcp::tool_error(const Exchange& exchange, const ToolDefinition& tool, const Error& error) {
  const Caller& caller = exchange.caller;
  if (is_internal(error.code)) {
    count(tool.name, "failed");
    on_.logger.error("a tool failed inside", {{"request_id", caller.request_id},
                                              {"tool", tool.name},
                                              {"code", to_string(error.code)},
                                              {"error", error.message}});
    return refuse(exchange.message.id, {kInternalError, "Internal error", 200});
  }
  count(tool.name, "refused");
  if (error.code == Code::kPermissionDenied)
    on_.audit.note({.action = "tool.called",
                    .actor = caller.who.actor().str(),
                    .outcome = audit::Outcome::kRefused,
                    .address = caller.address,
                    .session = caller.who.session.str(),
                    .request_id = caller.request_id,
                    .detail = {{"tool", std::string(tool.name)}, {"reason", error.message}}});
  return respond(200, result_text(exchange.message.id, called_in_vain(exchange.revision, explain(error))));
}

void Mcp::count(std::string_view tool, std::string_view outcome) {
  on_.metrics
      .counter("concord_mcp_calls_total", "Calls of tools by tool and outcome.",
               {{"tool", std::string(tool)}, {"outcome", std::string(outcome)}})
      .add();
}

}  // namespace concord::mcp
