#include "gateway/schema_testing.h"

#include <algorithm>
#include <boost/json.hpp>
#include <cmath>
#include <regex>
#include <set>

namespace concord::gateway::testing {
namespace {

namespace bj = boost::json;

using Lines = std::vector<std::string>;

const bj::value* find(const bj::value& value, std::string_view name) {
  const auto* object = value.if_object();
  return object == nullptr ? nullptr : object->if_contains(bj::string_view(name.data(), name.size()));
}

bool is_known(std::string_view keyword) {
  static const std::set<std::string_view> kKnown{"$ref",
                                                 "type",
                                                 "enum",
                                                 "const",
                                                 "properties",
                                                 "required",
                                                 "dependentRequired",
                                                 "additionalProperties",
                                                 "items",
                                                 "oneOf",
                                                 "anyOf",
                                                 "allOf",
                                                 "minimum",
                                                 "maximum",
                                                 "minLength",
                                                 "maxLength",
                                                 "minItems",
                                                 "maxItems",
                                                 "pattern",
                                                 "format",
                                                 "title",
                                                 "description",
                                                 "examples",
                                                 "example",
                                                 "default",
                                                 "writeOnly",
                                                 "readOnly",
                                                 "minProperties",
                                                 "maxProperties",
                                                 "contentMediaType",
                                                 "contentEncoding"};
  return kKnown.contains(keyword);
}

bool has_type(const bj::value& value, std::string_view type) {
  if (type == "object") return value.is_object();
  if (type == "array") return value.is_array();
  if (type == "string") return value.is_string();
  if (type == "boolean") return value.is_bool();
  if (type == "null") return value.is_null();
  if (type == "number") return value.is_number();
  if (type != "integer" || !value.is_number()) return false;
  return !value.is_double() || std::floor(value.get_double()) == value.get_double();
}

std::size_t code_points(bj::string_view text) {
  return static_cast<std::size_t>(std::ranges::count_if(text, [](char c) { return (c & 0xc0) != 0x80; }));
}

bool has_format(const std::string& text, bj::string_view format) {
  static const std::regex kTime(R"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z)");
  static const std::regex kEmail(R"([^@\s]+@[^@\s]+)");
  if (format == "date-time") return std::regex_match(text, kTime);
  if (format == "email") return std::regex_match(text, kEmail);
  return true;  // passwords, references: for people
}

}  // namespace

const bj::value* SchemaChecker::find_reference(std::string_view reference) const {
  if (!reference.starts_with("#/")) return nullptr;
  const bj::value* at = &document_;
  for (reference.remove_prefix(2); at != nullptr;) {
    const std::size_t slash = reference.find('/');
    std::string name(reference.substr(0, slash));
    for (std::size_t i; (i = name.find("~1")) != std::string::npos;) name.replace(i, 2, "/");
    at = find(*at, name);
    if (slash == std::string_view::npos) break;
    reference.remove_prefix(slash + 1);
  }
  return at;
}

const bj::value& SchemaChecker::resolve(const bj::value& value) const {
  const bj::value* reference = find(value, "$ref");
  const bj::value* target =
      reference == nullptr
          ? nullptr
          : find_reference(std::string_view(reference->as_string().data(), reference->as_string().size()));
  return target == nullptr ? value : resolve(*target);
}

void SchemaChecker::check(const bj::value& schema, const bj::value& value, const std::string& where, Lines& out) const {
  if (const bool* all = schema.if_bool()) {
    if (!*all) out.push_back(where + " is not allowed");
    return;
  }
  for (const auto& [keyword, ignored] : schema.as_object())
    if (!is_known(keyword)) out.push_back(where + ": the schema's keyword " + std::string(keyword) + " is not known");
  if (const bj::value* reference = find(schema, "$ref")) {
    const bj::value* target =
        find_reference(std::string_view(reference->as_string().data(), reference->as_string().size()));
    if (target != nullptr) check(*target, value, where, out);
  }
  check_type(schema, value, where, out);
  check_members(schema, value, where, out);
  check_bounds(schema, value, where, out);
  check_choices(schema, value, where, out);
}

void SchemaChecker::check_type(const bj::value& schema, const bj::value& value, const std::string& where,
                               Lines& out) const {
  const bj::value* type = find(schema, "type");
  if (type == nullptr) return;
  bool right = false;
  if (const auto* one = type->if_string()) right = has_type(value, std::string_view(one->data(), one->size()));
  if (const auto* several = type->if_array())
    for (const bj::value& one : *several)
      right = right || has_type(value, std::string_view(one.as_string().data(), one.as_string().size()));
  if (!right)
    out.push_back(where + " is not of type " + bj::serialize(*type) + " but " + bj::serialize(value).substr(0, 80));
}

void SchemaChecker::check_members(const bj::value& schema, const bj::value& value, const std::string& where,
                                  Lines& out) const {
  if (const auto* array = value.if_array()) {
    const bj::value* items = find(schema, "items");
    for (std::size_t i = 0; items != nullptr && i < array->size(); ++i)
      check(*items, (*array)[i], where + "[" + std::to_string(i) + "]", out);
  }
  const auto* object = value.if_object();
  if (object == nullptr) return;
  if (const bj::value* required = find(schema, "required"))
    for (const bj::value& name : required->as_array())
      if (!object->contains(name.as_string())) out.push_back(where + " lacks " + std::string(name.as_string()));
  if (const bj::value* dependent = find(schema, "dependentRequired"))
    for (const auto& [name, wanted] : dependent->as_object())
      for (const bj::value& one : wanted.as_array())
        if (object->contains(name) && !object->contains(one.as_string()))
          out.push_back(where + " has " + std::string(name) + " and lacks " + std::string(one.as_string()));
  const bj::value* properties = find(schema, "properties");
  const bj::value* others = find(schema, "additionalProperties");
  for (const auto& [name, member] : *object) {
    const std::string here = where + "." + std::string(name);
    const bj::value* known =
        properties == nullptr ? nullptr : find(*properties, std::string_view(name.data(), name.size()));
    if (known != nullptr) {
      check(*known, member, here, out);
    } else if (others != nullptr) {
      check(*others, member, here, out);
    }
  }
}

void SchemaChecker::check_bounds(const bj::value& schema, const bj::value& value, const std::string& where,
                                 Lines& out) const {
  const auto within = [&](const char* least, const char* most, double measure) {
    const bj::value* lower = find(schema, least);
    const bj::value* upper = find(schema, most);
    if ((lower != nullptr && measure < lower->to_number<double>()) ||
        (upper != nullptr && measure > upper->to_number<double>()))
      out.push_back(where + " is out of its bounds");
  };
  if (value.is_number()) within("minimum", "maximum", value.to_number<double>());
  if (const auto* array = value.if_array()) within("minItems", "maxItems", static_cast<double>(array->size()));
  if (const auto* object = value.if_object())
    within("minProperties", "maxProperties", static_cast<double>(object->size()));
  const auto* text = value.if_string();
  if (text == nullptr) return;
  within("minLength", "maxLength", static_cast<double>(code_points(*text)));
  const std::string plain(*text);
  if (const bj::value* pattern = find(schema, "pattern"))
    if (!std::regex_search(plain, std::regex(std::string(pattern->as_string()))))
      out.push_back(where + " does not match " + std::string(pattern->as_string()));
  if (const bj::value* format = find(schema, "format"))
    if (!has_format(plain, format->as_string())) out.push_back(where + " is no " + std::string(format->as_string()));
}

bool SchemaChecker::fits(const bj::value& schema, const bj::value& value) const {
  Lines faults;
  check(schema, value, "", faults);
  return faults.empty();
}

void SchemaChecker::check_choices(const bj::value& schema, const bj::value& value, const std::string& where,
                                  Lines& out) const {
  if (const bj::value* constant = find(schema, "const"))
    if (*constant != value) out.push_back(where + " is not " + bj::serialize(*constant));
  if (const bj::value* choices = find(schema, "enum"))
    if (std::ranges::find(choices->as_array(), value) == choices->as_array().end())
      out.push_back(where + " is none of " + bj::serialize(*choices));
  if (const bj::value* all = find(schema, "allOf"))
    for (const bj::value& one : all->as_array()) check(one, value, where, out);
  for (const char* keyword : {"oneOf", "anyOf"}) {
    const bj::value* several = find(schema, keyword);
    if (several == nullptr) continue;
    const auto count =
        std::ranges::count_if(several->as_array(), [&](const bj::value& one) { return fits(one, value); });
    if (count == 0 || (count > 1 && std::string_view(keyword) == "oneOf"))
      out.push_back(where + " fits " + std::to_string(count) + " of " + keyword);
  }
}

}  // namespace concord::gateway::testing
