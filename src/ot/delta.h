#pragma once
// A Delta: the change (or, made of insertions only, the document) that Quill and every dialect on top of it
// speak. Source of the semantics: quill-delta 5 (README "Operational Transform"). Lengths are UTF-16 code
// units, an embed is 1.
//
// Attributes and embeds are opaque here: their values are canonical JSON texts, compared as bytes. What JSON
// is canonical (keys sorted, no white space, shortest numbers) is the business of who makes them; the algebra
// needs only equality and the word "null", which in an attribute means "remove".

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace concord::ot {

struct Attribute {
  std::string key;
  std::string value;  // canonical JSON; "null" removes
  bool operator==(const Attribute&) const = default;
};

/// A map from key to value, iterated in key order.
class Attributes {
 public:
  Attributes() = default;
  Attributes(std::initializer_list<Attribute> list) {
    for (const auto& attribute : list) set(attribute.key, attribute.value);
  }

  void set(std::string_view key, std::string value);
  const std::string* find(std::string_view key) const;
  bool empty() const { return list_.empty(); }
  std::size_t size() const { return list_.size(); }
  auto begin() const { return list_.begin(); }
  auto end() const { return list_.end(); }
  bool operator==(const Attributes&) const = default;

 private:
  std::vector<Attribute> list_;  // sorted by key, each key once
};

/// `second` over `first`. A removal survives only where what it removes may stand further below (`keep_removals`).
Attributes compose_attributes(const Attributes& first, const Attributes& second, bool keep_removals);

enum class OpKind : std::uint8_t { kRetain, kInsert, kEmbed, kDelete };

struct Op {
  OpKind kind = OpKind::kRetain;
  std::size_t length = 0;  // retain and delete
  std::u16string text;     // insert
  std::string embed;       // embed: canonical JSON
  Attributes attributes;   // not on a delete

  /// In UTF-16 code units.
  std::size_t size() const;
  bool is_insertion() const { return kind == OpKind::kInsert || kind == OpKind::kEmbed; }
  bool operator==(const Op&) const = default;
};

/// Operations in document order. Kept in the normal form of quill-delta: neighbours that can be one are one,
/// an insertion stands before a deletion at the same place, nothing is empty.
class Delta {
 public:
  Delta& insert(std::u16string_view text, Attributes attributes = {});
  Delta& insert_embed(std::string embed, Attributes attributes = {});
  Delta& retain(std::size_t length, Attributes attributes = {});
  Delta& remove(std::size_t length);
  Delta& push(Op op);
  /// As push, but leaves an insertion behind a deletion where it stands: for what History composes (history.h).
  Delta& append(Op op);
  void reserve(std::size_t ops) { ops_.reserve(ops); }
  /// Takes off a last retain that changes nothing.
  Delta& chop();

  const std::vector<Op>& ops() const { return ops_; }
  bool empty() const { return ops_.empty(); }
  /// Insertions only.
  bool is_document() const;
  /// Length of what the change reads: its retains and deletions.
  std::size_t base_length() const;
  /// Length of what the change leaves of that: its retains and insertions.
  std::size_t target_length() const;
  bool operator==(const Delta&) const = default;

 private:
  static bool join(Op& last, const Op& op);

  std::vector<Op> ops_;
};

/// Whether `change` can be applied to `document`: kInvalidArgument where `document` has other operations than
/// insertions, or where the change reads past its end.
Result<> check_applies(const Delta& change, const Delta& document);
/// The document after the change; kInvalidArgument where it cannot be applied.
Result<Delta> apply_delta(const Delta& change, const Delta& document);
/// The same on plain text: attributes are passed over; an embed is kInvalidArgument.
Result<std::u16string> apply_delta(const Delta& change, std::u16string_view text);

/// One change that does what `first` and then `second` do.
Delta compose(const Delta& first, const Delta& second);

/// What takes `change` back: composed behind it, it leads from the changed document to `document` again.
/// kInvalidArgument as for apply_delta.
Result<Delta> invert(const Delta& change, const Delta& document);

/// Who stands first where both insert at one place, and whose attribute holds where both set one.
enum class Priority : std::uint8_t { kOp, kAgainst };

/// `op`, without what `against` sets where that has priority.
Attributes transform_attributes(const Attributes& op, const Attributes& against, Priority priority);

/// `op`, made for the state before `against`, as it must be after it. For every document and both changes
/// made for it,
///   compose(against, transform(op, against, kOp)) == compose(op, transform(against, op, kAgainst))
/// on that document (the property TP1), and likewise with the priorities exchanged.
/// (quill-delta's `against.transform(op, priority)` is kAgainst where its `priority` is true.)
Delta transform(const Delta& op, const Delta& against, Priority priority);

/// Where a position (a cursor) is after `against`. `priority` says who stands first where `against` inserts at the
/// position: kOp keeps it before what is inserted. (quill-delta's transformPosition, with its `priority` for kOp.)
std::size_t transform_position(std::size_t position, const Delta& against, Priority priority);

}  // namespace concord::ot
