#pragma once
// Attribution: who wrote each element of a document and when, and who deleted it and when. A table beside the document,
// never in it: it is fed with the updates of a log, so it is as complete with garbage collection as without, and costs
// the live document nothing. Elements are named by (client, clock), as everywhere; what is shown is read off a type's
// `elements()`.
//
// A run is a stretch of one client's clocks with one author and one time; times are cut down to a multiple of the
// table's grain, so that a minute's typing in one place is one run. It takes 24 bytes of memory, 26 to 34 with what
// blocks leave free, and 4 to 5 encoded. The 259,778 edits of automerge-paper, five a second, make 6,723 runs at a
// grain of a minute; each time the author changes costs 18 bytes more, 3.3 encoded.
//
// Where an element is told of twice, the earlier time counts, then the lesser author; so updates may be added and
// tables merged in any order, any number of times, with the same outcome.
//
//   byte 1, varuint grain, varuint authors, var_string each, varuint clients,
//   each client, highest first: varuint client, runs of what was written, runs of what was deleted
//   runs: varuint count, each: varuint clocks since the end of the run before, varuint length less one,
//         varuint author, varuint time: difference in grains to the run before (from 0), zigzag

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "crdt/author_runs.h"
#include "crdt/snapshot.h"
#include "crdt/state_vector.h"
#include "crdt/types.h"

namespace concord::crdt {

/// Who and when. `author` lives as long as its table is not changed; the time is in the caller's unit.
struct Credit {
  std::string_view author;
  std::uint64_t time = 0;
  bool operator==(const Credit&) const = default;
};

class Attribution {
 public:
  /// Times are cut down to multiples of `grain`, at least 1: fewer, longer runs.
  explicit Attribution(std::uint64_t grain = 1) : grain_(grain == 0 ? 1 : grain) {}

  /// What an update wrote and deleted is `author`'s (UTF-8). Fails, changing nothing, on a malformed update as
  /// check_update does. Time linear in the update and in the runs that its ranges meet.
  Result<> add(ByteView update, std::string_view author, std::uint64_t time, UpdateFormat format = UpdateFormat::kV1);
  /// Fails with kInvalidArgument where the grains differ.
  Result<> merge(const Attribution& other);

  /// Who wrote an element; nothing where no update told of it.
  std::optional<Credit> written(ClientId client, Clock clock) const;
  std::optional<Credit> deleted(ClientId client, Clock clock) const;
  /// Calls with each part of a range that has one answer, in order.
  using Visit = std::function<void(Clock length, const std::optional<Credit>& credit)>;
  void each_written(ClientId client, Clock clock, Clock length, const Visit& visit) const;
  void each_deleted(ClientId client, Clock clock, Clock length, const Visit& visit) const;

  std::uint64_t grain() const { return grain_; }
  std::size_t runs() const;
  std::size_t memory_bytes() const;
  bool operator==(const Attribution& other) const { return encode() == other.encode(); }

  Bytes encode() const;
  /// Fails with kInvalidArgument on anything that encode would not have written.
  static Result<Attribution> decode(ByteView encoded);

 private:
  struct History {
    AuthorRuns written;
    AuthorRuns deleted;
  };
  std::uint32_t author_number(std::string_view author);
  AuthorRuns::Order order() const;
  std::optional<Credit> credit(const AuthorRun* run) const;
  void each(const AuthorRuns* runs, Clock clock, Clock length, const Visit& visit) const;
  const History* find(ClientId client) const;

  std::uint64_t grain_;
  std::vector<std::string> authors_;
  std::map<std::string, std::uint32_t, std::less<>> author_numbers_;
  std::map<ClientId, History, std::greater<>> clients_;
};

/// A stretch of a type's elements that one author wrote at one time, as it is shown now.
struct BlameRun {
  std::size_t index = 0;
  std::size_t length = 0;
  std::optional<Credit> credit;
};
/// Who wrote what a text or array shows now; runs follow each other without gap.
std::vector<BlameRun> blame(const SharedType& type, const Attribution& table);

/// A stretch of elements that is gone, at the index where it was.
struct DeletionRun {
  std::size_t index = 0;
  std::size_t length = 0;  // a deleted format counts as one where the document collects garbage
  std::optional<Credit> written;
  std::optional<Credit> deleted;
};
std::vector<DeletionRun> deletions(const SharedType& type, const Attribution& table);

/// A stretch of a list in two versions.
struct DifferenceRun {
  enum class Kind : std::uint8_t { kKept, kAdded, kRemoved };
  Kind kind = Kind::kKept;
  std::size_t index = 0;  // in the later version
  std::size_t length = 0;
  std::optional<Credit> credit;  // who added or removed it, and who wrote what was kept
};
/// What became of a list between two versions, told by the document as it is now, which has seen both. With garbage
/// collection too.
std::vector<DifferenceRun> difference(const SharedType& type, const Attribution& table, const Snapshot& from,
                                      const Snapshot& to);

}  // namespace concord::crdt
