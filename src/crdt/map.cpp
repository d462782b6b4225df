// Local changes of a map. A key's value is the last item of its list; setting it puts an item behind, which deletes
// the one before.

#include "crdt/any_codec.h"
#include "crdt/editor.h"

namespace concord::crdt {

Result<> Editor::map_set(TypeRef map, std::string_view key, const Any& value) {
  TRY_VOID(check_room(key.size(), 1));
  const std::uint32_t entry = store.entry(map, store.contents.names.intern(key));
  const ItemRef last = store.entries[entry].tail;
  if (const auto* bytes = value.as<Bytes>()) {
    create(map, entry, last, kNone, {Kind::kBinary, *bytes, 1, false, 0});
    return {};
  }
  Bytes encoded;
  WireWriter out(encoded);
  write_any(out, value);
  TRY_VOID(check_room(encoded.size(), 1));
  create(map, entry, last, kNone, {Kind::kAny, encoded, 1, false, 0});
  return {};
}

Result<TypeRef> Editor::map_set_type(TypeRef map, std::string_view key, TypeKind kind, std::string_view name) {
  TRY_VOID(check_room(key.size(), 1));
  const std::uint32_t entry = store.entry(map, store.contents.names.intern(key));
  TRY(const TypeRef type, make_type(kind, name));
  create(map, entry, store.entries[entry].tail, kNone, {Kind::kType, {}, 1, false, type});
  return type;
}

void Editor::map_erase(TypeRef map, std::string_view key) {
  const std::uint32_t name = store.contents.names.find(key);
  const std::uint32_t entry = name != kNone ? store.find_entry(map, name) : kNone;
  if (entry == kNone || store.entries[entry].tail == kNone) return;
  forget_place();
  erase_item(store.entries[entry].tail);
}

}  // namespace concord::crdt
