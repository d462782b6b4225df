#pragma once
// A JSON object from outside, read field by field: every field has a type and bounds, and what does not fit
// is kInvalidArgument (kTooLarge for the whole text) with the context `field`, and `limit` and `value` where
// they apply.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace boost::json {
class object;
class value;
}  // namespace boost::json

namespace concord::json {

struct Limits {
  std::size_t max_bytes = 64u << 10u;
  std::size_t max_values = 4096;  // of all depths together; bounds the memory to a small multiple of max_bytes
  std::size_t max_depth = 16;
};

/// Bounds of a string in bytes of UTF-8, both inclusive.
struct TextRule {
  std::size_t least = 0;
  std::size_t most = 1024;
  bool secret = false;         // the value is never repeated in an error
  bool any_character = false;  // otherwise control characters (below U+0020, and U+007F) are refused
};

/// One parsed object. Move only; one thread at a time.
class Object {
 public:
  /// The whole of `text` must be one object: well-formed UTF-8, no comments, no name twice in one object.
  static Result<Object> parse(std::string_view text, Limits limits = {});

  Object(Object&&) noexcept;
  Object& operator=(Object&&) noexcept;
  ~Object();

  /// Whether the field is there and not null.
  bool has(std::string_view field) const;
  std::size_t size() const;

  /// A required field: absent or null is an error.
  Result<std::string> text(std::string_view field, TextRule rule) const;
  Result<std::int64_t> integer(std::string_view field, std::int64_t least, std::int64_t most) const;
  Result<bool> boolean(std::string_view field) const;
  /// A copy of the object in the field.
  Result<Object> object(std::string_view field) const;

  /// The same, where absent or null is nullopt.
  Result<std::optional<std::string>> optional_text(std::string_view field, TextRule rule) const;
  Result<std::optional<std::int64_t>> optional_integer(std::string_view field, std::int64_t least,
                                                       std::int64_t most) const;
  Result<std::optional<bool>> optional_boolean(std::string_view field) const;

  /// The field as Boost.JSON holds it (include its header to look inside), or null where it is absent. Lives
  /// as long as this object.
  const boost::json::value* raw(std::string_view field) const;

 private:
  explicit Object(std::unique_ptr<boost::json::object> fields);
  std::unique_ptr<boost::json::object> fields_;
};

/// The error for a field whose value is wrong for a reason of the caller's own; same shape as those above.
Error field_error(std::string_view field, std::string_view problem, std::string_view value = {});

}  // namespace concord::json
