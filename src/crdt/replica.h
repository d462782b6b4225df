#pragma once
// Replica: a store and the transaction that runs on it, with one method for each act of the algorithm.

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "crdt/delete_set.h"
#include "crdt/doc.h"
#include "crdt/drafts.h"
#include "crdt/fields_v1.h"
#include "crdt/fields_v2_writer.h"
#include "crdt/mentions.h"
#include "crdt/store.h"

namespace concord::crdt {

class Replica {
 public:
  explicit Replica(const DocOptions& options);

  Store store;
  Mentions mentions;

  ClientId client() const { return options_.client; }
  bool in_transaction() const { return active_; }

  // transaction.cpp
  /// `origin` lives until the end of the transaction.
  void begin(bool local, const Origin* origin = nullptr);
  void erase_item(ItemRef item);

  StateVector state_vector() const;

  // cleanups.cpp
  /// The client's clock when transaction `state`, which waits for its cleanup or is in it, began.
  std::uint32_t clock_before(const TransactionState& state, ClientRef client) const;

 protected:
  friend class UndoStep;

  // integrate.cpp: YATA, where an item goes among concurrent ones
  /// Puts a draft whose origins are known into its list; `left` and `right` are the items its origins name.
  void integrate(ItemRef item, ItemRef left, ItemRef right, TypeRef type, std::uint32_t entry);
  ItemRef resolve_conflicts(const Item& item, ItemRef left, ItemRef right, TypeRef type, std::uint32_t entry);
  void become_gc(ItemRef item);
  ItemRef split(ItemRef item, std::uint32_t units);
  ItemRef item_starting_at(Id id);
  ItemRef item_ending_at(Id id);

  // transaction.cpp: deleting; collecting, merging and the update at the end
  void touch(ClientRef client) {
    if (store.clients[client].stamp != stamp_) touch_first(client);
  }
  void touch_first(ClientRef client);
  std::uint32_t before(ClientRef client) const {
    const ClientRecord& record = store.clients[client];
    return record.stamp == stamp_ ? record.before : record.state;
  }
  void record_deletion(const Item& item) {
    deleted_.push_back({static_cast<ClientRef>(item.client), item.clock, item.length});
  }
  void record_change(const Item& item);
  void clean_up();
  void collect();
  void collect_item(ItemRef item, bool parent_collected);
  void merge_deleted();
  void merge_new();
  void merge_split();
  bool mergeable(const Item& left, const Item& right, ItemRef right_ref) const;
  std::uint32_t merge_with_lefts(ClientRef client, ClockPosition& at);
  void unlink_merged(ItemRef first, ItemRef item, std::size_t place_in_run);
  void finish();
  bool changed() const { return !touched_.empty() || !deleted_.empty(); }

  // cleanups.cpp
  void enqueue();
  void settle(std::size_t number);

  // in_place.cpp
  bool erase_units(ItemRef item, std::uint32_t offset, std::uint32_t length);
  bool joins_next(const Item& left, ItemRef next) const;
  bool write_in_place(Bytes& update);
  void write_typed(Bytes& update) const;
  void write_typed_v2(Bytes& update);
  void write_erased(Bytes& update) const;
  /// At `at`, which has room for eight bytes whatever the id's length.
  std::uint8_t* put_own_id(std::uint8_t* at) const {
    std::memcpy(at, own_id_, sizeof(own_id_));
    return at + own_id_size_;
  }

  // encode.cpp
  template <class Fields>
  void write_item(Fields& out, const Item& item, std::uint32_t offset, const DraftParent* parent = nullptr) const;
  template <class Fields>
  void write_structs(Fields& out, ClientRef client, std::uint32_t from) const;
  std::vector<DeletedRange<ClientRef>> deleted_ranges(const std::vector<ClientRef>& order) const;
  void write_transaction(Bytes& update);
  // encode_plain.cpp: writes the plain structs from `at` on and moves behind them; false at the end of the section
  bool write_plain(FieldWriterV1& out, ClientRef client, ClockPosition& at) const;
  bool write_plain(FieldWriterV2& out, ClientRef client, ClockPosition& at) const;

  // The place of the last local change: item `item` begins at `start` in `type`.
  struct LastPlace {
    TypeRef type = kNone;
    ItemRef item = kNone;
    std::uint32_t start = 0;
  };
  LastPlace last_;
  void forget_place() { last_.item = kNone; }

  DocOptions options_;
  ClientRef own_ = kNoClient;
  std::uint8_t own_id_[8] = {}, own_id_size_ = 0;  // as on the wire

  // The running transaction.
  bool active_ = false;
  bool local_ = true;
  std::uint64_t stamp_ = 1;
  std::uint32_t ranks_ = 0;
  std::vector<ClientRef> touched_;  // clients with new structs
  std::vector<DeletedRange<ClientRef>> deleted_;
  std::vector<std::pair<ClientRef, std::uint32_t>> split_;  // right parts, which may be merged again
  /// What it did, if that was one thing only (in_place.cpp).
  enum class Plain : std::uint8_t { kNo, kTyped, kErased };
  Plain plain_ = Plain::kNo;
  std::size_t plain_bytes_ = 0;    // kTyped: how much longer the last own item became,
  std::uint32_t plain_units_ = 0;  // and in code units
  std::size_t plain_splits_ = 0;   // kErased: how many of `split_` are from it
  bool recorded_ = false;          // somebody will want to know what it changed
  const Origin* origin_ = nullptr;
  ChangeRecord changes_;

  // Transactions whose changes are made, in their order; the first `cleaned_` have been cleaned up. While the next is
  // shown (`cleaning_`), `split_` is its own unless another transaction runs.
  std::vector<std::unique_ptr<TransactionState>> queue_;
  std::size_t cleaned_ = 0;
  bool cleaning_ = false;
  bool observed_ = false;               // somebody observes this document
  std::unique_ptr<UpdateBufferV2> v2_;  // made when first needed
  UpdateBufferV2& v2_buffer();          // Scratch, kept for its capacity.
  std::vector<ItemRef> visited_, work_, run_;
  IdTable visited_numbers_;
};

}  // namespace concord::crdt
