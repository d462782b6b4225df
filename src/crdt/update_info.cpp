// What an update carries, read off its structs.

#include <algorithm>

#include "crdt/delete_set.h"
#include "crdt/update.h"
#include "crdt/update_reader.h"

namespace concord::crdt {

namespace {

template <class Fields>
Result<UpdateInfo> describe(UpdateReader<Fields> reader) {
  UpdateInfo info;
  RawStruct raw;
  std::uint64_t section = 0;
  while (reader.next(raw)) {
    if (section != reader.section()) info.clients.push_back({ClientId{raw.client}, raw.clock, raw.clock});
    section = reader.section();
    info.clients.back().to = raw.end();
    ++info.structs;
  }
  DeletedRange<std::uint64_t> range{};
  if (reader.ok())
    while (reader.next_deleted(range.client, range.clock, range.length)) ++info.deleted_ranges;
  if (!reader.ok()) return fail(reader.error());
  std::vector<ClientId> seen;
  seen.reserve(info.clients.size());
  for (const UpdateInfo::Client& client : info.clients) seen.push_back(client.client);
  std::ranges::sort(seen);
  if (std::ranges::adjacent_find(seen) != seen.end()) {
    reader.fail("a client is listed twice");
    return fail(reader.error());
  }
  return info;
}

template <class Fields>
Result<Bytes> read_state_vector(UpdateReader<Fields> reader) {
  Bytes body;
  WireWriter out(body);
  std::uint64_t count = 0;
  RawStruct raw;
  std::uint64_t client = 0;
  std::uint32_t state = 0;
  bool stopped = true;
  const auto flush = [&] {
    if (state == 0) return;
    ++count;
    out.uint(client);
    out.uint(state);
  };
  bool first = true;
  while (reader.next(raw)) {
    if (first || raw.client != client) {
      if (!first) flush();
      first = false;
      client = raw.client;
      state = 0;
      stopped = raw.clock != 0;
    }
    if (raw.kind == Kind::kSkip) stopped = true;
    if (!stopped) state = raw.end();
  }
  if (!first) flush();
  std::uint64_t deleted_client = 0;
  std::uint32_t clock = 0;
  std::uint32_t length = 0;
  if (reader.ok())
    while (reader.next_deleted(deleted_client, clock, length)) {
    }
  if (!reader.ok()) return fail(reader.error());
  Bytes encoded;
  WireWriter head(encoded);
  head.uint(count);
  head.bytes(body);
  return encoded;
}

}  // namespace

Result<UpdateInfo> describe_update(ByteView update, UpdateFormat format, std::uint64_t max_run_structs) {
  if (format == UpdateFormat::kV1) return describe(UpdateReaderV1(update));
  return describe(UpdateReader<FieldReaderV2>(update, max_run_structs));
}

Result<> check_update(ByteView update, UpdateFormat format, std::uint64_t max_run_structs) {
  TRY_VOID(describe_update(update, format, max_run_structs));
  return {};
}

Result<Bytes> state_vector_of_update(ByteView update, UpdateFormat format, std::uint64_t max_run_structs) {
  if (format == UpdateFormat::kV1) return read_state_vector(UpdateReaderV1(update));
  return read_state_vector(UpdateReader<FieldReaderV2>(update, max_run_structs));
}

}  // namespace concord::crdt
