#include "json/elements.h"

#include <boost/json/basic_parser_impl.hpp>
#include <boost/json/parse.hpp>

namespace concord::json {

namespace bj = boost::json;

namespace {

constexpr std::string_view kBlanks = " \t\r\n";

/// Keeps nothing; counts values against the limit.
struct Counter {
  static constexpr std::size_t max_object_size = bj::object::max_size();
  static constexpr std::size_t max_array_size = bj::array::max_size();
  static constexpr std::size_t max_key_size = bj::string::max_size();
  static constexpr std::size_t max_string_size = bj::string::max_size();

  std::size_t max_values;
  std::size_t values = 0;

  bool count(bj::error_code& ec) {
    if (++values <= max_values) return true;
    ec = bj::error::array_too_large;
    return false;
  }
  bool on_document_begin(bj::error_code&) { return true; }
  bool on_document_end(bj::error_code&) { return true; }
  bool on_object_begin(bj::error_code& ec) { return count(ec); }
  bool on_object_end(std::size_t, bj::error_code&) { return true; }
  bool on_array_begin(bj::error_code& ec) { return count(ec); }
  bool on_array_end(std::size_t, bj::error_code&) { return true; }
  bool on_key_part(bj::string_view, std::size_t, bj::error_code&) { return true; }
  bool on_key(bj::string_view, std::size_t, bj::error_code&) { return true; }
  bool on_string_part(bj::string_view, std::size_t, bj::error_code&) { return true; }
  bool on_string(bj::string_view, std::size_t, bj::error_code& ec) { return count(ec); }
  bool on_number_part(bj::string_view, bj::error_code&) { return true; }
  bool on_int64(std::int64_t, bj::string_view, bj::error_code& ec) { return count(ec); }
  bool on_uint64(std::uint64_t, bj::string_view, bj::error_code& ec) { return count(ec); }
  bool on_double(double, bj::string_view, bj::error_code& ec) { return count(ec); }
  bool on_bool(bool, bj::error_code& ec) { return count(ec); }
  bool on_null(bj::error_code& ec) { return count(ec); }
  bool on_comment_part(bj::string_view, bj::error_code&) { return true; }
  bool on_comment(bj::string_view, bj::error_code&) { return true; }
};

std::unexpected<Error> malformed(const std::string& problem, std::size_t at) {
  return fail(
      Error{Code::kInvalidArgument, "the JSON text is malformed: " + problem, {}}.with("at", std::to_string(at)));
}

std::unexpected<Error> too_large(const std::string& what, std::size_t limit) {
  return fail(Error{Code::kTooLarge, "the JSON text has more than " + std::to_string(limit) + " " + what, {}}.with(
      "limit", std::to_string(limit)));
}

std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

/// The place behind the well-formed string that begins at `at`.
std::size_t end_of_string(std::string_view text, std::size_t at) {
  for (++at; text[at] != '"'; ++at)
    if (text[at] == '\\') ++at;
  return at + 1;
}

/// What stands between the commas of a well-formed array or object.
std::vector<std::string_view> parts(std::string_view text) {
  const std::string_view inside = trimmed(text.substr(1, text.size() - 2));
  std::vector<std::string_view> found;
  if (inside.empty()) return found;
  std::size_t depth = 0;
  std::size_t begin = 0;
  for (std::size_t at = 0; at < inside.size();) {
    const char c = inside[at];
    if (c == '"') {
      at = end_of_string(inside, at);
      continue;
    }
    if (c == '[' || c == '{') ++depth;
    if (c == ']' || c == '}') --depth;
    if (c == ',' && depth == 0) {
      found.push_back(trimmed(inside.substr(begin, at - begin)));
      begin = at + 1;
    }
    ++at;
  }
  found.push_back(trimmed(inside.substr(begin)));
  return found;
}

}  // namespace

Result<> check(std::string_view text, Limits limits) {
  if (text.size() > limits.max_bytes) return too_large("bytes", limits.max_bytes);
  bj::parse_options options;
  options.max_depth = limits.max_depth;
  bj::basic_parser<Counter> parser(options, limits.max_values);
  bj::error_code ec;
  const std::size_t used = parser.write_some(false, text.data(), text.size(), ec);
  if (parser.handler().values > limits.max_values) return too_large("values", limits.max_values);
  if (ec == bj::error::too_deep) return too_large("levels of nesting", limits.max_depth);
  if (ec) return malformed(text.empty() ? "it is empty" : ec.message(), used);
  if (used != text.size()) return malformed("something follows its end", used);
  return {};
}

Result<std::vector<std::string_view>> elements(std::string_view text, Limits limits) {
  TRY_VOID(check(text, limits));
  const std::string_view array = trimmed(text);
  if (!array.starts_with('[')) return malformed("it must be an array", 0);
  return parts(array);
}

Result<std::vector<Member>> members(std::string_view text, Limits limits) {
  TRY_VOID(check(text, limits));
  const std::string_view object = trimmed(text);
  if (!object.starts_with('{')) return malformed("it must be an object", 0);
  const std::vector<std::string_view> all = parts(object);
  std::vector<Member> found;
  found.reserve(all.size());
  for (const std::string_view part : all) {
    const std::size_t end = end_of_string(part, 0);
    const std::size_t colon = part.find(':', end);
    found.push_back({part.substr(1, end - 2), trimmed(part.substr(colon + 1))});
  }
  return found;
}

Result<std::string> unquoted(std::string_view text) {
  if (!text.starts_with('"')) return malformed("it must be a string", 0);
  bj::error_code ec;
  const bj::value value = bj::parse(bj::string_view(text.data(), text.size()), ec);
  if (ec || !value.is_string()) return malformed("it must be a string", 0);
  const bj::string& string = value.get_string();
  return std::string(string.data(), string.size());
}

}  // namespace concord::json
