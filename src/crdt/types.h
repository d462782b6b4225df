#pragma once
// The shared types as handles: two words, copied freely, valid as long as their Doc. Indices and lengths are UTF-16
// code units in a Text and elements in an Array, as every Yjs editor counts them.
//
// Reading is allowed at any time. Changing is allowed inside Doc::transact only and fails with kInvalidArgument
// outside of it, on a type that was deleted, on an index beyond the end (Array) and on malformed UTF-8.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/result.h"
#include "crdt/any.h"

namespace concord::crdt {

class Engine;
struct ElementRun;
struct RelativePosition;
struct Snapshot;
struct VersionChanges;
class Text;
class Map;
class Array;

/// Formats on a run of text, in order of insertion; a null value ends a format.
using Attributes = std::vector<std::pair<std::string, Any>>;

/// What a map or an array can hold: a value, or a shared type of its own.
using Value = std::variant<Any, Text, Map, Array>;

/// One operation of a Quill Delta. Read-outs only have inserts.
struct DeltaOp {
  enum class Kind : std::uint8_t { kInsert, kEmbed, kRetain, kDelete };
  Kind kind = Kind::kInsert;
  std::string text;          // kInsert
  Any embed;                 // kEmbed; a nested shared type reads as its JSON
  std::uint64_t length = 0;  // kRetain, kDelete
  Attributes attributes;     // kInsert, kEmbed, kRetain

  static DeltaOp insert(std::string text, Attributes attributes = {});
  static DeltaOp insert_embed(Any embed, Attributes attributes = {});
  static DeltaOp retain(std::uint64_t length, Attributes attributes = {});
  static DeltaOp erase(std::uint64_t length);
};
/// As a JSON value ({"insert": …, "attributes": …}) and back.
Any delta_to_any(std::span<const DeltaOp> delta);
Result<std::vector<DeltaOp>> delta_from_any(const Any& value);

/// What every shared type has.
class SharedType {
 public:
  SharedType() = default;
  /// False once the item that holds the type was deleted; root types never are.
  bool alive() const;
  bool operator==(const SharedType&) const = default;
  /// A place that stays with its right neighbour (`assoc` negative: the left one), as
  /// Y.createRelativePositionFromTypeIndex; an index beyond the end is the end.
  Result<RelativePosition> position_at(std::size_t index, std::int64_t assoc = 0) const;
  /// What its list holds, in order, what was deleted too; without formats.
  std::vector<ElementRun> elements() const;

 protected:
  friend class Engine;
  SharedType(Engine* engine, std::uint32_t type, std::uint32_t generation)
      : engine_(engine), type_(type), generation_(generation) {}
  Engine* engine_ = nullptr;
  std::uint32_t type_ = 0;
  std::uint32_t generation_ = 0;
};

class Text : public SharedType {
 public:
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
  /// Up to `length` units; what lies beyond the end is ignored.
  Result<> erase(std::size_t index, std::size_t length);
  Result<> format(std::size_t index, std::size_t length, const Attributes& attributes);
  /// As Y.Text.applyDelta: retain, insert and delete from the start on.
  Result<> apply_delta(std::span<const DeltaOp> delta);

 private:
  friend class Engine;
  using SharedType::SharedType;
};

class Array : public SharedType {
 public:
  std::size_t length() const;
  std::optional<Value> get(std::size_t index) const;
  Any to_json() const;
  /// As Yjs's typeListToArraySnapshot: an item that the version holds in part is shown whole (by Doc::at it is not).
  std::vector<Value> values(const Snapshot& version) const;

  Result<> insert(std::size_t index, std::span<const Any> values);
  /// After the last item, also where that one is deleted: as Y.Array.push.
  Result<> push(std::span<const Any> values);
  Result<Text> insert_text(std::size_t index);
  Result<Map> insert_map(std::size_t index);
  Result<Array> insert_array(std::size_t index);
  /// Fails where index + length is beyond the end; then nothing is erased.
  Result<> erase(std::size_t index, std::size_t length);

 private:
  friend class Engine;
  using SharedType::SharedType;
};

class Map : public SharedType {
 public:
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
  Result<> erase(std::string_view key);

 private:
  friend class Engine;
  using SharedType::SharedType;
};

}  // namespace concord::crdt
