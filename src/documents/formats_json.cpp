#include <algorithm>
#include <utility>

#include "crdt/any_json.h"
#include "documents/formats.h"
#include "documents/formats_parts.h"

namespace concord::documents {
namespace formats {
namespace {

struct Shape {
  std::size_t values = 1;  // an upper bound: one, and one more for each comma and each bracket
  std::size_t depth = 0;
};

Shape shape_of(std::string_view json) {
  Shape shape;
  std::size_t depth = 0;
  bool in_string = false;
  for (std::size_t i = 0; i < json.size(); ++i) {
    const char c = json[i];
    if (in_string) {
      if (c == '\\') ++i;
      if (c == '"') in_string = false;
      continue;
    }
    if (c == '"') in_string = true;
    if (c == ',' || c == '[' || c == '{') ++shape.values;
    if (c == '[' || c == '{') shape.depth = std::max(shape.depth, ++depth);
    if ((c == ']' || c == '}') && depth > 0) --depth;
  }
  return shape;
}

std::unexpected<Error> too_large(std::string message, std::size_t limit, std::size_t value) {
  return fail(
      Error{Code::kTooLarge, std::move(message), {{"limit", std::to_string(limit)}, {"value", std::to_string(value)}}});
}

}  // namespace

Result<crdt::Any> parse_bounded_json(std::string_view json, const DeltaLimits& limits) {
  if (json.size() > limits.max_bytes) return too_large("the JSON is too long", limits.max_bytes, json.size());
  const Shape shape = shape_of(json);
  if (shape.depth > limits.max_depth) return too_large("the JSON is nested too deeply", limits.max_depth, shape.depth);
  // The shortest operation, {"insert":"a"}, has two values in 15 bytes.
  const std::size_t most_values = 64 + json.size() / 5;
  if (shape.values > most_values)
    return too_large("the JSON packs too many values into its length", most_values, shape.values);
  return crdt::parse_json(json);
}

bool is_embed(const crdt::Any& value, const DeltaLimits& limits) {
  const auto* members = value.as<crdt::AnyObject>();
  return members != nullptr && members->size() == 1 && !members->front().name.empty() &&
         members->front().name.size() <= limits.max_name_bytes;
}

void push_text(std::vector<crdt::DeltaOp>& out, std::string_view text, const crdt::Attributes& attributes) {
  if (text.empty()) return;
  if (!out.empty() && out.back().kind == crdt::DeltaOp::Kind::kInsert && out.back().attributes == attributes) {
    out.back().text += text;
  } else {
    out.push_back(crdt::DeltaOp::insert(std::string(text), attributes));
  }
}

}  // namespace formats

namespace {

using crdt::Any;
using crdt::AnyMember;
using crdt::AnyObject;
using crdt::DeltaOp;

std::unexpected<Error> bad(std::size_t index, std::string_view field, std::string_view problem) {
  std::string place = "content[" + std::to_string(index) + "]";
  if (!field.empty()) place += "." + std::string(field);
  return fail(Error{Code::kInvalidArgument, place + " " + std::string(problem), {{"field", place}}});
}

Result<crdt::Attributes> attributes_of(const Any& value, std::size_t index, const DeltaLimits& limits) {
  const auto* members = value.as<AnyObject>();
  if (members == nullptr) return bad(index, "attributes", "must be an object");
  if (members->size() > limits.max_attributes) {
    auto error = bad(index, "attributes", "has too many members").error();
    error.code = Code::kTooLarge;
    return fail(std::move(error)
                    .with("limit", std::to_string(limits.max_attributes))
                    .with("value", std::to_string(members->size())));
  }
  crdt::Attributes out;
  for (const AnyMember& member : *members) {
    if (member.name.empty()) return bad(index, "attributes", "has a member without a name");
    if (member.name.size() > limits.max_name_bytes) {
      auto error = bad(index, "attributes", "has a member with too long a name").error();
      return fail(std::move(error)
                      .with("limit", std::to_string(limits.max_name_bytes))
                      .with("value", std::to_string(member.name.size())));
    }
    if (!member.value.is_null()) out.emplace_back(member.name, member.value);
  }
  return out;
}

Result<DeltaOp> operation_of(const Any& value, std::size_t index, const DeltaLimits& limits) {
  const auto* members = value.as<AnyObject>();
  if (members == nullptr) return bad(index, "", "must be an object");
  const Any* insert = nullptr;
  crdt::Attributes attributes;
  for (const AnyMember& member : *members) {
    if (member.name == "insert") {
      insert = &member.value;
    } else if (member.name == "attributes") {
      TRY(attributes, attributes_of(member.value, index, limits));
    } else if (member.name == "retain" || member.name == "delete") {
      return bad(index, member.name, "is not part of a document, which consists of insertions alone");
    } else {
      return bad(index, "", "has a member other than insert and attributes");
    }
  }
  if (insert == nullptr) return bad(index, "insert", "is required");
  if (const auto* text = insert->as<std::string>()) {
    if (text->empty()) return bad(index, "insert", "must not be empty");
    return DeltaOp::insert(*text, std::move(attributes));
  }
  if (!formats::is_embed(*insert, limits))
    return bad(index, "insert", "must be a string or an object with one member, an embed");
  return DeltaOp::insert_embed(*insert, std::move(attributes));
}

bool ends_with_newline(std::span<const DeltaOp> document) {
  return !document.empty() && document.back().kind == DeltaOp::Kind::kInsert && document.back().text.ends_with('\n');
}

}  // namespace

std::string delta_to_json(std::span<const DeltaOp> document) { return crdt::to_json(crdt::delta_to_any(document)); }

Result<std::vector<DeltaOp>> delta_from_json(std::string_view json, const DeltaLimits& limits) {
  auto parsed = formats::parse_bounded_json(json, limits);
  if (!parsed) return fail(std::move(parsed).error().with("field", "content"));
  const auto* operations = parsed->as<crdt::AnyArray>();
  if (operations == nullptr)
    return fail(Error{Code::kInvalidArgument, "content must be an array of operations", {{"field", "content"}}});
  std::vector<DeltaOp> out;
  out.reserve(operations->size());
  for (std::size_t i = 0; i < operations->size(); ++i) {
    TRY(DeltaOp op, operation_of((*operations)[i], i, limits));
    out.push_back(std::move(op));
  }
  return out;
}

std::string to_plain_text(std::span<const DeltaOp> document) {
  std::string out;
  for (const DeltaOp& op : document)
    if (op.kind == DeltaOp::Kind::kInsert) out += op.text;
  return out;
}

std::vector<DeltaOp> from_plain_text(std::string_view text) {
  std::vector<DeltaOp> out;
  formats::push_text(out, text, {});
  return out;
}

void match_final_newline(std::span<const DeltaOp> current, std::vector<DeltaOp>& document) {
  if (ends_with_newline(current) || !ends_with_newline(document) || !document.back().attributes.empty()) return;
  document.back().text.pop_back();
  if (document.back().text.empty()) document.pop_back();
}

}  // namespace concord::documents
