#pragma once
// What a tool is: how it is described to clients, what a caller needs for it, and how one is called.

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/task.h"
#include "identity/identity.h"
#include "json/object.h"

namespace concord::mcp {

using identity::Permission;

struct ToolDefinition {
  std::string_view name;
  std::string_view title;
  std::string_view description;
  std::string_view input_schema;   // JSON: an object's JSON Schema (2020-12) without references
  std::string_view output_schema;  // likewise
  Permission needs = Permission::kRead;
  bool destructive = false;
  bool idempotent = true;
};

/// Those that only read, those that change content, and those for comments; each in the order in which they are listed.
std::span<const ToolDefinition> reading_tools();
std::span<const ToolDefinition> writing_tools();
std::span<const ToolDefinition> commenting_tools();
/// Null where there is no such tool.
const ToolDefinition* find_tool(std::string_view name);

/// Whether anything at all could be done with such a tool: a user's token always may try; an agent's where one of its
/// scopes reaches as far.
bool may_use(const identity::Authenticated& who, Permission needs);

/// Who calls, and from where.
struct Caller {
  identity::Authenticated who;
  std::string address;
  std::string request_id;
};

/// The array of definitions that `who` is offered: JSON.
std::string list_tools(const identity::Authenticated& who);

/// Success where `arguments` has no other fields than these: else kInvalidArgument.
Result<> only_fields(const json::Object& arguments, std::initializer_list<std::string_view> fields);

}  // namespace concord::mcp
