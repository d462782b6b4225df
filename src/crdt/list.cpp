// Local changes of an array.

#include "crdt/any_codec.h"
#include "crdt/editor.h"
#include "crdt/utf16.h"

namespace concord::crdt {
namespace {

Error beyond_end(std::size_t index, std::size_t length) {
  return Error{Code::kInvalidArgument, "the index is beyond the end of the array", {}}
      .with("field", "index")
      .with("limit", std::to_string(length))
      .with("value", std::to_string(index));
}

}  // namespace

/// The gap right behind the element before `index`, as Yjs takes it, with nothing skipped.
Result<ListGap> Editor::list_gap(TypeRef list, std::size_t index) {
  const TypeRecord& type = store.types[list];
  if (index > type.length) return fail(beyond_end(index, type.length));
  if (index == 0) return ListGap{kNone, type.start};
  const ListPlace found = place(list, static_cast<std::uint32_t>(index));
  if (found.offset < store.items[found.item].length) split(found.item, found.offset);
  return ListGap{found.item, store.items[found.item].right};
}

/// Neighbouring values share an item; bytes have one of their own.
void Editor::insert_values(TypeRef list, ListGap gap, std::span<const Any> values) {
  Bytes packed;
  std::uint32_t count = 0;
  const auto flush = [&] {
    if (count != 0) gap.left = create(list, kNone, gap.left, gap.right, {Kind::kAny, packed, count, false, 0});
    packed.clear();
    count = 0;
  };
  for (const Any& value : values) {
    if (const auto* bytes = value.as<Bytes>()) {
      flush();
      gap.left = create(list, kNone, gap.left, gap.right, {Kind::kBinary, *bytes, 1, false, 0});
      continue;
    }
    WireWriter out(packed);
    write_any(out, value);
    ++count;
  }
  flush();
}

Result<> Editor::list_insert(TypeRef list, std::size_t index, std::span<const Any> values) {
  if (values.empty()) return {};
  TRY_VOID(check_room(0, values.size()));
  TRY(const ListGap gap, list_gap(list, index));
  insert_values(list, gap, values);
  return {};
}

Result<> Editor::list_push(TypeRef list, std::span<const Any> values) {
  if (values.empty()) return {};
  TRY_VOID(check_room(0, values.size()));
  const TextCursor end = cursor_at(list, static_cast<std::size_t>(store.types[list].length) + 1, false);
  insert_values(list, {end.left, kNone}, values);
  return {};
}

Result<TypeRef> Editor::make_type(TypeKind kind, std::string_view name) {
  if (static_cast<unsigned>(kind) > static_cast<unsigned>(TypeKind::kXmlText))
    return fail(Error{Code::kInvalidArgument, "there is no such kind of type", {}}.with("field", "kind"));
  if (!scan_utf8(as_bytes(name).data(), name.size()).valid)
    return fail(Error{Code::kInvalidArgument, "the name is not UTF-8", {}}.with("field", "name"));
  const bool named = kind == TypeKind::kXmlElement || kind == TypeKind::kXmlHook;
  return store.new_type(kind, kNone, named ? store.contents.names.intern(name) : kNone);
}

Result<TypeRef> Editor::list_insert_type(TypeRef list, std::size_t index, TypeKind kind, std::string_view name) {
  TRY_VOID(check_room(0, 1));
  TRY(const ListGap gap, list_gap(list, index));
  TRY(const TypeRef type, make_type(kind, name));
  create(list, kNone, gap.left, gap.right, {Kind::kType, {}, 1, false, type});
  return type;
}

Result<TypeRef> Editor::list_insert_type_after(TypeRef list, TypeRef sibling, TypeKind kind, std::string_view name) {
  TRY_VOID(check_room(0, 1));
  ItemRef left = kNone;
  if (sibling != kNone) {
    left = store.types[sibling].item;
    if (left == kNone || store.items[left].in_map() || store.parent_of(store.items[left]) != list)
      return fail(Error{Code::kInvalidArgument, "the sibling is no child of this", {}}.with("field", "sibling"));
  }
  const ItemRef right = left == kNone ? store.types[list].start : store.items[left].right;
  TRY(const TypeRef type, make_type(kind, name));
  create(list, kNone, left, right, {Kind::kType, {}, 1, false, type});
  return type;
}

Result<> Editor::list_erase(TypeRef list, std::size_t index, std::size_t length) {
  if (length == 0) return {};
  const std::size_t end = store.types[list].length;
  if (index > end || length > end - index) return fail(beyond_end(index + length, end));
  TRY(const ListGap gap, list_gap(list, index));
  forget_place();
  for (ItemRef item = gap.right; length > 0; item = store.items[item].right) {
    if (store.items[item].visible() == 0) continue;
    if (length < store.items[item].length) split(item, static_cast<std::uint32_t>(length));
    length -= store.items[item].length;
    erase_item(item);
  }
  return {};
}

}  // namespace concord::crdt
