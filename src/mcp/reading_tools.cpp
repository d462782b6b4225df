// How the tools that only read are described to clients.

#include "mcp/tool.h"

namespace concord::mcp {

namespace {

constexpr std::string_view kListInput = R"json({"type":"object","properties":{
"folder":{"type":"string","description":"Only documents that lie in this folder: its identifier, fld_…"},
"limit":{"type":"integer","minimum":1,"maximum":200,"default":50},
"after":{"type":"string","description":"The `next` of the page before"}},
"additionalProperties":false})json";

constexpr std::string_view kListOutput = R"json({"type":"object","properties":{
"documents":{"type":"array","items":{"type":"object","properties":{
"id":{"type":"string"},"name":{"type":"string"},"doc_type":{"type":"string"},
"folder":{"type":["string","null"]},"owner_name":{"type":"string"},
"access_level":{"type":"string","description":"What the caller may do: read, comment, suggest, write, share or owner"},
"version":{"type":"integer","description":"May be a second or two behind"},"updated_at":{"type":"string"}},
"required":["id","name","doc_type","folder","owner_name","access_level","version","updated_at"]}},
"next":{"type":["string","null"],"description":"Give it as `after` for the next page; null on the last"}},
"required":["documents","next"]})json";

constexpr std::string_view kReadInput = R"json({"type":"object","properties":{
"document":{"type":"string","description":"The document's identifier, doc_…"},
"format":{"type":"string","enum":["text","markdown","delta"],"default":"text",
"description":"Plain text, Markdown, or Quill's Delta (every format and embed)"},
"version":{"type":"integer","minimum":0,"description":"As it was at this version; without it, as it is now"},
"offset":{"type":"integer","minimum":0,"default":0,"description":"Characters to pass over; not with delta"},
"length":{"type":"integer","minimum":1,"maximum":200000,"default":50000,
"description":"Characters to read at most; not with delta"}},
"required":["document"],"additionalProperties":false})json";

constexpr std::string_view kReadOutput = R"json({"type":"object","properties":{
"id":{"type":"string"},"name":{"type":"string"},"doc_type":{"type":"string"},"access_level":{"type":"string"},
"version":{"type":"integer","description":"What to name in edit_document as the version that was read"},
"format":{"type":"string"},
"stale":{"type":"boolean","description":"True where a newer version may be there: the node that answers could not ask the others"},
"content":{"type":"string","description":"With text and markdown"},
"delta":{"type":"array","items":{"type":"object"},"description":"With delta"},
"total_characters":{"type":"integer"},
"next_offset":{"type":["integer","null"],"description":"Where to read on; null at the end"}},
"required":["id","name","doc_type","access_level","version","format","next_offset"]})json";

constexpr std::string_view kHistoryInput = R"json({"type":"object","properties":{
"document":{"type":"string","description":"The document's identifier, doc_…"},
"limit":{"type":"integer","minimum":1,"maximum":200,"default":50},
"before":{"type":"integer","minimum":1,"description":"The `next` of the page before"}},
"required":["document"],"additionalProperties":false})json";

constexpr std::string_view kHistoryOutput = R"json({"type":"object","properties":{
"versions":{"type":"array","description":"Newest first; edits that follow each other closely are one entry",
"items":{"type":"object","properties":{
"version":{"type":"integer","description":"The last of the entry: the one to read"},
"from_version":{"type":"integer"},"since":{"type":"string"},"at":{"type":"string"},
"name":{"type":["string","null"]},
"authors":{"type":"array","items":{"type":"object","properties":{
"principal":{"type":"string"},"name":{"type":"string"},"updates":{"type":"integer"}},
"required":["principal","name","updates"]}}},
"required":["version","from_version","since","at","name","authors"]}},
"next":{"type":["integer","null"]}},
"required":["versions","next"]})json";

constexpr std::string_view kSearchInput = R"json({"type":"object","properties":{
"query":{"type":"string","minLength":1,"maxLength":256,
"description":"Up to eight words; a document is found where each occurs in its name or content, in any case of ASCII letters"},
"folder":{"type":"string","description":"Only documents that lie in this folder: its identifier, fld_…"},
"limit":{"type":"integer","minimum":1,"maximum":50,"default":20},
"after":{"type":"string","description":"The `next` of the answer before, to search on"}},
"required":["query"],"additionalProperties":false})json";

constexpr std::string_view kSearchOutput = R"json({"type":"object","properties":{
"documents":{"type":"array","items":{"type":"object","properties":{
"id":{"type":"string"},"name":{"type":"string"},"access_level":{"type":"string"},"version":{"type":"integer"},
"updated_at":{"type":"string"},
"snippets":{"type":"array","items":{"type":"string"},"description":"Where words stand in the content"}},
"required":["id","name","access_level","version","updated_at","snippets"]}},
"searched":{"type":"integer","description":"How many documents were looked at"},
"next":{"type":["string","null"],"description":"There are documents that were not looked at: give it as `after`"}},
"required":["documents","searched","next"]})json";

constexpr ToolDefinition kTools[] = {
    {"list_documents", "List documents", "Lists the documents that you may see, newest change first.", kListInput,
     kListOutput},
    {"search_documents", "Search documents",
     "Finds documents by words in their names and contents, newest change first. It reads up to 100 documents a call "
     "and "
     "says where to go on.",
     kSearchInput, kSearchOutput},
    {"read_document", "Read a document", "Reads a document's content, now or at an earlier version.", kReadInput,
     kReadOutput},
    {"document_history", "Read a document's history", "Lists a document's versions, with who wrote them and when.",
     kHistoryInput, kHistoryOutput},
};

}  // namespace

std::span<const ToolDefinition> reading_tools() { return kTools; }

}  // namespace concord::mcp
