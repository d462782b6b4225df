// What people do to a text is nearly always one of two things: they type on where they typed last, or they delete a few
// characters next to where they are. The general way takes such a change apart and puts it together again: items are
// split, created, deleted, collected and merged. Here the outcome is written down at once. It is the same outcome,
// because in each case it is known what the end of the transaction would merge:
//
// Typing on. The new item would have the last own item as its left neighbour and its origin, the same right origin, and
// nothing stands between them; so it would be merged into that item at the end. The item grows instead.
//
// Deleting units of one live text item X = LDR, where L or R may be empty but not both. X would be split at the ends of
// D, and D would become deleted content. At the end are tried as neighbours: D with the struct before and the one after
// it, and (because R and D come from splits) what is behind R, and what is behind the struct that D was merged into.
//   L and R there   D stands alone.
//   no R            D is merged into the deleted item that follows, if that one continues it: it grows to the left.
//   no L            D is merged into the deleted item before it, likewise: that one grows to the right.
// Where one of the other pairs could be merged (structs that might have been merged before and were not), where X is to
// be kept, is not plain ASCII, or where somebody records changes, the general way is taken. Doing this before the end
// of the transaction makes no difference to what follows in it, as a local change never goes between two deleted items,
// and the end tries the same pairs again.

#include "crdt/engine.h"
#include "crdt/single_change.h"
#include "crdt/utf16.h"

