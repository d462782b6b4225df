#include "mcp/document_reader.h"

#include <boost/json.hpp>

#include "json/writer.h"
#include "mcp/text_search.h"

namespace concord::mcp {

namespace {

using documents::Catalog;
using documents::DocumentRow;
using documents::Documents;
using documents::FolderId;
using documents::Format;
using documents::Level;
using documents::ListCursor;

constexpr json::TextRule kIdRule{.least = 1, .most = 64};
constexpr json::TextRule kCursorRule{.least = 1, .most = 128};
constexpr std::int64_t kMaxVersion = (std::int64_t{1} << 53) - 1;
constexpr std::int64_t kDefaultPage = 50;
constexpr std::int64_t kMaxPage = 200;
constexpr std::int64_t kDefaultFound = 20;
constexpr std::int64_t kMaxFound = 50;
constexpr std::int64_t kDefaultLength = 50'000;
constexpr std::int64_t kMaxLength = 200'000;
constexpr std::size_t kMaxSnippets = 3;

Result<std::optional<FolderId>> folder_of(const json::Object& arguments) {
  TRY(const auto text, arguments.optional_text("folder", kIdRule));
  if (!text) return std::optional<FolderId>();
  const auto id = FolderId::parse(*text);
  if (!id) return fail(json::field_error("folder", "must be the identifier of a folder", *text));
  return std::optional<FolderId>(*id);
}

Result<std::optional<ListCursor>> cursor_of(const json::Object& arguments) {
  TRY(const auto text, arguments.optional_text("after", kCursorRule));
  if (!text) return std::optional<ListCursor>();
  TRY(ListCursor cursor, documents::parse_cursor(*text));
  return std::optional<ListCursor>(std::move(cursor));
}

void write_next(json::Writer& out, const std::optional<ListCursor>& next) {
  out.key("next");
  next ? out.text(documents::to_text(*next)) : out.null();
}

/// With text and Markdown a part of the content, with a Delta all of it.
Result<> write_content(json::Writer& out, Format format, const std::string& content, std::size_t offset,
                       std::size_t length) {
  if (format == Format::kDelta) {
    if (content.size() > DocumentReader::kMaxDeltaBytes)
      return fail(Code::kTooLarge, "the document is too large to be read as a Delta: read it as text, in parts");
    out.key("delta").raw(content).key("next_offset").null();
    return {};
  }
  const std::string text = text_of_json(content);
  const Slice part = slice(text, offset, length);
  out.field("content", part.text).field("total_characters", part.total).key("next_offset");
  part.end < part.total ? out.integer(static_cast<std::int64_t>(part.end)) : out.null();
  return {};
}

}  // namespace

Result<DocumentId> document_field(const json::Object& arguments) {
  TRY(const std::string text, arguments.text("document", kIdRule));
  const auto id = DocumentId::parse(text);
  if (!id) return fail(Code::kNotFound, "there is no such document");
  return *id;
}

Result<Format> format_field(const json::Object& arguments) {
  TRY(const auto word, arguments.optional_text("format", {.least = 1, .most = 16}));
  if (!word) return Format::kText;
  const auto format = documents::parse_format(*word);
  if (!format) return fail(json::field_error("format", "must be text, markdown or delta", *word));
  return *format;
}

std::string text_of_json(std::string_view json) { return std::string(boost::json::parse(json).as_string()); }

Task<std::map<UserId, std::string>> DocumentReader::owner_names(std::vector<DocumentRow> rows) {
  std::map<UserId, std::string> out;
  for (const DocumentRow& row : rows) out[row.owner];
  std::vector<UserId> ids;
  ids.reserve(out.size());
  for (const auto& [id, name] : out) ids.push_back(id);
  CO_TRY(auto users, co_await identity_.find_users(std::move(ids)));
  for (identity::Principal& user : users) out[user.id] = std::move(user.name);
  co_return out;
}

Task<std::string> DocumentReader::list(Caller caller, json::Object arguments) {
  CO_TRY_VOID(only_fields(arguments, {"folder", "limit", "after"}));
  CO_TRY(const auto folder, folder_of(arguments));
  CO_TRY(auto after, cursor_of(arguments));
  CO_TRY(const auto limit, arguments.optional_integer("limit", 1, kMaxPage));
  CO_TRY(const Catalog::Page page,
         co_await catalog_.list(caller.who.actor(), folder, std::move(after), limit.value_or(kDefaultPage)));
  CO_TRY(auto names, co_await owner_names(page.rows));
  json::Writer out;
  out.begin_object().key("documents").begin_array();
  for (const DocumentRow& row : page.rows) {
    out.begin_object().field("id", row.id.str()).field("name", row.name).field("doc_type", row.doc_type).key("folder");
    row.folder.empty() ? out.null() : out.text(row.folder);
    out.field("owner_name", names[row.owner]).field("access_level", to_string(row.access));
    out.field("version", row.version).field("updated_at", format_time(row.updated_ms)).end();
  }
  out.end();
  write_next(out, page.next);
  out.end();
  co_return std::move(out).take();
}

Task<std::string> DocumentReader::read(Caller caller, json::Object arguments) {
  CO_TRY_VOID(only_fields(arguments, {"document", "format", "version", "offset", "length"}));
  CO_TRY(const DocumentId id, document_field(arguments));
  CO_TRY(const Format format, format_field(arguments));
  CO_TRY(const auto version, arguments.optional_integer("version", 0, kMaxVersion));
  CO_TRY(const auto offset, arguments.optional_integer("offset", 0, kMaxVersion));
  CO_TRY(const auto length, arguments.optional_integer("length", 1, kMaxLength));
  if (format == Format::kDelta && (offset || length))
    co_return fail(json::field_error(offset ? "offset" : "length", "goes with text and markdown"));
  CO_TRY(const DocumentRow row, co_await catalog_.find(caller.who.actor(), id, Level::kRead));
  Documents::Content content;
  if (version) {
    CO_TRY(content, co_await documents_.read_version(id, format, static_cast<std::uint64_t>(*version)));
  } else {
    CO_TRY(content, co_await documents_.read(id, format));
  }
  json::Writer out;
  out.begin_object().field("id", row.id.str()).field("name", row.name).field("doc_type", row.doc_type);
  out.field("access_level", to_string(row.access)).field("version", content.version).field("format", to_string(format));
  if (content.stale) out.field("stale", true);
  CO_TRY_VOID(write_content(out, format, content.json, static_cast<std::size_t>(offset.value_or(0)),
                            static_cast<std::size_t>(length.value_or(kDefaultLength))));
  out.end();
  co_return std::move(out).take();
}

Task<std::string> DocumentReader::history(Caller caller, json::Object arguments) {
  CO_TRY_VOID(only_fields(arguments, {"document", "limit", "before"}));
  CO_TRY(const DocumentId id, document_field(arguments));
  CO_TRY(const auto limit, arguments.optional_integer("limit", 1, kMaxPage));
  CO_TRY(const auto before, arguments.optional_integer("before", 1, kMaxVersion));
  CO_TRY_VOID(co_await catalog_.find(caller.who.actor(), id, Level::kRead));
  CO_TRY(const auto named, co_await documents_.store().version_names(id));
  documents::VersionNames version_names;
  for (const auto& one : named) version_names.emplace(one.version, one.name);
  CO_TRY(const documents::HistoryPage page,
         co_await documents_.history(id, std::move(version_names), static_cast<std::uint64_t>(before.value_or(0)),
                                     static_cast<std::size_t>(limit.value_or(kDefaultPage))));
  std::vector<std::string> authors;
  for (const auto& entry : page.entries)
    for (const auto& author : entry.authors) authors.push_back(author.principal);
  CO_TRY(auto names, co_await identity_.names_of(std::move(authors)));
  json::Writer out;
  out.begin_object().key("versions").begin_array();
  for (const auto& entry : page.entries) {
    out.begin_object().field("version", entry.version).field("from_version", entry.from_version);
    out.field("since", format_time(entry.since.wall_ms())).field("at", format_time(entry.at.wall_ms())).key("name");
    entry.name.empty() ? out.null() : out.text(entry.name);
    out.key("authors").begin_array();
    for (const auto& author : entry.authors)
      out.begin_object()
          .field("principal", author.principal)
          .field("name", names[author.principal])
          .field("updates", author.updates)
          .end();
    out.end().end();
  }
  out.end().key("next");
  page.next_before != 0 ? out.integer(static_cast<std::int64_t>(page.next_before)) : out.null();
  out.end();
  co_return std::move(out).take();
}

struct DocumentReader::Found {
  bool matches = false;
  std::size_t bytes = 0;  // of content that was read
  std::vector<std::string> snippets;
};

Task<DocumentReader::Found> DocumentReader::look_into(DocumentRow row, std::vector<std::string> words) {
  const std::string name = folded(row.name);
  std::erase_if(words, [&name](const std::string& word) { return name.contains(word); });
  if (words.empty()) co_return Found{.matches = true};
  auto content = co_await documents_.read(row.id, Format::kText);
  if (!content && content.error().code == Code::kNotFound) co_return Found{};  // deleted meanwhile
  if (!content) co_return fail(std::move(content).error());
  co_return co_await pool_.run<Found>([&content, &words]() -> Result<Found> {
    Found found{.matches = true, .bytes = content->json.size()};
    const std::string text = text_of_json(content->json);
    const std::string lower = folded(text);
    for (const std::string& word : words) {
      const std::size_t at = lower.find(word);
      if (at == std::string::npos) return Found{.bytes = found.bytes};
      if (found.snippets.size() < kMaxSnippets) found.snippets.push_back(snippet(text, at, word.size()));
    }
    return found;
  });
}

Task<std::string> DocumentReader::search(Caller caller, json::Object arguments) {
  CO_TRY_VOID(only_fields(arguments, {"query", "folder", "limit", "after"}));
  CO_TRY(const std::string query, arguments.text("query", {.least = 1, .most = 256}));
  const std::vector<std::string> words = words_of(query);
  if (words.empty()) co_return fail(json::field_error("query", "must have a word"));
  CO_TRY(const auto folder, folder_of(arguments));
  CO_TRY(auto after, cursor_of(arguments));
  CO_TRY(const auto limit, arguments.optional_integer("limit", 1, kMaxFound));
  CO_TRY(const Catalog::Page page, co_await catalog_.list(caller.who.actor(), folder, std::move(after), kMaxSearched));
  std::size_t found = 0;
  std::size_t searched = 0;
  std::size_t bytes = 0;
  std::optional<ListCursor> next = page.next;
  json::Writer out;
  out.begin_object().key("documents").begin_array();
  for (const DocumentRow& row : page.rows) {
    if (found == static_cast<std::size_t>(limit.value_or(kDefaultFound)) || bytes >= kMaxSearchedBytes) {
      const DocumentRow& last = page.rows[searched - 1];
      next = ListCursor{last.updated_ms, last.id.str()};
      break;
    }
    CO_TRY(const Found one, co_await look_into(row, words));
    ++searched;
    bytes += one.bytes;
    if (!one.matches) continue;
    ++found;
    out.begin_object().field("id", row.id.str()).field("name", row.name).field("access_level", to_string(row.access));
    out.field("version", row.version).field("updated_at", format_time(row.updated_ms)).key("snippets").begin_array();
    for (const std::string& text : one.snippets) out.text(text);
    out.end().end();
  }
  out.end().field("searched", searched);
  write_next(out, next);
  out.end();
  co_return std::move(out).take();
}

}  // namespace concord::mcp
