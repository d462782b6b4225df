#include "engines/tables.h"

#include <cassert>

namespace concord::engines {
namespace {

template <class T>
const T& read_as(const Value& value) {
  static const T kNull{};
  if (is_null(value)) return kNull;
  const T* held = std::get_if<T>(&value);
  assert(held != nullptr);
  return *held;
}

}  // namespace

std::int64_t as_integer(const Value& value) { return read_as<std::int64_t>(value); }
const std::string& as_string(const Value& value) { return read_as<std::string>(value); }
const Bytes& as_blob(const Value& value) { return read_as<Bytes>(value); }

}  // namespace concord::engines
