#pragma once
// Engine: what stands behind a Doc: a replica with the local operations of the shared types (editor.h), the updates
// that come to it and those that wait, and read-outs. Its methods are grouped by file.

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "crdt/drafts.h"
#include "crdt/editor.h"
#include "crdt/observers.h"
#include "crdt/pending.h"
#include "crdt/types.h"

namespace concord::crdt {

struct TypedChange;
struct ErasedChange;
class FieldWriterV2;

class Engine : public Editor {
 public:
  explicit Engine(const DocOptions& options);

  // transaction.cpp, apply.cpp
  /// Ends a local transaction and writes its update, or nothing.
  void commit_local(Bytes& update);
  Result<Applied> apply_update(ByteView update, const Origin* origin, UpdateFormat format);
  bool has_pending() const { return !pending_.empty(); }

  // encode.cpp
  Bytes encode_state_as_update(const StateVector& since, UpdateFormat format) const;

  // Handles.
  template <class Handle>
  Handle root(std::string_view name, TypeKind kind) {
    return handle<Handle>(root_of_kind(name, kind));
  }
  template <class Handle>
  Handle handle(TypeRef type) {
    return Handle(this, type, store.types[type].generation);
  }
  TypeRef root_of_kind(std::string_view name, TypeKind kind);
  bool alive(const SharedType& shared) const;
  Result<TypeRef> writable(const SharedType& shared) const;

  // read.cpp
  std::string text_to_string(TypeRef text) const;
  /// Without `json`, types within it are not read (DeltaOp::embed).
  std::vector<DeltaOp> text_to_delta(TypeRef text, bool json = true);
  std::vector<Value> list_values(TypeRef list);
  std::vector<std::pair<std::string, Value>> map_values(TypeRef map);
  Any type_to_json(TypeRef type, TypeKind as);
  Value value_of_type(TypeRef type);
  /// The next type on the right or on the left, in the list that holds this one (xml.cpp).
  std::optional<Value> sibling(TypeRef type, bool right);
  /// Of one that was deleted too: a version may show it.
  std::string node_name(TypeRef element) const;
  /// kNone for one that was deleted or is another document's.
  TypeRef type_of(const SharedType& shared) const {
    return shared.engine_ == this && alive(shared) ? shared.type_ : kNone;
  }
  Subdocument subdocument(Id id) { return {this, id.client, id.clock}; }
  std::optional<Value> list_get(TypeRef list, std::size_t index);
  std::optional<Value> map_get(TypeRef map, std::string_view key);

  std::string validate();
  std::size_t heap_bytes() const;
  std::shared_ptr<Observers> observers = std::make_shared<Observers>(observed_);

 private:
  template <class Fields>
  friend class Decoder;
  friend class VersionReader;
  friend class EventState;
  friend class TextEventDelta;

  // decode.cpp: an update becomes drafts, items that are in no list yet
  Result<> decode(ByteView update, UpdateFormat format, Drafts& drafts, std::uint64_t max_run_structs);
  void discard(ItemRef draft);

  // apply.cpp: drafts are integrated in causal order; what misses something waits
  template <class State>
  Id missing_for(const Item& item, const Drafts& drafts, State state) const;
  Id missing_for(const Item& item, const Drafts& drafts) const;
  bool find_parent(const Item& item, const Drafts& drafts, ItemRef neighbour, TypeRef& type, std::uint32_t& entry);
  ItemRef integrate_draft(ItemRef item, const Drafts& drafts);
  void integrate_neighbours(DraftSection& section, const Drafts& drafts);
  ItemRef cut_draft(ItemRef item, const Drafts& drafts);
  void apply_drafts(Drafts& drafts, bool pieces);
  void apply_deletions(const std::vector<DeletedRange<ClientRef>>& ranges, std::vector<DeletedRange<ClientRef>>& rest);
  void apply_structs_and_deletions(Drafts& drafts);
  bool would_wait(Drafts& drafts);
  void give_back_room();

  // retry.cpp: what waits
  void keep_rest(Drafts& drafts);
  void keep_pieces(Drafts& drafts);
  std::size_t write_rest(FieldWriterV2& out, const Drafts& drafts, const DraftSection& section, std::uint32_t from,
                         std::uint32_t end);
  ClientClock awaited_by(const Item& item, const Drafts& drafts) const;
  bool pending_is_ready(const std::vector<ClientRef>& advanced) const;
  void retry_deletions(std::vector<ClientRef>& advanced);
  bool read_again(Drafts& drafts, const std::vector<Bytes>& waiting);
  void retry_structs(Drafts& drafts, std::vector<ClientRef>& advanced, bool ready);
  void retry_pieces(Drafts& drafts, std::vector<ClientRef>& advanced, std::vector<Bytes> ready);

  // cleanups.cpp: transactions that are observed
  void commit_recorded(Bytes& update);
  Bytes run_cleanups();
  void clean_up_queued(std::size_t number);
  void write_queued(std::size_t number);
  bool wants_clean_formats(const TransactionState& state) const;

  // encode.cpp
  Bytes with_pending(Bytes update, const StateVector& since, UpdateFormat format) const;

  // in_place.cpp
  bool apply_in_place(ByteView update, UpdateFormat format);
  bool extend_in_place(const TypedChange& typed);
  bool delete_in_place(const ErasedChange& erased);

  // read.cpp
  Value value_of(const Item& item, std::uint32_t offset);
  /// All elements of an item.
  void append_values(const Item& item, std::vector<Value>& out);
  Attributes attributes_of(const FormatState& formats) const;
  /// Of an item that holds an embed or a type.
  DeltaOp embed_op(const Item& item, Attributes attributes, bool json = true);

  // text_event.cpp
  void erase_redundant(const std::vector<ItemRef>& formats);
  Any embed_of(const Item& item);

  Pending pending_;
  ItemRef near_ = kNone;  // where a deletion from afar was last; only a guess
  Drafts drafts_;         // kept for its capacity, unless that is large
  DraftFinder finder_;
};

}  // namespace concord::crdt
