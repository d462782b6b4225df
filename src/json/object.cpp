#include "json/object.h"

#include <boost/json/basic_parser_impl.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <boost/json/value_stack.hpp>

#include <algorithm>

namespace concord::json {

namespace bj = boost::json;

namespace {

/// Builds the tree and counts: all values against the limit, and all members, so that a name that was given
/// twice (the tree keeps one of them) shows as a difference.
struct Builder {
  static constexpr std::size_t max_object_size = bj::object::max_size();
  static constexpr std::size_t max_array_size = bj::array::max_size();
  static constexpr std::size_t max_key_size = bj::string::max_size();
  static constexpr std::size_t max_string_size = bj::string::max_size();

  std::size_t max_values;
  std::size_t values = 0;
  std::size_t members = 0;
  bj::value_stack stack{};

  explicit Builder(std::size_t limit) : max_values(limit) { stack.reset(); }

  bool count(bj::error_code& ec) {
    if (++values <= max_values) return true;
    ec = bj::error::array_too_large;
    return false;
  }
  bool on_document_begin(bj::error_code&) { return true; }
  bool on_document_end(bj::error_code&) { return true; }
  bool on_object_begin(bj::error_code& ec) { return count(ec); }
  bool on_object_end(std::size_t n, bj::error_code&) {
    members += n;
    stack.push_object(n);
    return true;
  }
  bool on_array_begin(bj::error_code& ec) { return count(ec); }
  bool on_array_end(std::size_t n, bj::error_code&) { return stack.push_array(n), true; }
  bool on_key_part(bj::string_view s, std::size_t, bj::error_code&) { return stack.push_chars(s), true; }
  bool on_key(bj::string_view s, std::size_t, bj::error_code&) { return stack.push_key(s), true; }
  bool on_string_part(bj::string_view s, std::size_t, bj::error_code&) { return stack.push_chars(s), true; }
  bool on_string(bj::string_view s, std::size_t, bj::error_code& ec) { return stack.push_string(s), count(ec); }
  bool on_number_part(bj::string_view, bj::error_code&) { return true; }
  bool on_int64(std::int64_t i, bj::string_view, bj::error_code& ec) { return stack.push_int64(i), count(ec); }
  bool on_uint64(std::uint64_t u, bj::string_view, bj::error_code& ec) { return stack.push_uint64(u), count(ec); }
  bool on_double(double d, bj::string_view, bj::error_code& ec) { return stack.push_double(d), count(ec); }
  bool on_bool(bool b, bj::error_code& ec) { return stack.push_bool(b), count(ec); }
  bool on_null(bj::error_code& ec) { return stack.push_null(), count(ec); }
  bool on_comment_part(bj::string_view, bj::error_code&) { return true; }
  bool on_comment(bj::string_view, bj::error_code&) { return true; }
};

std::size_t members_of(const bj::value& value) {
  std::size_t total = 0;
  if (const auto* object = value.if_object()) {
    total = object->size();
    for (const auto& member : *object) total += members_of(member.value());
  } else if (const auto* array = value.if_array()) {
    for (const auto& element : *array) total += members_of(element);
  }
  return total;
}

std::string_view kind_name(const bj::value& value) {
  switch (value.kind()) {
    case bj::kind::null:
      return "null";
    case bj::kind::bool_:
      return "a boolean";
    case bj::kind::string:
      return "a string";
    case bj::kind::array:
      return "an array";
    case bj::kind::object:
      return "an object";
    default:
      return "a number";
  }
}

/// What an error may repeat of a value: its beginning, cut between characters.
std::string shown(std::string_view value) {
  constexpr std::size_t kMost = 80;
  if (value.size() <= kMost) return std::string(value);
  std::size_t end = kMost;
  while (end > 0 && (static_cast<unsigned char>(value[end]) & 0xc0U) == 0x80U) --end;
  return std::string(value.substr(0, end)) + "…";
}

Error missing(std::string_view field) { return field_error(field, "is required"); }

Error wrong_type(std::string_view field, std::string_view wanted, const bj::value& got) {
  return field_error(field, std::string("must be ") + std::string(wanted) + ", not " + std::string(kind_name(got)));
}

bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == '\x7f'; }

Error length_error(std::string_view field, const TextRule& rule, std::string_view value) {
  const bool short_of = value.size() < rule.least;
  const std::size_t limit = short_of ? rule.least : rule.most;
  const std::string problem = short_of && value.empty()
                                  ? "must not be empty"
                                  : std::string(short_of ? "must have at least " : "must have at most ") +
                                        std::to_string(limit) + " bytes, and has " + std::to_string(value.size());
  Error error = field_error(field, problem).with("limit", std::to_string(limit));
  return std::move(error).with("value", rule.secret ? "(" + std::to_string(value.size()) + " bytes)" : shown(value));
}

Result<std::string> check_text(std::string_view field, const TextRule& rule, const bj::value& value) {
  const auto* string = value.if_string();
  if (string == nullptr) return fail(wrong_type(field, "a string", value));
  const std::string_view text(string->data(), string->size());
  if (text.size() < rule.least || text.size() > rule.most) return fail(length_error(field, rule, text));
  if (!rule.any_character && std::ranges::any_of(text, is_control))
    return fail(field_error(field, "must not have control characters"));
  return std::string(text);
}

Result<std::int64_t> check_integer(std::string_view field, std::int64_t least, std::int64_t most,
                                   const bj::value& value) {
  if (!value.is_number()) return fail(wrong_type(field, "an integer", value));
  if (value.is_double()) return fail(field_error(field, "must be an integer, without fraction or exponent"));
  const bool over = value.is_uint64();  // the parser uses it only beyond the range of int64
  const std::int64_t number = over ? 0 : value.get_int64();
  if (!over && number >= least && number <= most) return number;
  const bool low = !over && number < least;
  const std::string limit = std::to_string(low ? least : most);
  return fail(field_error(field, (low ? "must be at least " : "must be at most ") + limit,
                          over ? std::to_string(value.get_uint64()) : std::to_string(number))
                  .with("limit", limit));
}

Result<bool> check_boolean(std::string_view field, const bj::value& value) {
  if (const bool* flag = value.if_bool()) return *flag;
  return fail(wrong_type(field, "true or false", value));
}

const bj::value* find(const bj::object& fields, std::string_view field) {
  const bj::value* value = fields.if_contains(bj::string_view(field.data(), field.size()));
  return value == nullptr || value->is_null() ? nullptr : value;
}

template <class T, class Check>
Result<T> required(const bj::object& fields, std::string_view field, Check check) {
  const bj::value* value = find(fields, field);
  if (value == nullptr) return fail(missing(field));
  return check(*value);
}

template <class T, class Check>
Result<std::optional<T>> optional(const bj::object& fields, std::string_view field, Check check) {
  const bj::value* value = find(fields, field);
  if (value == nullptr) return std::optional<T>();
  TRY(T checked, check(*value));
  return std::optional<T>(std::move(checked));
}

std::unexpected<Error> malformed(const std::string& problem, std::size_t at) {
  return fail(Error{Code::kInvalidArgument, "the JSON text is malformed: " + problem, {}}
                  .with("field", "body")
                  .with("at", std::to_string(at)));
}

std::unexpected<Error> too_large(const std::string& what, std::size_t limit, std::size_t value) {
  return fail(Error{Code::kTooLarge, "the JSON text has more than " + std::to_string(limit) + " " + what, {}}
                  .with("field", "body")
                  .with("limit", std::to_string(limit))
                  .with("value", std::to_string(value)));
}

}  // namespace