namespace concord::crdt {

// ---- typing on

/// The last own item ends at `index` and may grow.
bool Editor::type_in_place(TypeRef text, std::size_t index, ByteView utf8, bool ascii, std::uint32_t units) {
  if (last_.item == kNone || last_.type != text || recorded_ || store.crowded.any()) return false;
  Item& it = store.items[last_.item];
  ClientRecord& own = store.clients[own_];
  if (it.kind() != Kind::kString || it.deleted() || it.client != own_ || it.end() != own.state ||
      index != static_cast<std::size_t>(last_.start) + it.length || it.has(kFlagRedone))
    return false;
  if (it.right == kNone) {
    if (it.right_origin().present()) return false;
  } else {
    const Item& right = store.items[it.right];
    if (right.deleted() || right.kind() == Kind::kFormat || !(it.right_origin() == right.id())) return false;
  }
  if (!changed() && split_.empty()) {
    plain_ = Plain::kTyped;
    plain_bytes_ = 0;
    plain_units_ = 0;
  }
  plain_bytes_ += utf8.size();
  plain_units_ += units;
  touch(own_);
  store.append_content(last_.item, utf8, ascii);
  Item& grown = store.items[last_.item];
  grown.length += units;
  own.state += units;
  store.types[text].length += units;
  store.index.add(grown.home, static_cast<std::int32_t>(units));
  return true;
}

/// Somebody else typing on: one text struct right behind the last of its client.
bool Engine::extend_in_place(const TypedChange& typed) {
  const auto number = store.find_client(typed.client);
  if (!number || store.clients[*number].state != typed.clock) return false;
  ClientRecord& client = store.clients[*number];
  const ItemRef item = client.index.last();
  const Item& it = store.items[item];
  if (it.kind() != Kind::kString || it.deleted() || it.in_map() || it.has(kFlagRedone)) return false;
  const Id right = it.right_origin();
  if (right.present() != typed.has_right_origin) return false;
  if (right.present()) {
    if (store.clients[right.client].id != typed.right_client || right.clock != typed.right_clock) return false;
    if (it.right == kNone || !(store.items[it.right].id() == right)) return false;
  } else if (it.right != kNone) {
    return false;
  }
  const ByteView text = typed.text;
  const TextScan scan = scan_utf8(text.data(), text.size());
  if (!scan.valid || scan.units == 0 || (typed.units != 0 && scan.units != typed.units) ||
      scan.units > kMaxClock - typed.clock || !store.contents.fits(text.size()))
    return false;
  if (last_.item != item) forget_place();
  store.append_content(item, text, scan.ascii);
  Item& grown = store.items[item];
  grown.length += static_cast<std::uint32_t>(scan.units);
  client.state += static_cast<std::uint32_t>(scan.units);
  store.count_change(item, static_cast<std::int32_t>(scan.units), 0);
  return true;
}

// ---- deleting

/// Whether the struct that follows `left` by clock and in the list might be merged with it.
bool Replica::joins_next(const Item& left, ItemRef next) const {
  if (next == kNone) return false;
  const Item& right = store.items[next];
  return right.client == left.client && right.clock == left.end() && mergeable(left, right, next);
}

/// Deletes units of a text item for good, where that can be done as is told above; else does nothing.
bool Replica::erase_units(ItemRef item, std::uint32_t offset, std::uint32_t length) {
  const Item& it = store.items[item];
  if (it.kind() != Kind::kString || it.flags != 0 || length >= it.length || !options_.gc || recorded_) return false;
  const auto client = static_cast<ClientRef>(it.client);
  const std::uint32_t clock = it.clock + offset;
  const bool has_rest = offset + length < it.length;
  if (has_rest && joins_next(it, it.right)) return false;
  const auto continues = [](const Item& deleted, const Item& other) {
    return deleted.kind() == Kind::kDeleted && deleted.flags == kFlagDeleted && deleted.client == other.client &&
           deleted.right_origin() == other.right_origin();
  };

  if (!has_rest && it.right != kNone && continues(store.items[it.right], it) &&
      store.items[it.right].origin() == it.last_id() && store.items[it.right].clock == it.end()) {
    Item& after = store.items[it.right];
    if (joins_next(after, after.right)) return false;
    store.move_boundary(item, it.right, -static_cast<std::int32_t>(length));
  } else if (offset == 0 && it.left != kNone && continues(store.items[it.left], it) &&
             it.origin() == store.items[it.left].last_id() && store.items[it.left].end() == it.clock) {
    const Item& before = store.items[it.left];
    if (before.left != kNone && joins_next(store.items[before.left], it.left)) return false;
    store.move_boundary(it.left, item, static_cast<std::int32_t>(length));
  } else {
    // D is an item of its own: nothing beside it continues it.
    const ItemRef part = offset > 0 ? store.split(item, offset) : item;
    if (has_rest) {
      const ItemRef rest = store.split(part, length);
      if (last_.item == part) last_.item = rest;
    }
    store.erase_content(part);
  }
  if (offset > 0) split_.emplace_back(client, clock);
  if (has_rest) split_.emplace_back(client, clock + length);
  deleted_.push_back({client, clock, length});
  return true;
}

/// Units of one item of a text without formats, as the first change of a transaction.
bool Editor::erase_in_place(TypeRef text, std::size_t index, std::size_t length) {
  const TypeRecord& type = store.types[text];
  if (changed() || !split_.empty() || type.has_formats || index >= type.length || length > type.length - index)
    return false;
  const ListPlace first = place(text, static_cast<std::uint32_t>(index) + 1);
  const std::uint32_t offset = first.offset - 1;
  if (length > store.items[first.item].length - offset) return false;
  if (!erase_units(first.item, offset, static_cast<std::uint32_t>(length))) return false;
  plain_ = Plain::kErased;
  plain_splits_ = split_.size();
  return true;
}

/// An update of somebody else that deletes some units of one item and no more.
bool Engine::delete_in_place(const ErasedChange& erased) {
  const auto number = store.find_client(erased.client);
  if (!number) return false;
  const std::uint64_t clock = erased.clock;
  const std::uint64_t length = erased.length;
  const ClientRecord& client = store.clients[*number];
  if (clock >= client.state || length > client.state - clock) return false;
  const auto holds = [&](ItemRef item) {
    const Item& it = store.items[item];
    return it.client == *number && it.kind() == Kind::kString && it.clock <= clock && clock < it.end();
  };
  // Deletions come in rows: the item is often the one of the last time.
  const ItemRef item =
      near_ < store.items.size() && holds(near_) ? near_ : store.find({*number, static_cast<std::uint32_t>(clock)});
  const std::uint32_t offset = static_cast<std::uint32_t>(clock) - store.items[item].clock;
  if (!holds(item) || length > store.items[item].length - offset) return false;
  begin(false);
  if (!erase_units(item, offset, static_cast<std::uint32_t>(length))) {
    active_ = false;
    return false;
  }
  if (last_.item != item) forget_place();
  near_ = item;
  finish();
  return true;
}

/// Takes an update of one of the two common forms; or does nothing and leaves it to the general way.
bool Engine::apply_in_place(ByteView update, UpdateFormat format) {
  if (observed_ || cleaning_ || has_pending()) return false;
  ErasedChange erased;
  if (read_single_change(update, format, erased)) return delete_in_place(erased);
  TypedChange typed;
  if (store.crowded.any() || !read_single_change(update, format, typed) || !extend_in_place(typed)) return false;
  if (store.contents.wants_compaction()) store.compact();
  return true;
}

// ---- their updates

/// False where the transaction did more than one thing.
bool Replica::write_in_place(Bytes& update) {
  const bool v2 = options_.update_format == UpdateFormat::kV2;
  switch (plain_) {
    case Plain::kTyped:
      if (touched_.size() != 1 || !deleted_.empty() || !split_.empty() ||
          store.clients[own_].state - store.clients[own_].before != plain_units_)
        return false;
      if (v2)
        write_typed_v2(update);
      else
        write_typed(update);
      return true;
    case Plain::kErased:
      if (deleted_.size() != 1 || !touched_.empty() || split_.size() != plain_splits_) return false;
      if (v2)
        write_transaction(update);
      else
        write_erased(update);
      return true;
    default:
      return false;
  }
}

/// One text struct, which continues the item that has grown.
void Replica::write_typed(Bytes& update) const {
  const ClientRecord& own = store.clients[own_];
  const Item& item = store.items[own.index.last()];
  const ByteView text = store.bytes_of(item);
  const ByteView typed = text.subspan(text.size() - plain_bytes_);
  constexpr std::size_t kFew = 32;
  std::uint8_t buffer[10 * kMaxVaruint + kFew];
  std::uint8_t* at = buffer;
  *at++ = 1;
  *at++ = 1;
  at = put_own_id(at);
  at = put_varuint(at, own.before);
  const Id right = item.right_origin();
  *at++ = right.present() ? 0xc4 : 0x84;
  at = put_own_id(at);
  at = put_varuint(at, own.before - 1);
  if (right.present()) {
    at = right.client == own_ ? put_own_id(at) : put_varuint(at, store.clients[right.client].id);
    at = put_varuint(at, right.clock);
  }
  at = put_varuint(at, typed.size());
  if (typed.size() <= kFew) {
    for (const std::uint8_t byte : typed) *at++ = byte;
    *at++ = 0;
    update.assign(buffer, at);
    return;
  }
  update.assign(buffer, at);
  update.insert(update.end(), typed.begin(), typed.end());
  update.push_back(0);
}

void Replica::write_typed_v2(Bytes& update) {
  const ClientRecord& own = store.clients[own_];
  const Item& item = store.items[own.index.last()];
  const ByteView text = store.bytes_of(item);
  const Id right = item.right_origin();
  UpdateBufferV2& buffer = v2_buffer();
  FieldWriterV2& out = buffer.fields;
  out.rest().uint(1);
  out.rest().uint(1);
  out.client(own.id);
  out.rest().uint(own.before);
  out.info(right.present() ? 0xc4 : 0x84);
  out.left_id(own.id, own.before - 1);
  if (right.present()) out.right_id(store.clients[right.client].id, right.clock);
  out.string(text.subspan(text.size() - plain_bytes_), plain_units_);
  out.rest().uint(0);
  out.finish(update, buffer.rest);
}

/// No structs, one range.
void Replica::write_erased(Bytes& update) const {
  const auto& range = deleted_[0];
  std::uint8_t buffer[8 * kMaxVaruint];
  std::uint8_t* at = buffer;
  *at++ = 0;
  *at++ = 1;
  at = range.client == own_ ? put_own_id(at) : put_varuint(at, store.clients[range.client].id);
  *at++ = 1;
  at = put_varuint(at, range.clock);
  at = put_varuint(at, range.length);
  update.assign(buffer, at);
}

}  // namespace concord::crdt
