#pragma once
// A document's CRDT state, kept as the bytes it was stored in until somebody needs more than bytes can answer. Who only
// wants to be brought up to date, and who only says again what is known, is answered from the bytes; an edit, and
// whoever reads content, builds the Doc, and the bytes are let go. What clients end up with is the same.

#include <functional>
#include <optional>
#include <vector>

#include "base/bytes.h"
#include "base/metrics.h"
#include "crdt/doc.h"

namespace concord::documents {

class LazyDoc {
 public:
  /// Past so many bytes of deferred updates an answer builds the Doc.
  static constexpr std::size_t kMaxMergeBytes = 256u << 10u;
  /// Each `covers` reads all that is stored, where a Doc reads the update alone; so past so many the Doc is built.
  static constexpr unsigned kMostAsked = 8;

  /// Counts in `built` when the Doc is built. Empty until something is restored or deferred.
  explicit LazyDoc(Counter& built) : built_(built) {}

  /// What was stored: an encoded document. Fails where it is not a well-formed update. Before anything else.
  Result<> restore(Bytes state);
  /// A logged update that comes behind what was restored; checked when it was logged. Before anything but `restore`.
  void defer(SharedBytes update);
  /// Called with each of these in order, before it is applied, when the Doc is built.
  using Look = std::function<void(crdt::Doc&, ByteView update)>;
  void on_deferred(Look look) { look_ = std::move(look); }
  /// An update of the log; fails as Doc::apply_update does.
  Result<> apply(ByteView update);

  bool is_built() const { return doc_.has_value(); }
  /// Builds it where it is not there yet. An update that the Doc refuses (it holds too much already) changes nothing,
  /// now as when it was logged; so it is built of the updates one by one and never of `merged_`.
  crdt::Doc& doc();

  Bytes encode_state_vector();
  /// All that `since` has not seen.
  Bytes encode_state_as_update(const crdt::StateVector& since = {});
  /// As Doc::covers; false where the update is malformed.
  bool covers(ByteView update);
  /// At most the size of the encoded state, and close to it.
  std::size_t encoded_bytes();

 private:
  /// The whole state as one update; null where it takes a Doc to tell.
  const Bytes* merged();

  Counter& built_;
  Bytes stored_{0, 0};  // an update; empty once built
  std::vector<SharedBytes> deferred_;
  std::size_t deferred_bytes_ = 0;
  unsigned asked_ = 0;  // how often `covers` was
  Bytes merged_;        // of both, once it was wanted; empty: not yet
  std::optional<crdt::Doc> doc_;
  Look look_;
};

}  // namespace concord::documents
