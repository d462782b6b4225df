#pragma once
// Store: everything a document is made of, and the operations that keep its parts in agreement: the items, for each
// client their order by clock, the lists and map entries they are linked into, the types, and the contents. What it
// means to integrate, delete or merge is decided above it (engine.h).

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "crdt/contents.h"
#include "crdt/crowded_lists.h"
#include "crdt/id_table.h"
#include "crdt/item.h"
#include "crdt/position_index.h"
#include "crdt/records.h"
#include "crdt/redone.h"

namespace concord::crdt {

class Store {
 public:
  Store() : index(items) {}
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;

  PodArray<Item> items;
  PositionIndex index;
  Contents contents;
  std::vector<ClientRecord> clients;
  PodArray<TypeRecord> types;
  PodArray<MapEntry> entries;
  RedoneTable redone;
  CrowdedLists crowded;

  // Clients.
  std::optional<ClientRef> find_client(std::uint64_t id) const;
  /// nullopt where the document knows kMaxClients already.
  std::optional<ClientRef> client(std::uint64_t id);
  /// Forgets the clients from `count` on, which have no structs.
  void truncate_clients(std::size_t count);
  /// Clients that have structs, highest id first.
  std::vector<ClientRef> clients_in_order() const;

  // Items.
  ItemRef new_item() {
    if (free_item_ != kNone) [[unlikely]]
      return reuse_item();
    items.extend(1);
    return static_cast<ItemRef>(items.size() - 1);
  }
  void free_item(ItemRef item);
  ItemRef find(Id id) const {
    const ClientRecord& client = clients[id.client];
    return client.index.at(client.index.find(items.data(), id.clock));
  }
  bool has(Id id) const { return id.clock < clients[id.client].state; }
  /// Appends to its client's history.
  void add_struct(ItemRef item) {
    Item& entry = items[item];
    ClientRecord& client = clients[entry.client];
    client.index.push_back(item, entry.clock);
    client.state = entry.clock + entry.length;
  }
  /// Cuts an item in two at `units` and returns the right part, which is linked and indexed.
  ItemRef split(ItemRef item, std::uint32_t units);
  /// Two neighbours by clock and in their list, one live ASCII text, the other deleted content: so many units of the
  /// text, which stay less than all, become the other's. To the left where `units` is negative.
  void move_boundary(ItemRef left, ItemRef right, std::int32_t units);
  /// A live text item of a list becomes deleted content.
  void erase_content(ItemRef item);
  /// Cuts the front off an item that is in no list yet.
  void drop_front(ItemRef item, std::uint32_t units);
  /// Releases what the item's `content` refers to; a type must have been let go of before.
  void free_content(ItemRef item);

  // Lists and maps.
  TypeRef parent_of(const Item& item) const {
    return item.in_map() ? entries[item.home].type : index.type_of(item.home);
  }
  void link(ItemRef item, TypeRef type, std::uint32_t entry, ItemRef left);
  std::uint32_t find_entry(TypeRef type, std::uint32_t key) const {
    return entry_numbers_.find(static_cast<std::uint64_t>(type) << 32U | key);
  }
  std::uint32_t entry(TypeRef type, std::uint32_t key);
  void count_change(ItemRef item, std::int32_t units, std::int32_t formats);

  // Types.
  TypeRef new_type(TypeKind kind, ItemRef item, std::uint32_t name);
  /// The type's lists and entries are let go of; its items are the caller's.
  void free_type(TypeRef type);
  bool is_text(TypeRef type) const {
    return types[type].kind == TypeKind::kText || types[type].kind == TypeKind::kXmlText;
  }
  TypeRef root(std::string_view name);
  std::optional<TypeRef> find_root(std::string_view name) const;

  // Contents of items.
  Span span_of(const Item& item) const;
  ByteView bytes_of(const Item& item) const {
    const Span span = span_of(item);
    return {contents.bytes(span.offset), span.bytes};
  }
  /// Whether contents of this kind can be joined.
  static bool joins(Kind kind) {
    return kind == Kind::kString || kind == Kind::kAny || kind == Kind::kJson || kind == Kind::kDeleted;
  }
  /// Where in the content of an Any or Json item the element `element` begins.
  std::uint32_t element_offset(const Item& item, std::uint32_t element) const;
  /// Appends bytes to an item's content; `units` more of length for text are the caller's to count.
  void append_content(ItemRef item, ByteView more, bool ascii);
  /// The run [first, last] of `count` neighbours, from left to right, becomes the content of the first.
  void join_contents(const ItemRef* run, std::size_t count);

  /// Rewrites the arena without what was dropped.
  void compact();
  std::size_t heap_bytes() const;
  void shrink_to_fit();

 private:
  ItemRef reuse_item();
  void split_content(Item& left, Item& right, std::uint32_t units);
  void set_span(Item& item, Span span, bool ascii);

  IdTable client_numbers_;
  IdTable entry_numbers_;
  IdTable root_numbers_;  // by name number
  ItemRef free_item_ = kNone;
  TypeRef free_type_ = kNone;
  std::uint32_t free_entry_ = kNone;
  std::uint32_t generations_ = 0;
};

}  // namespace concord::crdt
