#pragma once
// CBOR (RFC 8949) as authenticators write it: definite lengths, integers, byte and text strings, arrays, maps, simple
// values; no tags, no floats (CTAP 2.1, 8: the canonical form). Values look into the bytes that were read.

#include <cstdint>
#include <string_view>
#include <variant>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace concord::identity::cbor {

struct Value;
using Array = std::vector<Value>;
struct Map {
  std::vector<Value> keys;
  std::vector<Value> values;  // as many
};

struct Value {
  /// Empty: a simple value (false, true, null, undefined).
  std::variant<std::monostate, std::int64_t, ByteView, std::string_view, Array, Map> held;

  const std::int64_t* integer() const { return std::get_if<std::int64_t>(&held); }
  const ByteView* bytes() const { return std::get_if<ByteView>(&held); }
  const std::string_view* text() const { return std::get_if<std::string_view>(&held); }
  const Map* map() const { return std::get_if<Map>(&held); }
  /// Of a map; null where this is none, or has no such key.
  const Value* find(std::int64_t key) const;
  const Value* find(std::string_view key) const;
};

constexpr std::size_t kMaxDepth = 4;
constexpr std::size_t kMaxValues = 256;

/// The value that `bytes` begin with; `size` is set to what it takes of them. kInvalidArgument where it is not one,
/// nests or counts beyond the bounds, or has an integer beyond 64 bits with sign, or a key twice.
Result<Value> decode(ByteView bytes, std::size_t& size);

}  // namespace concord::identity::cbor
