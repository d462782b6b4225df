#include "reconcile/shard_reconciler.h"

#include <algorithm>
#include <utility>

#include "shard/passed_snapshots.h"

namespace concord::reconcile {

namespace {
constexpr std::int64_t kLookMs = 5'000;  // how often it is looked whether a pass is due
constexpr std::uint64_t kAtOnce = 20;    // documents between two rests
constexpr std::uint64_t kFewOrphans = 10;
constexpr std::size_t kMostDue = 100'000;  // removed in one pass; the rest in the next
constexpr std::uint64_t kFillersAtOnce = 1000;
constexpr std::uint64_t kMostFillers = 10'000'000;
constexpr const char* kAuthor = "concord";  // of removals
}  // namespace

ShardReconciler::ShardReconciler(documents::DocumentShard& shard, Options options, Dependencies dependencies)
    : shard_(shard), options_(options), on_(std::move(dependencies)), tasks_(shard.reactor()) {}

void ShardReconciler::start() {
  if (options_.interval_ms > 0) tasks_.spawn(run());
}

asio::awaitable<void> ShardReconciler::stop() { co_await tasks_.close(); }

bool ShardReconciler::serves() const { return shard_.shard().state() == shard::Shard::State::kServing; }

asio::awaitable<void> ShardReconciler::run() {
  std::int64_t rested_ms = 0;  // since the shard is served here, or a pass was cut off
  const std::int64_t look_ms = std::min(kLookMs, options_.settle_ms);
  while (co_await sleep_ms(look_ms)) {
    rested_ms = serves() ? rested_ms + look_ms : 0;
    if (rested_ms < options_.settle_ms) continue;
    const auto due = co_await is_due();
    if (due && !*due) continue;
    const auto done = due ? co_await pass() : Result<>(fail(due.error()));
    if (done) continue;
    rested_ms = 0;
    on_.metrics.failed_passes.add();
    on_.logger.warn("could not compare the documents of a shard; it begins anew",
                    {{"shard", shard_.shard().id().value}, {"error", done.error().message}});
  }
}

Task<bool> ShardReconciler::is_due() {
  CO_TRY(const auto last_ms, co_await on_.store.last_pass(shard_.shard().id()));
  co_return !last_ms || on_.clock.wall_ms() - *last_ms >= options_.interval_ms;
}

Task<> ShardReconciler::pass() {
  const std::int64_t began_ms = on_.clock.wall_ms();
  Pass pass;
  CO_TRY(const auto bounds, co_await on_.log.bounds(shard_.shard().id()));
  pass.next = bounds.next;
  Walk walk(shard_.shard().slots().map().at(shard_.shard().id()).slots, on_.tables, on_.blobs);
  for (;;) {
    CO_TRY(auto kept, co_await walk.next());
    if (!kept) break;
    CO_TRY_VOID(co_await pace());
    CO_TRY_VOID(co_await look_at(pass, std::move(*kept)));
  }
  CO_TRY_VOID(co_await remove_orphans(pass));
  CO_TRY_VOID(co_await on_.store.note_pass(shard_.shard().id(), began_ms, on_.clock.wall_ms()));
  on_.metrics.orphans(shard_.shard().id()).set(static_cast<std::int64_t>(pass.orphans));
  on_.metrics.passes.add();
  on_.logger.debug("compared the documents of a shard",
                   {{"shard", shard_.shard().id().value}, {"documents", pass.documents}, {"orphans", pass.orphans}});
  co_return Result<>{};
}

/// Rests now and then; kUnavailable where there is nothing to go on with.
Task<> ShardReconciler::pace() {
  if (++paced_ % kAtOnce == 0)
    CO_TRY_VOID(co_await sleep_ms(static_cast<std::int64_t>(kAtOnce) * 1000 / options_.per_second));
  if (!serves()) co_return fail(Code::kUnavailable, "the shard is not served here any more");
  co_return Result<>{};
}

Task<> ShardReconciler::look_at(Pass& pass, Kept kept) {
  const auto id = DocumentId::parse(kept.stream);
  if (!id) co_return Result<>{};  // another state machine's stream
  if (!shard_.shard().has(kept.stream)) co_return fail(Code::kUnavailable, "the shard was split meanwhile");
  on_.metrics.documents.add();
  if (kept.snapshot >= pass.next) CO_TRY_VOID(co_await lead_log_past(pass, kept));
  if (!kept.row) co_return co_await orphan(pass, *id);
  ++pass.documents;
  if (kept.snapshots > 1) {
    CO_TRY(const std::size_t removed,
           co_await shard::remove_passed_snapshots(on_.blobs, shard::home_of(id->slot()), kept.stream));
    if (removed > 0) found({What::kSnapshotsPassed, kept.stream, true, std::to_string(removed) + " of them"});
  }
  // Tables or blobs of another moment: from here on a cached snapshot is used only once it was compared with the blobs.
  if (kept.named != kept.snapshot && kept.named != engines::Position{})
    CO_TRY_VOID(co_await on_.documents.forget_snapshot(*id, kept.named));
  const bool fits = *kept.row == kept.history && (kept.history == 0 || kept.snapshots > 0);
  if (fits) co_return Result<>{};
  // One that is being edited is ahead of what is stored of it.
  const Live open = shard_.find_open(*id);
  if (open && open->dirty() && kept.history <= open->version()) co_return Result<>{};
  co_return co_await compare(*id);
}

/// A log that was brought back to an older state gives numbers again that snapshots hold already, and what is appended
/// under these a start would take for known. The numbers up to there are given to records of nobody.
Task<> ShardReconciler::lead_log_past(Pass& pass, Kept kept) {
  CO_TRY(const auto bounds, co_await on_.log.bounds(shard_.shard().id()));
  pass.next = bounds.next;
  if (kept.snapshot < pass.next) co_return Result<>{};  // newer than what was seen of the log
  const std::uint64_t missing = kept.snapshot.value - pass.next.value + 1;
  const bool can_be = missing <= kMostFillers;
  for (std::uint64_t left = can_be ? missing : 0; left > 0; left -= std::min(left, kFillersAtOnce))
    CO_TRY_VOID(co_await append_fillers(std::min(left, kFillersAtOnce)));
  if (can_be) pass.next.value += missing;
  found({What::kLogBehind, kept.stream, can_be,
         "the log goes on at " + std::to_string(bounds.next.value) + ", the snapshot is of " +
             std::to_string(kept.snapshot.value)});
  co_return Result<>{};
}

Task<> ShardReconciler::append_fillers(std::uint64_t count) {
  AsyncEvent event(shard_.reactor());
  std::uint64_t unanswered = count;
  Result<> outcome;
  for (std::uint64_t i = 0; i < count; ++i) {
    engines::LogRecord filler;
    filler.time = shard_.shard().now();
    filler.payload = std::make_shared<const Bytes>();
    shard_.shard().append(std::move(filler), [&](Result<shard::Shard::Appended> appended) {
      if (appended) {
        shard_.shard().snapshotted({}, appended->position);
      } else {
        outcome = fail(std::move(appended).error());
      }
      if (--unanswered == 0) event.notify_all();
    });
  }
  while (unanswered > 0) co_await event.wait();
  co_return outcome;
}

/// Content that belongs to no document. One that is being deleted has some too, and who counts the days is patient.
Task<> ShardReconciler::orphan(Pass& pass, DocumentId id) {
  CO_TRY(const auto owner, co_await on_.documents.owner(id));
  if (owner) co_return Result<>{};  // made since the rows were read
  const std::int64_t now_ms = on_.clock.wall_ms();
  CO_TRY(const std::int64_t since_ms, co_await on_.store.note_orphan(shard_.shard().id(), id.str(), now_ms));
  ++pass.orphans;
  if (now_ms - since_ms >= options_.grace_ms && pass.due.size() < kMostDue) pass.due.push_back(id);
  co_return Result<>{};
}

Task<> ShardReconciler::remove_orphans(Pass& pass) {
  if (pass.due.empty()) co_return Result<>{};
  const auto percent = static_cast<std::uint64_t>(options_.orphans_percent);
  const std::uint64_t most = percent == 0 ? 0 : std::max(kFewOrphans, pass.documents * percent / 100);
  if (pass.due.size() > most) {
    on_.logger.error(
        "much of what is stored belongs to no document, and nothing of it is removed: the tables may be old",
        {{"shard", shard_.shard().id().value},
         {"pieces", pass.due.size()},
         {"documents", pass.documents},
         {"limit", "RECONCILE_ORPHANS_PERCENT"}});
    for (const DocumentId id : pass.due) on_.metrics.count({What::kOrphan, id.str(), false, {}});
    co_return Result<>{};
  }
  for (const DocumentId id : pass.due) {
    CO_TRY_VOID(co_await pace());
    CO_TRY(const auto owner, co_await on_.documents.owner(id));
    if (owner) continue;
    CO_TRY_VOID(co_await shard_.remove(id, kAuthor));
    CO_TRY_VOID(co_await on_.store.forget_orphan(id.str()));
    --pass.orphans;
    found({What::kOrphan, id.str(), true, {}});
  }
  co_return Result<>{};
}

/// Holds the document, as it is opened, against its row and its history.
Task<> ShardReconciler::compare(DocumentId id) {
  const bool was_open = shard_.find_open(id) != nullptr;
  const auto opened = co_await shard_.open(id);
  if (!opened && opened.error().code == Code::kNotFound) co_return Result<>{};  // gone, or its owner's keys are
  if (!opened && opened.error().code == Code::kCorrupt) {
    found({What::kUnreadable, id.str(), false, opened.error().message});
    co_return Result<>{};
  }
  if (!opened) co_return fail(opened.error());
  const Live& live = *opened;
  CO_TRY(const auto chunks, co_await on_.history.list(live->home(), live->stream()));
  if (!chunks.empty() && chunks.back().last > live->version()) {
    const std::uint64_t had = live->version();
    CO_TRY(const bool built, co_await build_again(live, chunks.back()));
    found({What::kSnapshotMissing, id.str(), built,
           "the content is of version " + std::to_string(had) + ", the history has " +
               std::to_string(chunks.back().last)});
  }
  const auto row = co_await on_.documents.find(id);
  if (!row && row.error().code == Code::kNotFound) co_return Result<>{};
  if (!row) co_return fail(row.error());
  const std::uint64_t version = live->version();
  if (row->version > version) {
    found({What::kContentBehind, id.str(), false,
           "the content is of version " + std::to_string(version) + ", the row of " + std::to_string(row->version)});
  } else if (row->version < version && live->noted_version == version && !was_open) {
    CO_TRY_VOID(co_await on_.documents.note_progress({{id, version, live->updated().wall_ms()}}));
    found({What::kRowBehind, id.str(), true,
           "of version " + std::to_string(row->version) + ", the content of " + std::to_string(version)});
  }
  if (!was_open && live->sessions().empty()) live->last_used_ns = 0;  // nobody asked for it
  co_return Result<>{};
}

/// The content as the history has it. False where that cannot be, or somebody uses the document.
Task<bool> ShardReconciler::build_again(Live document, documents::HistoryChunkName last) {
  if (document->position() != engines::Position{}) co_return false;  // a snapshot is there, if an old one
  const engines::ShardId home = document->home();
  const std::uint64_t had = document->version();
  const auto state = co_await shard_.history().state_at({home, document->stream(), {}}, last.last);
  if (!state && state.error().code == Code::kUnavailable) co_return fail(state.error());
  if (!state) co_return false;
  const auto chunk = co_await on_.history.read(home, document->stream(), last);
  if (!chunk && chunk.error().code == Code::kUnavailable) co_return fail(chunk.error());
  if (!chunk) co_return false;
  const HybridTime time = chunk->records.back().time;
  const bool untouched = serves() && !document->removed && !document->dirty() && document->version() == had &&
                         document->sessions().empty() && !document->state().is_built();
  if (!untouched) co_return false;
  CO_TRY_VOID(document->restore(**state, last.last, time, document->position()));
  document->noted_version = 0;  // the next sweep notes it
  shard::Snapshot snapshot{document->position(), last.last, time, **state};
  CO_TRY_VOID(co_await on_.snapshots.write(home, document->stream(), document->owner, std::move(snapshot)));
  co_return true;
}

void ShardReconciler::found(Finding finding) {
  on_.metrics.count(finding);
  on_.logger.log(finding.repaired ? LogLevel::kWarn : LogLevel::kError, "a document's parts do not fit together",
                 {{"document", finding.document},
                  {"what", to_string(finding.what)},
                  {"repaired", finding.repaired},
                  {"detail", finding.detail}});
  if (on_.report) on_.report(finding);
}

}  // namespace concord::reconcile
