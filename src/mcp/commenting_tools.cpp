// How the tools for comments are described to clients.

#include <string>

#include "mcp/tool.h"

namespace concord::mcp {

namespace {

constexpr std::string_view kListInput = R"json({"type":"object","properties":{
"document":{"type":"string","description":"The document's identifier, doc_…"},
"state":{"type":"string","enum":["open","resolved"],"description":"Only those; without it all"},
"limit":{"type":"integer","minimum":1,"maximum":200,"default":50},
"after":{"type":"string","description":"The `next` of the page before"}},
"required":["document"],"additionalProperties":false})json";

constexpr std::string_view kAddInput = R"json({"type":"object","properties":{
"document":{"type":"string","description":"The document's identifier, doc_…"},
"body":{"type":"string","minLength":1,"maxLength":4000,"description":"What is said: plain text"},
"about":{"type":"string","description":"Exact text of the content that occurs once; without it, about the whole document"}},
"required":["document","body"],"additionalProperties":false})json";

constexpr std::string_view kReplyInput = R"json({"type":"object","properties":{
"document":{"type":"string","description":"The document's identifier, doc_…"},
"comment":{"type":"string","description":"The comment's identifier, cmt_…"},
"body":{"type":"string","minLength":1,"maxLength":4000,"description":"What is said: plain text"}},
"required":["document","comment","body"],"additionalProperties":false})json";

constexpr std::string_view kResolveInput = R"json({"type":"object","properties":{
"document":{"type":"string","description":"The document's identifier, doc_…"},
"comment":{"type":"string","description":"The comment's identifier, cmt_…"},
"resolved":{"type":"boolean","default":true,"description":"false opens it again"}},
"required":["document","comment"],"additionalProperties":false})json";

// Of one comment.
constexpr std::string_view kComment = R"json({"type":"object","properties":{
"id":{"type":"string"},"author":{"type":"string"},"author_name":{"type":"string"},"created_at":{"type":"string"},
"body":{"type":"string"},"state":{"type":"string","enum":["open","resolved"]},
"about":{"type":["string","null"],"description":"The text it is about, as that was; null: the whole document"},
"about_is_there":{"type":"boolean","description":"Whether that text is in the content still"},
"replies":{"type":"array","items":{"type":"object","properties":{
"id":{"type":"string"},"author":{"type":"string"},"author_name":{"type":"string"},"created_at":{"type":"string"},
"body":{"type":"string"}},"required":["id","author","author_name","created_at","body"]}}},
"required":["id","author","author_name","created_at","body","state","about","about_is_there","replies"]})json";

}  // namespace

std::span<const ToolDefinition> commenting_tools() {
  static const std::string one =
      std::string(R"json({"type":"object","properties":{"version":{"type":"integer"},"comment":)json")
          .append(kComment)
          .append(R"json(},"required":["version","comment"]})json");
  static const std::string all =
      std::string(
          R"json({"type":"object","properties":{"version":{"type":"integer"},"comments":{"type":"array","items":)json")
          .append(kComment)
          .append(R"json(},
"next":{"type":["string","null"],"description":"Give it as `after` for the next page; null on the last"}},
"required":["version","comments","next"]})json");
  static const ToolDefinition tools[] = {
      {"list_comments", "List comments", "Lists the comments on a document, oldest first, with their replies.",
       kListInput, all},
      {"add_comment", "Comment on a document",
       "Says something about a document, or about a piece of its text. The content stays as it is.", kAddInput, one,
       Permission::kComment, false, false},
      {"reply_to_comment", "Reply to a comment", "Replies to a comment on a document.", kReplyInput, one,
       Permission::kComment, false, false},
      {"resolve_comment", "Resolve a comment",
       "Resolves a comment, or opens it again: one of your own, or with write access any.", kResolveInput, one,
       Permission::kComment, false, false},
  };
  return tools;
}

}  // namespace concord::mcp
