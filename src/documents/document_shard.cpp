#include "documents/document_shard.h"

#include <algorithm>

#include "documents/live_session.h"
#include "documents/ot_document.h"
#include "vault/vault.h"

namespace concord::documents {

namespace {
constexpr std::int64_t kSweepMs = 1'000;
constexpr std::size_t kTailsPerSweep = 64;
constexpr std::size_t kMaxChunkUpdateBytes = 4u << 20u;  // past it a chunk takes no further record
constexpr std::size_t kMaxChunksBetweenStates = 15;
constexpr std::size_t kMinBytesBetweenStates = 64u << 10u;

bool idle(const LiveDocument& document, const DocumentLimits& limits, std::int64_t now_ns) {
  return document.sessions().empty() && now_ns - document.last_used_ns > limits.idle_ms * 1'000'000;
}
}  // namespace

DocumentShard::DocumentShard(shard::Shard& shard, shard::SnapshotStore& snapshots, HistoryStore& history,
                             DocumentStore& store, vault::Vault& vault, BlockingPool& pool, DocumentLimits limits,
                             Clock& clock, DocumentMetrics& metrics, Logger logger)
    : shard_(shard),
      snapshots_(snapshots),
      history_store_(history),
      history_(history, pool),
      store_(store),
      vault_(vault),
      pool_(pool),
      limits_(limits),
      clock_(clock),
      metrics_(metrics),
      snapshot_age_seconds_(metrics.snapshot_age(shard.id())),
      logger_(std::move(logger)),
      tasks_(shard.reactor()),
      versions_(limits.version_cache_bytes / shard::kFirstShards) {}

Task<> DocumentShard::start() {
  if (auto started = co_await shard_.start(*this); !started) {
    let_go_of_all();
    co_return started;
  }
  draining_ = false;
  tasks_.reopen();
  tasks_.spawn(sweep());
  co_return Result<>{};
}

DocumentShard::Live DocumentShard::find_open(DocumentId id) const {
  const auto found = documents_.find(id);
  return found != documents_.end() && found->second.ready ? found->second.live : nullptr;
}

void DocumentShard::replay(engines::LogEntry entry) {
  auto id = DocumentId::parse(entry.record.stream);
  if (!id) return;  // another state machine's stream
  if (entry.record.kind == static_cast<std::uint8_t>(RecordKind::kRemoved)) {
    tails_.erase(*id);
    removing_[*id].by = std::move(entry.record.principal);
    return;
  }
  if (removing_.contains(*id)) return;  // was on its way to the log when the document was deleted
  tails_[*id].push_back(std::move(entry));
}

/// Whoever submitted it was told to try again; that it is there now everybody learns.
Task<> DocumentShard::found(engines::LogEntry entry) {
  const auto id = DocumentId::parse(entry.record.stream);
  if (!id || removing_.contains(*id)) co_return Result<>{};
  if (entry.record.kind == static_cast<std::uint8_t>(RecordKind::kRemoved))
    co_return co_await take_away(*id, entry.record.principal);
  auto at = documents_.find(*id);
  while (at != documents_.end() && !at->second.ready) {
    co_await at->second.loaded->wait();
    at = documents_.find(*id);
  }
  if (at == documents_.end()) {
    tails_[*id].push_back(std::move(entry));
    co_return Result<>{};
  }
  const Live document = at->second.live;
  if (entry.record.kind == static_cast<std::uint8_t>(RecordKind::kSealedUpdate)) {
    vault::Opener opener;
    CO_TRY(Bytes plain, co_await vault_.open(opener, document->stream(), Bytes(*entry.record.payload)));
    entry.record.payload = std::make_shared<const Bytes>(std::move(plain));
  }
  const std::uint64_t ot_ticket = document->ot ? document->ot->submitted(entry.record) : 0;
  const Annotating annotates = applied(document, entry.record, entry.position, 0);
  if (ot_ticket != 0) document->ot->settled(ot_ticket, OtDocument::Outcome::kDurable);
  if (annotates.some && annotated_hook_) annotated_hook_(document, entry.record);
  if (annotates.some && document->ot) document->ot->annotated();
  co_return Result<>{};
}

Task<DocumentShard::Live> DocumentShard::open(DocumentId id) {
  CO_TRY_VOID(co_await until_open(id));
  co_return co_await open_any(id);
}

Task<DocumentShard::Live> DocumentShard::open_any(DocumentId id) {
  for (;;) {
    auto found = documents_.find(id);
    if (found == documents_.end()) break;
    if (found->second.ready) {
      found->second.live->last_used_ns = clock_.monotonic_ns();
      co_return found->second.live;
    }
    co_await found->second.loaded->wait();
  }
  if (!serves()) {
    co_return fail(Code::kUnavailable, "the shard is starting or draining; try again");
  }
  if (removing_.contains(id)) co_return fail(Code::kNotFound, "there is no such document");

  auto live = std::make_shared<LiveDocument>(id, reactor(), limits_.awareness, metrics_.built);
  documents_[id] = Entry{live, false, std::make_unique<AsyncEvent>(reactor())};
  auto loaded = co_await load(live);
  Entry& entry = documents_.at(id);  // only a finished load or a finished document leaves the map
  const std::unique_ptr<AsyncEvent> event = std::move(entry.loaded);
  if (loaded && live->removed) loaded = fail(Code::kNotFound, "there is no such document");
  if (loaded && live->left) loaded = fail(Code::kUnavailable, "the document has moved; try again");
  if (!loaded) {
    documents_.erase(id);
  } else {
    entry.ready = true;
    tails_.erase(id);
    metrics_.open_documents.add(1);
  }
  event->notify_all();
  if (!loaded) co_return fail(std::move(loaded).error());
  co_return live;
}

/// What is on its way to the log.
struct DocumentShard::Submitted {
  Live document;
  engines::LogRecord record;  // plain
  std::uint64_t session = 0;
  std::uint64_t ot_ticket = 0;
  std::int64_t began_ns = 0;
  DocumentSize::Growth growth;
  Done acknowledged;
};

void DocumentShard::submit(Live document, SharedBytes update, Author author, std::uint64_t session, Done acknowledged) {
  if (document->left) return acknowledged(fail(Code::kUnavailable, "the document is served elsewhere now; try again"));
  engines::LogRecord record;
  record.kind = static_cast<std::uint8_t>(RecordKind::kUpdate);
  record.stream = document->stream();
  record.principal = std::move(author.principal);
  record.client = std::move(author.client);
  record.sequence = author.sequence;
  record.time = shard_.now();
  record.payload = std::move(update);
  const std::int64_t began_ns = clock_.monotonic_ns();
  const std::uint64_t ot_ticket = document->ot ? document->ot->submitted(record) : 0;
  engines::LogRecord logged = record;
  if (document->sealer) {
    logged.kind = static_cast<std::uint8_t>(RecordKind::kSealedUpdate);
    logged.payload = std::make_shared<const Bytes>(document->sealer->seal(document->stream(), *record.payload));
  }
  const DocumentSize::Growth growth = DocumentSize::growth_of(*record.payload);
  document->size().submitted(growth);
  Submitted what{std::move(document), std::move(record), session, ot_ticket, began_ns, growth, std::move(acknowledged)};
  shard_.append(std::move(logged), [this, what = std::move(what)](Result<shard::Shard::Appended> appended) mutable {
    answered(what, std::move(appended));
  });
}

void DocumentShard::answered(Submitted& what, Result<shard::Shard::Appended> appended) {
  const auto tell_ot = [&what](OtDocument::Outcome outcome) {
    if (what.ot_ticket != 0) what.document->ot->settled(what.ot_ticket, outcome);
  };
  if (!appended) {
    metrics_.refused_updates.add();
    what.document->size().answered(what.growth);
    what.acknowledged(fail(std::move(appended).error()));
    tell_ot(OtDocument::Outcome::kRefused);
    return;
  }
  metrics_.updates.add();
  metrics_.acknowledge_seconds.record(static_cast<double>(clock_.monotonic_ns() - what.began_ns) / 1e9);
  what.acknowledged({});
  Annotating annotates;
  if (!appended->repeated) annotates = applied(what.document, what.record, appended->position, what.session);
  what.document->size().answered(what.growth);
  tell_ot(appended->repeated ? OtDocument::Outcome::kKnown : OtDocument::Outcome::kDurable);
  if (annotates.some && annotated_hook_) annotated_hook_(what.document, what.record);
  if (annotates.some && what.document->ot) what.document->ot->annotated();
}

Annotating DocumentShard::applied(const Live& document, const engines::LogRecord& record, engines::Position position,
                                  std::uint64_t session) {
  if (document->removed) {
    if (!removing_.contains(document->id())) shard_.snapshotted(document->stream(), position);
    return {};
  }
  if (document->read_at_this_version) {
    versions_.put(document->id(), document->version(),
                  std::make_shared<const Bytes>(document->state().encode_state_as_update()));
  }
  document->last_used_ns = clock_.monotonic_ns();
  if (!document->dirty()) document->dirty_since_ns = document->last_used_ns;
  const auto done = document->apply(record, position);
  if (!done) {
    logger_.warn("an update in the log does not fit its document",
                 {{"document", document->stream()}, {"position", position.value}, {"error", done.error().message}});
    return {};
  }
  metrics_.deliveries.add(document->sessions().size());
  document->publish(Published::Kind::kUpdate, record.payload, session);
  return *done;
}

Task<> DocumentShard::submit_and_wait(Live document, SharedBytes update, Author author) {
  AsyncEvent event(reactor());
  std::optional<Result<>> outcome;
  submit(document, std::move(update), std::move(author), 0, [&](Result<> done) { outcome = std::move(done); });
  shard_.barrier([&event] { event.notify_all(); });
  while (!outcome) co_await event.wait();
  if (!*outcome) co_return fail(std::move(*outcome).error());
  co_return Result<>{};
}

Result<> DocumentShard::check_size(LiveDocument& document, ByteView update) {
  return document.size().check(document.state(), update, limits_, clock_);
}

Result<> DocumentShard::check_size(LiveDocument& document, DocumentSize::Growth more) {
  return document.size().check(document.state(), more, limits_, clock_);
}

Task<SharedBytes> DocumentShard::state_at(Live document, std::uint64_t version) {
  if (version == document->version()) {
    co_return std::make_shared<const Bytes>(document->state().encode_state_as_update());
  }
  if (auto kept = versions_.find(document->id(), version)) co_return kept;
  if (version < document->version()) {
    auto then = co_await history_.state_at(history_source(*document), version);
    if (then || then.error().code != Code::kNotFound) co_return then;
  }
  co_return fail(Error{Code::kConflict,
                       "version " + std::to_string(version) + " is not known here; read the document and try again",
                       {{"field", "version"},
                        {"value", std::to_string(version)},
                        {"current_version", std::to_string(document->version())}}});
}

std::size_t max_history_chunk(const DocumentLimits& limits) {
  return kMaxChunkUpdateBytes + engines::kMaxPayloadBytes + limits.snapshot_bytes();
}

History::Source DocumentShard::history_source(const LiveDocument& document) const {
  return {document.home(), document.stream(), document.tail()};
}

bool DocumentShard::wants_snapshot(const Entry& entry, std::int64_t now_ns) const {
  const LiveDocument& live = *entry.live;
  if (!entry.ready || !live.dirty() || live.snapshot_under_way) return false;
  return idle(live, limits_, now_ns) || now_ns - live.dirty_since_ns > limits_.snapshot_after_ms * 1'000'000 ||
         live.tail_bytes() > std::max(limits_.snapshot_after_bytes, live.snapshot_bytes());
}

bool DocumentShard::evictable(const Entry& entry, std::int64_t now_ns) const {
  const LiveDocument& live = *entry.live;
  return entry.ready && !live.dirty() && !live.snapshot_under_way && entry.live.use_count() == 1 &&
         live.noted_version == live.version() && idle(live, limits_, now_ns);
}

/// How long the oldest update that no snapshot has has been waiting for one; 0 where all have.
std::int64_t DocumentShard::snapshot_age_ms() const {
  const std::int64_t now_ms = clock_.wall_ms();
  std::int64_t since_ms = now_ms;
  for (const auto& [id, entry] : documents_) {
    if (!entry.live->tail().empty()) since_ms = std::min(since_ms, entry.live->tail().front().time.wall_ms());
  }
  for (const auto& [id, tail] : tails_) since_ms = std::min(since_ms, tail.front().record.time.wall_ms());
  return now_ms - since_ms;
}

asio::awaitable<void> DocumentShard::sweep() {
  while (co_await sleep_ms(kSweepMs)) co_await sweep_once();
}

asio::awaitable<void> DocumentShard::sweep_once() {
  const std::int64_t now_ns = clock_.monotonic_ns();
  if (sweep_hook_) sweep_hook_(now_ns);
  for (const auto& [id, entry] : documents_) {
    if (Bytes gone = entry.live->awareness().expire(now_ns); !gone.empty())
      entry.live->publish(Published::Kind::kAwareness, std::move(gone), 0);
  }
  if (auto noted = co_await note_progress(); !noted) {
    logger_.warn("could not note the documents' progress", {{"error", noted.error().message}});
  }
  co_await finish_removals();
  co_await settle_tails(kTailsPerSweep);

  std::vector<Live> due;
  for (auto& [id, entry] : documents_) {
    if (entry.live->ot) entry.live->ot->sweep(now_ns);
    if (wants_snapshot(entry, now_ns)) due.push_back(entry.live);
  }
  for (Live& live : due) {
    if (auto written = co_await snapshot(live); !written) {
      logger_.warn("could not write a snapshot", {{"document", live->stream()}, {"error", written.error().message}});
    }
    live.reset();
  }
  snapshot_age_seconds_.set(snapshot_age_ms() / 1000);
  const std::int64_t later_ns = clock_.monotonic_ns();
  const std::size_t evicted =
      std::erase_if(documents_, [&](const auto& one) { return evictable(one.second, later_ns); });
  metrics_.open_documents.add(-static_cast<std::int64_t>(evicted));
}

Task<> DocumentShard::snapshot(Live document) {
  if (document->removed || document->snapshot_under_way) co_return Result<>{};
  document->snapshot_under_way = true;
  const std::int64_t now_ns = clock_.monotonic_ns();
  shard::Snapshot out{document->position(), document->version(), document->updated(),
                      document->doc().encode_state_as_update()};
  const engines::Position position = out.position;
  const std::uint64_t version = out.version;
  const std::size_t state_bytes = out.state.size();
  std::vector<HistoryRecord> records = document->tail();
  document->size().measured(document->doc().json_bytes());
  // What the snapshot has the log need not keep: what is to be told of it is noted before.
  Result<> written;
  if (store_.tells() && document->noted_version < version) written = co_await note_progress();
  // And the history: what makes the log expendable is the snapshot.
  if (written) written = co_await keep_history(document, std::move(records), out.state);
  if (written) {
    auto name = co_await snapshots_.write(document->home(), document->stream(), document->owner, std::move(out));
    written = name ? co_await store_.note_snapshot(document->id(), std::move(*name)) : fail(std::move(name).error());
  }
  document->snapshot_under_way = false;
  if (!written) {
    metrics_.snapshot_failures.add();
    co_return fail(std::move(written).error());
  }
  metrics_.snapshots.add();
  document->snapshotted(position, version);
  document->dirty_since_ns = now_ns;
  document->set_snapshot_bytes(state_bytes);
  shard_.snapshotted(document->stream(), position);
  co_return Result<>{};
}

/// Writes the records that no chunk has, with the state after them where the last one that was kept is far.
Task<> DocumentShard::keep_history(Live document, std::vector<HistoryRecord> records, const Bytes& state) {
  if (!document->history) {
    LiveDocument::Kept kept;
    CO_TRY(const auto names, co_await history_store_.list(document->home(), document->stream()));
    for (const HistoryChunkName& name : names) {
      kept.version = name.last;
      kept.chunks = name.has_state ? 0 : kept.chunks + 1;
      kept.size_bytes = name.has_state ? 0 : kept.size_bytes + name.size_bytes;
    }
    document->history = kept;
  }
  LiveDocument::Kept now = *document->history;
  // A crash between chunk and snapshot has left the first ones in a chunk.
  std::erase_if(records, [&now](const HistoryRecord& record) { return record.version <= now.version; });
  for (auto at = records.begin(); at != records.end();) {
    HistoryChunk chunk;
    std::size_t bytes = 0;
    for (; at != records.end() && (chunk.records.empty() || bytes < kMaxChunkUpdateBytes); ++at) {
      bytes += at->update->size();
      chunk.records.push_back(std::move(*at));
    }
    now = {chunk.records.back().version, now.chunks + 1, now.size_bytes + bytes};
    const bool far = now.chunks > kMaxChunksBetweenStates || now.size_bytes > 2 * state.size() + kMinBytesBetweenStates;
    if (far && at == records.end()) {
      chunk.state = state;
      now.chunks = now.size_bytes = 0;
    }
    CO_TRY_VOID(co_await history_store_.write(document->home(), document->stream(), document->owner, std::move(chunk)));
    document->history = now;
  }
  co_return Result<>{};
}

asio::awaitable<void> DocumentShard::until_loaded() {
  for (;;) {
    const auto loading = std::ranges::find_if(documents_, [](const auto& one) { return !one.second.ready; });
    if (loading == documents_.end()) co_return;
    co_await loading->second.loaded->wait();
  }
}

/// Where time does not suffice the log has the rest.
asio::awaitable<void> DocumentShard::snapshot_all(std::int64_t until_ns) {
  std::vector<Live> dirty;
  for (auto& [id, entry] : documents_)
    if (entry.live->dirty()) dirty.push_back(entry.live);
  for (Live& live : dirty) {
    if (clock_.monotonic_ns() > until_ns) break;
    if (auto written = co_await snapshot(live); !written) {
      logger_.warn("could not write a snapshot", {{"document", live->stream()}, {"error", written.error().message}});
    }
  }
  if (auto noted = co_await note_progress(); !noted) {
    logger_.warn("could not note the documents' progress", {{"error", noted.error().message}});
  }
}

void DocumentShard::let_go_of_all() {
  for (auto& [id, entry] : documents_) entry.live->left = true;
  metrics_.open_documents.add(-static_cast<std::int64_t>(documents_.size()));
  documents_.clear();
  tails_.clear();
  removing_.clear();
  versions_.clear();
}

asio::awaitable<void> DocumentShard::drain(std::int64_t deadline_ms) {
  draining_ = true;
  const std::int64_t until_ns = clock_.monotonic_ns() + deadline_ms * 1'000'000;
  if (leave_hook_) leave_hook_([](DocumentId) { return true; });
  co_await tasks_.close();
  co_await until_loaded();
  if (shard_.state() == shard::Shard::State::kServing) co_await snapshot_all(until_ns);
  co_await shard_.drain();
  let_go_of_all();
}

}  // namespace concord::documents
