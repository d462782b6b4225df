#pragma once
// Writes JSON text from the front to the back, without a tree.
//
//   json::Writer out;
//   out.begin_object().field("id", id).field("size", size).key("tags").begin_array().text("a").end().end();
//   return std::move(out).take();

#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace concord::json {

/// Asserts that names and values alternate as JSON wants it. Bytes that are not UTF-8 are written as U+FFFD.
class Writer {
 public:
  Writer& begin_object();
  Writer& begin_array();
  /// Ends the innermost object or array.
  Writer& end();

  Writer& key(std::string_view name);
  Writer& text(std::string_view value);
  Writer& integer(std::int64_t value);
  Writer& boolean(bool value);
  Writer& null();
  /// `json` is well-formed JSON already.
  Writer& raw(std::string_view json);

  template <class T>
  Writer& field(std::string_view name, const T& value) {
    key(name);
    if constexpr (std::is_same_v<T, bool>)
      return boolean(value);
    else if constexpr (std::is_integral_v<T>)
      return integer(static_cast<std::int64_t>(value));
    else
      return text(value);
  }

  /// The finished text; asserts that everything begun has ended.
  std::string take() &&;

 private:
  enum class Level : std::uint8_t { kObject, kArray };
  void before_value();

  std::string out_;
  std::vector<Level> open_;
  bool first_ = true;     // nothing yet in the innermost level
  bool has_key_ = false;  // a name waits for its value
};

/// Appends `text` with its quotes and escapes.
void append_quoted(std::string& out, std::string_view text);

}  // namespace concord::json
