#include "mcp/document_editor.h"

#include <boost/json.hpp>
#include <charconv>

#include "documents/route_parts.h"
#include "json/writer.h"
#include "mcp/document_reader.h"
#include "mcp/line_changes.h"
#include "mcp/text_edit.h"
#include "mcp/text_search.h"

namespace concord::mcp {

namespace {

using documents::Documents;
using documents::Format;
using documents::Level;

constexpr std::int64_t kMaxVersion = (std::int64_t{1} << 53) - 1;
constexpr json::TextRule kWordRule{.least = 1, .most = 16};
constexpr std::size_t kShownCharacters = 10'000;

/// What of an edit's effect is shown: text that it was made in, or Markdown, which shows formats too.
Format shown_as(Format format) { return format == Format::kText ? Format::kText : Format::kMarkdown; }

Result<Place> place_of(const json::Object& arguments) {
  TRY(const std::string word, arguments.text("place", kWordRule));
  if (word == "start") return Place::kStart;
  if (word == "end") return Place::kEnd;
  if (word == "before") return Place::kBefore;
  if (word == "after") return Place::kAfter;
  return fail(json::field_error("place", "must be start, end, before or after", word));
}

/// `content`, or with format delta the operations in `delta`, in the form that a write takes; absent where neither is
/// there.
Result<std::optional<std::string>> content_of(const json::Object& arguments, Format format, std::size_t most) {
  const std::string_view field = format == Format::kDelta ? "delta" : "content";
  const std::string_view other = format == Format::kDelta ? "content" : "delta";
  if (arguments.has(other)) return fail(json::field_error(other, "does not go with that format"));
  if (!arguments.has(field)) return std::optional<std::string>();
  if (format != Format::kDelta) return arguments.optional_text("content", {.most = most, .any_character = true});
  const boost::json::value* value = arguments.raw("delta");
  if (!value->is_array()) return fail(json::field_error("delta", "must be a list of operations"));
  return std::optional<std::string>(boost::json::serialize(*value));
}

Result<bool> dry_run_field(const json::Object& arguments) {
  TRY(const auto dry_run, arguments.optional_boolean("dry_run"));
  return dry_run.value_or(false);
}

}  // namespace

Result<EditId> EditId::parse(std::string_view text) {
  const std::size_t split = text.find('@');
  const auto document = DocumentId::parse(text.substr(0, split));
  EditId out;
  if (document && split != std::string_view::npos) {
    const std::string_view number = text.substr(split + 1);
    const auto [stop, error] = std::from_chars(number.data(), number.data() + number.size(), out.version);
    out.document = *document;
    if (error == std::errc() && stop == number.data() + number.size() && out.version > 0 &&
        out.version <= static_cast<std::uint64_t>(kMaxVersion))
      return out;
  }
  return fail(json::field_error("edit", "is not an edit that was returned", text));
}

Task<std::string> DocumentEditor::edited_text(std::string json, json::Object arguments) {
  const json::TextRule rule{.most = max_content_bytes_, .any_character = true};
  CO_TRY(const std::string operation, arguments.text("operation", kWordRule));
  if (operation == "replace") {
    CO_TRY(const std::string from, arguments.text("old_text", rule));
    CO_TRY(const std::string to, arguments.text("new_text", rule));
    CO_TRY(const auto all, arguments.optional_boolean("all"));
    co_return co_await pool_.run<std::string>(
        [&] { return replace_text(text_of_json(json), from, to, all.value_or(false)); });
  }
  CO_TRY(const std::string addition, arguments.text("text", rule));
  CO_TRY(const Place place, place_of(arguments));
  CO_TRY(const auto anchor, arguments.optional_text("anchor", rule));
  co_return co_await pool_.run<std::string>(
      [&] { return insert_text(text_of_json(json), addition, place, anchor.value_or("")); });
}

Task<DocumentEditor::Edit> DocumentEditor::edit_of(DocumentId document, json::Object arguments) {
  CO_TRY(const Format format, format_field(arguments));
  CO_TRY(const auto version, arguments.optional_integer("version", 0, kMaxVersion));
  CO_TRY(const std::string operation, arguments.text("operation", kWordRule));
  Edit edit{.document = document, .format = format, .version = static_cast<std::uint64_t>(version.value_or(0))};
  if (operation == "write") {
    if (!version) co_return fail(json::field_error("version", "is required with write: the version that was read"));
    CO_TRY(auto content, content_of(arguments, format, max_content_bytes_));
    if (!content) co_return fail(json::field_error(format == Format::kDelta ? "delta" : "content", "is required"));
    edit.content = std::move(*content);
    co_return edit;
  }
  if (operation != "replace" && operation != "insert")
    co_return fail(json::field_error("operation", "must be replace, insert or write", operation));
  if (format == Format::kDelta) co_return fail(json::field_error("format", "must be text or markdown", "delta"));
  Documents::Content base;
  if (version) {
    CO_TRY(base, co_await documents_.read_version(document, format, edit.version));
  } else {
    CO_TRY(base, co_await documents_.read(document, format));
  }
  edit.version = base.version;
  CO_TRY(edit.content, co_await edited_text(std::move(base.json), std::move(arguments)));
  if (edit.content.size() > max_content_bytes_)
    co_return fail(Code::kTooLarge, "the document would be larger than its limit");
  co_return edit;
}

Task<std::string> DocumentEditor::changes_json(Documents::Preview preview) {
  co_return co_await pool_.run<std::string>([&preview]() -> Result<std::string> {
    const LineChanges changes = line_changes(text_of_json(preview.before), text_of_json(preview.after));
    json::Writer out;
    out.begin_array();
    for (const LineChange& change : changes.changes)
      out.begin_object().field("line", change.line).field("removed", change.removed).field("added", change.added).end();
    out.end();
    return std::move(out).take() + R"(,"changes_cut":)" + (changes.cut ? "true" : "false");
  });
}

Task<std::string> DocumentEditor::make(Caller caller, Edit edit, bool dry_run) {
  CO_TRY(const Documents::Preview preview,
         co_await documents_.preview(edit.document, edit.format, edit.content, edit.version, shown_as(edit.format)));
  CO_TRY(const std::string changes, co_await changes_json(preview));
  std::uint64_t version = preview.version;
  bool changed = preview.changes;
  std::optional<EditId> made;
  if (!dry_run) {
    CO_TRY(const Documents::Content now, co_await documents_.write(edit.document, caller.who.actor().str(), edit.format,
                                                                   std::move(edit.content), edit.version));
    version = now.version;
    changed = now.made != 0;
    if (changed) made = EditId{edit.document, now.made};
  }
  json::Writer out;
  out.begin_object().field("document", edit.document.str()).field("dry_run", dry_run).field("changed", changed);
  out.field("version_before", preview.version).field("version", version).key("edit");
  made ? out.text(made->str()) : out.null();
  out.key("changes").raw(changed ? changes : R"([],"changes_cut":false)").end();
  co_return std::move(out).take();
}

Task<std::string> DocumentEditor::edit(Caller caller, json::Object arguments) {
  CO_TRY_VOID(only_fields(arguments, {"document", "operation", "format", "version", "old_text", "new_text", "all",
                                      "text", "place", "anchor", "content", "delta", "dry_run"}));
  CO_TRY(const DocumentId id, document_field(arguments));
  CO_TRY(const bool dry_run, dry_run_field(arguments));
  CO_TRY_VOID(co_await catalog_.find(caller.who.actor(), id, Level::kWrite));
  CO_TRY(Edit edit, co_await edit_of(id, std::move(arguments)));
  co_return co_await make(std::move(caller), std::move(edit), dry_run);
}

Task<std::string> DocumentEditor::suggest(Caller caller, json::Object arguments) {
  CO_TRY_VOID(only_fields(arguments, {"document", "operation", "format", "version", "old_text", "new_text", "all",
                                      "text", "place", "anchor", "content", "delta", "message", "dry_run"}));
  CO_TRY(const DocumentId id, document_field(arguments));
  CO_TRY(const bool dry_run, dry_run_field(arguments));
  CO_TRY(auto message, arguments.optional_text("message", {.most = documents::AnnotationLimits::kMaxMessageBytes}));
  CO_TRY_VOID(co_await catalog_.find(caller.who.actor(), id, Level::kSuggest));
  CO_TRY(Edit edit, co_await edit_of(id, std::move(arguments)));
  CO_TRY(const Documents::Preview preview,
         co_await documents_.preview(id, edit.format, edit.content, edit.version, shown_as(edit.format)));
  if (!preview.changes) co_return fail(Code::kInvalidArgument, "it changes nothing");
  CO_TRY(const std::string changes, co_await changes_json(preview));
  std::optional<std::string> made;
  if (!dry_run) {
    CO_TRY(const documents::Suggestion suggestion,
           co_await documents_.annotations().suggest(id, caller.who.actor().str(), edit.format, std::move(edit.content),
                                                     edit.version, message.value_or("")));
    made = suggestion.id;
  }
  json::Writer out;
  out.begin_object().field("document", id.str()).field("dry_run", dry_run).key("suggestion");
  made ? out.text(*made) : out.null();
  out.field("version", edit.version).key("changes").raw(changes).end();
  co_return std::move(out).take();
}

Task<std::string> DocumentEditor::undo(Caller caller, json::Object arguments) {
  CO_TRY_VOID(only_fields(arguments, {"edit", "dry_run"}));
  CO_TRY(const std::string text, arguments.text("edit", {.least = 1, .most = 64}));
  CO_TRY(const EditId id, EditId::parse(text));
  CO_TRY(const bool dry_run, dry_run_field(arguments));
  CO_TRY_VOID(co_await catalog_.find(caller.who.actor(), id.document, Level::kWrite));
  CO_TRY(const std::string author, co_await documents_.author_of(id.document, id.version));
  if (author != caller.who.actor().str()) co_return fail(Code::kPermissionDenied, "somebody else made that edit");
  CO_TRY(Documents::Content before, co_await documents_.read_version(id.document, Format::kDelta, id.version - 1));
  Edit edit{id.document, Format::kDelta, std::move(before.json), id.version};
  co_return co_await make(std::move(caller), std::move(edit), dry_run);
}

Task<std::string> DocumentEditor::create(Caller caller, json::Object arguments) {
  CO_TRY_VOID(only_fields(arguments, {"name", "folder", "doc_type", "format", "content", "delta", "dry_run"}));
  CO_TRY(std::string name, arguments.text("name", documents::kNameRule));
  CO_TRY(std::string type, documents::type_field(arguments));
  CO_TRY(const Format format, format_field(arguments));
  CO_TRY(auto content, content_of(arguments, format, max_content_bytes_));
  CO_TRY(const bool dry_run, dry_run_field(arguments));
  CO_TRY(auto named, documents::folder_field(arguments));
  CO_TRY(std::string folder, co_await catalog_.folder_for(caller.who, named.value_or("")));
  std::string reads_as = "\"\"";
  if (content) {
    CO_TRY(reads_as, co_await documents_.preview_new(format, *content, shown_as(format)));
  }
  documents::DocumentRow row{.name = std::move(name), .doc_type = std::move(type), .folder = std::move(folder)};
  if (!dry_run) {
    CO_TRY(row, co_await documents_.create(std::move(caller.who), row.name, row.doc_type, row.folder, format,
                                           content.value_or("")));
  }
  json::Writer out;
  out.begin_object().field("dry_run", dry_run).key("id");
  dry_run ? out.null() : out.text(row.id.str());
  out.field("name", row.name).field("doc_type", row.doc_type).key("folder");
  row.folder.empty() ? out.null() : out.text(row.folder);
  out.field("version", row.version);
  if (dry_run) {
    const std::string text = text_of_json(reads_as);
    out.field("content", slice(text, 0, kShownCharacters).text);
  }
  out.end();
  co_return std::move(out).take();
}

}  // namespace concord::mcp
