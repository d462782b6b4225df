#include "crdt/relative_position.h"

#include <cmath>

#include "crdt/engine.h"
#include "crdt/utf16.h"
#include "crdt/wire.h"

namespace concord::crdt {
namespace {

constexpr std::uint64_t kMaxNumber = kMaxClient;  // what JavaScript counts exactly

enum Form : std::uint8_t { kItem = 0, kRoot = 1, kType = 2 };

void write_id(WireWriter& out, const ElementId& id) {
  out.uint(id.client.value);
  out.uint(id.clock);
}

bool read_id(WireReader& in, std::optional<ElementId>& out) {
  std::uint64_t client = 0;
  std::uint64_t clock = 0;
  if (!in.uint(client) || !in.uint(clock)) return false;
  if (clock > kMaxClock) return in.fail("a clock is above 4294967294");
  out = ElementId{ClientId{client}, static_cast<Clock>(clock)};
  return true;
}

/// lib0's varint: sign in bit 6 of the first byte.
void write_assoc(WireWriter& out, std::int64_t assoc) {
  const bool negative = assoc < 0;
  const auto value = static_cast<std::uint64_t>(negative ? -assoc : assoc);
  out.byte(static_cast<std::uint8_t>((value > 0x3f ? 0x80U : 0U) | (negative ? 0x40U : 0U) | (value & 0x3fU)));
  if (value > 0x3f) out.uint(value >> 6U);
}

bool read_assoc(WireReader& in, std::int64_t& out) {
  std::uint8_t first = 0;
  std::uint64_t rest = 0;
  if (!in.byte(first) || ((first & 0x80U) != 0 && !in.uint(rest))) return false;
  if (rest > kMaxNumber >> 6U) return in.fail("a number is above 2^53 - 1");
  const auto value = static_cast<std::int64_t>(rest << 6U | (first & 0x3fU));
  out = (first & 0x40U) != 0 ? -value : value;
  return true;
}

std::unexpected<Error> malformed(const char* what, const char* field) {
  return std::unexpected<Error>(
      Error{Code::kInvalidArgument, std::string("malformed relative position: ") + what, {}}.with("field", field));
}

std::optional<double> whole_number(const Any* value, double most) {
  const auto* number = value != nullptr ? value->as<double>() : nullptr;
  if (number == nullptr || std::floor(*number) != *number || !(std::abs(*number) <= most)) return std::nullopt;
  return *number;
}

Result<std::optional<ElementId>> id_from_json(const Any& json, const char* field) {
  const Any* member = json.find(field);
  if (member == nullptr || member->is_null() || member->is_undefined()) return std::nullopt;
  const auto client = whole_number(member->find("client"), static_cast<double>(kMaxClient));
  const auto clock = whole_number(member->find("clock"), static_cast<double>(kMaxClock));
  if (!client || !clock || *client < 0 || *clock < 0) return malformed("an id has a client and a clock", field);
  return ElementId{ClientId{static_cast<std::uint64_t>(*client)}, static_cast<Clock>(*clock)};
}

Any id_to_json(const ElementId& id) {
  return Any(
      AnyObject{{"client", Any(static_cast<double>(id.client.value))}, {"clock", Any(static_cast<double>(id.clock))}});
}

/// The struct with an id, or the copy that an undo manager made of it, and where in it the id is.
struct Followed {
  ItemRef item = kNone;
  std::uint32_t offset = 0;
};
Followed follow(const Store& store, const ElementId& id, bool follow_undone) {
  const auto client = store.find_client(id.client.value);
  if (!client || !store.has({*client, id.clock})) return {};
  Id at{*client, id.clock};
  while (true) {
    const ItemRef item = store.find(at);
    const Item& it = store.items[item];
    if (!follow_undone || !it.has(kFlagRedone)) return {item, at.clock - it.clock};
    at = store.redone.find(at);
  }
}

std::uint32_t visible_before(Store& store, ItemRef item) {
  const Item& it = store.items[item];
  if (it.in_map()) return 0;
  std::uint32_t units = store.index.start_of(it.home);
  for (ItemRef at = store.index.first_item(it.home); at != item; at = store.items[at].right)
    units += store.items[at].visible();
  return units;
}

ElementId element_id(const Store& store, const Item& item, std::uint32_t offset) {
  return {ClientId{store.clients[item.client].id}, item.clock + offset};
}

/// The neighbour that a place is bound to; absent at an end.
std::optional<ElementId> neighbour(Store& store, TypeRef ref, std::size_t index, bool left) {
  const TypeRecord& type = store.types[ref];
  if (left && index-- == 0) return std::nullopt;
  if (index >= type.length) {
    if (!left || type.start == kNone) return std::nullopt;
    ItemRef last = store.index.first_item(store.index.last_leaf(type.tree));
    while (store.items[last].right != kNone) last = store.items[last].right;
    return element_id(store, store.items[last], store.items[last].length - 1);
  }
  const auto wanted = static_cast<std::uint32_t>(index);
  const PositionIndex::Found found = store.index.find(type.tree, wanted + 1);
  std::uint32_t start = found.start;
  ItemRef item = store.index.first_item(found.leaf);
  for (; start + store.items[item].visible() <= wanted; item = store.items[item].right)
    start += store.items[item].visible();
  return element_id(store, store.items[item], wanted - start);
}

}  // namespace

Bytes encode_relative_position(const RelativePosition& position) {
  Bytes encoded;
  WireWriter out(encoded);
  if (position.item) {
    out.byte(kItem);
    write_id(out, *position.item);
  } else if (position.root) {
    out.byte(kRoot);
    out.var_bytes(as_bytes(*position.root));
  } else if (position.type) {
    out.byte(kType);
    write_id(out, *position.type);
  } else {
    return {};
  }
  write_assoc(out, position.assoc);
  return encoded;
}

Result<RelativePosition> decode_relative_position(ByteView encoded) {
  RelativePosition position;
  WireReader in(encoded);
  std::uint64_t form = 0;
  if (!in.uint(form)) return fail(in.error("relative position"));
  ByteView name;
  switch (form) {
    case kItem:
      read_id(in, position.item);
      break;
    case kRoot:
      if (in.var_bytes(name) && !scan_utf8(name.data(), name.size()).valid) in.fail("a string is not UTF-8");
      position.root = std::string(as_text(name));
      break;
    case kType:
      read_id(in, position.type);
      break;
    default:
      in.fail("an unknown form");
  }
  if (in.ok() && !in.at_end()) read_assoc(in, position.assoc);
  if (in.ok() && !in.at_end()) in.fail("there is more after it");
  if (!in.ok()) return fail(in.error("relative position"));
  return position;
}

Any relative_position_to_json(const RelativePosition& position) {
  AnyObject json;
  if (position.type) json.push_back({"type", id_to_json(*position.type)});
  if (position.root && !position.root->empty()) json.push_back({"tname", Any(*position.root)});
  if (position.item) json.push_back({"item", id_to_json(*position.item)});
  json.push_back({"assoc", Any(static_cast<double>(position.assoc))});
  return Any(std::move(json));
}

Result<RelativePosition> relative_position_from_json(const Any& json) {
  if (!json.is_object()) return malformed("it is no object", "position");
  RelativePosition position;
  TRY(position.type, id_from_json(json, "type"));
  TRY(position.item, id_from_json(json, "item"));
  if (const Any* name = json.find("tname"); name != nullptr && !name->is_null() && !name->is_undefined()) {
    if (!name->holds<std::string>()) return malformed("a name is a string", "tname");
    position.root = *name->as<std::string>();
  }
  if (const Any* assoc = json.find("assoc"); assoc != nullptr && !assoc->is_null() && !assoc->is_undefined()) {
    const auto number = whole_number(assoc, static_cast<double>(kMaxNumber));
    if (!number) return malformed("assoc is a whole number", "assoc");
    position.assoc = static_cast<std::int64_t>(*number);
  }
  return position;
}

Result<RelativePosition> SharedType::position_at(std::size_t index, std::int64_t assoc) const {
  if (!alive()) return fail(Code::kInvalidArgument, "the shared type was deleted");
  Store& store = engine_->store;
  const TypeRecord& type = store.types[type_];
  RelativePosition position;
  position.assoc = assoc;
  if (type.item == kNone)
    position.root = std::string(store.contents.names.at(type.name));
  else
    position.type = element_id(store, store.items[type.item], 0);
  position.item = neighbour(store, type_, index, assoc < 0);
  return position;
}

std::optional<AbsolutePosition> Doc::resolve(const RelativePosition& position, bool follow_undone) const {
  Store& store = engine_->store;
  const auto place = [&](TypeRef type, std::size_t index) {
    return AbsolutePosition{engine_->handle<SharedType>(type), index, position.assoc};
  };
  if (position.item) {
    const auto [item, offset] = follow(store, *position.item, follow_undone);
    if (item == kNone || store.items[item].is_gc()) return std::nullopt;
    const Item& it = store.items[item];
    const TypeRef type = store.parent_of(it);
    const ItemRef holder = store.types[type].item;
    if (holder != kNone && store.items[holder].deleted()) return place(type, 0);
    const std::uint32_t inside = it.visible() == 0 ? 0 : offset + (position.assoc >= 0 ? 0 : 1);
    return place(type, visible_before(store, item) + inside);
  }
  TypeRef type = kNone;
  if (position.root) {
    const auto root = store.find_root(*position.root);
    if (!root) return std::nullopt;
    type = *root;
  } else if (position.type) {
    const ItemRef item = follow(store, *position.type, follow_undone).item;
    if (item == kNone || store.items[item].kind() != Kind::kType) return std::nullopt;
    type = store.items[item].content;
  } else {
    return std::nullopt;
  }
  return place(type, position.assoc >= 0 ? store.types[type].length : 0);
}

}  // namespace concord::crdt
