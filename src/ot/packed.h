#pragma once
// Deltas as they are kept in great number: eight bytes an operation, texts in one run, attributes and embeds by number.
// Internal to the part; history.h is what uses them.
//
// Unlike a Delta such a change may have an insertion behind a deletion at the same place. quill-delta's composition
// always writes it before, and so forgets on which side of deleted text it was made; a later insertion of others, made
// when that text was there still, then comes to stand on another side than if it had been transformed step by step.

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "ot/delta.h"

namespace concord::ot {

/// Attributes and embeds by number, equal ones by one. 0 is no attributes.
class ValueTable {
 public:
  std::uint32_t attributes(const Attributes& attributes);
  std::uint32_t embed(const std::string& embed);
  const Attributes& attributes_of(std::uint32_t number) const { return *attributes_[number]; }
  const std::string& embed_of(std::uint32_t number) const { return *embeds_[number]; }

  /// As in composing and transforming Deltas; a removal that says nothing is dropped unless `keep_removals`.
  std::uint32_t compose(std::uint32_t first, std::uint32_t second, bool keep_removals);
  std::uint32_t transform(std::uint32_t op, std::uint32_t against);

  /// In memory, about.
  std::size_t bytes() const { return bytes_; }

 private:
  struct Hash {
    std::size_t operator()(const Attributes& attributes) const;
  };
  static const Attributes kEmpty;

  std::unordered_map<Attributes, std::uint32_t, Hash> attribute_numbers_;
  std::unordered_map<std::string, std::uint32_t> embed_numbers_;
  std::vector<const Attributes*> attributes_{&kEmpty};  // keys of attribute_numbers_, which stay where they are
  std::vector<const std::string*> embeds_;
  std::size_t bytes_ = 0;
};

struct PackedOp {
  std::uint32_t length = 0;  // of an embed: its number
  std::uint32_t kind_and_attributes = 0;

  PackedOp() = default;
  PackedOp(OpKind kind, std::uint32_t attributes, std::uint32_t units)
      : length(units), kind_and_attributes(attributes << 2U | static_cast<std::uint32_t>(kind)) {}
  OpKind kind() const { return static_cast<OpKind>(kind_and_attributes & 3U); }
  std::uint32_t attributes() const { return kind_and_attributes >> 2U; }
  bool is_insertion() const { return kind() == OpKind::kInsert || kind() == OpKind::kEmbed; }
  std::uint32_t size() const { return kind() == OpKind::kEmbed ? 1 : length; }
};

/// A change that somebody else holds.
struct PackedView {
  std::span<const PackedOp> ops;
  std::u16string_view text;  // of all insertions, one after the other
};

class PackedDelta {
 public:
  /// Joins what can be one with its neighbour, and leaves the order as it is.
  void push(PackedOp op, std::u16string_view text);
  /// As Delta::push: an insertion goes before a deletion.
  void push_in_normal_form(PackedOp op, std::u16string_view text);
  void chop();

  PackedView view() const { return {ops_, text_}; }
  void reserve(std::size_t ops, std::size_t units) {
    ops_.reserve(ops);
    text_.reserve(units);
  }

 private:
  static bool join(PackedOp& last, PackedOp op);

  std::vector<PackedOp> ops_;
  std::u16string text_;
};

PackedDelta pack(const Delta& delta, ValueTable& values);
/// In the order of `change`; kept as it is, the Delta may not be in normal form.
Delta unpack(PackedView change, const ValueTable& values);

/// What `first` and then `second` do, in one; insertions stay on their side of what is deleted.
void compose_packed(PackedView first, PackedView second, ValueTable& values, PackedDelta& out);

/// ot::transform, with `against`, one change, before `op` where both insert at one place.
void transform_packed(PackedView op, PackedView against, ValueTable& values, PackedDelta& out);
/// The same for an `against` that was composed of several. False where it does not tell what transforming against them
/// one by one would give: all that `op` retained between a deletion and an insertion of its own is gone, so that the
/// two have come together at one of the steps, and the insertion went before the deletion.
bool transform_over_block(PackedView op, PackedView against, ValueTable& values, PackedDelta& out);

/// By how much the change makes a text longer.
std::int64_t growth(PackedView change);

}  // namespace concord::ot
