#pragma once
// Values in PostgreSQL's binary formats (src/backend/utils/adt: int8send, float8send, textsend, byteasend,
// numeric_send, array_send). Integers and numbers go big-endian.

#include <array>
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "engines/tables.h"

namespace concord::postgres {

/// A type's number in pg_type, the same in every database.
using TypeNumber = std::uint32_t;
constexpr TypeNumber kInteger = 20;         // int8
constexpr TypeNumber kBlob = 17;            // bytea
constexpr TypeNumber kIntegerArray = 1016;  // int8[]
constexpr TypeNumber kBlobArray = 1001;     // bytea[]

/// An argument as it is sent. NULL has no type: the engine finds it from where it stands.
struct Parameter {
  TypeNumber type = 0;
  std::variant<std::monostate, std::array<std::uint8_t, 8>, std::string, Bytes> bytes;

  ByteView view() const;
  bool is_null() const { return bytes.index() == 0; }
};

Parameter parameter_of(engines::Value value);
Parameter array_of(const std::vector<std::int64_t>& values);
Parameter array_of(const std::vector<ByteView>& values);

/// A column's value. Every integer, a truth (1 or 0) and a number without a fraction that fits become an integer, other
/// numbers a double. kUnsupported for a type that the port does not have; kTooLarge for a whole number past 64 bits;
/// kInternal where the bytes are not of the type.
Result<engines::Value> value_of(TypeNumber type, ByteView bytes);

}  // namespace concord::postgres
