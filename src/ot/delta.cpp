#include "ot/delta.h"

#include <algorithm>
#include <utility>

#include "ot/op_reader.h"

namespace concord::ot {

void Attributes::set(std::string_view key, std::string value) {
  auto at = std::ranges::lower_bound(list_, key, {}, &Attribute::key);
  if (at != list_.end() && at->key == key) {
    at->value = std::move(value);
  } else {
    list_.insert(at, Attribute{std::string(key), std::move(value)});
  }
}

const std::string* Attributes::find(std::string_view key) const {
  auto at = std::ranges::lower_bound(list_, key, {}, &Attribute::key);
  return at != list_.end() && at->key == key ? &at->value : nullptr;
}

std::size_t Op::size() const {
  switch (kind) {
    case OpKind::kInsert:
      return text.size();
    case OpKind::kEmbed:
      return 1;
    case OpKind::kRetain:
    case OpKind::kDelete:
      break;
  }
  return length;
}

Delta& Delta::insert(std::u16string_view text, Attributes attributes) {
  return push({OpKind::kInsert, 0, std::u16string(text), {}, std::move(attributes)});
}

Delta& Delta::insert_embed(std::string embed, Attributes attributes) {
  return push({OpKind::kEmbed, 0, {}, std::move(embed), std::move(attributes)});
}

Delta& Delta::retain(std::size_t length, Attributes attributes) {
  return push({OpKind::kRetain, length, {}, {}, std::move(attributes)});
}

Delta& Delta::remove(std::size_t length) { return push({OpKind::kDelete, length, {}, {}, {}}); }

/// Whether the two are one now.
bool Delta::join(Op& last, const Op& op) {
  if (last.kind != op.kind || op.kind == OpKind::kEmbed || last.attributes != op.attributes) return false;
  last.text += op.text;
  last.length += op.length;
  return true;
}

Delta& Delta::append(Op op) {
  if (op.size() == 0 || (!ops_.empty() && join(ops_.back(), op))) return *this;
  ops_.push_back(std::move(op));
  return *this;
}

Delta& Delta::push(Op op) {
  if (!op.is_insertion() || ops_.empty() || ops_.back().kind != OpKind::kDelete) return append(std::move(op));
  if (op.size() == 0 || (ops_.size() > 1 && join(ops_[ops_.size() - 2], op))) return *this;
  ops_.insert(std::prev(ops_.end()), std::move(op));
  return *this;
}

Delta& Delta::chop() {
  if (!ops_.empty() && ops_.back().kind == OpKind::kRetain && ops_.back().attributes.empty()) ops_.pop_back();
  return *this;
}

bool Delta::is_document() const {
  return std::ranges::all_of(ops_, [](const Op& op) { return op.is_insertion(); });
}

std::size_t Delta::base_length() const {
  std::size_t length = 0;
  for (const Op& op : ops_)
    if (!op.is_insertion()) length += op.size();
  return length;
}

std::size_t Delta::target_length() const {
  std::size_t length = 0;
  for (const Op& op : ops_)
    if (op.kind != OpKind::kDelete) length += op.size();
  return length;
}

namespace {

std::unexpected<Error> past_the_end(std::size_t reads, std::size_t length) {
  return fail(Error{Code::kInvalidArgument,
                    "the change reads past the end of the document",
                    {{"reads", std::to_string(reads)}, {"length", std::to_string(length)}}});
}

}  // namespace

Result<> check_applies(const Delta& change, const Delta& document) {
  if (!document.is_document()) return fail(Code::kInvalidArgument, "a document consists of insertions alone");
  const std::size_t length = document.target_length();
  if (change.base_length() > length) return past_the_end(change.base_length(), length);
  return {};
}

Result<Delta> apply_delta(const Delta& change, const Delta& document) {
  TRY_VOID(check_applies(change, document));
  return compose(document, change);
}

Result<std::u16string> apply_delta(const Delta& change, std::u16string_view text) {
  if (change.base_length() > text.size()) return past_the_end(change.base_length(), text.size());
  std::u16string out;
  out.reserve(text.size());
  for (const Op& op : change.ops()) {
    switch (op.kind) {
      case OpKind::kInsert:
        out += op.text;
        break;
      case OpKind::kEmbed:
        return fail(Code::kInvalidArgument, "plain text holds no embeds");
      case OpKind::kRetain:
        out += text.substr(0, op.length);
        [[fallthrough]];
      case OpKind::kDelete:
        text.remove_prefix(op.length);
        break;
    }
  }
  out += text;
  return out;
}

}  // namespace concord::ot
