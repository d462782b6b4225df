#include "ot/packed.h"

#include <algorithm>
#include <functional>
#include <limits>
#include <utility>

namespace concord::ot {
namespace {

constexpr std::size_t kEntryBytes = 96;  // of a table, beside what it holds
constexpr std::uint32_t kEndless = std::numeric_limits<std::uint32_t>::max();

/// Reads a change in pieces; behind its end stands an endless retain.
class PackedReader {
 public:
  explicit PackedReader(PackedView change) : change_(change) {}

  bool at_end() const { return index_ == change_.ops.size(); }
  std::uint32_t left() const { return at_end() ? kEndless : change_.ops[index_].size() - offset_; }
  OpKind kind() const { return at_end() ? OpKind::kRetain : change_.ops[index_].kind(); }
  bool is_insertion() const { return !at_end() && change_.ops[index_].is_insertion(); }
  std::uint32_t attributes() const { return at_end() ? 0 : change_.ops[index_].attributes(); }

  /// The next `length` units, which are of the current operation, with these attributes.
  PackedOp piece(std::uint32_t length, std::uint32_t attributes) const {
    return {kind(), attributes, kind() == OpKind::kEmbed ? change_.ops[index_].length : length};
  }
  std::u16string_view text(std::uint32_t length) const {
    return kind() == OpKind::kInsert ? change_.text.substr(text_, length) : std::u16string_view();
  }
  void skip(std::uint32_t length) {
    if (at_end()) return;
    if (kind() == OpKind::kInsert) text_ += length;
    offset_ += length;
    if (offset_ < change_.ops[index_].size()) return;
    ++index_;
    offset_ = 0;
  }

