// Composition and transformation: the two walks over a pair of Deltas, as quill-delta 5 defines them.

#include <algorithm>
#include <utility>

#include "ot/delta.h"
#include "ot/op_reader.h"

namespace concord::ot {
namespace {

constexpr std::string_view kRemoved = "null";

/// What takes `change` back where it was made on `before`.
Attributes invert_attributes(const Attributes& change, const Attributes& before) {
  Attributes out;
  for (const auto& [key, value] : change) {
    const std::string* old = before.find(key);
    if (old == nullptr) {
      out.set(key, std::string(kRemoved));
    } else if (*old != value) {
      out.set(key, *old);
    }
  }
  return out;
}

}  // namespace

Attributes compose_attributes(const Attributes& first, const Attributes& second, bool keep_removals) {
  if (second.empty()) return first;
  Attributes out = first;
  for (const auto& [key, value] : second) out.set(key, value);
  if (keep_removals) return out;
  Attributes kept;
  for (const auto& [key, value] : out)
    if (value != kRemoved || second.find(key) == nullptr) kept.set(key, value);
  return kept;
}

Attributes transform_attributes(const Attributes& op, const Attributes& against, Priority priority) {
  if (priority == Priority::kOp || against.empty()) return op;
  Attributes out;
  for (const auto& [key, value] : op)
    if (against.find(key) == nullptr) out.set(key, value);
  return out;
}

Delta compose(const Delta& first, const Delta& second) {
  OpReader below(first.ops());
  OpReader above(second.ops());
  Delta out;
  while (!below.at_end() || !above.at_end()) {
    if (above.is_insertion()) {
      out.push(above.next());
      continue;
    }
    if (below.kind() == OpKind::kDelete) {
      out.push(below.next());
      continue;
    }
    const std::size_t length = std::min(below.left(), above.left());
    if (above.kind() == OpKind::kDelete) {
      // What the first inserted and the second deletes was never there.
      if (below.is_insertion()) {
        below.skip(length);
        above.skip(length);
      } else {
        below.skip(length);
        out.push(above.next(length));
      }
      continue;
    }
    Op op = below.next(length);
    if (!above.at_end()) {
      op.attributes = compose_attributes(op.attributes, above.current().attributes, op.kind == OpKind::kRetain);
      above.skip(length);
    }
    out.push(std::move(op));
  }
  return std::move(out.chop());
}

Delta transform(const Delta& change, const Delta& base, Priority priority) {
  OpReader op(change.ops());
  OpReader against(base.ops());
  Delta out;
  while (!op.at_end()) {
    if (against.is_insertion() && (priority == Priority::kAgainst || !op.is_insertion())) {
      out.retain(against.left());
      against.skip(against.left());
      continue;
    }
    if (op.is_insertion()) {
      out.push(op.next());
      continue;
    }
    const std::size_t length = std::min(op.left(), against.left());
    if (against.kind() == OpKind::kDelete) {
      op.skip(length);
      against.skip(length);
      continue;
    }
    Op moved = op.next(length);
    if (moved.kind == OpKind::kRetain && !against.at_end())
      moved.attributes = transform_attributes(moved.attributes, against.current().attributes, priority);
    against.skip(length);
    out.push(std::move(moved));
  }
  return std::move(out.chop());
}

Result<Delta> invert(const Delta& change, const Delta& document) {
  TRY_VOID(check_applies(change, document));
  OpReader before(document.ops());
  Delta out;
  for (const Op& op : change.ops()) {
    if (op.is_insertion()) {
      out.remove(op.size());
      continue;
    }
    for (std::size_t left = op.length; left > 0;) {
      const std::size_t length = std::min(left, before.left());
      left -= length;
      if (op.kind == OpKind::kDelete) {
        out.push(before.next(length));
      } else {
        out.retain(length, invert_attributes(op.attributes, before.current().attributes));
        before.skip(length);
      }
    }
  }
  return std::move(out.chop());
}

std::size_t transform_position(std::size_t position, const Delta& against, Priority priority) {
  std::size_t at = 0;  // in the changed document
  for (const Op& op : against.ops()) {
    if (at > position) break;
    if (op.kind == OpKind::kDelete) {
      position -= std::min(op.length, position - at);
      continue;
    }
    if (op.is_insertion() && (at < position || priority == Priority::kAgainst)) position += op.size();
    at += op.size();
  }
  return position;
}

}  // namespace concord::ot
