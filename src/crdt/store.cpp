#include "crdt/store.h"

#include <algorithm>

#include "crdt/any_codec.h"
#include "crdt/utf16.h"
#include "crdt/wire.h"

namespace concord::crdt {

std::optional<ClientRef> Store::find_client(std::uint64_t id) const {
  const std::uint32_t found = client_numbers_.find(id);
  if (found == IdTable::kAbsent) return std::nullopt;
  return found;
}

std::optional<ClientRef> Store::client(std::uint64_t id) {
  if (const std::uint32_t found = client_numbers_.find(id); found != IdTable::kAbsent) return found;
  if (clients.size() >= kMaxClients) return std::nullopt;
  const auto number = static_cast<ClientRef>(clients.size());
  clients.emplace_back().id = id;
  client_numbers_.set(id, number);
  return number;
}

void Store::truncate_clients(std::size_t count) {
  while (clients.size() > count) {
    client_numbers_.erase(clients.back().id);
    clients.pop_back();
  }
}

std::vector<ClientRef> Store::clients_in_order() const {
  std::vector<ClientRef> order;
  for (ClientRef i = 0; i < clients.size(); ++i)
    if (clients[i].state != 0) order.push_back(i);
  std::ranges::sort(order, std::ranges::greater{}, [this](ClientRef c) { return clients[c].id; });
  return order;
}

ItemRef Store::reuse_item() {
  const ItemRef item = free_item_;
  free_item_ = items[item].right;
  return item;
}

void Store::free_item(ItemRef item) {
  items[item].set_kind(Kind::kFree);
  items[item].right = free_item_;
  free_item_ = item;
}

// ---- lists and maps

void Store::link(ItemRef item, TypeRef type, std::uint32_t entry, ItemRef left) {
  Item& it = items[item];
  it.left = left;
  if (entry == kNone) {
    it.right = left != kNone ? items[left].right : types[type].start;
    if (left != kNone)
      items[left].right = item;
    else
      types[type].start = item;
    if (it.right != kNone) items[it.right].left = item;
    types[type].length += it.visible();
    PositionTree tree = types[type].tree;
    index.insert(tree, type, item);
    types[type].tree = tree;
    return;
  }
  it.set(kFlagInMap);
  it.home = entry;
  it.right = left != kNone ? items[left].right : entries[entry].head;
  if (left != kNone)
    items[left].right = item;
  else
    entries[entry].head = item;
  if (it.right != kNone)
    items[it.right].left = item;
  else
    entries[entry].tail = item;
}

std::uint32_t Store::entry(TypeRef type, std::uint32_t key) {
  if (const std::uint32_t found = find_entry(type, key); found != kNone) return found;
  std::uint32_t number = free_entry_;
  if (number != kNone) {
    free_entry_ = entries[number].next;
    entries[number] = {};
  } else {
    number = static_cast<std::uint32_t>(entries.size());
    entries.push_back({});
  }
  entries[number].type = type;
  entries[number].key = key;
  TypeRecord& record = types[type];
  if (record.last_entry != kNone)
    entries[record.last_entry].next = number;
  else
    record.first_entry = number;
  record.last_entry = number;
  entry_numbers_.set(static_cast<std::uint64_t>(type) << 32U | key, number);
  return number;
}

void Store::count_change(ItemRef item, std::int32_t units, std::int32_t formats) {
  const Item& it = items[item];
  if (it.in_map()) return;
  types[index.type_of(it.home)].length += static_cast<std::uint32_t>(units);
  if (units != 0 || formats != 0) index.add(it.home, units, formats);
}

// ---- types

TypeRef Store::new_type(TypeKind kind, ItemRef item, std::uint32_t name) {
  TypeRef type = free_type_;
  if (type != kNone) {
    free_type_ = types[type].start;
  } else {
    type = static_cast<TypeRef>(types.size());
    types.push_back({});
  }
  types[type] = {};
  types[type].kind = kind;
  types[type].in_use = true;
  types[type].item = item;
  types[type].name = name;
  types[type].generation = ++generations_;
  return type;
}

void Store::free_type(TypeRef type) {
  TypeRecord& record = types[type];
  PositionTree tree = record.tree;
  index.clear(tree);
  crowded.forget({type, kNone});
  for (std::uint32_t at = record.first_entry; at != kNone;) {
    const std::uint32_t next = entries[at].next;
    entry_numbers_.erase(static_cast<std::uint64_t>(type) << 32U | entries[at].key);
    crowded.forget({type, at});
    entries[at] = {};
    entries[at].next = free_entry_;
    free_entry_ = at;
    at = next;
  }
  record = {};
  record.start = free_type_;
  free_type_ = type;
}

TypeRef Store::root(std::string_view name) {
  const std::uint32_t number = contents.names.intern(name);
  if (const std::uint32_t found = root_numbers_.find(number); found != IdTable::kAbsent) return found;
  const TypeRef type = new_type(TypeKind::kUnknown, kNone, number);
  root_numbers_.set(number, type);
  return type;
}

std::optional<TypeRef> Store::find_root(std::string_view name) const {
  const std::uint32_t number = contents.names.find(name);
  if (number == kNone) return std::nullopt;
  const std::uint32_t found = root_numbers_.find(number);
  if (found == IdTable::kAbsent) return std::nullopt;
  return found;
}

// ---- contents

Span Store::span_of(const Item& item) const {
  switch (item.kind()) {
    case Kind::kString:
      if (!item.has(kFlagWide)) return {item.content, item.length};
      return contents.span(item.content);
    case Kind::kAny:
    case Kind::kJson:
    case Kind::kBinary:
    case Kind::kEmbed:
    case Kind::kDoc:
      return contents.span(item.content);
    default:
      return {};
  }
}

void Store::set_span(Item& item, Span span, bool ascii) {
  const bool has_span = item.kind() != Kind::kString || item.has(kFlagWide);
  if (item.kind() == Kind::kString && ascii) {
    if (has_span) contents.free_span(item.content);
    item.unset(kFlagWide);
    item.content = span.offset;
  } else if (has_span) {
    contents.set_span(item.content, span);
  } else {
    item.set(kFlagWide);
    item.content = contents.new_span(span);
  }
}

void Store::free_content(ItemRef item) {
  Item& it = items[item];
  const Span span = span_of(it);
  contents.drop(span.bytes);
  const bool has_span = it.kind() == Kind::kAny || it.kind() == Kind::kJson || it.kind() == Kind::kBinary ||
                        it.kind() == Kind::kEmbed || it.kind() == Kind::kDoc ||
                        (it.kind() == Kind::kString && it.has(kFlagWide));
  if (has_span) contents.free_span(it.content);
  it.unset(kFlagWide);
  it.content = 0;
}

std::uint32_t Store::element_offset(const Item& item, std::uint32_t element) const {
  WireReader in(bytes_of(item));
  for (std::uint32_t i = 0; i < element; ++i) {
    bool canonical = true;
    ByteView text;
    if (item.kind() == Kind::kAny)
      scan_any(in, canonical);
    else
      in.var_bytes(text);
  }
  return static_cast<std::uint32_t>(in.position());
}

void Store::split_content(Item& left, Item& right, std::uint32_t units) {
  right.content = 0;
  right.unset(kFlagWide);
  if (left.kind() == Kind::kDeleted) return;
  if (left.kind() == Kind::kString && !left.has(kFlagWide)) {
    right.content = left.content + units;
    return;
  }
  const Span whole = contents.span(left.content);
  Span head = whole;
  Span tail = whole;
  if (left.kind() == Kind::kString) {
    const UnitPosition cut =
        find_unit_from_nearer_end(contents.bytes(whole.offset), whole.bytes, std::size_t{units} + right.length, units);
    if (cut.inside) {
      // Both halves of the pair become U+FFFD; four bytes become six. The larger part stays, with its half in place of
      // the pair, and the smaller moves to the arena's end.
      const auto before = static_cast<std::uint32_t>(cut.bytes);
      const std::uint32_t after = whole.bytes - before - 4;
      const std::uint32_t moved = contents.append_room(std::min(before, after) + 3U);
      std::uint8_t* to = contents.mutable_bytes(moved);
      std::uint8_t* from = contents.mutable_bytes(whole.offset);
      if (before <= after) {
        std::memcpy(to, from, before);
        std::memcpy(to + before, kReplacement, 3);
        std::memcpy(from + before + 1, kReplacement, 3);
        head = {moved, before + 3};
        tail = {whole.offset + before + 1, after + 3};
      } else {
        std::memcpy(to, kReplacement, 3);
        std::memcpy(to + 3, from + before + 4, after);
        std::memcpy(from + before, kReplacement, 3);
        head = {whole.offset, before + 3};
        tail = {moved, after + 3};
      }
      contents.drop(std::min(before, after) + 1U);
    } else {
      head.bytes = static_cast<std::uint32_t>(cut.bytes);
      tail = {whole.offset + head.bytes, whole.bytes - head.bytes};
    }
    const std::uint32_t right_units = right.length;
    right.content = tail.offset;
    if (tail.bytes != right_units) {
      right.set(kFlagWide);
      right.content = contents.new_span(tail);
    }
    set_span(left, head, head.bytes == units);
    return;
  }
  head.bytes = element_offset(left, units);
  tail = {whole.offset + head.bytes, whole.bytes - head.bytes};
  right.content = contents.new_span(tail);
  contents.set_span(left.content, head);
}

ItemRef Store::split(ItemRef item, std::uint32_t units) {
  const ItemRef part = new_item();
  Item& left = items[item];
  Item& right = items[part];
  right = left;
  right.clock = left.clock + units;
  right.length = left.length - units;
  right.set_origin({static_cast<ClientRef>(left.client), right.clock - 1});
  split_content(left, right, units);

  right.left = item;
  left.right = part;
  if (right.right != kNone) items[right.right].left = part;
  const std::uint32_t visible = left.visible();
  if (left.in_map()) {
    left.length = units;
    if (right.right == kNone) entries[right.home].tail = part;
  } else {
    // The right part leaves its leaf's count and comes back as an item of its own.
    const LeafRef leaf = left.home;
    left.length = units;
    if (visible != 0) index.add(leaf, -static_cast<std::int32_t>(visible - units));
    const TypeRef type = index.type_of(leaf);
    PositionTree tree = types[type].tree;
    index.insert(tree, type, part);
    types[type].tree = tree;
  }
  ClientRecord& client = clients[left.client];
  if (client.slack_item == item) client.slack_item = kNone;
  client.index.insert_after(client.index.find(items.data(), left.clock), part, items.data());
  return part;
}

void Store::move_boundary(ItemRef left, ItemRef right, std::int32_t units) {
  Item& l = items[left];
  Item& r = items[right];
  const std::uint32_t was = r.clock;
  l.length += static_cast<std::uint32_t>(units);
  r.length -= static_cast<std::uint32_t>(units);
  r.clock += static_cast<std::uint32_t>(units);
  r.origin_clock += static_cast<std::uint32_t>(units);
  ClientRecord& client = clients[l.client];
  client.index.clock_moved(was, r.clock);
  const bool text_is_left = units < 0;
  if (!text_is_left) r.content += static_cast<std::uint32_t>(units);
  if (client.slack_item == left) client.slack_item = kNone;
  const std::int32_t lost = text_is_left ? -units : units;
  contents.drop(static_cast<std::uint32_t>(lost));
  count_change(text_is_left ? left : right, -lost, 0);
}

void Store::erase_content(ItemRef item) {
  Item& it = items[item];
  count_change(item, -static_cast<std::int32_t>(it.length), 0);
  free_content(item);
  it.set(kFlagDeleted);
  it.set_kind(Kind::kDeleted);
}

void Store::drop_front(ItemRef item, std::uint32_t units) {
  Item& it = items[item];
  it.clock += units;
  it.length -= units;
  if (it.kind() == Kind::kGc || it.kind() == Kind::kDeleted) return;
  Item head = it;
  head.length = units;
  Item tail = it;
  split_content(head, tail, units);
  it = tail;
  const Span dropped = span_of(head);
  contents.drop(dropped.bytes);
  if (head.kind() != Kind::kString || head.has(kFlagWide)) contents.free_span(head.content);
}

void Store::append_content(ItemRef item, ByteView more, bool ascii) {
  Item& it = items[item];
  ClientRecord& client = clients[it.client];
  Span span = span_of(it);
  const bool was_ascii = it.kind() == Kind::kString && !it.has(kFlagWide);
  const std::uint32_t end = span.offset + span.bytes;
  const auto bytes = static_cast<std::uint32_t>(more.size());
  if (end == contents.arena_size()) {
    contents.append(more);
  } else if (client.slack_item == item && end + bytes <= client.slack_end) {
    std::memcpy(contents.mutable_bytes(end), more.data(), bytes);
  } else {
    // Somebody else has written since: move to the end, with as much room again.
    contents.drop(span.bytes);
    const std::uint32_t size = span.bytes + bytes;
    span.offset = contents.append_copy(span);
    contents.append(more);
    if (size >= 16) contents.append_room(size);
    client.slack_item = item;
    client.slack_end = contents.arena_size();
  }
  span.bytes += bytes;
  set_span(it, span, was_ascii && ascii);
}

void Store::join_contents(const ItemRef* run, std::size_t count) {
  Item& first = items[run[0]];
  if (first.kind() == Kind::kDeleted) return;
  Span whole = span_of(first);
  bool ascii = !first.has(kFlagWide);
  bool contiguous = true;
  std::size_t total = whole.bytes;
  std::uint32_t end = whole.offset + whole.bytes;
  for (std::size_t i = 1; i < count; ++i) {
    const Span span = span_of(items[run[i]]);
    contiguous = contiguous && span.offset == end;
    end = span.offset + span.bytes;
    total += span.bytes;
    ascii = ascii && !items[run[i]].has(kFlagWide);
  }
  if (!contiguous && count == 2) {
    const Bytes copy = to_bytes(bytes_of(items[run[1]]));
    append_content(run[0], copy, !items[run[1]].has(kFlagWide));
    contents.drop(copy.size());
  } else {
    if (!contiguous) {
      whole.offset = contents.arena_size();
      for (std::size_t i = 0; i < count; ++i) contents.append_copy(span_of(items[run[i]]));
      contents.drop(total);
    }
    whole.bytes = static_cast<std::uint32_t>(total);
    set_span(first, whole, first.kind() == Kind::kString && ascii);
  }
  for (std::size_t i = 1; i < count; ++i) {
    Item& it = items[run[i]];
    if (it.kind() != Kind::kString || it.has(kFlagWide)) contents.free_span(it.content);
  }
}

void Store::compact() {
  PodArray<std::uint8_t> fresh;
  std::size_t live = 0;
  for (const ClientRecord& client : clients) {
    if (client.state == 0) continue;
    ClockPosition p = client.index.begin();
    do live += span_of(items[client.index.at(p)]).bytes;
    while (client.index.next(p));
  }
  fresh.reserve(live);
  for (ClientRecord& client : clients) {
    client.slack_item = kNone;
    if (client.state == 0) continue;
    ClockPosition p = client.index.begin();
    do {
      Item& it = items[client.index.at(p)];
      const Span span = span_of(it);
      if (span.bytes == 0) continue;
      const auto offset = static_cast<std::uint32_t>(fresh.size());
      std::memcpy(fresh.extend(span.bytes), contents.bytes(span.offset), span.bytes);
      set_span(it, {offset, span.bytes}, it.kind() == Kind::kString && !it.has(kFlagWide));
    } while (client.index.next(p));
  }
  contents.replace_arena(fresh);
}

void Store::shrink_to_fit() {
  items.shrink_to_fit();
  index.shrink_to_fit();
  contents.shrink_to_fit();
  for (ClientRecord& client : clients) client.index.shrink_to_fit();
}

std::size_t Store::heap_bytes() const {
  std::size_t bytes = items.heap_bytes() + index.heap_bytes() + contents.heap_bytes() + types.heap_bytes() +
                      entries.heap_bytes() + client_numbers_.heap_bytes() + entry_numbers_.heap_bytes() +
                      root_numbers_.heap_bytes() + redone.heap_bytes() + crowded.heap_bytes() +
                      clients.capacity() * sizeof(ClientRecord);
  for (const ClientRecord& client : clients) bytes += client.index.heap_bytes();
  return bytes;
}

}  // namespace concord::crdt
