#include "mcp/tool.h"

#include <algorithm>

#include "json/writer.h"

namespace concord::mcp {

namespace {

void write(json::Writer& out, const ToolDefinition& tool) {
  const bool reads = tool.needs == Permission::kRead;
  out.begin_object().field("name", tool.name).field("title", tool.title).field("description", tool.description);
  out.key("inputSchema").raw(tool.input_schema).key("outputSchema").raw(tool.output_schema);
  out.key("annotations").begin_object().field("title", tool.title).field("readOnlyHint", reads);
  out.field("destructiveHint", tool.destructive).field("idempotentHint", tool.idempotent);
  out.field("openWorldHint", false).end().end();
}

}  // namespace

const ToolDefinition* find_tool(std::string_view name) {
  for (const auto tools : {reading_tools(), commenting_tools(), writing_tools()}) {
    const auto at = std::ranges::find(tools, name, &ToolDefinition::name);
    if (at != tools.end()) return &*at;
  }
  return nullptr;
}

bool may_use(const identity::Authenticated& who, Permission needs) {
  if (!who.agent || needs == Permission::kRead) return true;
  return std::ranges::any_of(who.agent->scopes, [needs](const identity::Scope& scope) { return scope.most >= needs; });
}

std::string list_tools(const identity::Authenticated& who) {
  json::Writer out;
  out.begin_array();
  for (const auto tools : {reading_tools(), commenting_tools(), writing_tools()})
    for (const ToolDefinition& tool : tools)
      if (may_use(who, tool.needs)) write(out, tool);
  out.end();
  return std::move(out).take();
}

Result<> only_fields(const json::Object& arguments, std::initializer_list<std::string_view> fields) {
  const auto known = static_cast<std::size_t>(
      std::ranges::count_if(fields, [&arguments](std::string_view field) { return arguments.raw(field) != nullptr; }));
  if (known == arguments.size()) return {};
  std::string names;
  for (const std::string_view field : fields) names.append(names.empty() ? "" : ", ").append(field);
  return fail(json::field_error("arguments", "may have these fields and no others: " + names));
}

}  // namespace concord::mcp
