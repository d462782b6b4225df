#include "crdt/any_json.h"

#include <charconv>
#include <cmath>
#include <cstdlib>
#include <string>

#include "crdt/any_keys.h"
#include "crdt/utf16.h"

namespace concord::crdt {
namespace {

void append_utf8(std::string& out, std::uint32_t point) {
  const auto put = [&](std::uint32_t byte) { out.push_back(static_cast<char>(byte)); };
  if (point < 0x80) {
    put(point);
  } else if (point < 0x800) {
    put(0xc0U | point >> 6U), put(0x80U | (point & 0x3fU));
  } else if (point < 0x1'0000) {
    put(0xe0U | point >> 12U), put(0x80U | (point >> 6U & 0x3fU)), put(0x80U | (point & 0x3fU));
  } else {
    put(0xf0U | point >> 18U), put(0x80U | (point >> 12U & 0x3fU));
    put(0x80U | (point >> 6U & 0x3fU)), put(0x80U | (point & 0x3fU));
  }
}

class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  Result<Any> document() {
    Any value;
    space();
    if (!parse(value, 0)) return error();
    space();
    if (at_ != text_.size()) {
      fail("there is more after the value");
      return error();
    }
    return value;
  }

 private:
  bool fail(const char* what) {
    if (what_ == nullptr) what_ = what;
    return false;
  }
  std::unexpected<Error> error() const {
    const std::string where = std::to_string(at_);
    Error error{Code::kInvalidArgument, std::string("malformed JSON: ") + what_ + " (byte " + where + ")", {}};
    return std::unexpected<Error>(std::move(error).with("byte", where));
  }
  void space() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\n' || text_[at_] == '\r' || text_[at_] == '\t'))
      ++at_;
  }
  bool take(char c) {
    if (at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  bool word(std::string_view expected) {
    if (text_.substr(at_, expected.size()) != expected) return fail("neither a value nor a known word");
    at_ += expected.size();
    return true;
  }

  bool parse(Any& out, std::size_t depth) {
    if (depth > kMaxNesting) return fail("it is nested too deeply");
    if (at_ >= text_.size()) return fail("it ends too early");
    switch (text_[at_]) {
      case '{':
        return object(out, depth);
      case '[':
        return array(out, depth);
      case '"': {
        std::string text;
        if (!string(text)) return false;
        out = Any(std::move(text));
        return true;
      }
      case 't':
        out = Any(true);
        return word("true");
      case 'f':
        out = Any(false);
        return word("false");
      case 'n':
        out = Any(Null{});
        return word("null");
      default:
        return number(out);
    }
  }

  bool object(Any& out, std::size_t depth) {
    ++at_;
    AnyObject members;
    space();
    if (!take('}')) {
      do {
        space();
        AnyMember member;
        if (!string(member.name)) return false;
        space();
        if (!take(':')) return fail("a colon is missing");
        space();
        if (!parse(member.value, depth + 1)) return false;
        members.push_back(std::move(member));
        space();
      } while (take(','));
      if (!take('}')) return fail("a closing brace is missing");
    }
    order_members(members);
    out = Any(std::move(members));
    return true;
  }

  bool array(Any& out, std::size_t depth) {
    ++at_;
    AnyArray elements;
    space();
    if (!take(']')) {
      do {
        space();
        if (!parse(elements.emplace_back(), depth + 1)) return false;
        space();
      } while (take(','));
      if (!take(']')) return fail("a closing bracket is missing");
    }
    out = Any(std::move(elements));
    return true;
  }

  bool hex4(std::uint32_t& out) {
    if (at_ + 4 > text_.size()) return fail("an escape is cut off");
    out = 0;
    const auto [end, problem] = std::from_chars(text_.data() + at_, text_.data() + at_ + 4, out, 16);
    if (problem != std::errc{} || end != text_.data() + at_ + 4) return fail("an escape has no four hex digits");
    at_ += 4;
    return true;
  }

  bool escape(std::string& out) {
    if (at_ >= text_.size()) return fail("an escape is cut off");
    switch (text_[at_++]) {
      case '"':
        out.push_back('"');
        return true;
      case '\\':
        out.push_back('\\');
        return true;
      case '/':
        out.push_back('/');
        return true;
      case 'b':
        out.push_back('\b');
        return true;
      case 'f':
        out.push_back('\f');
        return true;
      case 'n':
        out.push_back('\n');
        return true;
      case 'r':
        out.push_back('\r');
        return true;
      case 't':
        out.push_back('\t');
        return true;
      case 'u':
        break;
      default:
        return fail("an unknown escape");
    }
    std::uint32_t point = 0;
    if (!hex4(point)) return false;
    if (point >= 0xd800 && point < 0xdc00 && text_.substr(at_, 2) == "\\u") {
      const std::size_t before = at_;
      std::uint32_t low = 0;
      at_ += 2;
      if (!hex4(low)) return false;
      if (low >= 0xdc00 && low < 0xe000)
        point = 0x1'0000 + ((point - 0xd800) << 10U) + (low - 0xdc00);
      else
        at_ = before;
    }
    append_utf8(out, point);
    return true;
  }

  bool string(std::string& out) {
    if (!take('"')) return fail("a string is missing");
    while (true) {
      const std::size_t begin = at_;
      while (at_ < text_.size() && text_[at_] != '"' && text_[at_] != '\\' &&
             static_cast<unsigned char>(text_[at_]) >= 0x20)
        ++at_;
      out.append(text_.substr(begin, at_ - begin));
      if (at_ >= text_.size()) return fail("a string has no end");
      const char c = text_[at_];
      if (static_cast<unsigned char>(c) < 0x20) return fail("a control character in a string");
      ++at_;
      if (c == '"') break;
      if (!escape(out)) return false;
    }
    return true;
  }

  bool digits() {
    const std::size_t begin = at_;
    while (at_ < text_.size() && text_[at_] >= '0' && text_[at_] <= '9') ++at_;
    return at_ > begin;
  }

  bool number(Any& out) {
    const std::size_t begin = at_;
    take('-');
    if (!take('0') && !digits()) return fail("neither a value nor a known word");
    if (take('.') && !digits()) return fail("a number has no digits after its point");
    if (at_ < text_.size() && (text_[at_] == 'e' || text_[at_] == 'E')) {
      ++at_;
      if (!take('+')) take('-');
      if (!digits()) return fail("a number has no digits in its exponent");
    }
    const std::string_view token = text_.substr(begin, at_ - begin);
    double value = 0;
    const auto [end, problem] = std::from_chars(token.data(), token.data() + token.size(), value);
    if (problem == std::errc::result_out_of_range) value = std::strtod(std::string(token).c_str(), nullptr);
    out = Any(value);
    return end == token.data() + token.size() || fail("a malformed number");
  }

  std::string_view text_;
  std::size_t at_ = 0;
  const char* what_ = nullptr;
};

void append_hex_escape(std::string& out, std::uint32_t unit) {
  constexpr char kDigits[] = "0123456789abcdef";
  out.append("\\u");
  for (int shift = 12; shift >= 0; shift -= 4) out.push_back(kDigits[unit >> static_cast<unsigned>(shift) & 0xfU]);
}

void append_bytes_as_object(std::string& out, const Bytes& bytes) {
  out.push_back('{');
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (i != 0) out.push_back(',');
    out.append("\"").append(std::to_string(i)).append("\":").append(std::to_string(bytes[i]));
  }
  out.push_back('}');
}

}  // namespace

