#pragma once
// Snapshot: a version of a document: what it had seen (state vector) and what of that was deleted. It holds no content,
// so it is as small as a version can be, and is read against a document that has seen at least as much and was kept
// without garbage collection. Doc::snapshot takes one, Doc::at gives the document as of it; Text::to_delta,
// Array::values, Map::get, XmlFragment::children and XmlElement::attributes read single types as of it.
//
//   V1   varuint clients, then for each, highest first: varuint client, varuint ranges, then varuint clock, varuint
//        length for each; then the state vector (state_vector.h)
//   V2   the same, but each clock is written as its distance from the end of the range before it (from 0 for a
//        client's first), and each length less one
//
// The bytes are those of Y.encodeSnapshot and Y.encodeSnapshotV2.

#include <functional>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "crdt/any.h"
#include "crdt/delete_set.h"
#include "crdt/state_vector.h"
#include "crdt/update.h"

namespace concord::crdt {

struct Snapshot {
  StateVector state;
  /// Highest client first, then ascending; ranges neither touch nor overlap.
  std::vector<DeletedRange<ClientId>> deleted;

  bool is_deleted(ClientId client, Clock clock) const;
  /// Whether that version showed an element, and up to which clock the answer stays the same.
  struct Stretch {
    bool visible = false;
    Clock end = 0;
  };
  Stretch stretch(ClientId client, Clock clock) const;
  bool operator==(const Snapshot&) const = default;
};

Bytes encode_snapshot(const Snapshot& snapshot, UpdateFormat format = UpdateFormat::kV1);
/// Fails with kInvalidArgument on truncation, trailing bytes, a client or clock out of range. Ranges in disorder, which
/// Yjs never writes, are put in order.
Result<Snapshot> decode_snapshot(ByteView encoded, UpdateFormat format = UpdateFormat::kV1);

/// Whether all that an update brings, structs and deletions, was seen by that version; as Y.snapshotContainsUpdate.
/// Fails on a malformed update as check_update does. Time n log n in the update.
Result<bool> snapshot_contains_update(const Snapshot& snapshot, ByteView update,
                                      UpdateFormat format = UpdateFormat::kV1);

/// How a run of text came to differ between two versions.
enum class ChangeKind : std::uint8_t { kAdded, kRemoved };
/// The value of attribute `ychange` for a run that differs, given who wrote its first unit; Yjs's computeYChange.
/// Neighbouring runs are joined where the value before is an object with the same `type` ("added" or "removed") and
/// that client's number as `user`. Without such a function the value is {"type": …}.
using DescribeChange = std::function<Any(ChangeKind kind, ClientId client, Clock clock)>;

/// Which versions of a text to show: `shown` (null: what is now), and with `previous` what differs between the two.
struct VersionChanges {
  const Snapshot* shown = nullptr;
  const Snapshot* previous = nullptr;
  DescribeChange describe = nullptr;
};

}  // namespace concord::crdt
