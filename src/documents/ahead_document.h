#pragma once
// A document ahead of its log: a replica to which updates are applied when they are submitted, the changes that they
// made to the root text, and the versions that these got once they were durable. Pure; OtDocument feeds it.
//
// A change is pending from its submission on, and takes its place in the history when it is durable. Clients only know
// versions that are durable, so an operation of theirs is brought to the newest of these and then behind what is
// pending.

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>

#include "base/bytes.h"
#include "crdt/doc.h"
#include "documents/ot_document.h"
#include "ot/history.h"

namespace concord::documents {

class AheadDocument {
 public:
  /// `state` is the encoded document at `version`, of which nothing is pending; `client` signs what is written here,
  /// and is new each time. kCorrupt where the state is not readable.
  static Result<std::unique_ptr<AheadDocument>> make(ByteView state, std::uint64_t version, crdt::ClientId client,
                                                     std::size_t history_bytes);
  AheadDocument(const AheadDocument&) = delete;
  AheadDocument& operator=(const AheadDocument&) = delete;

  std::uint64_t oldest() const { return history_.oldest(); }
  std::uint64_t current() const { return history_.current(); }
  ot::History& history() { return history_; }

  /// An update of somebody's was submitted, and is pending. One that the document refuses changes nothing, as it will
  /// change nothing of the durable one.
  void submitted(ByteView update);
  /// Writes an operation, made on a durable version, behind everything submitted; the update is to be submitted, and
  /// the change is pending. An empty update: nothing is. Fails as OtDocument::submit says; kInternal where the document
  /// is not to be used any more.
  Result<Bytes> write(const ot::Delta& operation, std::uint64_t version);

  /// The oldest pending change is durable, and makes the next version.
  void durable();
  /// It was known already: it makes no version, and has changed nothing.
  void drop() { pending_.pop_front(); }
  const ot::Delta& next() const { return pending_.front(); }

 private:
  AheadDocument(std::uint64_t version, crdt::ClientId client, std::size_t history_bytes);

  Result<> check(const ot::Delta& operation, std::uint64_t version) const;
  Result<> check_whole_characters(const ot::Delta& operation) const;
  void note();

  crdt::Doc doc_;
  crdt::Text text_;
  ot::History history_;
  std::deque<ot::Delta> pending_;
  std::size_t durable_length_ = 0;  // at `current()`
  bool has_pairs_ = false;          // of surrogates, at some time
  ot::Delta seen_;                  // of the transaction under way
  bool writing_ = false;            // it is an operation, whose change is known
  crdt::Subscription subscription_;
};

}  // namespace concord::documents
