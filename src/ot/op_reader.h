#pragma once
// Reads a Delta in pieces of wanted lengths. Internal to the part.

#include <algorithm>
#include <limits>

#include "ot/delta.h"

namespace concord::ot {

class OpReader {
 public:
  static constexpr std::size_t kEndless = std::numeric_limits<std::size_t>::max();

  explicit OpReader(const std::vector<Op>& ops) : ops_(ops) {}

  bool at_end() const { return index_ == ops_.size(); }
  /// What is left of the current operation. Behind the end stands an endless retain.
  std::size_t left() const { return at_end() ? kEndless : ops_[index_].size() - offset_; }
  OpKind kind() const { return at_end() ? OpKind::kRetain : ops_[index_].kind; }
  bool is_insertion() const { return !at_end() && ops_[index_].is_insertion(); }
  /// The current operation, whole; not behind the end.
  const Op& current() const { return ops_[index_]; }

  /// The next at most `most` units of the current operation.
  Op next(std::size_t most = kEndless) {
    const std::size_t take = std::min(most, left());
    if (at_end()) return Op{.kind = OpKind::kRetain, .length = take, .text = {}, .embed = {}, .attributes = {}};
    const Op& op = ops_[index_];
    Op piece{.kind = op.kind, .length = 0, .text = {}, .embed = {}, .attributes = op.attributes};
    if (op.kind == OpKind::kInsert) {
      piece.text = op.text.substr(offset_, take);
    } else if (op.kind == OpKind::kEmbed) {
      piece.embed = op.embed;
    } else {
      piece.length = take;
    }
    skip(take);
    return piece;
  }

  /// Moves on by `count` units, not past the current operation.
  void skip(std::size_t count) {
    if (at_end()) return;
    offset_ += count;
    if (offset_ == ops_[index_].size()) {
      ++index_;
      offset_ = 0;
    }
  }

 private:
  const std::vector<Op>& ops_;
  std::size_t index_ = 0;
  std::size_t offset_ = 0;
};

}  // namespace concord::ot
