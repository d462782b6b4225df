#pragma once
// Editor: a replica and the local operations of the shared types on it, made as Yjs makes them. Indices are checked
// here; that the type is there and a transaction runs is checked before (Engine::writable).

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "crdt/drafts.h"
#include "crdt/replica.h"
#include "crdt/types.h"

namespace concord::crdt {

class Editor : public Replica {
 public:
  using Replica::Replica;

  // text.cpp, text_format.cpp
  Result<> text_insert(TypeRef text, std::size_t index, std::string_view utf8, const Attributes* attributes);
  Result<> text_insert_embed(TypeRef text, std::size_t index, const Any& embed, const Attributes& attributes);
  Result<TypeRef> text_insert_embed_type(TypeRef text, std::size_t index, TypeKind kind, std::string_view name,
                                         const Attributes& attributes);
  Result<> text_erase(TypeRef text, std::size_t index, std::size_t length);
  Result<> text_format(TypeRef text, std::size_t index, std::size_t length, const Attributes& attributes);
  Result<> text_apply_delta(TypeRef text, std::span<const DeltaOp> delta);
  void clean_formats(TypeRef text);

  // list.cpp, map.cpp, subdocument.cpp
  void load_subdocument(Id id) { mentions.load(id, recorded_ ? &changes_ : nullptr); }
  Result<> list_insert(TypeRef list, std::size_t index, std::span<const Any> values);
  Result<> list_push(TypeRef list, std::span<const Any> values);
  Result<TypeRef> list_insert_type(TypeRef list, std::size_t index, TypeKind kind, std::string_view name = {});
  /// Behind the type `sibling` of the list, or first for kNone.
  Result<TypeRef> list_insert_type_after(TypeRef list, TypeRef sibling, TypeKind kind, std::string_view name);
  Result<Id> list_insert_subdocument(TypeRef list, std::size_t index, const SubdocumentOptions& options);
  Result<> list_erase(TypeRef list, std::size_t index, std::size_t length);
  Result<> map_set(TypeRef map, std::string_view key, const Any& value);
  Result<TypeRef> map_set_type(TypeRef map, std::string_view key, TypeKind kind, std::string_view name = {});
  Result<Id> map_set_subdocument(TypeRef map, std::string_view key, const SubdocumentOptions& options);
  void map_erase(TypeRef map, std::string_view key);

 protected:
  // in_place.cpp
  bool type_in_place(TypeRef text, std::size_t index, ByteView utf8, bool ascii, std::uint32_t units);
  bool erase_in_place(TypeRef text, std::size_t index, std::size_t length);

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
  /// A type that no item holds yet; fails for a kind that there is not.
  Result<TypeRef> make_type(TypeKind kind, std::string_view name);
  Result<ListGap> list_gap(TypeRef list, std::size_t index);
  void insert_values(TypeRef list, ListGap gap, std::span<const Any> values);
  Result<> check_room(std::size_t bytes, std::uint64_t units) const;
};

}  // namespace concord::crdt
