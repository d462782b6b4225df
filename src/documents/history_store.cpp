#include "documents/history_store.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/varint.h"
#include "documents/history_names.h"
#include "shard/blob_frame.h"

namespace concord::documents {

namespace {

constexpr shard::BlobKind kPlain{"CHST", 1};
constexpr shard::BlobKind kWithAnnotations{"CHST", 2};
constexpr std::size_t kFormatAt = 4;
constexpr std::size_t kListLimit = 1000;

std::string prefix_of(engines::ShardId shard, const std::string& stream) {
  return history_prefix(shard) + stream + "/";
}

std::string key_of(engines::ShardId shard, const std::string& stream, const HistoryChunkName& name) {
  return fmt::format("{}{:020}-{:020}-{}", prefix_of(shard, stream), name.first, name.last, name.has_state ? 'k' : 'r');
}

Error malformed(const Error& cause) { return {Code::kCorrupt, "history: " + cause.message, {}}; }

Result<HistoryChunk> parse(ByteView plain, const shard::BlobKind& kind) {
  VarReader in(plain);
  TRY(const std::uint64_t count, in.uint());
  TRY(std::uint64_t version, in.uint());
  HistoryChunk out;
  for (std::uint64_t i = 0; i < count; ++i) {
    TRY(const ByteView time, in.bytes(8));
    TRY(const std::string_view principal, in.var_string());
    TRY(const ByteView update, in.var_bytes());
    out.records.push_back({version++, HybridTime{get_le<std::uint64_t>(time.data())}, std::string(principal),
                           std::make_shared<const Bytes>(update.begin(), update.end())});
  }
  TRY(const ByteView state, in.var_bytes());
  out.state = to_bytes(state);
  if (kind.format == kWithAnnotations.format) {
    TRY(const std::uint64_t annotations, in.uint());
    for (std::uint64_t i = 0; i < annotations; ++i) {
      TRY(const std::uint64_t place, in.uint());
      if (place >= out.records.size()) return fail(Code::kCorrupt, "it names a record that it does not have");
      out.records[place].only_annotates = true;
    }
  }
  if (out.records.empty() || !in.at_end()) return fail(Code::kCorrupt, "it has no record, or more than it says");
  return out;
}

}  // namespace

Bytes encode_history(const HistoryChunk& chunk) {
  Bytes plain;
  write_varuint(plain, chunk.records.size());
  write_varuint(plain, chunk.records.front().version);
  for (const HistoryRecord& record : chunk.records) {
    put_le(plain, record.time.value);
    write_var_string(plain, record.principal);
    write_var_bytes(plain, *record.update);
  }
  write_var_bytes(plain, chunk.state);
  const auto annotations =
      static_cast<std::uint64_t>(std::ranges::count(chunk.records, true, &HistoryRecord::only_annotates));
  if (annotations == 0) return shard::pack_blob(kPlain, plain);
  write_varuint(plain, annotations);
  for (std::size_t i = 0; i < chunk.records.size(); ++i)
    if (chunk.records[i].only_annotates) write_varuint(plain, i);
  return shard::pack_blob(kWithAnnotations, plain);
}

Result<HistoryChunk> decode_history(ByteView bytes, std::size_t max_bytes) {
  const bool annotated = bytes.size() > kFormatAt && bytes[kFormatAt] == kWithAnnotations.format;
  const shard::BlobKind& kind = annotated ? kWithAnnotations : kPlain;
  TRY(const Bytes plain, shard::unpack_blob(kind, bytes, max_bytes));
  auto chunk = parse(plain, kind);
  if (!chunk) return fail(malformed(chunk.error()));
  return chunk;
}

Task<std::vector<HistoryChunkName>> HistoryStore::list(engines::ShardId shard, std::string stream) {
  std::vector<HistoryChunkName> out;
  std::string after;
  for (;;) {
    CO_TRY(auto page, co_await blobs_.list(prefix_of(shard, stream), after, kListLimit));
    for (const engines::BlobInfo& blob : page) {
      const std::string_view name = std::string_view(blob.key).substr(blob.key.rfind('/') + 1);
      if (auto chunk = parse_history_name(name, blob.size_bytes)) out.push_back(*chunk);
    }
    if (page.size() < kListLimit) co_return out;
    after = page.back().key;
  }
}

Task<HistoryChunk> HistoryStore::read(engines::ShardId shard, std::string stream, HistoryChunkName name) {
  const std::string key = key_of(shard, stream, name);
  CO_TRY(auto bytes, co_await blobs_.get(key, shard::packed_bound(max_chunk_bytes_) + vault::Sealer::kMostAdded));
  vault::Opener opener;
  CO_TRY(bytes, co_await vault_.open(opener, key, std::move(bytes)));
  auto chunk =
      co_await pool_.run<HistoryChunk>([&bytes, most = max_chunk_bytes_] { return decode_history(bytes, most); });
  if (!chunk) co_return fail(std::move(chunk.error()).with("history", key));
  if (chunk->records.front().version != name.first || chunk->records.back().version != name.last)
    co_return fail(Error{Code::kCorrupt, "history: a chunk has other versions than its name", {{"history", key}}});
  co_return std::move(*chunk);
}

Task<> HistoryStore::write(engines::ShardId shard, std::string stream, UserId owner, HistoryChunk chunk) {
  const HistoryChunkName name{chunk.records.front().version, chunk.records.back().version, !chunk.state.empty()};
  const std::string key = key_of(shard, stream, name);
  CO_TRY(auto sealer, co_await vault_.sealer(owner));
  CO_TRY(auto encoded, co_await pool_.run<SharedBytes>([&]() -> Result<SharedBytes> {
    return std::make_shared<const Bytes>(vault::seal_with(sealer, key, encode_history(chunk)));
  }));
  auto put = co_await blobs_.put(key, std::move(encoded));
  if (!put && put.error().code != Code::kConflict) co_return fail(std::move(put).error());
  co_return Result<>{};
}

Task<> HistoryStore::remove_all(engines::ShardId shard, std::string stream) {
  // What an earlier call has removed, but not durably, is listed no more: removing anything beside it settles that.
  CO_TRY_VOID(co_await blobs_.remove(prefix_of(shard, stream) + "none"));
  for (;;) {
    CO_TRY(auto page, co_await blobs_.list(prefix_of(shard, stream), "", kListLimit));
    for (const engines::BlobInfo& blob : page) CO_TRY_VOID(co_await blobs_.remove(blob.key));
    if (page.size() < kListLimit) co_return Result<>{};
  }
}

}  // namespace concord::documents
