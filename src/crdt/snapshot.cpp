// Snapshots on the wire, and what they say of updates.

#include "crdt/snapshot.h"

#include <algorithm>

#include "crdt/fields_v1.h"
#include "crdt/fields_v2.h"
#include "crdt/update_reader.h"
#include "crdt/wire.h"

namespace concord::crdt {
namespace {

using Ranges = std::vector<DeletedRange<ClientId>>;

/// The last range that begins at or before this clock of the client, if any.
const DeletedRange<ClientId>* range_before(const Ranges& ranges, ClientId client, std::uint64_t clock) {
  const auto after = std::ranges::upper_bound(
      ranges, std::pair(client, clock),
      [](const auto& a, const auto& b) { return a.first != b.first ? a.first > b.first : a.second < b.second; },
      [](const auto& range) { return std::pair(range.client, std::uint64_t{range.clock}); });
  if (after == ranges.begin() || std::prev(after)->client != client) return nullptr;
  return &*std::prev(after);
}

const DeletedRange<ClientId>* first_range(const Ranges& ranges, ClientId client) {
  return &*std::ranges::lower_bound(ranges, client, std::ranges::greater{}, &DeletedRange<ClientId>::client);
}

void read_ranges(WireReader& in, UpdateFormat format, Ranges& ranges) {
  std::uint64_t clients = 0;
  if (in.uint(clients) && clients > in.left() / 2) in.fail("a count is larger than what follows");
  for (; in.ok() && clients > 0; --clients) {
    std::uint64_t client = 0;
    std::uint64_t count = 0;
    if (in.uint(client) && in.uint(count) && count > in.left() / 2) in.fail("a count is larger than what follows");
    std::uint64_t end = 0;
    for (; in.ok() && count > 0; --count) {
      std::uint64_t clock = 0;
      std::uint64_t length = 0;
      if (!in.uint(clock) || !in.uint(length)) return;
      if (format == UpdateFormat::kV2) {
        clock += end;
        length += 1;
      }
      if (clock > kMaxClock || length > kMaxClock - clock) {
        in.fail("a deletion reaches beyond clock 4294967294");
        return;
      }
      end = clock + length;
      if (length > 0) ranges.push_back({ClientId{client}, static_cast<Clock>(clock), static_cast<Clock>(length)});
    }
  }
  normalize(ranges, std::ranges::greater{});
}

}  // namespace

bool Snapshot::is_deleted(ClientId client, Clock clock) const {
  const auto* range = range_before(deleted, client, clock);
  return range != nullptr && clock - range->clock < range->length;
}

Snapshot::Stretch Snapshot::stretch(ClientId client, Clock clock) const {
  const Clock seen = state.clock(client);
  if (clock >= seen) return {false, static_cast<Clock>(kMaxClock)};
  const auto* range = range_before(deleted, client, clock);
  if (range != nullptr && clock - range->clock < range->length) return {false, range->clock + range->length};
  const auto* next = range_before(deleted, client, seen);  // the last that may begin before what was not seen
  if (next == nullptr || next == range) return {true, seen};
  next = range != nullptr ? range + 1 : first_range(deleted, client);
  return {true, std::min(seen, next->clock)};
}

Bytes encode_snapshot(const Snapshot& snapshot, UpdateFormat format) {
  Bytes encoded;
  WireWriter out(encoded);
  write_delete_set(out, snapshot.deleted, [](ClientId client) { return client.value; }, format == UpdateFormat::kV2);
  out.bytes(snapshot.state.encode());
  return encoded;
}

Result<Snapshot> decode_snapshot(ByteView encoded, UpdateFormat format) {
  Snapshot snapshot;
  WireReader in(encoded);
  read_ranges(in, format, snapshot.deleted);
  if (!in.ok()) return fail(in.error("snapshot"));
  TRY(snapshot.state, decode_state_vector(encoded.subspan(in.position())));
  return snapshot;
}

template <class Fields>
Result<bool> contains(const Snapshot& snapshot, UpdateReader<Fields> reader) {
  RawStruct raw;
  bool contained = true;
  while (reader.next(raw)) contained = contained && raw.end() <= snapshot.state.clock(ClientId{raw.client});
  std::uint64_t client = 0;
  std::uint32_t clock = 0;
  std::uint32_t length = 0;
  while (reader.ok() && reader.next_deleted(client, clock, length)) {
    const auto* range = range_before(snapshot.deleted, ClientId{client}, clock);
    contained = contained && (length == 0 || (range != nullptr && clock - range->clock < range->length &&
                                              length <= range->length - (clock - range->clock)));
  }
  if (!reader.ok()) return fail(reader.error());
  return contained;
}

Result<bool> snapshot_contains_update(const Snapshot& snapshot, ByteView update, UpdateFormat format) {
  return format == UpdateFormat::kV1 ? contains(snapshot, UpdateReader<FieldReaderV1>(update))
                                     : contains(snapshot, UpdateReader<FieldReaderV2>(update));
}

}  // namespace concord::crdt
