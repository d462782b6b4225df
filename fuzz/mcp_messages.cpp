// What the Model Context Protocol reads from strangers: a message, the headers that go with it, and the texts of edits.
// The input is three headers and a body, parted by line feeds.
#include <cstdlib>
#include <string>

#include "base/bytes.h"
#include "mcp/document_editor.h"
#include "mcp/json_rpc.h"
#include "mcp/line_changes.h"
#include "mcp/revision.h"
#include "mcp/text_edit.h"
#include "mcp/text_search.h"

namespace {

using namespace concord;

void require(bool holds) {
  if (!holds) std::abort();
}

std::string_view take_line(std::string_view& text) {
  const std::size_t end = std::min(text.find('\n'), text.size());
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return line;
}

void edit(std::string_view first, std::string_view second, std::string_view text) {
  if (const auto replaced = mcp::replace_text(text, first, second, true);
      replaced && first != second && !second.empty())
    require(replaced->contains(second));
  if (const auto inserted = mcp::insert_text(text, second, mcp::Place::kAfter, first))
    require(inserted->size() == text.size() + second.size());
  const auto part = mcp::slice(text, first.size(), second.size());
  require(part.end <= part.total && part.text.size() <= text.size());
  for (const std::string& word : mcp::words_of(first))
    if (const std::size_t at = mcp::folded(text).find(word); at != std::string::npos)
      mcp::snippet(text, at, word.size());
  std::size_t line = 0;
  for (const auto& change : mcp::line_changes(first, text).changes) {
    require(change.line > line && change.removed != change.added);
    line = change.line;
  }
  if (const auto id = mcp::EditId::parse(first)) require(mcp::EditId::parse(id->str())->version == id->version);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view text = as_text(ByteView(data, size));
  const std::string_view version = take_line(text);
  const std::string_view method = take_line(text);
  const std::string_view name = take_line(text);
  edit(method, name, text);
  const auto message = mcp::parse_message(text, {.max_bytes = 64u << 10u, .max_values = 1000, .max_depth = 16});
  if (!message) {
    const auto again = json::Object::parse(mcp::error_text(message.error().id, message.error().error));
    require(again && again->has("error") && again->has("id") == !message.error().id.empty());
    return 0;
  }
  const auto revision = mcp::revision_of(*message, {version, method, name});
  if (!revision) {
    require(json::Object::parse(mcp::error_text(message->id, revision.error())).has_value());
  } else if (mcp::stateless(*revision)) {
    require(version == "2026-07-28" && method == message->method);
  }
  if (!message->id.empty()) require(json::Object::parse(mcp::result_text(message->id, "{}"))->has("id"));
  return 0;
}
