#include "documents/ot_delta.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "crdt/any_json.h"
#include "documents/formats_parts.h"
#include "ot/utf16.h"

namespace concord::documents {
namespace {

using crdt::Any;
using crdt::AnyMember;
using crdt::AnyObject;
using crdt::DeltaOp;

constexpr double kMaxLength = 1U << 30U;

/// Members sorted by name at every depth, so that equal values are equal bytes.
Any canonical(const Any& value) {
  if (const auto* array = value.as<crdt::AnyArray>()) {
    crdt::AnyArray out;
    out.reserve(array->size());
    for (const Any& element : *array) out.push_back(canonical(element));
    return out;
  }
  if (const auto* object = value.as<AnyObject>()) {
    AnyObject out;
    out.reserve(object->size());
    for (const AnyMember& member : *object) out.push_back({member.name, canonical(member.value)});
    std::ranges::sort(out, {}, &AnyMember::name);
    return out;
  }
  return value;
}

ot::Attributes to_ot(const crdt::Attributes& attributes, bool keep_removals) {
  ot::Attributes out;
  for (const auto& [key, value] : attributes)
    if (keep_removals || !value.is_null()) out.set(key, crdt::to_json(canonical(value)));
  return out;
}

std::string embed_to_ot(const Any& embed) {
  if (embed.is_object()) return crdt::to_json(canonical(embed));
  return R"({"y-embed":)" + (embed.is_undefined() ? "null" : crdt::to_json(canonical(embed))) + "}";
}

Result<crdt::Attributes> from_ot(const ot::Attributes& attributes) {
  crdt::Attributes out;
  out.reserve(attributes.size());
  for (const ot::Attribute& attribute : attributes) {
    TRY(Any value, crdt::parse_json(attribute.value));
    out.emplace_back(attribute.key, std::move(value));
  }
  return out;
}

std::unexpected<Error> bad(std::size_t index, std::string_view field, std::string_view problem) {
  std::string place = "ops[" + std::to_string(index) + "]";
  if (!field.empty()) place += "." + std::string(field);
  return fail(Error{Code::kInvalidArgument, place + " " + std::string(problem), {{"field", place}}});
}

Result<std::size_t> read_length(const Any& value, std::size_t index, std::string_view field) {
  const auto* number = value.as<double>();
  if (number == nullptr || *number < 1 || *number > kMaxLength || std::floor(*number) != *number)
    return bad(index, field, "must be a whole number from 1 to 2^30");
  return static_cast<std::size_t>(*number);
}

Result<ot::Attributes> read_attributes(const AnyObject& op, std::size_t index, bool insertion) {
  const DeltaLimits limits;
  const auto found = std::ranges::find(op, "attributes", &AnyMember::name);
  if (found == op.end() || found->value.is_null()) return ot::Attributes();
  const auto* members = found->value.as<AnyObject>();
  if (members == nullptr) return bad(index, "attributes", "must be an object");
  if (members->size() > limits.max_attributes) return bad(index, "attributes", "has too many members");
  ot::Attributes out;
  for (const AnyMember& member : *members) {
    if (member.name.empty() || member.name.size() > limits.max_name_bytes)
      return bad(index, "attributes", "has a name that is empty or too long");
    if (insertion && member.value.is_null()) continue;
    out.set(member.name, crdt::to_json(canonical(member.value)));
  }
  return out;
}

Result<ot::Op> read_insert(const Any& value, std::size_t index) {
  ot::Op op;
  if (const auto* text = value.as<std::string>()) {
    op.kind = ot::OpKind::kInsert;
    op.text = ot::to_utf16(*text);
    // Half a pair comes as three bytes that are no UTF-8, which do not come back.
    if (ot::to_utf8(op.text) != *text) return bad(index, "insert", "holds half a character");
    return op;
  }
  if (!formats::is_embed(value, {})) return bad(index, "insert", "must be a text or an object with one member");
  op.kind = ot::OpKind::kEmbed;
  op.embed = crdt::to_json(canonical(value));
  return op;
}

Result<ot::Op> read_op(const Any& value, std::size_t index) {
  const auto* object = value.as<AnyObject>();
  if (object == nullptr) return bad(index, "", "must be an object");
  ot::Op op;
  unsigned kinds = 0;
  for (const AnyMember& member : *object) {
    if (member.name == "insert") {
      TRY(op, read_insert(member.value, index));
    } else if (member.name == "retain" || member.name == "delete") {
      op.kind = member.name == "retain" ? ot::OpKind::kRetain : ot::OpKind::kDelete;
      TRY(op.length, read_length(member.value, index, member.name));
    } else if (member.name != "attributes") {
      return bad(index, "", "has a member that no operation has");
    }
    kinds += member.name == "attributes" ? 0 : 1;
  }
  if (kinds != 1) return bad(index, "", "must have one of insert, retain and delete");
  if (op.kind != ot::OpKind::kDelete) {
    TRY(op.attributes, read_attributes(*object, index, op.is_insertion()));
  }
  return op;
}

void append_attributes(std::string& out, const ot::Attributes& attributes) {
  if (attributes.empty()) return;
  out += R"(,"attributes":{)";
  bool first = true;
  for (const auto& [key, value] : attributes) {
    if (!std::exchange(first, false)) out += ',';
    crdt::append_json_string(out, key);
    out += ':';
    out += value;
  }
  out += '}';
}

}  // namespace

ot::Delta to_ot(std::span<const DeltaOp> delta) {
  ot::Delta out;
  for (const DeltaOp& op : delta) {
    switch (op.kind) {
      case DeltaOp::Kind::kEmbed:
        out.insert_embed(embed_to_ot(op.embed), to_ot(op.attributes, false));
        break;
      case DeltaOp::Kind::kInsert:
        out.insert(ot::to_utf16(op.text), to_ot(op.attributes, false));
        break;
      case DeltaOp::Kind::kRetain:
        out.retain(op.length, to_ot(op.attributes, true));
        break;
      case DeltaOp::Kind::kDelete:
        out.remove(op.length);
        break;
    }
  }
  return std::move(out.chop());
}

Result<std::vector<DeltaOp>> from_ot(const ot::Delta& delta) {
  std::vector<DeltaOp> out;
  out.reserve(delta.ops().size());
  for (const ot::Op& op : delta.ops()) {
    TRY(crdt::Attributes attributes, from_ot(op.attributes));
    switch (op.kind) {
      case ot::OpKind::kRetain:
        out.push_back(DeltaOp::retain(op.length, std::move(attributes)));
        break;
      case ot::OpKind::kDelete:
        out.push_back(DeltaOp::erase(op.length));
        break;
      case ot::OpKind::kInsert:
        out.push_back(DeltaOp::insert(ot::to_utf8(op.text), std::move(attributes)));
        break;
      case ot::OpKind::kEmbed: {
        TRY(Any embed, crdt::parse_json(op.embed));
        out.push_back(DeltaOp::insert_embed(std::move(embed), std::move(attributes)));
        break;
      }
    }
  }
  return out;
}

Result<ot::Delta> change_from_json(std::string_view json) {
  TRY(const Any value, formats::parse_bounded_json(json, {}));
  const auto* ops = value.as<crdt::AnyArray>();
  if (ops == nullptr) return fail(Error{Code::kInvalidArgument, "ops must be an array", {{"field", "ops"}}});
  ot::Delta out;
  for (std::size_t i = 0; i < ops->size(); ++i) {
    TRY(ot::Op op, read_op((*ops)[i], i));
    if (op.is_insertion() && !out.empty() && out.ops().back().kind == ot::OpKind::kDelete)
      return bad(i, "", "must stand before the deletion, as quill-delta writes it");
    out.push(std::move(op));
  }
  return std::move(out.chop());
}

std::string change_to_json(const ot::Delta& change) {
  std::string out = "[";
  for (const ot::Op& op : change.ops()) {
    if (out.size() > 1) out += ',';
    switch (op.kind) {
      case ot::OpKind::kInsert:
        out += R"({"insert":)";
        crdt::append_json_string(out, ot::to_utf8(op.text));
        break;
      case ot::OpKind::kEmbed:
        out += R"({"insert":)";
        out += op.embed;
        break;
      case ot::OpKind::kRetain:
        out += R"({"retain":)" + std::to_string(op.length);
        break;
      case ot::OpKind::kDelete:
        out += R"({"delete":)" + std::to_string(op.length);
        break;
    }
    append_attributes(out, op.attributes);
    out += '}';
  }
  return out + "]";
}

}  // namespace concord::documents
