// Delta operations as values: the form in which editors and REST clients say them.

#include <cmath>

#include "crdt/types.h"

namespace concord::crdt {
namespace {

constexpr double kMaxLength = 9007199254740991.0;  // 2^53 - 1

std::unexpected<Error> bad_op(std::size_t number, const char* what) {
  return std::unexpected<Error>(Error{Code::kInvalidArgument, std::string("malformed delta: ") + what, {}}
                                    .with("field", "delta")
                                    .with("operation", std::to_string(number)));
}

Result<DeltaOp> op_from_any(const Any& value, std::size_t number) {
  DeltaOp op;
  const Any* insert = value.find("insert");
  const Any* count = value.find("retain");
  const Any* erased = value.find("delete");
  const int forms = (insert != nullptr) + (count != nullptr) + (erased != nullptr);
  if (forms != 1) return bad_op(number, "an operation has one of insert, retain and delete");
  if (insert != nullptr) {
    if (const auto* text = insert->as<std::string>()) {
      op = DeltaOp::insert(*text);
    } else {
      if (!insert->is_object()) return bad_op(number, "an insert is a string or an object");
      op = DeltaOp::insert_embed(*insert);
    }
  } else {
    const auto* length = (count != nullptr ? count : erased)->as<double>();
    if (length == nullptr || !(*length >= 0 && *length <= kMaxLength) || std::floor(*length) != *length)
      return bad_op(number, "a length is a whole number");
    const auto units = static_cast<std::uint64_t>(*length);
    op = count != nullptr ? DeltaOp::retain(units) : DeltaOp::erase(units);
  }
  if (const Any* attributes = value.find("attributes")) {
    const auto* members = attributes->as<AnyObject>();
    if (members == nullptr) return bad_op(number, "attributes are an object");
    for (const AnyMember& member : *members) op.attributes.emplace_back(member.name, member.value);
  }
  return op;
}

}  // namespace

DeltaOp DeltaOp::insert(std::string text, Attributes attributes) {
  DeltaOp op;
  op.text = std::move(text);
  op.attributes = std::move(attributes);
  return op;
}

DeltaOp DeltaOp::insert_embed(Any embed, Attributes attributes) {
  DeltaOp op;
  op.kind = Kind::kEmbed;
  op.embed = std::move(embed);
  op.attributes = std::move(attributes);
  return op;
}

DeltaOp DeltaOp::retain(std::uint64_t length, Attributes attributes) {
  DeltaOp op;
  op.kind = Kind::kRetain;
  op.length = length;
  op.attributes = std::move(attributes);
  return op;
}

DeltaOp DeltaOp::erase(std::uint64_t length) {
  DeltaOp op;
  op.kind = Kind::kDelete;
  op.length = length;
  return op;
}

Any delta_to_any(std::span<const DeltaOp> delta) {
  AnyArray out;
  for (const DeltaOp& op : delta) {
    AnyObject members;
    switch (op.kind) {
      case DeltaOp::Kind::kInsert:
        members.push_back({"insert", Any(op.text)});
        break;
      case DeltaOp::Kind::kEmbed:
        members.push_back({"insert", op.embed});
        break;
      case DeltaOp::Kind::kRetain:
        members.push_back({"retain", Any(static_cast<double>(op.length))});
        break;
      case DeltaOp::Kind::kDelete:
        members.push_back({"delete", Any(static_cast<double>(op.length))});
        break;
    }
    if (!op.attributes.empty()) {
      AnyObject attributes;
      for (const auto& [name, value] : op.attributes) set_member(attributes, name, value);
      members.push_back({"attributes", Any(std::move(attributes))});
    }
    out.push_back(Any(std::move(members)));
  }
  return Any(std::move(out));
}

Result<std::vector<DeltaOp>> delta_from_any(const Any& value) {
  const auto* ops = value.as<AnyArray>();
  if (ops == nullptr)
    return fail(Error{Code::kInvalidArgument, "malformed delta: it is no array", {}}.with("field", "delta"));
  std::vector<DeltaOp> delta;
  delta.reserve(ops->size());
  for (const Any& op : *ops) {
    TRY(DeltaOp read, op_from_any(op, delta.size()));
    delta.push_back(std::move(read));
  }
  return delta;
}

}  // namespace concord::crdt
