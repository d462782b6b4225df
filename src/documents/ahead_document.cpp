#include "documents/ahead_document.h"

#include <algorithm>
#include <utility>

#include "crdt/events.h"
#include "documents/content.h"
#include "documents/ot_delta.h"
#include "ot/utf16.h"

namespace concord::documents {
namespace {

bool has_pair(const ot::Delta& delta) {
  return std::ranges::any_of(delta.ops(), [](const ot::Op& op) {
    return std::ranges::any_of(op.text, [](char16_t unit) { return ot::is_high_surrogate(unit); });
  });
}

std::int64_t growth(const ot::Delta& change) {
  return static_cast<std::int64_t>(change.target_length()) - static_cast<std::int64_t>(change.base_length());
}

/// A document's text in units, with one that is no surrogate for each embed.
std::u16string units_of(const ot::Delta& document) {
  std::u16string out;
  for (const ot::Op& op : document.ops()) {
    if (op.kind == ot::OpKind::kInsert) {
      out += op.text;
    } else {
      out += u'\uFFFC';
    }
  }
  return out;
}

/// An attribute that an insertion removes is not there, and a Y.Text does not keep it.
ot::Delta without_removals(const ot::Delta& operation) {
  ot::Delta out;
  out.reserve(operation.ops().size());
  for (ot::Op op : operation.ops()) {
    if (op.is_insertion() && !op.attributes.empty()) op.attributes = ot::compose_attributes({}, op.attributes, false);
    out.push(std::move(op));
  }
  return out;
}

std::unexpected<Error> parts_a_character() {
  return fail(Error{Code::kInvalidArgument, "the operation parts a character", {{"field", "op"}}});
}

}  // namespace

AheadDocument::AheadDocument(std::uint64_t version, crdt::ClientId client, std::size_t history_bytes)
    : doc_({.client = client}), text_(doc_.text(kContentRoot)), history_(version, history_bytes) {}

Result<std::unique_ptr<AheadDocument>> AheadDocument::make(ByteView state, std::uint64_t version, crdt::ClientId client,
                                                           std::size_t history_bytes) {
  std::unique_ptr<AheadDocument> out(new AheadDocument(version, client, history_bytes));
  if (auto loaded = out->doc_.apply_update(state); !loaded)
    return fail(Code::kCorrupt, "the document's state: " + loaded.error().message);
  const ot::Delta content = to_ot(out->text_.to_delta());
  out->durable_length_ = content.target_length();
  out->has_pairs_ = has_pair(content);
  out->subscription_ = out->text_.observe([self = out.get()](const crdt::Event& event) {
    if (!self->writing_) self->seen_ = to_ot(event.text_delta());
  });
  return out;
}

void AheadDocument::note() {
  has_pairs_ = has_pairs_ || has_pair(seen_);
  pending_.push_back(std::exchange(seen_, {}));
}

void AheadDocument::submitted(ByteView update) {
  seen_ = {};
  (void)doc_.apply_update(update);
  note();
}

Result<> AheadDocument::check(const ot::Delta& operation, std::uint64_t version) const {
  if (version > current() || version < oldest()) {
    return fail(Error{Code::kConflict,
                      "version " + std::to_string(version) + " is not among those that can be changed; join again",
                      {{"field", "version"},
                       {"value", std::to_string(version)},
                       {"oldest_version", std::to_string(oldest())},
                       {"current_version", std::to_string(current())}}});
  }
  const std::size_t length =
      static_cast<std::size_t>(static_cast<std::int64_t>(durable_length_) - history_.growth_since(version));
  if (operation.base_length() > length) {
    return fail(Error{
        Code::kInvalidArgument,
        "the operation reads past the end of its version",
        {{"field", "op"}, {"value", std::to_string(operation.base_length())}, {"limit", std::to_string(length)}}});
  }
  return {};
}

/// A Y.Text keeps no half of a pair: deleting the other, or writing between them, would change both.
Result<> AheadDocument::check_whole_characters(const ot::Delta& operation) const {
  if (!has_pairs_) return {};
  const std::u16string text = units_of(to_ot(text_.to_delta()));
  std::size_t at = 0;
  for (const ot::Op& op : operation.ops()) {
    if (at > 0 && at < text.size() && ot::is_high_surrogate(text[at - 1]) && ot::is_low_surrogate(text[at]))
      return parts_a_character();
    if (!op.is_insertion()) at += op.length;
  }
  if (at > 0 && at < text.size() && ot::is_high_surrogate(text[at - 1]) && ot::is_low_surrogate(text[at]))
    return parts_a_character();
  return {};
}

Result<Bytes> AheadDocument::write(const ot::Delta& operation, std::uint64_t version) {
  TRY_VOID(check(operation, version));
  TRY(ot::Delta moved, history_.transform(without_removals(operation), version));
  for (const ot::Delta& change : pending_) moved = ot::transform(moved, change, ot::Priority::kAgainst);
  TRY_VOID(check_whole_characters(moved));
  TRY(const std::vector<crdt::DeltaOp> ops, from_ot(moved));
  Result<> written;
  writing_ = true;
  Bytes update = doc_.transact([&] { written = text_.apply_delta(ops); });
  writing_ = false;
  if (!written) return fail(Code::kInternal, "an operation could not be written: " + written.error().message);
  // What the text has become is what the operation makes of it, so that nobody need look for the difference.
  seen_ = std::move(moved);
  if (!update.empty()) note();
  return update;
}

void AheadDocument::durable() {
  const ot::Delta change = std::move(pending_.front());
  pending_.pop_front();
  durable_length_ = static_cast<std::size_t>(static_cast<std::int64_t>(durable_length_) + growth(change));
  history_.push(change);
}

}  // namespace concord::documents
