#pragma once
// Any: the values that maps, arrays, embeds and formats hold. The same set as lib0's `any` encoding: what JavaScript
// can say, so that nothing changes on a way through us. JSON is in any_json.h, the wire form in any_codec.h.

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/bytes.h"

namespace concord::crdt {

class Any;
struct AnyMember;

struct Undefined {
  bool operator==(const Undefined&) const = default;
};
struct Null {
  bool operator==(const Null&) const = default;
};
/// A 64-bit integer of its own type (JavaScript's bigint); plain numbers are doubles.
struct BigInt {
  std::int64_t value = 0;
  bool operator==(const BigInt&) const = default;
};
using AnyArray = std::vector<Any>;
/// Members in the order JavaScript would list them: integer-like keys ascending, then the others as inserted.
using AnyObject = std::vector<AnyMember>;

/// A value without identity; copies are deep. Strings are UTF-8.
class Any {
 public:
  using Variant = std::variant<Undefined, Null, bool, double, BigInt, std::string, Bytes, AnyArray, AnyObject>;

  Any();  // undefined
  Any(Undefined);
  Any(Null);
  Any(bool value);
  Any(double value);
  Any(int value);
  Any(BigInt value);
  Any(const char* text);
  Any(std::string_view text);
  Any(std::string text);
  Any(Bytes bytes);
  Any(AnyArray elements);
  Any(AnyObject members);

  bool is_undefined() const { return holds<Undefined>(); }
  bool is_null() const { return holds<Null>(); }
  bool is_object() const { return holds<AnyObject>(); }
  bool is_array() const { return holds<AnyArray>(); }

  template <class T>
  bool holds() const {
    return std::holds_alternative<T>(value_);
  }
  /// The value where it is a T, else null: `if (const auto* text = any.as<std::string>())`.
  template <class T>
  const T* as() const {
    return std::get_if<T>(&value_);
  }
  template <class T>
  T* as() {
    return std::get_if<T>(&value_);
  }
  /// The member of that name, or null where this is no object or has none.
  const Any* find(std::string_view name) const;
  const Variant& variant() const { return value_; }

  /// Deep; numbers as JavaScript's === (except that NaN equals itself), members in any order.
  bool operator==(const Any& other) const;

 private:
  Variant value_;
};

struct AnyMember {
  std::string name;
  Any value;
};

/// Sets or replaces a member and keeps JavaScript's order of keys.
void set_member(AnyObject& object, std::string_view name, Any value);

}  // namespace concord::crdt