 private:
  PackedView change_;
  std::size_t index_ = 0;
  std::uint32_t offset_ = 0;
  std::size_t text_ = 0;
};

bool has_removal(const Attributes& attributes) {
  return std::ranges::any_of(attributes, [](const Attribute& attribute) { return attribute.value == "null"; });
}

}  // namespace

const Attributes ValueTable::kEmpty;

std::size_t ValueTable::Hash::operator()(const Attributes& attributes) const {
  std::size_t hash = 0;
  for (const auto& [key, value] : attributes) {
    hash = hash * 0x9e3779b97f4a7c15ULL + std::hash<std::string>()(key);
    hash = hash * 0x9e3779b97f4a7c15ULL + std::hash<std::string>()(value);
  }
  return hash;
}

std::uint32_t ValueTable::attributes(const Attributes& attributes) {
  if (attributes.empty()) return 0;
  const auto [at, is_new] = attribute_numbers_.try_emplace(attributes, static_cast<std::uint32_t>(attributes_.size()));
  if (is_new) {
    attributes_.push_back(&at->first);
    bytes_ += kEntryBytes;
    for (const auto& [key, value] : attributes) bytes_ += sizeof(Attribute) + key.size() + value.size();
  }
  return at->second;
}

std::uint32_t ValueTable::embed(const std::string& embed) {
  const auto [at, is_new] = embed_numbers_.try_emplace(embed, static_cast<std::uint32_t>(embeds_.size()));
  if (is_new) {
    embeds_.push_back(&at->first);
    bytes_ += kEntryBytes + embed.size();
  }
  return at->second;
}

std::uint32_t ValueTable::compose(std::uint32_t first, std::uint32_t second, bool keep_removals) {
  if (second == 0) return first;
  if (first == 0 && (keep_removals || !has_removal(attributes_of(second)))) return second;
  return attributes(compose_attributes(attributes_of(first), attributes_of(second), keep_removals));
}

std::uint32_t ValueTable::transform(std::uint32_t op, std::uint32_t against) {
  if (op == 0 || against == 0) return op;
  return attributes(transform_attributes(attributes_of(op), attributes_of(against), Priority::kAgainst));
}

bool PackedDelta::join(PackedOp& last, PackedOp op) {
  if (last.kind_and_attributes != op.kind_and_attributes || op.kind() == OpKind::kEmbed) return false;
  last.length += op.length;
  return true;
}

void PackedDelta::push(PackedOp op, std::u16string_view text) {
  if (op.size() == 0) return;
  text_ += text;
  if (!ops_.empty() && join(ops_.back(), op)) return;
  ops_.push_back(op);
}

void PackedDelta::push_in_normal_form(PackedOp op, std::u16string_view text) {
  if (op.size() == 0) return;
  if (!op.is_insertion() || ops_.empty() || ops_.back().kind() != OpKind::kDelete) {
    push(op, text);
    return;
  }
  text_ += text;  // a deletion has none
  if (ops_.size() > 1 && join(ops_[ops_.size() - 2], op)) return;
  ops_.insert(ops_.end() - 1, op);
}

void PackedDelta::chop() {
  if (!ops_.empty() && ops_.back().kind() == OpKind::kRetain && ops_.back().attributes() == 0) ops_.pop_back();
}

PackedDelta pack(const Delta& delta, ValueTable& values) {
  PackedDelta out;
  for (const Op& op : delta.ops()) {
    const std::uint32_t attributes = values.attributes(op.attributes);
    const auto length = op.kind == OpKind::kEmbed ? values.embed(op.embed) : static_cast<std::uint32_t>(op.size());
    out.push({op.kind, attributes, length}, op.text);
  }
  return out;
}

Delta unpack(PackedView change, const ValueTable& values) {
  Delta out;
  out.reserve(change.ops.size());
  std::size_t at = 0;
  for (const PackedOp& packed : change.ops) {
    Op op{.kind = packed.kind(),
          .length = 0,
          .text = {},
          .embed = {},
          .attributes = values.attributes_of(packed.attributes())};
    if (op.kind == OpKind::kInsert) {
      op.text = change.text.substr(at, packed.length);
      at += packed.length;
    } else if (op.kind == OpKind::kEmbed) {
      op.embed = values.embed_of(packed.length);
    } else {
      op.length = packed.length;
    }
    out.append(std::move(op));
  }
  return out;
}

void compose_packed(PackedView first, PackedView second, ValueTable& values, PackedDelta& out) {
  PackedReader below(first);
  PackedReader above(second);
  out.reserve(first.ops.size() + second.ops.size(), first.text.size() + second.text.size());
  while (!below.at_end() || !above.at_end()) {
    if (above.is_insertion()) {
      const std::uint32_t length = above.left();
      out.push(above.piece(length, above.attributes()), above.text(length));
      above.skip(length);
      continue;
    }
    if (below.kind() == OpKind::kDelete) {
      const std::uint32_t length = below.left();
      out.push(below.piece(length, 0), {});
      below.skip(length);
      continue;
    }
    const std::uint32_t length = std::min(below.left(), above.left());
    if (above.kind() == OpKind::kDelete) {
      // What the first inserted and the second deletes was never there.
      if (!below.is_insertion()) out.push({OpKind::kDelete, 0, length}, {});
    } else {
      const bool keep = below.kind() == OpKind::kRetain;
      const std::uint32_t attributes = values.compose(below.attributes(), above.attributes(), keep);
      out.push(below.piece(length, attributes), below.text(length));
    }
    below.skip(length);
    above.skip(length);
  }
  out.chop();
}

namespace {

template <bool kBlock>
bool walk(PackedView change, PackedView base, ValueTable& values, PackedDelta& out) {
  PackedReader op(change);
  PackedReader against(base);
  bool parted = true;  // whether something stands between `op`'s last deletion and what comes
  while (!op.at_end()) {
    if (against.is_insertion()) {
      const std::uint32_t length = against.left();
      out.push({OpKind::kRetain, 0, length}, {});
      against.skip(length);
      continue;
    }
    if (op.is_insertion()) {
      if (kBlock && !parted) return false;
      const std::uint32_t length = op.left();
      out.push_in_normal_form(op.piece(length, op.attributes()), op.text(length));
      op.skip(length);
      continue;
    }
    const std::uint32_t length = std::min(op.left(), against.left());
    const bool deletes = op.kind() == OpKind::kDelete;
    if (deletes) parted = false;
    if (against.kind() != OpKind::kDelete) {
      const std::uint32_t attributes = deletes ? 0 : values.transform(op.attributes(), against.attributes());
      out.push(op.piece(length, attributes), {});
      if (!deletes) parted = true;
    }
    op.skip(length);
    against.skip(length);
  }
  out.chop();
  return true;
}

}  // namespace

void transform_packed(PackedView op, PackedView against, ValueTable& values, PackedDelta& out) {
  walk<false>(op, against, values, out);
}

bool transform_over_block(PackedView op, PackedView against, ValueTable& values, PackedDelta& out) {
  return walk<true>(op, against, values, out);
}

std::int64_t growth(PackedView change) {
  std::int64_t out = 0;
  for (const PackedOp& op : change.ops) {
    if (op.is_insertion()) out += op.size();
    if (op.kind() == OpKind::kDelete) out -= op.size();
  }
  return out;
}

}  // namespace concord::ot
