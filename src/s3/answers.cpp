#include "s3/answers.h"

#include <algorithm>
#include <charconv>
#include <pugixml.hpp>

#include "base/clock.h"

namespace concord::s3 {
namespace {

constexpr std::size_t kMaxKeyBytes = 1024;
constexpr std::size_t kMaxUploadIdBytes = 1024;
constexpr std::size_t kMaxCodeBytes = 64;
constexpr std::size_t kMaxMessageBytes = 200;

std::unexpected<Error> not_understood(const std::string& what) {
  return fail(Code::kUnavailable, "the object store's answer is not understood: " + what);
}

/// Character references and CDATA are read; declarations of types, and with them entities of the sender's, are not.
Result<pugi::xml_node> parse(pugi::xml_document& document, ByteView body, const char* root) {
  const unsigned how = pugi::parse_minimal | pugi::parse_escapes | pugi::parse_cdata;
  if (!document.load_buffer(body.data(), body.size(), how, pugi::encoding_utf8)) return not_understood("no XML");
  const pugi::xml_node node = document.child(root);
  if (!node) return not_understood(std::string("no ") + root);
  return node;
}

Result<std::string> text_of(const pugi::xml_node& node, const char* name, std::size_t least, std::size_t most) {
  const std::string_view text = node.child_value(name);
  if (text.size() < least || text.size() > most) return not_understood(std::string(name) + " has no fitting length");
  return std::string(text);
}

Result<std::uint64_t> number_of(const pugi::xml_node& node, const char* name) {
  const std::string_view text = node.child_value(name);
  std::uint64_t value = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (problem != std::errc() || end != text.data() + text.size() || text.empty())
    return not_understood(std::string(name) + " is no number");
  return value;
}

Result<bool> truth_of(const pugi::xml_node& node, const char* name) {
  const std::string_view text = node.child_value(name);
  if (text != "true" && text != "false") return not_understood(std::string(name) + " is neither true nor false");
  return text == "true";
}

std::string printable(std::string_view text, std::size_t most) {
  std::string out(text.substr(0, most));
  std::ranges::replace_if(out, [](char c) { return c < ' ' || c > '~'; }, '?');
  return out;
}

}  // namespace

std::optional<ErrorAnswer> read_error(ByteView body) {
  pugi::xml_document document;
  const Result<pugi::xml_node> node = parse(document, body, "Error");
  if (!node) return std::nullopt;
  return ErrorAnswer{.code = printable(node->child_value("Code"), kMaxCodeBytes),
                     .message = printable(node->child_value("Message"), kMaxMessageBytes)};
}

Result<ObjectList> read_object_list(ByteView body) {
  pugi::xml_document document;
  TRY(const pugi::xml_node root, parse(document, body, "ListBucketResult"));
  ObjectList list;
  TRY(list.truncated, truth_of(root, "IsTruncated"));
  for (const pugi::xml_node node : root.children("Contents")) {
    if (list.objects.size() >= kMaxListedKeys) return not_understood("too many keys");
    ObjectList::Object object;
    TRY(object.key, text_of(node, "Key", 1, kMaxKeyBytes));
    TRY(object.size_bytes, number_of(node, "Size"));
    list.objects.push_back(std::move(object));
  }
  if (list.truncated && list.objects.empty()) return not_understood("more keys behind none");
  return list;
}

Result<UploadList> read_upload_list(ByteView body) {
  pugi::xml_document document;
  TRY(const pugi::xml_node root, parse(document, body, "ListMultipartUploadsResult"));
  UploadList list;
  TRY(list.truncated, truth_of(root, "IsTruncated"));
  for (const pugi::xml_node node : root.children("Upload")) {
    if (list.uploads.size() >= kMaxListedKeys) return not_understood("too many uploads");
    UploadList::Upload upload;
    TRY(upload.key, text_of(node, "Key", 1, kMaxKeyBytes));
    TRY(upload.id, text_of(node, "UploadId", 1, kMaxUploadIdBytes));
    const std::optional<std::int64_t> begun = parse_time(node.child_value("Initiated"));
    if (!begun) return not_understood("Initiated is no time");
    upload.begun_ms = *begun;
    list.uploads.push_back(std::move(upload));
  }
  if (!list.truncated) return list;
  TRY(list.next_key, text_of(root, "NextKeyMarker", 1, kMaxKeyBytes));
  TRY(list.next_id, text_of(root, "NextUploadIdMarker", 0, kMaxUploadIdBytes));
  return list;
}

Result<std::string> read_upload_id(ByteView body) {
  pugi::xml_document document;
  TRY(const pugi::xml_node root, parse(document, body, "InitiateMultipartUploadResult"));
  return text_of(root, "UploadId", 1, kMaxUploadIdBytes);
}

std::optional<ContentRange> parse_content_range(std::string_view text) {
  constexpr std::string_view kUnit = "bytes ";
  if (!text.starts_with(kUnit)) return std::nullopt;
  const char* at = text.data() + kUnit.size();
  const char* const end = text.data() + text.size();
  ContentRange range;
  for (const auto& [value, behind] : {std::pair{&range.first, '-'}, {&range.last, '/'}, {&range.total, '\0'}}) {
    const auto [rest, problem] = std::from_chars(at, end, *value);
    const bool held = behind == '\0' ? rest == end : rest != end && *rest == behind;
    if (problem != std::errc() || !held) return std::nullopt;
    at = rest + (behind == '\0' ? 0 : 1);
  }
  if (range.first > range.last || range.last >= range.total) return std::nullopt;
  return range;
}

std::string completion_body(const std::vector<std::string>& etags) {
  struct Writer final : pugi::xml_writer {
    void write(const void* data, std::size_t size) override { text.append(static_cast<const char*>(data), size); }
    std::string text;
  };
  pugi::xml_document document;
  pugi::xml_node root = document.append_child("CompleteMultipartUpload");
  root.append_attribute("xmlns") = "http://s3.amazonaws.com/doc/2006-03-01/";
  for (std::size_t i = 0; i < etags.size(); ++i) {
    pugi::xml_node part = root.append_child("Part");
    part.append_child("PartNumber").text() = std::to_string(i + 1).c_str();
    part.append_child("ETag").text() = etags[i].c_str();
  }
  Writer writer;
  document.save(writer, "", pugi::format_raw | pugi::format_no_declaration, pugi::encoding_utf8);
  return std::move(writer.text);
}

}  // namespace concord::s3
