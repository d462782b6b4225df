#pragma once
// How large a document is, without looking at it with every edit: bounds that grow with each update by what it may add,
// and are brought down to what is there when they reach a limit. What bounds it is its JSON (crdt/json_size.h), and
// beside that its encoded state, which has the marks of all deletions.

#include <cstddef>
#include <cstdint>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/result.h"
#include "documents/document_limits.h"

namespace concord::documents {

class LazyDoc;

/// kTooLarge, for a document that would have so many bytes as JSON.
Error document_too_large(const DocumentLimits& limits, std::size_t bytes);

class DocumentSize {
 public:
  /// What an update adds at most, and of the JSON takes away at least.
  struct Growth {
    std::size_t json = 0;
    std::size_t encoded = 0;
    std::size_t deleted = 0;
  };
  /// `deleted` is left out: it is the document's to tell.
  static Growth growth_of(ByteView update);

  /// The encoded document, and each update of the log behind it, as they are loaded.
  void loaded(std::size_t encoded_bytes);
  /// An update goes to the log, and is answered, whether it was taken or not.
  void submitted(Growth growth);
  void answered(Growth growth);

  /// kTooLarge where the document with that update, or that much more, would pass a limit. Measures `state`, which all
  /// answered updates are applied to, where a bound has reached its limit; but so seldom that measuring takes a small
  /// share of the time. Meanwhile the bounds hold, so that what has just been deleted may count for a moment.
  Result<> check(LazyDoc& state, ByteView update, const DocumentLimits& limits, Clock& clock);
  Result<> check(LazyDoc& state, Growth more, const DocumentLimits& limits, Clock& clock);
  /// What the JSON is just now, from whoever reads the whole document anyhow.
  void measured(std::size_t json_bytes) { json_.set(json_bytes); }

  std::size_t most_json() const { return json_.most; }

 private:
  struct Bound {
    std::size_t most = 0;
    std::size_t under_way = 0;  // of it, for updates that are not answered
    bool exact = false;
    std::int64_t measure_after_ns = 0;
    void set(std::size_t bytes) {
      most = bytes + under_way;
      exact = under_way == 0;
    }
    void grow(std::size_t bytes) {
      most += bytes;
      exact = false;
    }
  };
  template <class Measure>
  static bool exceeds(Bound& bound, std::size_t more, std::size_t limit, Clock& clock, Measure measure);

  Bound json_;
  Bound encoded_;
};

}  // namespace concord::documents
