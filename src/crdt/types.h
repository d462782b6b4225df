#pragma once
// Texts, arrays and maps. Indices and lengths are UTF-16 code units in a Text and elements in an Array, as every Yjs
// editor counts them. What handles are and when they may change something is said in shared_type.h.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "crdt/any.h"
#include "crdt/delta.h"
#include "crdt/shared_type.h"
#include "crdt/subdocument.h"

namespace concord::crdt {

class Text : public SharedType {
 public:
  static constexpr TypeKind kKind = TypeKind::kText;

  std::size_t length() const;
  /// Without formats and embeds, as Y.Text.toString().
  std::string to_string() const;
  /// As Y.Text.toDelta().
  std::vector<DeltaOp> to_delta() const;
  /// As of other versions (snapshot.h): as Y.Text.toDelta(snapshot, previous, computeYChange).
  std::vector<DeltaOp> to_delta(const VersionChanges& versions) const;

  /// Inherits the formats in force at `index` (clamped to the end).
  Result<> insert(std::size_t index, std::string_view utf8);
  /// With exactly these formats.
  Result<> insert(std::size_t index, std::string_view utf8, const Attributes& attributes);
  Result<> insert_embed(std::size_t index, const Any& embed, const Attributes& attributes = {});
  /// A new shared type as an embed; `name` is for XML elements and hooks.
  Result<SharedType> insert_embed_type(std::size_t index, TypeKind kind, std::string_view name = {},
                                       const Attributes& attributes = {});
  /// Up to `length` units; what lies beyond the end is ignored.
  Result<> erase(std::size_t index, std::size_t length);
  Result<> format(std::size_t index, std::size_t length, const Attributes& attributes);
  /// As Y.Text.applyDelta: retain, insert and delete from the start on.
  Result<> apply_delta(std::span<const DeltaOp> delta);

  // Attributes of the whole text.
  Result<> set_attribute(std::string_view name, const Any& value);
  Result<> remove_attribute(std::string_view name);
  std::optional<Value> attribute(std::string_view name) const;
  std::vector<std::pair<std::string, Value>> attributes() const;

 private:
  friend class Engine;
  using SharedType::SharedType;
};

class Array : public SharedType {
 public:
  static constexpr TypeKind kKind = TypeKind::kArray;

  std::size_t length() const;
  std::optional<Value> get(std::size_t index) const;
  Any to_json() const;
  /// As Yjs's typeListToArraySnapshot: an item that the version holds in part is shown whole (by Doc::at it is not),
  /// and types that were deleted since are empty.
  std::vector<Value> values(const Snapshot& version) const;

  Result<> insert(std::size_t index, std::span<const Any> values);
  /// After the last item, also where that one is deleted: as Y.Array.push.
  Result<> push(std::span<const Any> values);
  Result<Text> insert_text(std::size_t index);
  Result<Map> insert_map(std::size_t index);
  Result<Array> insert_array(std::size_t index);
  /// Of any kind; `name` is for XML elements and hooks.
  Result<SharedType> insert_type(std::size_t index, TypeKind kind, std::string_view name = {});
  Result<Subdocument> insert_subdocument(std::size_t index, const SubdocumentOptions& options);
  /// Fails where index + length is beyond the end; then nothing is erased.
  Result<> erase(std::size_t index, std::size_t length);

 private:
  friend class Engine;
  using SharedType::SharedType;
};

class Map : public SharedType {
 public:
  static constexpr TypeKind kKind = TypeKind::kMap;

  /// How many keys have a value.
  std::size_t size() const;
  bool contains(std::string_view key) const;
  std::optional<Value> get(std::string_view key) const;
  /// As of a version: as Yjs's typeMapGetSnapshot.
  std::optional<Value> get(std::string_view key, const Snapshot& version) const;
  /// In the order in which this replica first saw them.
  std::vector<std::string> keys() const;
  std::vector<std::string> keys(const Snapshot& version) const;
  Any to_json() const;

  Result<> set(std::string_view key, const Any& value);
  Result<Text> set_text(std::string_view key);
  Result<Map> set_map(std::string_view key);
  Result<Array> set_array(std::string_view key);
  /// Of any kind; `name` is for XML elements and hooks.
  Result<SharedType> set_type(std::string_view key, TypeKind kind, std::string_view name = {});
  Result<Subdocument> set_subdocument(std::string_view key, const SubdocumentOptions& options);
  Result<> erase(std::string_view key);

 private:
  friend class Engine;
  using SharedType::SharedType;
};

}  // namespace concord::crdt