Result<Any> parse_json(std::string_view text) { return Parser(text).document(); }

void append_json_string(std::string& out, std::string_view utf8) {
  out.push_back('"');
  for (std::size_t i = 0; i < utf8.size(); ++i) {
    const auto c = static_cast<unsigned char>(utf8[i]);
    switch (c) {
      case '"':
        out.append("\\\"");
        continue;
      case '\\':
        out.append("\\\\");
        continue;
      case '\b':
        out.append("\\b");
        continue;
      case '\f':
        out.append("\\f");
        continue;
      case '\n':
        out.append("\\n");
        continue;
      case '\r':
        out.append("\\r");
        continue;
      case '\t':
        out.append("\\t");
        continue;
      default:
        break;
    }
    const bool surrogate = c == 0xed && i + 2 < utf8.size() && static_cast<unsigned char>(utf8[i + 1]) >= 0xa0;
    if (c < 0x20) {
      append_hex_escape(out, c);
    } else if (surrogate) {
      append_hex_escape(out, 0xd000U | (static_cast<unsigned char>(utf8[i + 1]) & 0x3fU) << 6U |
                                 (static_cast<unsigned char>(utf8[i + 2]) & 0x3fU));
      i += 2;
    } else {
      out.push_back(utf8[i]);
    }
  }
  out.push_back('"');
}

