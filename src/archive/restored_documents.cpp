#include "archive/restored_documents.h"

#include <fmt/format.h>

#include <algorithm>

#include "archive/archive_reader.h"
#include "documents/history.h"

namespace concord::archive {

namespace {

/// Bounds of what a hub may have been set to; the checksums are held before anything is decoded.
constexpr std::size_t kMaxStateBytes = std::size_t{1} << 30U;

using documents::HistoryChunk;
using shard::Snapshot;

}  // namespace

RestoredDocuments::RestoredDocuments(engines::Blobs& archive, const Manifest& manifest, const ArchivedLog& log,
                                     Target target, Owners documents, std::optional<HybridTime> at,
                                     RestoreReport& report)
    : archive_(archive),
      manifest_(manifest),
      log_(log),
      target_(target),
      documents_(std::move(documents)),
      at_(at),
      report_(report),
      history_(target.blobs, target.vault, target.pool, kMaxStateBytes),
      snapshots_(target.blobs, target.vault, target.pool, kMaxStateBytes) {}

std::uint64_t RestoredDocuments::held(const std::string& stream) const {
  const auto found = held_.find(stream);
  return found == held_.end() ? 0 : found->second;
}

std::uint64_t RestoredDocuments::greatest(std::uint32_t shard) const {
  const auto found = greatest_.find(shard);
  return found == greatest_.end() ? 0 : found->second;
}

void RestoredDocuments::keep(const std::string& name, std::uint32_t shard, std::uint64_t position) {
  held_[name] = position;
  greatest_[shard] = std::max(greatest_[shard], position);
}

std::uint64_t RestoredDocuments::cut_of(std::uint32_t shard) const {
  const auto found = log_.shards().find(shard);
  if (found == log_.shards().end()) return 1;
  // No record of the shard is as old as the point in time: whatever is older is before what the archive's log has.
  return found->second.cut != 0 ? found->second.cut : std::max<std::uint64_t>(found->second.begin, 2) - 1;
}

Task<> RestoredDocuments::run() {
  std::map<std::string, Stream> streams;
  std::vector<std::string> others;
  const auto& objects = manifest_.objects();
  for (auto at = objects.lower_bound(std::string(kBlobPrefix)); at != objects.end(); ++at) {
    if (!at->first.starts_with(kBlobPrefix)) break;
    const std::string key = at->first.substr(kBlobPrefix.size());
    const auto parsed = DocumentKey::parse(key);
    if (at->second.gone_ms != 0 && (!at_ || !parsed || at->second.gone_ms <= at_->wall_ms())) continue;
    if (!parsed) {
      others.push_back(key);
      continue;
    }
    Stream& stream = streams[parsed->stream];
    stream.shard = parsed->shard;
    (parsed->snapshot ? stream.snapshots : stream.chunks).push_back(key);
  }
  for (const std::string& key : others) CO_TRY_VOID(co_await copy_other(key));
  for (auto& [name, stream] : streams) {
    if (documents_.contains(name)) {
      CO_TRY_VOID(co_await restore(name, stream));
    } else {
      ++report_.left_out;
    }
  }
  co_return Result<>{};
}

/// nullopt where it is damaged, which the report tells.
Task<std::optional<Bytes>> RestoredDocuments::read(std::string key) {
  const std::string from = std::string(kBlobPrefix) + key;
  auto bytes = co_await read_whole(archive_, from, *manifest_.find(from));
  if (bytes) co_return std::optional<Bytes>(std::move(*bytes));
  if (bytes.error().code != Code::kCorrupt) co_return fail(std::move(bytes).error());
  report_.add_damage(bytes.error().message);
  co_return std::optional<Bytes>();
}

Task<> RestoredDocuments::put(std::string key, Bytes bytes) {
  co_return co_await target_.blobs.put(std::move(key), std::make_shared<const Bytes>(std::move(bytes)));
}

Task<> RestoredDocuments::copy_other(std::string key) {
  CO_TRY(auto bytes, co_await read(key));
  if (!bytes) co_return Result<>{};
  ++report_.objects;
  co_return co_await put(key, std::move(*bytes));
}

/// nullopt where it cannot be opened, which the report tells.
Task<std::optional<Bytes>> RestoredDocuments::open(std::string key, Bytes bytes) {
  vault::Opener opener;
  auto plain = co_await target_.vault.open(opener, key, std::move(bytes));
  if (plain) co_return std::optional<Bytes>(std::move(*plain));
  if (plain.error().code == Code::kCorrupt) {
    report_.add_damage(key + ": " + plain.error().message);
  } else if (plain.error().code == Code::kNotFound) {
    report_.add_note(key + ": " + plain.error().message);
  } else {
    co_return fail(std::move(plain).error());
  }
  co_return std::optional<Bytes>();
}

template <class Content>
Task<std::optional<Content>> RestoredDocuments::look_into(std::string key, Bytes bytes,
                                                          Result<Content> (*decode)(ByteView, std::size_t)) {
  CO_TRY(const auto plain, co_await open(key, std::move(bytes)));
  if (!plain) co_return std::optional<Content>();
  auto content = decode(*plain, kMaxStateBytes);
  if (content) co_return std::optional<Content>(std::move(*content));
  report_.add_damage(key + ": " + content.error().message);
  co_return std::optional<Content>();
}

/// Brings the chunks up to the point in time; the last version they have, 0: none that could be looked into.
Task<std::uint64_t> RestoredDocuments::restore_history(std::string name, Stream stream) {
  std::uint64_t last = 0;
  last_time_ = {};
  for (const std::string& key : stream.chunks) {
    CO_TRY(auto bytes, co_await read(key));
    if (!bytes) continue;
    CO_TRY(auto chunk, co_await look_into(key, *bytes, documents::decode_history));
    const std::size_t all = chunk ? chunk->records.size() : 0;
    if (at_ && !chunk) continue;
    if (at_) {
      std::erase_if(chunk->records, [this](const documents::HistoryRecord& one) { return one.time > *at_; });
      if (chunk->records.empty()) break;
    }
    if (chunk) {
      last = chunk->records.back().version;
      last_time_ = chunk->records.back().time;
    }
    ++report_.chunks;
    if (!chunk || chunk->records.size() == all) {
      CO_TRY_VOID(co_await put(key, std::move(*bytes)));
      continue;
    }
    chunk->state.clear();
    CO_TRY_VOID(co_await history_.write(engines::ShardId{stream.shard}, name, documents_.at(name), std::move(*chunk)));
  }
  co_return last;
}

Task<> RestoredDocuments::restore(std::string name, Stream stream) {
  CO_TRY(const std::uint64_t last, co_await restore_history(name, stream));
  if (stream.snapshots.empty()) co_return Result<>{};
  const std::string newest = stream.snapshots.back();
  std::uint64_t position = 0;  // the key ends with it
  for (const char digit : newest.substr(newest.rfind('/') + 1)) position = 10 * position + (digit - '0');
  CO_TRY(auto bytes, co_await read(newest));
  std::optional<Snapshot> snapshot;
  const std::size_t damages = report_.damages();
  if (bytes) {
    CO_TRY(snapshot, co_await look_into(newest, *bytes, shard::decode_snapshot));
  }
  const bool whole = bytes && report_.damages() == damages;
  if (whole && (!at_ || (snapshot && snapshot->time <= *at_))) {
    keep(name, stream.shard, position);
    ++report_.snapshots;
    co_return co_await put(newest, std::move(*bytes));
  }
  if (last == 0 && whole) co_return Result<>{};  // it was empty then, or nobody can read it any more
  // The history was written before the snapshot, and has all that it holds.
  if (at_) position = std::min(position, cut_of(stream.shard));
  co_return co_await rebuild(name, stream, last, position, last_time_);
}

Task<> RestoredDocuments::rebuild(std::string name, Stream stream, std::uint64_t version, std::uint64_t position,
                                  HybridTime time) {
  keep(name, stream.shard, position);
  documents::History history(history_, target_.pool);
  const engines::ShardId shard{stream.shard};
  Result<SharedBytes> state = fail(Code::kNotFound, "there is none that can be read");
  if (version > 0) state = co_await history.state_at({shard, name, {}}, version);
  if (!state && state.error().code == Code::kUnavailable) co_return fail(std::move(state).error());
  if (!state) {
    report_.add_damage(
        fmt::format("document {}: its state cannot be made from its history: {}", name, state.error().message));
    co_return co_await refuse(stream, name, position);
  }
  ++report_.rebuilt;
  CO_TRY_VOID(co_await snapshots_.write(shard, name, documents_.at(name),
                                        Snapshot{engines::Position{position}, version, time, **state}));
  co_return Result<>{};
}

/// Puts what is no snapshot where its snapshot would be.
Task<> RestoredDocuments::refuse(Stream stream, std::string name, std::uint64_t position) {
  co_return co_await put(fmt::format("snapshots/{}/{}/{:020}", stream.shard, name, position),
                         to_bytes("lost: see what the restore told"));
}

}  // namespace concord::archive
