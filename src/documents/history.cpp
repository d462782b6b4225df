#include "documents/history.h"

#include <algorithm>
#include <ranges>

#include "crdt/doc.h"

namespace concord::documents {

namespace {

std::unexpected<Error> not_kept(std::uint64_t version) {
  return fail(Error{Code::kNotFound,
                    "version " + std::to_string(version) + " is not kept",
                    {{"field", "version"}, {"value", std::to_string(version)}}});
}

/// Does to `state` what the live document did.
Result<SharedBytes> replay(ByteView state, const std::vector<HistoryRecord>& records) {
  crdt::Doc doc;
  if (!state.empty()) TRY_VOID(doc.apply_update(state));
  // An update that does not fit its document changed nothing then, and changes nothing now.
  for (const HistoryRecord& record : records) (void)doc.apply_update(*record.update);
  return std::make_shared<const Bytes>(doc.encode_state_as_update());
}

}  // namespace

bool HistoryGrouper::begins_entry(const HistoryRecord& record) const {
  if (entries_.empty() || names_.contains(record.version)) return true;
  const HistoryEntry& entry = entries_.back();
  return entry.since.wall_ms() - record.time.wall_ms() > kPauseMs ||
         entry.at.wall_ms() - record.time.wall_ms() > kSittingMs;
}

void HistoryGrouper::add(const HistoryRecord& record) {
  if (record.only_annotates && !names_.contains(record.version)) return;
  if (begins_entry(record)) {
    const auto name = names_.find(record.version);
    entries_.push_back({.version = record.version, .at = record.time});
    if (name != names_.end()) entries_.back().name = name->second;
  }
  HistoryEntry& entry = entries_.back();
  entry.from_version = record.version;
  entry.since = record.time;
  entry.bytes += record.update->size();
  auto author = std::ranges::find(entry.authors, record.principal, &HistoryEntry::Author::principal);
  if (author == entry.authors.end()) author = entry.authors.insert(author, {record.principal});
  author->updates += 1;
  author->bytes += record.update->size();
}

Task<HistoryPage> History::page(Source source, VersionNames names, std::uint64_t before, std::size_t limit) {
  CO_TRY(const auto chunks, co_await store_.list(source.shard, source.stream));
  HistoryGrouper grouper(names);
  std::uint64_t next = before == 0 ? UINT64_MAX : before;  // versions below it are still to come
  const auto add_all = [&](const std::vector<HistoryRecord>& records) {
    for (const HistoryRecord& record : std::views::reverse(records)) {
      if (record.version >= next || grouper.entries().size() > limit) continue;
      grouper.add(record);
      next = record.version;
    }
  };
  add_all(source.recent);
  std::size_t read = 0;
  for (const HistoryChunkName& name : std::views::reverse(chunks)) {
    if (name.first >= next) continue;
    if (grouper.entries().size() > limit || read == kMaxChunks) break;
    ++read;
    CO_TRY(const HistoryChunk chunk, co_await store_.read(source.shard, source.stream, name));
    add_all(chunk.records);
  }
  HistoryPage page{std::move(grouper).take(), 0};
  const bool more_entries = page.entries.size() > limit;
  if (more_entries) page.entries.resize(limit);
  const bool more_chunks = !chunks.empty() && chunks.front().first < next;
  if (more_entries) page.next_before = page.entries.back().from_version;
  if (!more_entries && more_chunks) page.next_before = next;
  co_return page;
}

/// The records (from, to], from the chunks and from what is not in one yet.
Task<std::vector<HistoryRecord>> History::collect(const Source& source, const std::vector<HistoryChunkName>& names,
                                                  std::uint64_t from, std::uint64_t to) {
  std::vector<HistoryRecord> out;
  std::uint64_t have = from;
  const auto add_all = [&](const std::vector<HistoryRecord>& records) {
    for (const HistoryRecord& record : records) {
      if (record.version != have + 1 || record.version > to) continue;
      out.push_back(record);
      have = record.version;
    }
  };
  std::size_t read = 0;
  for (const HistoryChunkName& name : names) {
    if (name.last <= have || name.first > to) continue;
    if (++read > kMaxChunks) {
      co_return fail(Error{Code::kTooLarge,
                           "the versions are too far from each other",
                           {{"limit", std::to_string(kMaxChunks) + " chunks of history"}}});
    }
    CO_TRY(const HistoryChunk chunk, co_await store_.read(source.shard, source.stream, name));
    add_all(chunk.records);
  }
  add_all(source.recent);
  if (have != to) co_return not_kept(to);
  co_return out;
}

Task<std::vector<HistoryRecord>> History::between(Source source, std::uint64_t from, std::uint64_t to) {
  CO_TRY(const auto names, co_await store_.list(source.shard, source.stream));
  co_return co_await collect(source, names, from, to);
}

Task<SharedBytes> History::state_at(Source source, std::uint64_t version) {
  CO_TRY(const auto names, co_await store_.list(source.shard, source.stream));
  Bytes state;
  std::uint64_t from = 0;
  const auto nearest = std::ranges::find_if(std::views::reverse(names), [version](const HistoryChunkName& name) {
    return name.has_state && name.last <= version;
  });
  if (nearest != std::views::reverse(names).end()) {
    CO_TRY(HistoryChunk chunk, co_await store_.read(source.shard, source.stream, *nearest));
    state = std::move(chunk.state);
    from = nearest->last;
  }
  CO_TRY(const auto records, co_await collect(source, names, from, version));
  co_return co_await pool_.run<SharedBytes>([&state, &records] { return replay(state, records); });
}

}  // namespace concord::documents
