// How the tools that change something are described to clients.

#include <string>

#include "mcp/tool.h"

namespace concord::mcp {

namespace {

// Of edit_document and suggest_edit, whose own fields follow.
constexpr std::string_view kEditFields = R"json({"type":"object","properties":{
"document":{"type":"string","description":"The document's identifier, doc_…"},
"operation":{"type":"string","enum":["replace","insert","write"],
"description":"replace: old_text by new_text. insert: text at a place. write: the whole content, as content or delta."},
"format":{"type":"string","enum":["text","markdown","delta"],"default":"text",
"description":"What the texts are; as it was read. delta with write only. With text, formats of what stays are kept."},
"version":{"type":"integer","minimum":0,
"description":"The version that was read. What others wrote since stays. Required with write; else the newest counts."},
"old_text":{"type":"string","description":"replace: exact text that occurs once, or with all at least once"},
"new_text":{"type":"string","description":"replace: what stands there then; empty removes"},
"all":{"type":"boolean","default":false,"description":"replace: every occurrence"},
"text":{"type":"string","description":"insert: what is inserted"},
"place":{"type":"string","enum":["start","end","before","after"],"description":"insert: where"},
"anchor":{"type":"string","description":"insert: exact text that occurs once, with before and after"},
"content":{"type":"string","description":"write: the whole content"},
"delta":{"type":"array","items":{"type":"object"},"description":"write with format delta: the whole content"},
)json";

constexpr std::string_view kOfEdit = R"json("dry_run":{"type":"boolean","default":false,
"description":"Answers with what would change, and changes nothing"}},
"required":["document","operation"],"additionalProperties":false})json";

constexpr std::string_view kEditOutput = R"json({"type":"object","properties":{
"document":{"type":"string"},"dry_run":{"type":"boolean"},
"changed":{"type":"boolean","description":"Whether it changes, or changed, anything"},
"version_before":{"type":"integer"},"version":{"type":"integer","description":"As the document is now"},
"edit":{"type":["string","null"],"description":"What undo takes; null where nothing was changed"},
"changes":{"type":"array","description":"Line by line; Markdown where the edit was not made in plain text",
"items":{"type":"object","properties":{
"line":{"type":"integer","description":"Of the content before, from 1 on"},
"removed":{"type":"string"},"added":{"type":"string"}},"required":["line","removed","added"]}},
"changes_cut":{"type":"boolean","description":"There is more than `changes` shows"}},
"required":["document","dry_run","changed","version_before","version","edit","changes","changes_cut"]})json";

constexpr std::string_view kCreateInput = R"json({"type":"object","properties":{
"name":{"type":"string","minLength":1,"maxLength":255},
"folder":{"type":"string","description":"Where it is to lie: fld_…; required of agents that may write in some folders only"},
"doc_type":{"type":"string","default":"rich_text","description":"rich_text, markdown, plain_text, code, …"},
"format":{"type":"string","enum":["text","markdown","delta"],"default":"text","description":"What the content is"},
"content":{"type":"string"},
"delta":{"type":"array","items":{"type":"object"},"description":"In place of content, with format delta"},
"dry_run":{"type":"boolean","default":false,"description":"Checks that it could be made, and makes nothing"}},
"required":["name"],"additionalProperties":false})json";

constexpr std::string_view kCreateOutput = R"json({"type":"object","properties":{
"dry_run":{"type":"boolean"},
"id":{"type":["string","null"],"description":"null with dry_run"},
"name":{"type":"string"},"doc_type":{"type":"string"},"folder":{"type":["string","null"]},
"version":{"type":"integer"},
"content":{"type":"string","description":"With dry_run: how the content would read, up to 10,000 characters"}},
"required":["dry_run","id","name","doc_type","folder","version"]})json";

constexpr std::string_view kUndoInput = R"json({"type":"object","properties":{
"edit":{"type":"string","description":"The `edit` that edit_document or undo returned"},
"dry_run":{"type":"boolean","default":false,"description":"Answers with what would change, and changes nothing"}},
"required":["edit"],"additionalProperties":false})json";

constexpr std::string_view kOfSuggest = R"json("message":{"type":"string","maxLength":1000,
"description":"Why, for the writer who takes or leaves it"},
"dry_run":{"type":"boolean","default":false,"description":"Answers with what would change, and suggests nothing"}},
"required":["document","operation"],"additionalProperties":false})json";

constexpr std::string_view kSuggestOutput = R"json({"type":"object","properties":{
"document":{"type":"string"},"dry_run":{"type":"boolean"},
"suggestion":{"type":["string","null"],"description":"Its identifier, sug_…; null with dry_run"},
"version":{"type":"integer","description":"That the suggestion was made for"},
"changes":{"type":"array","description":"Line by line; Markdown where it was not made in plain text",
"items":{"type":"object","properties":{
"line":{"type":"integer","description":"Of the content now, from 1 on"},
"removed":{"type":"string"},"added":{"type":"string"}},"required":["line","removed","added"]}},
"changes_cut":{"type":"boolean","description":"There is more than `changes` shows"}},
"required":["document","dry_run","suggestion","version","changes","changes_cut"]})json";

}  // namespace

std::span<const ToolDefinition> writing_tools() {
  static const std::string edit_input = std::string(kEditFields).append(kOfEdit);
  static const std::string suggest_input = std::string(kEditFields).append(kOfSuggest);
  static const ToolDefinition tools[] = {
      {"suggest_edit", "Suggest an edit",
       "Proposes an edit, described as for edit_document, which somebody who may write takes or leaves. The document "
       "stays as it is.",
       suggest_input, kSuggestOutput, Permission::kSuggest, false, false},
      {"edit_document", "Edit a document",
       "Replaces exact text, inserts at a place, or writes the whole content of a document. The edit is made for the "
       "version that was read and merged with what others wrote since. It is recorded under your name, and undo takes "
       "it back.",
       edit_input, kEditOutput, Permission::kWrite, true, false},
      {"create_document", "Create a document", "Makes a new document, in a folder or in none.", kCreateInput,
       kCreateOutput, Permission::kWrite, false, false},
      {"undo", "Undo an edit of yours",
       "Takes back what one of your own edits changed: what it removed is there again, what it added is gone. What was "
       "written since stays. An edit is undone once, also long after it was made.",
       kUndoInput, kEditOutput, Permission::kWrite, true, true},
  };
  return tools;
}

}  // namespace concord::mcp
