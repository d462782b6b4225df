#include "postgres/wire_values.h"

#include <bit>
#include <cmath>

namespace concord::postgres {
namespace {

using engines::Value;

constexpr TypeNumber kTruth = 16;
constexpr TypeNumber kName = 19;
constexpr TypeNumber kSmall = 21;
constexpr TypeNumber kInt = 23;
constexpr TypeNumber kText = 25;
constexpr TypeNumber kObject = 26;
constexpr TypeNumber kFloat = 700;
constexpr TypeNumber kDouble = 701;
constexpr TypeNumber kUnknown = 705;
constexpr TypeNumber kPadded = 1042;
constexpr TypeNumber kVarchar = 1043;
constexpr TypeNumber kNumeric = 1700;
constexpr TypeNumber kVoid = 2278;

std::array<std::uint8_t, 8> big_endian(std::uint64_t value) {
  if constexpr (std::endian::native == std::endian::little) value = std::byteswap(value);
  return std::bit_cast<std::array<std::uint8_t, 8>>(value);
}

template <class T>
void put(Bytes& out, T value) {
  for (int shift = static_cast<int>(sizeof(T) * 8) - 8; shift >= 0; shift -= 8)
    out.push_back(static_cast<std::uint8_t>(static_cast<std::uint64_t>(value) >> static_cast<unsigned>(shift)));
}

template <class T>
T get(ByteView bytes, std::size_t at = 0) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < sizeof(T); ++i) value = value << 8U | bytes[at + i];
  return static_cast<T>(value);
}

std::unexpected<Error> malformed() { return fail(Code::kInternal, "PostgreSQL sent a value that is not of its type"); }

/// Digits of base 10000, the first of weight 10000^weight; `scale` decimal digits behind the point are shown.
Result<Value> numeric_of(ByteView bytes) {
  constexpr std::uint16_t kNegative = 0x4000;
  if (bytes.size() < 8) return malformed();
  const auto digits = get<std::uint16_t>(bytes, 0);
  const auto weight = get<std::int16_t>(bytes, 2);
  const auto sign = get<std::uint16_t>(bytes, 4);
  const auto scale = get<std::uint16_t>(bytes, 6);
  if (bytes.size() != 8 + std::size_t{2} * digits || (sign != 0 && sign != kNegative)) return malformed();
  const auto digit = [&](std::size_t i) { return get<std::uint16_t>(bytes, 8 + 2 * i); };
  if (scale > 0) {
    double value = 0;
    for (std::size_t i = 0; i < digits; ++i) value += digit(i) * std::pow(10'000.0, weight - static_cast<int>(i));
    return Value(sign == kNegative ? -value : value);
  }
  // Counted down from zero: the least integer has no positive twin.
  std::int64_t value = 0;
  for (int i = 0; i <= weight; ++i) {
    const std::int64_t next = i < digits ? digit(static_cast<std::size_t>(i)) : 0;
    if (__builtin_mul_overflow(value, std::int64_t{10'000}, &value) || __builtin_sub_overflow(value, next, &value))
      return fail(Code::kTooLarge, "a number of the result does not fit into 64 bits");
  }
  if (sign != kNegative && __builtin_sub_overflow(std::int64_t{0}, value, &value))
    return fail(Code::kTooLarge, "a number of the result does not fit into 64 bits");
  return Value(value);
}

template <class T>
Result<Value> integer_of(ByteView bytes) {
  if (bytes.size() != sizeof(T)) return malformed();
  return Value(static_cast<std::int64_t>(get<T>(bytes)));
}

void begin_array(Bytes& out, std::size_t count, TypeNumber element) {
  put<std::int32_t>(out, count == 0 ? 0 : 1);  // dimensions
  put<std::int32_t>(out, 0);                   // no NULL among them
  put<std::uint32_t>(out, element);
  if (count == 0) return;
  put<std::uint32_t>(out, static_cast<std::uint32_t>(count));
  put<std::int32_t>(out, 1);  // the first index
}

}  // namespace

ByteView Parameter::view() const {
  if (const auto* fixed = std::get_if<1>(&bytes)) return *fixed;
  if (const auto* text = std::get_if<2>(&bytes)) return as_bytes(*text);
  if (const auto* blob = std::get_if<3>(&bytes)) return *blob;
  return {};
}

Parameter parameter_of(Value value) {
  struct Visitor {
    Parameter operator()(std::monostate) const { return {}; }
    Parameter operator()(std::int64_t v) const { return {kInteger, big_endian(static_cast<std::uint64_t>(v))}; }
    Parameter operator()(double v) const { return {kDouble, big_endian(std::bit_cast<std::uint64_t>(v))}; }
    Parameter operator()(std::string&& v) const { return {kText, std::move(v)}; }
    Parameter operator()(Bytes&& v) const { return {kBlob, std::move(v)}; }
  };
  return std::visit(Visitor(), std::move(value));
}

Parameter array_of(const std::vector<std::int64_t>& values) {
  Bytes out;
  out.reserve(20 + values.size() * 12);
  begin_array(out, values.size(), kInteger);
  for (const std::int64_t value : values) {
    put<std::int32_t>(out, 8);
    put<std::int64_t>(out, value);
  }
  return {kIntegerArray, std::move(out)};
}

Parameter array_of(const std::vector<ByteView>& values) {
  std::size_t size = 20;
  for (const ByteView value : values) size += 4 + value.size();
  Bytes out;
  out.reserve(size);
  begin_array(out, values.size(), kBlob);
  for (const ByteView value : values) {
    put<std::uint32_t>(out, static_cast<std::uint32_t>(value.size()));
    append(out, value);
  }
  return {kBlobArray, std::move(out)};
}

Result<Value> value_of(TypeNumber type, ByteView bytes) {
  switch (type) {
    case kInteger:
      return integer_of<std::int64_t>(bytes);
    case kInt:
      return integer_of<std::int32_t>(bytes);
    case kSmall:
      return integer_of<std::int16_t>(bytes);
    case kObject:
      return integer_of<std::uint32_t>(bytes);
    case kTruth:
      return integer_of<std::uint8_t>(bytes);
    case kDouble:
      if (bytes.size() != 8) return malformed();
      return Value(std::bit_cast<double>(get<std::uint64_t>(bytes)));
    case kFloat:
      if (bytes.size() != 4) return malformed();
      return Value(static_cast<double>(std::bit_cast<float>(get<std::uint32_t>(bytes))));
    case kNumeric:
      return numeric_of(bytes);
    case kText:
    case kName:
    case kUnknown:
    case kPadded:
    case kVarchar:
      return Value(std::string(as_text(bytes)));
    case kBlob:
      return Value(to_bytes(bytes));
    case kVoid:
      return Value();
    default:
      return fail(Error{Code::kUnsupported,
                        "a column of the result is of a type that the tables do not have",
                        {{"type", std::to_string(type)}}});
  }
}

}  // namespace concord::postgres
