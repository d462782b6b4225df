#pragma once
// Engine: what stands behind a Doc: a replica (replica.h), the updates that come to it and those that wait, and the
// operations of the shared types. Its methods are grouped by file.

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "crdt/drafts.h"
#include "crdt/observers.h"
#include "crdt/replica.h"
#include "crdt/types.h"

namespace concord::crdt {

class Engine : public Replica {
 public:
  explicit Engine(const DocOptions& options);

  // transaction.cpp, apply.cpp
  /// Ends a local transaction and writes its update, or nothing.
  void commit_local(Bytes& update);
  Result<Applied> apply_update(ByteView update, const Origin* origin);
  bool has_pending() const { return !pending_.updates.empty() || !pending_.deleted.empty(); }

  // encode.cpp
  Bytes encode_state_as_update(const StateVector& since) const;

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

  // text.cpp, text_format.cpp
  Result<> text_insert(TypeRef text, std::size_t index, std::string_view utf8, const Attributes* attributes);
  Result<> text_insert_embed(TypeRef text, std::size_t index, const Any& embed, const Attributes& attributes);
  Result<> text_erase(TypeRef text, std::size_t index, std::size_t length);
  Result<> text_format(TypeRef text, std::size_t index, std::size_t length, const Attributes& attributes);
  Result<> text_apply_delta(TypeRef text, std::span<const DeltaOp> delta);
  void clean_formats(TypeRef text);

  // list.cpp, map.cpp
  Result<> list_insert(TypeRef list, std::size_t index, std::span<const Any> values);
  Result<> list_push(TypeRef list, std::span<const Any> values);
  Result<TypeRef> list_insert_type(TypeRef list, std::size_t index, TypeKind kind);
  Result<> list_erase(TypeRef list, std::size_t index, std::size_t length);
  Result<> map_set(TypeRef map, std::string_view key, const Any& value);
  Result<TypeRef> map_set_type(TypeRef map, std::string_view key, TypeKind kind);
  void map_erase(TypeRef map, std::string_view key);

  // read.cpp
  std::string text_to_string(TypeRef text) const;
  std::vector<DeltaOp> text_to_delta(TypeRef text) const;
  Any type_to_json(TypeRef type, TypeKind as) const;
  std::optional<Value> list_get(TypeRef list, std::size_t index);
  std::optional<Value> map_get(TypeRef map, std::string_view key);

  std::string validate();
  std::size_t heap_bytes() const;
  std::shared_ptr<Observers> observers = std::make_shared<Observers>(observed_);

 private:
  template <class Fields>
  friend class Decoder;
  friend class VersionReader;

  // decode.cpp: an update becomes drafts, items that are in no list yet
  Result<> decode(ByteView update, Drafts& drafts);
  void discard(ItemRef draft);

  // apply.cpp: drafts are integrated in causal order; what misses something waits
  template <class State>
  ClientRef missing_for(const Item& item, const Drafts& drafts, State state) const;
  bool find_parent(const Item& item, const Drafts& drafts, ItemRef neighbour, TypeRef& type, std::uint32_t& entry);
  void integrate_draft(ItemRef item, const Drafts& drafts);
  bool apply_drafts(Drafts& drafts, Bytes& rest);
  void keep_rest(Drafts& drafts, Bytes& rest);
  void apply_deletions(const std::vector<DeletedRange<ClientRef>>& ranges, std::vector<DeletedRange<ClientRef>>& rest);
  void retry_pending_deletions();
  bool pending_is_ready() const;
  void apply_structs_and_deletions(Drafts& drafts);
  bool would_wait(Drafts& drafts);

  // cleanups.cpp: transactions that are observed
  void commit_recorded(Bytes& update);
  Bytes run_cleanups();
  void clean_up_queued(std::size_t number);
  void write_queued(std::size_t number);
  bool wants_clean_formats(const TransactionState& state) const;

  // encode.cpp
  Bytes with_pending(Bytes update, const StateVector& since) const;

  // in_place.cpp
  bool type_in_place(TypeRef text, std::size_t index, ByteView utf8, bool ascii, std::uint32_t units);
  bool erase_in_place(TypeRef text, std::size_t index, std::size_t length);
  bool apply_in_place(ByteView update);
  bool extend_in_place(WireReader in);
  bool delete_in_place(WireReader in);

  // text.cpp
  ListPlace place(TypeRef type, std::uint32_t index);
  void remember_place(TypeRef type, ItemRef item);
  TextCursor cursor_at(TypeRef text, std::size_t index, bool formats);
  void formats_before(TypeRef text, ItemRef left, FormatState& formats);
  void set_format(FormatState& formats, const Format& format) const;
  ItemRef create(TypeRef type, std::uint32_t entry, ItemRef left, ItemRef right, const NewContent& content);
  void insert_content(TypeRef text, TextCursor& at, const NewContent& content, FormatState wanted, bool inherit);
  void erase_range(TypeRef text, TextCursor& at, std::size_t length);
  void format_range(TypeRef text, TextCursor& at, std::size_t length, const FormatState& wanted);
  void step(TextCursor& at) const;
  void skip_redundant(TextCursor& at, const FormatState& wanted);
  void create_format(TypeRef text, TextCursor& at, const Format& format);
  FormatState open_formats(TypeRef text, TextCursor& at, const FormatState& wanted);
  void close_formats(TypeRef text, TextCursor& at, FormatState closing);
  void drop_redundant_formats(ItemRef start, ItemRef stop, const FormatState& before, FormatState& after);
  void drop_duplicate_formats_around(ItemRef item);
  void clean_formats_after(const TransactionState& state);
  bool same_value(std::uint32_t a, std::uint32_t b) const;
  void order_formats(FormatState& formats) const;
  Result<FormatState> intern_attributes(const Attributes& attributes);
  std::uint32_t null_value();

  // list.cpp
  Result<ListGap> list_gap(TypeRef list, std::size_t index);
  void insert_values(TypeRef list, ListGap gap, std::span<const Any> values);
  Result<> check_room(std::size_t bytes, std::uint64_t units) const;
  Value value_of(const Item& item, std::uint32_t offset);
  Any embed_of(const Item& item) const;

  Pending pending_;
  ItemRef near_ = kNone;  // where a deletion from afar was last; only a guess
  Drafts drafts_;         // kept for its capacity
};

}  // namespace concord::crdt
