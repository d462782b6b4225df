#pragma once
// Updates without a document: validation, description, merging, cutting and conversion between the two formats
// (update_format.h). Everything here takes hostile input; time and memory are linear in its length and in the structs
// it names, which are bounded by that length and `max_run_structs` (V2 only).

#include <cstdint>
#include <span>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "crdt/state_vector.h"
#include "crdt/update_format.h"

namespace concord::crdt {

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
Result<> check_update(ByteView update, UpdateFormat format = UpdateFormat::kV1,
                      std::uint64_t max_run_structs = kMaxRunStructs);
Result<UpdateInfo> describe_update(ByteView update, UpdateFormat format = UpdateFormat::kV1,
                                   std::uint64_t max_run_structs = kMaxRunStructs);

/// The one update with the effect of all; the bytes are those of Y.mergeUpdates (V2) for the same list.
Result<Bytes> merge_updates(std::span<const ByteView> updates, UpdateFormat format = UpdateFormat::kV1,
                            std::uint64_t max_run_structs = kMaxRunStructs);

/// `update` without the structs that `since` has seen; its delete set stays whole. The bytes of Y.diffUpdate (V2).
Result<Bytes> diff_update(ByteView update, const StateVector& since, UpdateFormat format = UpdateFormat::kV1,
                          std::uint64_t max_run_structs = kMaxRunStructs);

/// The state a document would have that had seen only this update; the bytes of Y.encodeStateVectorFromUpdate
/// (V2), which are the same for both formats.
Result<Bytes> state_vector_of_update(ByteView update, UpdateFormat format = UpdateFormat::kV1,
                                     std::uint64_t max_run_structs = kMaxRunStructs);

/// The same update in another format; the bytes of Y.convertUpdateFormatV1ToV2 and V2ToV1. What JSON cannot say of the
/// values of embeds and formats changes on the way to V1 as any_json.h tells (Yjs refuses bigints and undefined there).
/// From a format into itself: as a Yjs peer would write it again.
Result<Bytes> convert_update(ByteView update, UpdateFormat from, UpdateFormat to,
                             std::uint64_t max_run_structs = kMaxRunStructs);

}  // namespace concord::crdt
