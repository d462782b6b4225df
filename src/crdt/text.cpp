// Local changes of a text: finding the place, inserting, erasing. Formats are in text_format.cpp.

#include <algorithm>

#include "crdt/any_codec.h"
#include "crdt/any_json.h"
#include "crdt/editor.h"
#include "crdt/stored_value.h"
#include "crdt/utf16.h"

namespace concord::crdt {

/// The item with the unit before `index`, which is at least 1 and at most the list's length.
ListPlace Editor::place(TypeRef type, std::uint32_t index) {
  if (last_.type == type && last_.item != kNone && index > last_.start) {
    const Item& it = store.items[last_.item];
    if (index - last_.start <= it.visible()) return {last_.item, index - last_.start};
  }
  const PositionIndex::Found found = store.index.find(store.types[type].tree, index);
  std::uint32_t start = found.start;
  ItemRef item = store.index.first_item(found.leaf);
  for (std::uint32_t units = store.items[item].visible(); start + units < index; units = store.items[item].visible()) {
    start += units;
    item = store.items[item].right;
  }
  last_ = {type, item, start};
  return {item, index - start};
}

/// The gap at `index`; beyond the end, the one after the last item. A text in it is cut.
TextCursor Editor::cursor_at(TypeRef text, std::size_t index, bool formats) {
  const TypeRecord& type = store.types[text];
  TextCursor at;
  if (index == 0) {
    at.right = type.start;
    return at;
  }
  if (index > type.length) {
    if (type.tree.root != kNone) {
      at.left = store.index.first_item(store.index.last_leaf(type.tree));
      while (store.items[at.left].right != kNone) at.left = store.items[at.left].right;
    }
  } else {
    const ListPlace found = place(text, static_cast<std::uint32_t>(index));
    if (found.offset < store.items[found.item].length) split(found.item, found.offset);
    at.left = found.item;
    at.right = store.items[at.left].right;
  }
  if (formats && at.left != kNone && store.types[text].has_formats) formats_before(text, at.left, at.formats);
  return at;
}

/// Makes an item of our own between two neighbours and integrates it.
ItemRef Editor::create(TypeRef type, std::uint32_t entry, ItemRef left, ItemRef right, const NewContent& content) {
  const ItemRef item = store.new_item();
  Item& it = store.items[item];
  it = Item{};
  it.client = own_ & kNoClient;
  it.clock = store.clients[own_].state;
  it.length = content.units;
  it.set_kind(content.kind);
  it.set_origin(left != kNone ? store.items[left].last_id() : Id{});
  it.set_right_origin(right != kNone ? store.items[right].id() : Id{});
  switch (content.kind) {
    case Kind::kFormat:
    case Kind::kType:
      it.content = content.number;
      break;
    case Kind::kString:
      it.content = store.contents.append(content.bytes);
      if (!content.ascii) {
        it.set(kFlagWide);
        it.content = store.contents.new_span({it.content, static_cast<std::uint32_t>(content.bytes.size())});
      }
      break;
    default:
      it.content = store.contents.append(content.bytes);
      it.content = store.contents.new_span({it.content, static_cast<std::uint32_t>(content.bytes.size())});
      break;
  }
  integrate(item, left, right, type, entry);
  return item;
}

Result<> Editor::check_room(std::size_t bytes, std::uint64_t units) const {
  if (!store.contents.fits(bytes)) return fail(Code::kTooLarge, "the document would hold more than 3.75 GB");
  if (units > kMaxClock - store.clients[own_].state)
    return fail(Code::kTooLarge, "this client has written all that it can: clock 4294967294");
  return {};
}

Result<> Editor::text_insert(TypeRef text, std::size_t index, std::string_view utf8, const Attributes* attributes) {
  if (utf8.empty()) return {};
  const ByteView bytes = as_bytes(utf8);
  const TextScan scan = scan_utf8(bytes.data(), bytes.size());
  if (!scan.valid) return fail(Error{Code::kInvalidArgument, "the text is not UTF-8", {}}.with("field", "text"));
  TRY_VOID(check_room(bytes.size(), scan.units + 64));
  const auto units = static_cast<std::uint32_t>(scan.units);
  if (attributes == nullptr && type_in_place(text, index, bytes, scan.ascii, units)) return {};

  FormatState wanted;
  if (attributes != nullptr) {
    TRY(wanted, intern_attributes(*attributes));
  }
  TextCursor at = cursor_at(text, index, true);
  insert_content(text, at, {Kind::kString, bytes, units, scan.ascii, 0}, std::move(wanted), attributes == nullptr);
  return {};
}

Result<> Editor::text_insert_embed(TypeRef text, std::size_t index, const Any& embed, const Attributes& attributes) {
  const std::string stored = stored_value(embed);
  TRY_VOID(check_room(stored.size(), 64));
  TRY(FormatState wanted, intern_attributes(attributes));
  TextCursor at = cursor_at(text, index, true);
  insert_content(text, at, {Kind::kEmbed, as_bytes(stored), 1, false, 0}, std::move(wanted), false);
  return {};
}

Result<TypeRef> Editor::text_insert_embed_type(TypeRef text, std::size_t index, TypeKind kind, std::string_view name,
                                               const Attributes& attributes) {
  TRY_VOID(check_room(0, 64));
  TRY(FormatState wanted, intern_attributes(attributes));
  TRY(const TypeRef type, make_type(kind, name));
  TextCursor at = cursor_at(text, index, true);
  insert_content(text, at, {Kind::kType, {}, 1, false, type}, std::move(wanted), false);
  return type;
}

void Editor::insert_content(TypeRef text, TextCursor& at, const NewContent& content, FormatState wanted, bool inherit) {
  if (inherit) {
    wanted = at.formats;
  } else {
    // Formats in force that are not wanted are ended.
    for (const Format& format : at.formats) {
      const bool named = std::ranges::any_of(wanted, [&](const Format& w) { return w.key == format.key; });
      if (!named) wanted.push_back({format.key, null_value()});
    }
    order_formats(wanted);
  }
  skip_redundant(at, wanted);
  FormatState closing = open_formats(text, at, wanted);
  const ItemRef item = create(text, kNone, at.left, at.right, content);
  at.left = item;
  at.right = store.items[item].right;
  close_formats(text, at, std::move(closing));
  remember_place(text, item);
}

/// The next change is likely to be beside this one.
void Editor::remember_place(TypeRef type, ItemRef item) {
  const Item& it = store.items[item];
  std::uint32_t start = store.index.start_of(it.home);
  for (ItemRef at = store.index.first_item(it.home); at != item; at = store.items[at].right)
    start += store.items[at].visible();
  last_ = {type, item, start};
}

Result<> Editor::text_erase(TypeRef text, std::size_t index, std::size_t length) {
  if (length == 0 || erase_in_place(text, index, length)) return {};
  TextCursor at = cursor_at(text, index, true);
  const LastPlace before = last_;
  erase_range(text, at, length);
  if (index > 0) last_ = before;  // what is before the range has not moved
  return {};
}

void Editor::erase_range(TypeRef text, TextCursor& at, std::size_t length) {
  forget_place();
  const FormatState before = at.formats;
  const ItemRef start = at.right;
  while (length > 0 && at.right != kNone) {
    const Item& it = store.items[at.right];
    const Kind kind = it.kind();
    if (!it.deleted() && (kind == Kind::kString || kind == Kind::kEmbed || kind == Kind::kType)) {
      if (length < it.length) split(at.right, static_cast<std::uint32_t>(length));
      length -= store.items[at.right].length;
      erase_item(at.right);
    }
    step(at);
  }
  if (start != kNone && store.types[text].has_formats) drop_redundant_formats(start, at.right, before, at.formats);
}

Result<> Editor::text_apply_delta(TypeRef text, std::span<const DeltaOp> delta) {
  TextCursor at = cursor_at(text, 0, true);
  for (const DeltaOp& op : delta) {
    TRY(FormatState wanted, intern_attributes(op.attributes));
    switch (op.kind) {
      case DeltaOp::Kind::kInsert: {
        const ByteView bytes = as_bytes(op.text);
        const TextScan scan = scan_utf8(bytes.data(), bytes.size());
        if (!scan.valid)
          return fail(Error{Code::kInvalidArgument, "an insert is not UTF-8", {}}.with("field", "insert"));
        if (scan.units == 0) break;
        TRY_VOID(check_room(bytes.size(), scan.units + 64));
        insert_content(text, at, {Kind::kString, bytes, static_cast<std::uint32_t>(scan.units), scan.ascii, 0},
                       std::move(wanted), false);
        break;
      }
      case DeltaOp::Kind::kEmbed: {
        const std::string stored = stored_value(op.embed);
        TRY_VOID(check_room(stored.size(), 64));
        insert_content(text, at, {Kind::kEmbed, as_bytes(stored), 1, false, 0}, std::move(wanted), false);
        break;
      }
      case DeltaOp::Kind::kRetain:
        TRY_VOID(check_room(0, op.length + 64));
        format_range(text, at, op.length, wanted);
        break;
      case DeltaOp::Kind::kDelete:
        erase_range(text, at, op.length);
        break;
    }
  }
  forget_place();
  return {};
}

}  // namespace concord::crdt
