// What clients are told of the tools.

#include "mcp/tool.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <set>

#include "mcp/document_editor.h"

namespace concord::mcp {
namespace {

namespace bj = boost::json;

identity::Authenticated agent(std::vector<identity::Scope> scopes) {
  identity::Authenticated who;
  who.agent = std::make_shared<identity::Agent>(identity::Agent{.scopes = std::move(scopes)});
  return who;
}

std::set<std::string> offered(const identity::Authenticated& who) {
  std::set<std::string> out;
  for (const bj::value& tool : bj::parse(list_tools(who)).as_array()) out.emplace(tool.at("name").as_string());
  return out;
}

/// Every field that is required is described, and every field says what it is.
void check_schema(const bj::value& schema, std::string_view tool) {
  ASSERT_EQ(schema.at("type"), "object") << tool;
  const bj::object& properties = schema.at("properties").as_object();
  for (const auto& [name, property] : properties) EXPECT_TRUE(property.as_object().contains("type")) << tool << name;
  if (const bj::value* required = schema.as_object().if_contains("required"))
    for (const bj::value& name : required->as_array()) EXPECT_TRUE(properties.contains(name.as_string())) << tool;
}

TEST(Tools, are_described_by_schemas_and_hints) {
  const bj::value tools = bj::parse(list_tools(identity::Authenticated()));
  ASSERT_EQ(tools.as_array().size(), reading_tools().size() + commenting_tools().size() + writing_tools().size());
  for (const bj::value& tool : tools.as_array()) {
    const std::string name(tool.at("name").as_string());
    check_schema(tool.at("inputSchema"), name);
    check_schema(tool.at("outputSchema"), name);
    EXPECT_FALSE(tool.at("inputSchema").at("additionalProperties").as_bool()) << name;
    const ToolDefinition* found = find_tool(name);
    ASSERT_NE(found, nullptr);
    EXPECT_EQ(tool.at("annotations").at("readOnlyHint").as_bool(), found->needs == Permission::kRead) << name;
  }
  EXPECT_EQ(find_tool("remove_document"), nullptr);
}

TEST(Tools, are_offered_as_far_as_a_scope_reaches) {
  const std::set<std::string> reading{"list_documents", "search_documents", "read_document", "document_history",
                                      "list_comments"};
  EXPECT_EQ(offered(agent({{"*", Permission::kRead}})), reading);
  EXPECT_EQ(offered(agent({})), reading);
  std::set<std::string> commenting = reading;
  for (const char* tool : {"add_comment", "reply_to_comment", "resolve_comment"}) commenting.emplace(tool);
  EXPECT_EQ(offered(agent({{"*", Permission::kComment}})), commenting);
  std::set<std::string> suggesting = commenting;
  suggesting.emplace("suggest_edit");
  EXPECT_EQ(offered(agent({{"*", Permission::kRead}, {"fld_x", Permission::kSuggest}})), suggesting);
  EXPECT_EQ(offered(agent({{"fld_x", Permission::kWrite}})), offered(identity::Authenticated()));
}

TEST(Tools, take_the_fields_that_they_know) {
  const auto arguments = json::Object::parse(R"({"a":1,"b":null})").value().size();
  EXPECT_EQ(arguments, 2U);
  EXPECT_TRUE(only_fields(json::Object::parse(R"({"a":1,"b":null})").value(), {"a", "b", "c"}));
  EXPECT_FALSE(only_fields(json::Object::parse(R"({"a":1,"x":2})").value(), {"a", "b", "c"}));
}

TEST(Edits, are_known_by_document_and_version) {
  const std::string text = "doc_01m7zqmjyse94an2a0aywz21mz@17";
  EXPECT_EQ(EditId::parse(text).value().version, 17U);
  EXPECT_EQ(EditId::parse(text).value().str(), text);
  for (const char* wrong : {"", "@", "doc_01m7zqmjyse94an2a0aywz21mz", "doc_01m7zqmjyse94an2a0aywz21mz@",
                            "doc_01m7zqmjyse94an2a0aywz21mz@0", "doc_01m7zqmjyse94an2a0aywz21mz@1x",
                            "doc_01m7zqmjyse94an2a0aywz21mz@9007199254740992", "doc_x@1", "17"})
    EXPECT_FALSE(EditId::parse(wrong)) << wrong;
}

}  // namespace
}  // namespace concord::mcp
