#include "redis/resp.h"

#include <algorithm>
#include <charconv>
#include <utility>

namespace concord::redis {
namespace {

using Kind = RespValue::Kind;

std::unexpected<Error> corrupt(std::string message) { return fail(Code::kCorrupt, std::move(message)); }

std::unexpected<Error> too_large(std::string_view what, std::size_t limit) {
  return fail(Error{Code::kTooLarge,
                    "the server's answer is too large",
                    {{"field", std::string(what)}, {"limit", std::to_string(limit)}}});
}

std::optional<std::int64_t> number_in(std::string_view text) {
  std::int64_t number = 0;
  if (text.starts_with('+')) text.remove_prefix(1);
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

void append_text(Bytes& out, std::string_view text) { append(out, as_bytes(text)); }

}  // namespace

const RespValue* RespValue::find(std::string_view key) const {
  if (kind != Kind::kMap) return nullptr;
  for (std::size_t i = 0; i + 1 < items.size(); i += 2) {
    if (items[i].text() == key) return &items[i + 1];
  }
  return nullptr;
}

Result<std::optional<RespValue>> RespDecoder::next(ByteView& input) {
  while (!input.empty()) {
    if (bulk_missing_) {
      TRY(const bool is_whole, take_bulk(input));
      if (!is_whole) return std::optional<RespValue>();
    } else {
      TRY(const bool has_line, take_line(input));
      if (!has_line) return std::optional<RespValue>();
      TRY(const bool is_whole, begin_value());
      line_.clear();
      if (!is_whole) continue;
    }
    if (close_value()) {
      charged_ = 0;
      return std::optional<RespValue>(std::exchange(value_, {}));
    }
  }
  return std::optional<RespValue>();
}

/// True once `line_` is whole.
Result<bool> RespDecoder::take_line(ByteView& input) {
  const auto end = std::ranges::find(input, '\n');
  const auto size = static_cast<std::size_t>(end - input.begin());
  if (line_.size() + size > limits_.line_bytes) return too_large("line", limits_.line_bytes);
  append(line_, input.first(size));
  if (end == input.end()) {
    input = {};
    return false;
  }
  input = input.subspan(size + 1);
  if (line_.empty() || line_.back() != '\r') return corrupt("a line does not end with CR LF");
  line_.pop_back();
  if (line_.empty()) return corrupt("an empty line where a value should begin");
  return true;
}

/// True once the bulk string is whole; its bytes come with the two behind it.
Result<bool> RespDecoder::take_bulk(ByteView& input) {
  constexpr std::size_t kFormatBytes = 4;
  Bytes& bytes = value_.bytes;
  const std::size_t size = std::min(*bulk_missing_, input.size());
  append(bytes, input.first(size));
  input = input.subspan(size);
  *bulk_missing_ -= size;
  if (*bulk_missing_ > 0) return false;
  bulk_missing_.reset();
  if (!as_text(bytes).ends_with("\r\n")) return corrupt("a string does not end where it says");
  bytes.resize(bytes.size() - 2);
  if (!std::exchange(is_verbatim_, false)) return true;
  if (bytes.size() < kFormatBytes || bytes[kFormatBytes - 1] != ':')
    return corrupt("a verbatim string without a format");
  bytes.erase(bytes.begin(), bytes.begin() + kFormatBytes);
  return true;
}

/// Reads the line; true where `value_` is whole with it.
Result<bool> RespDecoder::begin_value() {
  const std::string_view line = as_text(line_);
  const char type = line.front();
  const std::string_view rest = line.substr(1);
  const bool is_kept = std::string_view("+-,(").contains(type);
  TRY_VOID(charge(RespLimits::kElementBytes + (is_kept ? rest.size() : 0)));
  value_ = {};
  switch (type) {
    case '+':
    case ',':
    case '(':
      value_ = {.kind = Kind::kText, .bytes = to_bytes(rest)};
      return true;
    case '-':
      value_ = {.kind = Kind::kError, .bytes = to_bytes(rest)};
      return true;
    case ':': {
      const auto number = number_in(rest);
      if (!number) return corrupt("a number that is none");
      value_ = {.kind = Kind::kInteger, .integer = *number};
      return true;
    }
    case '#':
      if (rest != "t" && rest != "f") return corrupt("a boolean that is none");
      value_ = {.kind = Kind::kInteger, .integer = rest == "t" ? 1 : 0};
      return true;
    case '_':
      if (!rest.empty()) return corrupt("a null that is none");
      return true;
    case '$':
      return begin_bulk(Kind::kBulk, rest);
    case '=':
      is_verbatim_ = true;
      return begin_bulk(Kind::kBulk, rest);
    case '!':
      return begin_bulk(Kind::kError, rest);
    case '*':
    case '~':
    case '%':
    case '>':
    case '|':
      return begin_aggregate(type, rest);
    default:
      return corrupt("no value begins with byte " + std::to_string(static_cast<unsigned char>(type)));
  }
}

Result<bool> RespDecoder::begin_bulk(Kind kind, std::string_view size) {
  const auto bytes = number_in(size);
  if (bytes == -1 && kind == Kind::kBulk && !is_verbatim_) return true;  // RESP2's null
  if (!bytes || *bytes < 0) return corrupt("a size that is none");
  if (static_cast<std::uint64_t>(*bytes) > limits_.bulk_bytes) return too_large("string", limits_.bulk_bytes);
  TRY_VOID(charge(static_cast<std::size_t>(*bytes)));
  value_.kind = kind;
  bulk_missing_ = static_cast<std::size_t>(*bytes) + 2;
  return false;
}

Result<bool> RespDecoder::begin_aggregate(char type, std::string_view size) {
  const auto count = number_in(size);
  if (count == -1 && type == '*') return true;  // RESP2's null
  if (!count || *count < 0) return corrupt("a size that is none");
  const bool in_pairs = type == '%' || type == '|';
  const std::size_t most = limits_.value_bytes / RespLimits::kElementBytes / (in_pairs ? 2 : 1);
  if (static_cast<std::uint64_t>(*count) > most) return too_large("value", limits_.value_bytes);
  if (open_.size() >= limits_.depth) return too_large("depth", limits_.depth);
  if (type == '>' && !open_.empty()) return corrupt("a push message within a value");
  Open opened;
  opened.value.kind = in_pairs ? Kind::kMap : type == '>' ? Kind::kPush : Kind::kArray;
  opened.missing = static_cast<std::size_t>(*count) * (in_pairs ? 2 : 1);
  opened.is_attribute = type == '|';
  if (opened.missing == 0) {
    if (opened.is_attribute) return false;
    value_ = std::move(opened.value);
    return true;
  }
  open_.push_back(std::move(opened));
  return false;
}

Result<> RespDecoder::charge(std::size_t bytes) {
  charged_ += bytes;
  if (charged_ > limits_.value_bytes) return too_large("value", limits_.value_bytes);
  return {};
}

/// Puts `value_` where it belongs; true where that makes a whole value of no other's.
bool RespDecoder::close_value() {
  while (!open_.empty()) {
    Open& parent = open_.back();
    parent.value.items.push_back(std::exchange(value_, {}));
    if (--parent.missing > 0) return false;
    const bool is_attribute = parent.is_attribute;
    value_ = std::move(parent.value);
    open_.pop_back();
    if (is_attribute) {
      value_ = {};
      return false;
    }
  }
  return true;
}

RespCommand& RespCommand::add(ByteView word) {
  ++words_;
  append_text(body_, "$" + std::to_string(word.size()) + "\r\n");
  append(body_, word);
  append_text(body_, "\r\n");
  return *this;
}

RespCommand& RespCommand::add(std::int64_t number) { return add(std::to_string(number)); }

void RespCommand::write(Bytes& out) const {
  append_text(out, "*" + std::to_string(words_) + "\r\n");
  append(out, body_);
}

}  // namespace concord::redis
