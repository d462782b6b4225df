#include "crdt/any_codec.h"

#include <bit>
#include <cmath>

#include "crdt/any_json.h"
#include "crdt/any_keys.h"
#include "crdt/utf16.h"

namespace concord::crdt {
namespace {

constexpr double kMaxInteger = 2147483647.0;  // larger numbers are written as floats

template <class T>
bool read_big_endian(WireReader& in, T& out) {
  const std::uint8_t* at = in.at();
  if (!in.skip(sizeof(T))) return false;
  out = 0;
  for (std::size_t i = 0; i < sizeof(T); ++i) out = static_cast<T>(out << 8U | at[i]);
  return true;
}

template <class T>
void write_big_endian(WireWriter& out, T value) {
  for (int shift = static_cast<int>(sizeof(T)) * 8 - 8; shift >= 0; shift -= 8)
    out.byte(static_cast<std::uint8_t>(value >> static_cast<unsigned>(shift)));
}

bool read_varint(WireReader& in, double& out, bool& canonical) {
  const std::uint8_t* begin = in.at();
  std::uint64_t value = 0;
  bool negative = false;
  if (!in.sint(value, negative)) return false;
  if (in.at() - begin > 1 && in.at()[-1] == 0) canonical = false;
  out = static_cast<double>(value);
  if (negative) out = -out;
  if (std::abs(out) > kMaxInteger) canonical = false;
  return true;
}

void write_varint(WireWriter& out, double number) {
  out.sint(static_cast<std::uint64_t>(std::abs(number)), std::signbit(number));
}

bool is_integer(double value) { return std::isfinite(value) && std::trunc(value) == value; }
bool fits_integer(double value) { return is_integer(value) && std::abs(value) <= kMaxInteger; }
bool fits_float(double value) {
  if (std::isnan(value)) return false;
  if (std::isinf(value)) return true;
  return std::abs(value) <= 3.4028234663852886e38 && static_cast<double>(static_cast<float>(value)) == value;
}

std::size_t varuint_size(std::uint64_t value) {
  std::size_t size = 1;
  for (; value >= 0x80; value >>= 7U) ++size;
  return size;
}

bool read_count(WireReader& in, std::uint64_t& count, bool& canonical) {
  const std::size_t before = in.position();
  if (!in.uint(count)) return false;
  if (in.position() - before != varuint_size(count)) canonical = false;
  return true;
}

bool read_text(WireReader& in, std::string_view& out, bool& canonical) {
  std::uint64_t length = 0;
  if (!read_count(in, length, canonical)) return false;
  const std::uint8_t* at = in.at();
  if (!in.skip(length)) return false;
  if (!scan_utf8(at, length).valid) return in.fail("a string is not UTF-8");
  out = as_text({at, static_cast<std::size_t>(length)});
  return true;
}

/// One pass for both uses: `out` may be null.
class AnyReader {
 public:
  AnyReader(WireReader& in, bool& canonical) : in_(in), canonical_(canonical) {}

  bool value(Any* out, std::size_t depth) {
    if (depth > kMaxNesting) return in_.fail("a value is nested too deeply");
    std::uint8_t tag = 0;
    if (!in_.byte(tag)) return false;
    switch (tag) {
      case 127:
        return give(out, Undefined{});
      case 126:
        return give(out, Null{});
      case 121:
        return give(out, false);
      case 120:
        return give(out, true);
      case 125: {
        double number = 0;
        return read_varint(in_, number, canonical_) && give(out, number);
      }
      case 124: {
        std::uint32_t bits = 0;
        if (!read_big_endian(in_, bits)) return false;
        const double number = std::bit_cast<float>(bits);
        if (fits_integer(number) || !fits_float(number)) canonical_ = false;
        return give(out, number);
      }
      case 123: {
        std::uint64_t bits = 0;
        if (!read_big_endian(in_, bits)) return false;
        const double number = std::bit_cast<double>(bits);
        if (fits_integer(number) || fits_float(number)) canonical_ = false;
        return give(out, number);
      }
      case 122: {
        std::uint64_t bits = 0;
        return read_big_endian(in_, bits) && give(out, BigInt{static_cast<std::int64_t>(bits)});
      }
      case 119: {
        std::string_view text;
        return read_text(in_, text, canonical_) && give(out, text);
      }
      case 118:
        return object(out, depth);
      case 117:
        return array(out, depth);
      case 116: {
        std::uint64_t length = 0;
        if (!read_count(in_, length, canonical_)) return false;
        const std::uint8_t* at = in_.at();
        if (!in_.skip(length)) return false;
        if (out != nullptr) *out = Any(Bytes(at, at + length));
        return true;
      }
      default:
        return in_.fail("an unknown kind of value");
    }
  }

