#pragma once
// Updates without a document: validation, description, merging and cutting (update format V1, docs/protocols/
// yjs-update-v1.md). Everything here takes hostile input; time and memory are linear in its length.

#include <cstdint>
#include <span>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "crdt/state_vector.h"

namespace concord::crdt {

/// The two forms on the wire that Yjs has.
enum class UpdateFormat : std::uint8_t { kV1, kV2 };

/// What an update carries, as its headers say it.
struct UpdateInfo {
  struct Client {
    ClientId client;
    Clock from = 0;  // clock of the first struct
    Clock to = 0;    // clock after the last one
  };
  std::vector<Client> clients;       // in the order of the update
  std::uint64_t structs = 0;         // items, GC and skip structs
  std::uint64_t deleted_ranges = 0;  // in the delete set
  bool empty() const { return structs == 0 && deleted_ranges == 0; }
};

/// Full structural validation, exactly what Doc::apply_update demands of an update before it touches anything: an
/// update that passes here is never refused there for its form. Errors name what is wrong and at which byte.
Result<> check_update(ByteView update);
Result<UpdateInfo> describe_update(ByteView update);

/// The one update with the effect of all; the bytes are those of Y.mergeUpdates for the same list.
Result<Bytes> merge_updates(std::span<const ByteView> updates);

/// `update` without the structs that `since` has seen; its delete set stays whole. The bytes of Y.diffUpdate.
Result<Bytes> diff_update(ByteView update, const StateVector& since);

/// The state a document would have that had seen only this update; the bytes of Y.encodeStateVectorFromUpdate.
Result<Bytes> state_vector_of_update(ByteView update);

}  // namespace concord::crdt