// ECMA-262, 6.1.6.1.20 Number::toString: the shortest digits that read back the same; plain notation for exponents
// from -6 to 20.
void append_json_number(std::string& out, double value) {
  if (!std::isfinite(value)) {
    out.append("null");
    return;
  }
  if (value == 0) {
    out.push_back('0');
    return;
  }
  char buffer[32];
  const auto end = std::to_chars(buffer, buffer + sizeof buffer, value, std::chars_format::scientific).ptr;
  std::string_view text(buffer, static_cast<std::size_t>(end - buffer));
  if (text.front() == '-') {
    out.push_back('-');
    text.remove_prefix(1);
  }
  const std::size_t e = text.find('e');
  const int exponent = std::atoi(std::string(text.substr(e + 1)).c_str());
  std::string digits(1, text[0]);
  if (e > 2) digits.append(text.substr(2, e - 2));
  const int count = static_cast<int>(digits.size());
  if (exponent >= 0 && exponent < 21) {
    if (count <= exponent + 1) {
      out.append(digits).append(static_cast<std::size_t>(exponent + 1 - count), '0');
    } else {
      out.append(digits, 0, static_cast<std::size_t>(exponent) + 1).push_back('.');
      out.append(digits, static_cast<std::size_t>(exponent) + 1);
    }
  } else if (exponent < 0 && exponent >= -6) {
    out.append("0.").append(static_cast<std::size_t>(-exponent - 1), '0').append(digits);
  } else {
    out.push_back(digits[0]);
    if (count > 1) out.append(".").append(digits, 1);
    out.append(exponent < 0 ? "e-" : "e+").append(std::to_string(std::abs(exponent)));
  }
}

void append_json(std::string& out, const Any& value) {
  if (const auto* text = value.as<std::string>()) {
    append_json_string(out, *text);
  } else if (const auto* number = value.as<double>()) {
    append_json_number(out, *number);
  } else if (const auto* flag = value.as<bool>()) {
    out.append(*flag ? "true" : "false");
  } else if (const auto* big = value.as<BigInt>()) {
    out.append(std::to_string(big->value));
  } else if (const auto* bytes = value.as<Bytes>()) {
    append_bytes_as_object(out, *bytes);
  } else if (const auto* elements = value.as<AnyArray>()) {
    out.push_back('[');
    for (std::size_t i = 0; i < elements->size(); ++i) {
      if (i != 0) out.push_back(',');
      append_json(out, (*elements)[i]);
    }
    out.push_back(']');
  } else if (const auto* members = value.as<AnyObject>()) {
    out.push_back('{');
    bool first = true;
    for (const AnyMember& member : *members) {
      if (member.value.is_undefined()) continue;
      if (!first) out.push_back(',');
      first = false;
      append_json_string(out, member.name);
      out.push_back(':');
      append_json(out, member.value);
    }
    out.push_back('}');
  } else {
    out.append("null");
  }
}

std::string to_json(const Any& value) {
  std::string out;
  append_json(out, value);
  return out;
}

}  // namespace concord::crdt
