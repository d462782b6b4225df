// Structs and delete sets become an update (the layout is in update_reader.h).

#include "crdt/engine.h"
#include "crdt/fields_v1.h"
#include "crdt/fields_v2_writer.h"
#include "crdt/plain_struct.h"
#include "crdt/stored_value.h"
#include "crdt/update.h"
#include "crdt/utf16.h"

namespace concord::crdt {
namespace {

/// Text from code unit `offset` on. A pair that is cut in two begins with U+FFFD, as in JavaScript.
template <class Fields>
void write_text_from(Fields& out, ByteView text, std::uint32_t offset, std::uint32_t units, bool ascii) {
  if (ascii || offset == 0) {
    out.string(text.subspan(offset), units);
    return;
  }
  const UnitPosition cut = find_unit(text.data(), text.size(), offset);
  if (cut.inside)
    out.string_after_half(text.subspan(cut.bytes + 4), units);
  else
    out.string(text.subspan(cut.bytes), units);
}

template <class Fields>
void write_stored_value(Fields& out, std::string_view stored) {
  if (stored_as_any(stored))
    out.any_value(as_bytes(stored.substr(1)));
  else
    out.json_value(as_bytes(stored));
}

template <class Fields>
void write_parent(Fields& out, const Store& store, const Item& item, const DraftParent* parent) {
  std::uint32_t root = kNone;
  Id holder;
  std::uint32_t key = kNone;
  if (parent != nullptr) {
    root = parent->root;
    holder = parent->id;
    key = parent->key;
  } else {
    const TypeRecord& type = store.types[store.parent_of(item)];
    if (type.item == kNone)
      root = type.name;
    else
      holder = store.items[type.item].id();
    if (item.in_map()) key = store.entries[item.home].key;
  }
  out.parent_is_root(root != kNone);
  if (root != kNone)
    out.text(as_bytes(store.contents.names.at(root)));
  else
    out.left_id(store.clients[holder.client].id, holder.clock);
  if (key != kNone) out.text(as_bytes(store.contents.names.at(key)));
}

template <class Fields>
void write_content(Fields& out, const Store& store, const Item& item, std::uint32_t offset) {
  const std::uint32_t length = item.length - offset;
  switch (item.kind()) {
    case Kind::kDeleted:
      out.length(length);
      break;
    case Kind::kString:
      write_text_from(out, store.bytes_of(item), offset, length, !item.has(kFlagWide));
      break;
    case Kind::kAny:
    case Kind::kJson: {
      ByteView bytes = store.bytes_of(item);
      if (offset > 0) bytes = bytes.subspan(store.element_offset(item, offset));
      out.length(length);
      if (item.kind() == Kind::kAny)
        out.rest().bytes(bytes);
      else
        out.json_elements(bytes);
      break;
    }
    case Kind::kBinary:
      out.rest().var_bytes(store.bytes_of(item));
      break;
    case Kind::kEmbed:
      write_stored_value(out, as_text(store.bytes_of(item)));
      break;
    case Kind::kDoc: {
      WireReader in(store.bytes_of(item));
      ByteView guid;
      in.var_bytes(guid);
      out.text(guid);
      out.rest().bytes({in.at(), in.left()});
      break;
    }
    case Kind::kFormat: {
      const Format& format = store.contents.format(item.content);
      out.key(as_bytes(store.contents.names.at(format.key)));
      write_stored_value(out, store.contents.values.at(format.value));
      break;
    }
    case Kind::kType: {
      const TypeRecord& type = store.types[item.content];
      out.type_kind(static_cast<std::uint8_t>(type.kind));
      if (type.name != kNone) out.key(as_bytes(store.contents.names.at(type.name)));
      break;
    }
    default:
      break;
  }
}

}  // namespace

/// From unit `offset` on. `parent` is what a draft without origins says of itself.
template <class Fields>
void Replica::write_item(Fields& out, const Item& item, std::uint32_t offset, const DraftParent* parent) const {
  const auto id_of = [this](ClientRef client) { return store.clients[client].id; };
  if (item.kind() == Kind::kGc || item.kind() == Kind::kSkip) {
    out.info(static_cast<std::uint8_t>(item.kind()));
    if (item.kind() == Kind::kGc)
      out.length(item.length - offset);
    else
      out.rest().uint(item.length - offset);
    return;
  }
  const Id origin = offset > 0 ? Id{static_cast<ClientRef>(item.client), item.clock + offset - 1} : item.origin();
  const Id right_origin = item.right_origin();
  const bool drafted = parent != nullptr;
  const bool keyed = drafted ? parent->key != kNone : item.in_map();
  out.info(static_cast<std::uint8_t>(static_cast<unsigned>(item.kind()) | (origin.present() ? 0x80U : 0U) |
                                     (right_origin.present() ? 0x40U : 0U) | (keyed ? 0x20U : 0U)));
  if (origin.present()) out.left_id(id_of(origin.client), origin.clock);
  if (right_origin.present()) out.right_id(id_of(right_origin.client), right_origin.clock);
  if (!origin.present() && !right_origin.present()) write_parent(out, store, item, parent);
  write_content(out, store, item, offset);
}

/// One section: what `client` wrote from clock `from` on.
template <class Fields>
void Replica::write_structs(Fields& out, ClientRef client, std::uint32_t from) const {
  const ClientRecord& record = store.clients[client];
  ClockPosition at = record.index.find(store.items.data(), from);
  out.rest().uint(record.index.count_from(at));
  out.client(record.id);
  out.rest().uint(from);
  const Item& first = store.items[record.index.at(at)];
  write_item(out, first, from - first.clock);
  while (record.index.next(at)) {
    if (!write_plain(out, client, at)) break;
    write_item(out, store.items[record.index.at(at)], 0);
  }
}

StateVector Replica::state_vector() const {
  std::vector<StateVector::Entry> entries;
  for (const ClientRef client : store.clients_in_order())
    entries.push_back({ClientId{store.clients[client].id}, store.clients[client].state});
  return StateVector(std::move(entries));
}

/// All that is deleted, read off the structs. Whether one is deleted is as good as random, so there is no branch on it:
/// the range so far is written each time, and counts once a struct that is not deleted follows.
std::vector<DeletedRange<ClientRef>> Replica::deleted_ranges(const std::vector<ClientRef>& order) const {
  std::vector<DeletedRange<ClientRef>> ranges;
  std::size_t count = 0;
  for (const ClientRef client : order) {
    DeletedRange<ClientRef> range{client, 0, 0};
    std::size_t open = 0;
    store.clients[client].index.each([&](auto item_at, std::uint32_t structs) {
      ranges.resize(count + structs + 1);
      for (std::uint32_t i = 0; i < structs; ++i) {
        const Item& it = store.items[item_at(i)];
        const bool deleted = it.deleted();
        count += static_cast<std::size_t>(open & (deleted ? 0U : 1U));
        range.clock = open != 0 ? range.clock : it.clock;
        range.length = open != 0 ? range.length + it.length : it.length;
        open = deleted ? 1 : 0;
        ranges[count] = range;
      }
    });
    count += open;
  }
  ranges.resize(count);
  return ranges;
}

Bytes Engine::encode_state_as_update(const StateVector& since, UpdateFormat format) const {
  const std::vector<ClientRef> order = store.clients_in_order();
  std::vector<std::pair<ClientRef, std::uint32_t>> wanted;
  for (const ClientRef client : order) {
    const std::uint32_t from = since.clock(ClientId{store.clients[client].id});
    if (from < store.clients[client].state) wanted.emplace_back(client, from);
  }
  const auto encode = [&]<class Fields>(Bytes buffer) {
    Fields out(buffer);
    if constexpr (Fields::kFormat == UpdateFormat::kV2)
      if (since.empty()) out.reserve(store.items.size(), store.contents.arena_size());
    out.rest().uint(wanted.size());
    for (const auto& [client, from] : wanted) write_structs(out, client, from);
    const auto id_of = [this](ClientRef client) { return store.clients[client].id; };
    write_delete_set(out.rest(), deleted_ranges(order), id_of, Fields::kFormat == UpdateFormat::kV2);
    return out.finish(std::move(buffer));
  };
  Bytes update;
  if (format == UpdateFormat::kV2) {
    update = encode.template operator()<FieldWriterV2>({});
  } else {
    if (since.empty()) update.reserve(store.contents.arena_size() + store.items.size() * 20 + 16384);
    update = encode.template operator()<FieldWriterV1>(std::move(update));
  }
  if (has_pending()) update = with_pending(std::move(update), since, format);
  return update;
}

/// What is pending goes along, so that whoever gets it can wait for the rest himself.
Bytes Engine::with_pending(Bytes update, const StateVector& since, UpdateFormat format) const {
  constexpr UpdateFormat kV2 = UpdateFormat::kV2;
  std::vector<Bytes> parts;
  parts.push_back(std::move(update));
  if (!pending_.deleted.empty()) {
    Bytes rest;
    WireWriter out(rest);
    out.uint(0);
    const auto id_of = [this](ClientRef client) { return store.clients[client].id; };
    std::vector<DeletedRange<ClientRef>> waiting = pending_.deleted.all();
    normalize(waiting, [&](ClientRef a, ClientRef b) { return id_of(a) > id_of(b); });
    write_delete_set(out, waiting, id_of, format == kV2);
    parts.push_back(format == kV2 ? FieldWriterV2(rest).finish(std::move(rest)) : std::move(rest));
  }
  if (!pending_.structs.empty()) {
    auto late = merge_updates(pending_.structs.all(), kV2, kNoRunLimit);
    if (late) late = diff_update(*late, since, kV2, kNoRunLimit);
    if (late && format != kV2) late = convert_update(*late, kV2, format, kNoRunLimit);
    if (late) parts.push_back(std::move(*late));
  }
  const std::vector<ByteView> views(parts.begin(), parts.end());
  auto whole = merge_updates(views, format, kNoRunLimit);
  return whole ? std::move(*whole) : std::move(parts[0]);
}

template void Replica::write_item(FieldWriterV1&, const Item&, std::uint32_t, const DraftParent*) const;
template void Replica::write_item(FieldWriterV2&, const Item&, std::uint32_t, const DraftParent*) const;
template void Replica::write_structs(FieldWriterV1&, ClientRef, std::uint32_t) const;
template void Replica::write_structs(FieldWriterV2&, ClientRef, std::uint32_t) const;

}  // namespace concord::crdt