 private:
  template <class T>
  bool give(Any* out, T value) {
    if (out != nullptr) *out = Any(value);
    return true;
  }

  bool object(Any* out, std::size_t depth) {
    std::uint64_t count = 0;
    if (!read_count(in_, count, canonical_)) return false;
    if (count > in_.left() / 2) return in_.fail("a count is larger than what follows");
    AnyObject members;
    std::vector<std::string_view> names;
    for (std::uint64_t i = 0; i < count; ++i) {
      std::string_view name;
      if (!read_text(in_, name, canonical_)) return false;
      names.push_back(name);
      Any member;
      if (!value(out != nullptr ? &member : nullptr, depth + 1)) return false;
      // In JavaScript this name sets the prototype instead of a member.
      if (name == "__proto__")
        canonical_ = false;
      else if (out != nullptr)
        members.push_back({std::string(name), std::move(member)});
    }
    if (canonical_ && !keys_are_ordered(names)) canonical_ = false;
    if (out != nullptr) {
      order_members(members);
      *out = Any(std::move(members));
    }
    return true;
  }

  bool array(Any* out, std::size_t depth) {
    std::uint64_t count = 0;
    if (!read_count(in_, count, canonical_)) return false;
    if (count > in_.left()) return in_.fail("a count is larger than what follows");
    AnyArray elements;
    for (std::uint64_t i = 0; i < count; ++i)
      if (!value(out != nullptr ? &elements.emplace_back() : nullptr, depth + 1)) return false;
    if (out != nullptr) *out = Any(std::move(elements));
    return true;
  }

  WireReader& in_;
  bool& canonical_;
};

/// Lone surrogates (WTF-8) become U+FFFD, as JavaScript's TextEncoder makes them; both are three bytes.
void write_text(WireWriter& out, std::string_view text) {
  out.uint(text.size());
  const std::size_t begin = out.buffer().size();
  out.bytes(as_bytes(text));
  for (std::size_t i = 0; i + 2 < text.size(); ++i)
    if (static_cast<unsigned char>(text[i]) == 0xed && static_cast<unsigned char>(text[i + 1]) >= 0xa0)
      std::copy(kReplacement, kReplacement + 3, out.buffer().begin() + static_cast<std::ptrdiff_t>(begin + i));
}

void write_number(WireWriter& out, double number) {
  if (fits_integer(number)) {
    out.byte(125);
    write_varint(out, number);
  } else if (fits_float(number)) {
    out.byte(124);
    write_big_endian(out, std::bit_cast<std::uint32_t>(static_cast<float>(number)));
  } else {
    out.byte(123);
    write_big_endian(out, std::isnan(number) ? 0x7ff8'0000'0000'0000ULL : std::bit_cast<std::uint64_t>(number));
  }
}

}  // namespace

bool scan_any(WireReader& in, bool& canonical) { return AnyReader(in, canonical).value(nullptr, 0); }

bool read_any(WireReader& in, Any& out) {
  bool canonical = true;
  return AnyReader(in, canonical).value(&out, 0);
}

void write_any(WireWriter& out, const Any& value) {
  if (const auto* text = value.as<std::string>()) {
    out.byte(119);
    write_text(out, *text);
  } else if (const auto* number = value.as<double>()) {
    write_number(out, *number);
  } else if (const auto* flag = value.as<bool>()) {
    out.byte(*flag ? 120 : 121);
  } else if (const auto* big = value.as<BigInt>()) {
    out.byte(122);
    write_big_endian(out, static_cast<std::uint64_t>(big->value));
  } else if (const auto* bytes = value.as<Bytes>()) {
    out.byte(116);
    out.var_bytes(*bytes);
  } else if (const auto* elements = value.as<AnyArray>()) {
    out.byte(117);
    out.uint(elements->size());
    for (const Any& element : *elements) write_any(out, element);
  } else if (const auto* members = value.as<AnyObject>()) {
    out.byte(118);
    out.uint(members->size());
    for (const AnyMember& member : *members) {
      write_text(out, member.name);
      write_any(out, member.value);
    }
  } else {
    out.byte(value.is_null() ? 126 : 127);
  }
}

}  // namespace concord::crdt
