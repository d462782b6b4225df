#include "json/writer.h"

#include <array>
#include <cassert>

#include "base/varint.h"

namespace concord::json {

namespace {

/// The length of the well-formed UTF-8 sequence that begins at `text[at]`, or 0.
std::size_t sequence_length(std::string_view text, std::size_t at) {
  const auto lead = static_cast<unsigned char>(text[at]);
  const std::size_t length = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
  if (at + length > text.size() || !is_valid_utf8(text.substr(at, length))) return 0;
  return length;
}

void append_escape(std::string& out, unsigned char c) {
  constexpr std::string_view kHex = "0123456789abcdef";
  switch (c) {
    case '"':
      out += "\\\"";
      return;
    case '\\':
      out += "\\\\";
      return;
    case '\n':
      out += "\\n";
      return;
    case '\r':
      out += "\\r";
      return;
    case '\t':
      out += "\\t";
      return;
    default:
      out += "\\u00";
      out += kHex[c >> 4U];
      out += kHex[c & 15U];
  }
}

bool needs_escape(unsigned char c) { return c < 0x20 || c == '"' || c == '\\' || c == 0x7f; }

}  // namespace

void append_quoted(std::string& out, std::string_view text) {
  const bool valid = is_valid_utf8(text);
  out += '"';
  std::size_t copied = 0;
  for (std::size_t at = 0; at < text.size();) {
    const auto c = static_cast<unsigned char>(text[at]);
    if (needs_escape(c)) {
      out.append(text.substr(copied, at - copied));
      append_escape(out, c);
      copied = ++at;
    } else if (valid || c < 0x80) {
      ++at;
    } else if (const std::size_t length = sequence_length(text, at); length != 0) {
      at += length;
    } else {
      out.append(text.substr(copied, at - copied));
      out += "\xef\xbf\xbd";
      copied = ++at;
    }
  }
  out.append(text.substr(copied));
  out += '"';
}

void Writer::before_value() {
  assert(open_.empty() ? out_.empty() : open_.back() == Level::kArray || has_key_);
  if (!has_key_ && !first_) out_ += ',';
  has_key_ = false;
  first_ = false;
}

Writer& Writer::begin_object() {
  before_value();
  out_ += '{';
  open_.push_back(Level::kObject);
  first_ = true;
  return *this;
}

Writer& Writer::begin_array() {
  before_value();
  out_ += '[';
  open_.push_back(Level::kArray);
  first_ = true;
  return *this;
}

Writer& Writer::end() {
  assert(!open_.empty() && !has_key_);
  out_ += open_.back() == Level::kObject ? '}' : ']';
  open_.pop_back();
  first_ = false;
  return *this;
}

Writer& Writer::key(std::string_view name) {
  assert(!open_.empty() && open_.back() == Level::kObject && !has_key_);
  if (!first_) out_ += ',';
  append_quoted(out_, name);
  out_ += ':';
  has_key_ = true;
  return *this;
}

Writer& Writer::text(std::string_view value) {
  before_value();
  append_quoted(out_, value);
  return *this;
}

Writer& Writer::integer(std::int64_t value) { return raw(std::to_string(value)); }
Writer& Writer::boolean(bool value) { return raw(value ? "true" : "false"); }
Writer& Writer::null() { return raw("null"); }

Writer& Writer::raw(std::string_view json) {
  before_value();
  out_.append(json);
  return *this;
}

std::string Writer::take() && {
  assert(open_.empty() && !out_.empty());
  return std::move(out_);
}

}  // namespace concord::json
