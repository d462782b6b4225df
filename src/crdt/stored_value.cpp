#include "crdt/stored_value.h"

#include <algorithm>
#include <cmath>

#include "crdt/any_codec.h"
#include "crdt/any_json.h"

namespace concord::crdt {
namespace {

/// Whether JSON says exactly this.
bool fits_json(const Any& value) {
  if (value.is_undefined() || value.holds<BigInt>() || value.holds<Bytes>()) return false;
  if (const auto* number = value.as<double>())
    return std::isfinite(*number) && !(*number == 0 && std::signbit(*number));
  if (const auto* elements = value.as<AnyArray>()) return std::ranges::all_of(*elements, fits_json);
  if (const auto* members = value.as<AnyObject>())
    return std::ranges::all_of(*members, [](const AnyMember& member) { return fits_json(member.value); });
  return true;
}

}  // namespace

std::string stored_value(const Any& value) {
  if (fits_json(value)) return to_json(value);
  Bytes encoded{0};
  WireWriter out(encoded);
  write_any(out, value);
  return std::string(as_text(encoded));
}

std::string stored_value_of_json(std::string_view json) {
  const auto value = parse_json(json);
  return value ? stored_value(*value) : std::string(json);
}

std::string stored_value_of_any(ByteView encoded) {
  WireReader in(encoded);
  Any value;
  return read_any(in, value) ? stored_value(value) : std::string("null");
}

Any read_stored_value(std::string_view stored) {
  if (!stored_as_any(stored)) {
    auto value = parse_json(stored);
    return value ? std::move(*value) : Any(Null{});
  }
  WireReader in(as_bytes(stored.substr(1)));
  Any value;
  return read_any(in, value) ? value : Any(Null{});
}

bool is_compound_value(std::string_view stored) {
  if (stored_as_any(stored)) return stored.size() > 1 && stored[1] >= 116 && stored[1] <= 118;
  return stored.starts_with('{') || stored.starts_with('[');
}

}  // namespace concord::crdt
