#pragma once
// An open document as clients of operational transformation see it: its root text `content` as a Delta with a version,
// which is the number of updates in the log (docs/protocols/ot.md). Lives on the reactor of the document's shard and is
// touched only there; made by the first such client, and given up some time after the last one has left.
//
// Who is first is decided by the order of submission, durable or not: an operation is transformed against everything
// that was submitted before it. So there is a second replica of the document, ahead of the durable one, to which each
// update is applied when it is submitted (docs/decisions/ot-clients-have-a-document-ahead.md). Clients are told an
// operation when it is durable, in order, and never before.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "engines/log.h"
#include "ot/delta.h"

namespace concord::documents {

class DocumentShard;
class LiveDocument;

/// What an operation is known by where it may be sent again: the client's own name (1 to 64 bytes; unique among those
/// of its principal, the same for as long as the client keeps operations that were not acknowledged) and a number that
/// grows with each operation of the client's.
struct OtSource {
  std::string client;
  std::uint64_t sequence = 0;
  bool operator==(const OtSource&) const = default;
};

/// A step from one version to a later one.
struct OtChange {
  std::uint64_t version = 0;  // that it leads to
  /// To be applied and transformed against as it is, not brought into normal form: an insertion behind a deletion at
  /// the same place stands there on purpose. Empty where the step does not touch the text.
  ot::Delta delta;
  OtSource source;        // of an OT client's operation, alone; else `client` is empty
  std::string principal;  // who wrote it; empty where `delta` is of several
};

struct OtJoin {
  std::string principal;
  std::string client;                             // as in OtSource
  std::optional<std::uint64_t> last_known;        // the version that the client has; none: it has nothing
  std::optional<std::uint64_t> unacknowledged{};  // the sequence of the operation that it has in flight
};

/// What a client begins with.
struct OtJoined {
  std::uint64_t version = 0;
  /// The whole document at `version`; none where `missed` leads there from what the client has.
  std::optional<ot::Delta> document;
  /// From `last_known` to `version`. Operations of the client's own are alone, with their `source`; what lies between
  /// them is composed. Against composed changes an operation of several parts may be transformed otherwise than one by
  /// one: so `delta` says what the client's own became, and where it has something else it takes the difference.
  std::vector<OtChange> missed;
  /// The operation in flight is durable, and part of `document` or of `missed`.
  bool acknowledged = false;
};

/// An operation on the document that a version has.
struct OtOperation {
  std::uint64_t version = 0;
  ot::Delta delta;
  std::uint64_t sequence = 0;  // as in OtSource
};

/// A client, as a document sees it. It outlives its membership; it may call the document from within these functions.
class OtClient {
 public:
  virtual ~OtClient() = default;
  virtual void joined(OtJoined joined) = 0;
  /// The next change, of another client's. Versions follow each other without a gap, `acknowledged` among them.
  virtual void changed(const OtChange& change) = 0;
  /// The client's own operation is durable and has made `version`; where it came to nothing, or was known before,
  /// `version` is one that the client was told already.
  virtual void acknowledged(std::uint64_t sequence, std::uint64_t version) = 0;
  /// Comments or suggestions of the document have changed by `version`, which it was told, or is told in a moment.
  virtual void annotated(std::uint64_t /*version*/) {}
  /// It is no client any more: what was submitted could not be written, or could not be read. It may join again.
  virtual void lost(const Error& error) = 0;
};

class OtDocument {
 public:
  /// Bounds of one operation; beyond them kTooLarge.
  static constexpr std::size_t kMaxOps = 10'000;
  static constexpr std::size_t kMaxValueBytes = 1u << 20u;  // attributes and embeds together

  /// The document's, made where there is none yet.
  static OtDocument& of(DocumentShard& shard, LiveDocument& document);

  OtDocument(DocumentShard& shard, LiveDocument& document);
  ~OtDocument();
  OtDocument(const OtDocument&) = delete;
  OtDocument& operator=(const OtDocument&) = delete;

  /// `joined` or `lost` follows, now or later.
  void join(OtClient& client, OtJoin what);
  /// Nothing is told to it from now on; what it submitted stays submitted.
  void leave(OtClient& client);

  /// Takes an operation of a client that has joined: `acknowledged` or `lost` follows. One that is known by its source
  /// is not done again, and answered all the same. Refused, with nothing done: kInvalidArgument where the operation
  /// reads past the end of its version, holds half a surrogate pair or values that are no JSON; kConflict with
  /// `oldest_version` and `current_version` where the version is not among those that are kept, so that the client must
  /// join again; kTooLarge; kUnavailable where it has not joined.
  Result<> submit(OtClient& client, OtOperation operation);

  /// Versions that operations can be made on; 0 and 0 while nobody has joined.
  std::uint64_t oldest() const;
  std::uint64_t current() const;

  // For DocumentShard.
  enum class Outcome : std::uint8_t { kDurable, kKnown, kRefused };
  /// A record goes to the log. What `settled` is told with; 0: it need not be.
  std::uint64_t submitted(const engines::LogRecord& record);
  /// What became of it, in the order of submission (or at once, where the log did not take it); durable: applied, too.
  void settled(std::uint64_t ticket, Outcome outcome);
  /// Its comments or suggestions have changed, and that is durable.
  void annotated();
  /// Gives up what nobody has used for long, and tries again what a failure of the log has left undone.
  void sweep(std::int64_t now_ns);

 private:
  class State;
  std::unique_ptr<State> state_;
};

}  // namespace concord::documents
