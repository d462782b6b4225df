#include "operations.h"

#include "crdt/any_codec.h"

namespace concord::crdt {
namespace {

template <class T>
Result<> done(const Result<T>& result) {
  if (!result) return fail(result.error());
  return {};
}

}  // namespace

Result<std::uint64_t> Operations::uint() {
  std::uint64_t value = 0;
  if (!in_.uint(value)) return fail(in_.error("operation"));
  return value;
}

Result<std::size_t> Operations::size() {
  TRY(const std::uint64_t value, uint());
  return static_cast<std::size_t>(value);
}

Result<std::string> Operations::text() {
  ByteView value;
  if (!in_.var_bytes(value)) return fail(in_.error("operation"));
  return std::string(as_text(value));
}

Result<Any> Operations::any() {
  Any value;
  if (!read_any(in_, value)) return fail(in_.error("operation"));
  return value;
}

Result<AnyArray> Operations::values() {
  TRY(const Any value, any());
  const auto* elements = value.as<AnyArray>();
  if (elements == nullptr) return fail(Code::kInvalidArgument, "the values are no array");
  return *elements;
}

Result<Attributes> Operations::attributes() {
  TRY(const Any value, any());
  Attributes out;
  if (const auto* members = value.as<AnyObject>())
    for (const AnyMember& member : *members) out.emplace_back(member.name, member.value);
  return out;
}

Result<Value> Operations::target() {
  TRY(const std::uint64_t kind, uint());
  TRY(const std::string name, text());
  switch (kind) {
    case 0:
      return follow(doc_.text(name));
    case 1:
      return follow(doc_.map(name));
    case 2:
      return follow(doc_.array(name));
    case 3:
      return follow(doc_.xml_fragment(name));
    case 4:
      return follow(doc_.xml_element(name));
    default:
      return fail(Code::kInvalidArgument, "an unknown kind of root");
  }
}

Result<Value> Operations::follow(Value at) {
  TRY(std::uint64_t steps, uint());
  for (; steps > 0; --steps) {
    std::optional<Value> next;
    TRY(const std::uint64_t by_key, uint());
    if (by_key == 0) {
      TRY(const std::size_t index, size());
      next = child(at, index);
    } else {
      TRY(const std::string key, text());
      if (const auto* map = std::get_if<Map>(&at)) next = map->get(key);
      if (const auto* hook = std::get_if<XmlHook>(&at)) next = hook->get(key);
    }
    if (!next) return fail(Code::kNotFound, "a path leads nowhere");
    at = *std::move(next);
  }
  return at;
}

Result<> Operations::perform() {
  TRY(const std::uint64_t kind, uint());
  TRY(Value at, target());
  if (kind >= 100) return more(kind, at);
  if (auto* text = std::get_if<XmlText>(&at)) return on_text(kind, *text);
  if (auto* hook = std::get_if<XmlHook>(&at)) return on_map(kind, *hook);
  if (auto* text = std::get_if<Text>(&at)) return on_text(kind, *text);
  if (auto* array = std::get_if<Array>(&at)) return on_array(kind, *array);
  if (auto* map = std::get_if<Map>(&at)) return on_map(kind, *map);
  return fail(Code::kInvalidArgument, "a target is no shared type");
}

Result<> Operations::on_text(std::uint64_t kind, Text& at) {
  TRY(const std::size_t index, size());
  switch (kind) {
    case 0: {
      TRY(const std::string inserted, text());
      return at.insert(index, inserted);
    }
    case 1: {
      TRY(const std::string inserted, text());
      TRY(const Attributes formats, attributes());
      return at.insert(index, inserted, formats);
    }
    case 2: {
      TRY(const Any embed, any());
      TRY(const Attributes formats, attributes());
      return at.insert_embed(index, embed, formats);
    }
    case 3: {
      TRY(const std::size_t length, size());
      return at.erase(index, length);
    }
    case 4: {
      TRY(const std::size_t length, size());
      TRY(const Attributes formats, attributes());
      return at.format(index, length, formats);
    }
    case 5: {
      TRY(const Any value, any());
      TRY(const std::vector<DeltaOp> delta, delta_from_any(value));
      return at.apply_delta(delta);
    }
    default:
      return fail(Code::kInvalidArgument, "an unknown operation on a text");
  }
}

Result<> Operations::on_array(std::uint64_t kind, Array& at) {
  TRY(const std::size_t index, size());
  switch (kind) {
    case 0: {
      TRY(const AnyArray inserted, values());
      return at.insert(index, inserted);
    }
    case 1: {
      TRY(const AnyArray pushed, values());
      return at.push(pushed);
    }
    case 2: {
      TRY(const std::size_t length, size());
      return at.erase(index, length);
    }
    case 3:
      return done(at.insert_text(index));
    case 4:
      return done(at.insert_map(index));
    case 5:
      return done(at.insert_array(index));
    default:
      return fail(Code::kInvalidArgument, "an unknown operation on an array");
  }
}

Result<> Operations::on_map(std::uint64_t kind, Map& at) {
  TRY(const std::string key, text());
  switch (kind) {
    case 0: {
      TRY(const Any value, any());
      return at.set(key, value);
    }
    case 1:
      return at.erase(key);
    case 2:
      return done(at.set_text(key));
    case 3:
      return done(at.set_map(key));
    case 4:
      return done(at.set_array(key));
    default:
      return fail(Code::kInvalidArgument, "an unknown operation on a map");
  }
}

}  // namespace concord::crdt