Error field_error(std::string_view field, std::string_view problem, std::string_view value) {
  Error error{Code::kInvalidArgument, "'" + std::string(field) + "' " + std::string(problem), {}};
  error.context.emplace_back("field", field);
  if (!value.empty()) error.context.emplace_back("value", shown(value));
  return error;
}

Object::Object(std::unique_ptr<bj::object> fields) : fields_(std::move(fields)) {}
Object::Object(Object&&) noexcept = default;
Object& Object::operator=(Object&&) noexcept = default;
Object::~Object() = default;

Result<Object> Object::parse(std::string_view text, Limits limits) {
  if (text.size() > limits.max_bytes) return too_large("bytes", limits.max_bytes, text.size());
  bj::parse_options options;
  options.max_depth = limits.max_depth;
  bj::basic_parser<Builder> parser(options, limits.max_values);
  bj::error_code ec;
  const std::size_t used = parser.write_some(false, text.data(), text.size(), ec);
  Builder& builder = parser.handler();
  if (builder.values > limits.max_values) return too_large("values", limits.max_values, builder.values);
  if (ec == bj::error::too_deep) return too_large("levels of nesting", limits.max_depth, limits.max_depth + 1);
  if (ec) return malformed(text.empty() ? "it is empty" : ec.message(), used);
  if (used != text.size()) return malformed("something follows its end", used);

  bj::value tree = builder.stack.release();
  if (!tree.is_object()) return malformed("it must be an object, not " + std::string(kind_name(tree)), 0);
  if (members_of(tree) != builder.members) return malformed("a name is given twice in one object", 0);
  return Object(std::make_unique<bj::object>(std::move(tree.get_object())));
}

bool Object::has(std::string_view field) const { return find(*fields_, field) != nullptr; }
std::size_t Object::size() const { return fields_->size(); }

const bj::value* Object::raw(std::string_view field) const {
  return fields_->if_contains(bj::string_view(field.data(), field.size()));
}

Result<std::string> Object::text(std::string_view field, TextRule rule) const {
  return required<std::string>(*fields_, field, [&](const bj::value& v) { return check_text(field, rule, v); });
}

Result<std::int64_t> Object::integer(std::string_view field, std::int64_t least, std::int64_t most) const {
  return required<std::int64_t>(*fields_, field,
                                [&](const bj::value& v) { return check_integer(field, least, most, v); });
}

Result<bool> Object::boolean(std::string_view field) const {
  return required<bool>(*fields_, field, [&](const bj::value& v) { return check_boolean(field, v); });
}

Result<Object> Object::object(std::string_view field) const {
  const bj::value* value = find(*fields_, field);
  if (value == nullptr) return fail(missing(field));
  const auto* inner = value->if_object();
  if (inner == nullptr) return fail(wrong_type(field, "an object", *value));
  return Object(std::make_unique<bj::object>(*inner));
}

Result<std::optional<std::string>> Object::optional_text(std::string_view field, TextRule rule) const {
  return optional<std::string>(*fields_, field, [&](const bj::value& v) { return check_text(field, rule, v); });
}

Result<std::optional<std::int64_t>> Object::optional_integer(std::string_view field, std::int64_t least,
                                                             std::int64_t most) const {
  return optional<std::int64_t>(*fields_, field,
                                [&](const bj::value& v) { return check_integer(field, least, most, v); });
}

Result<std::optional<bool>> Object::optional_boolean(std::string_view field) const {
  return optional<bool>(*fields_, field, [&](const bj::value& v) { return check_boolean(field, v); });
}

}  // namespace concord::json
