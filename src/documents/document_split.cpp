// How what only the log has of documents comes into snapshots, and how documents leave a shard for another that is
// split off it.

#include "documents/document_shard.h"

namespace concord::documents {

namespace {
constexpr std::int64_t kClosedMs = 10'000;  // longer than slots are closed for
constexpr std::int64_t kLookMs = 10;
}  // namespace

std::optional<Slot> DocumentShard::slot_of(const std::string& stream) const {
  const auto id = DocumentId::parse(stream);
  return id ? std::optional(id->slot()) : std::nullopt;
}

/// While the document's slot is closed it is not known whose it will be.
Task<> DocumentShard::until_open(DocumentId id) {
  const shard::SlotTable& slots = shard_.slots();
  const std::int64_t until_ns = clock_.monotonic_ns() + kClosedMs * 1'000'000;
  while (slots.is_closed(id.slot()) && clock_.monotonic_ns() < until_ns) {
    CO_TRY_VOID(co_await sleep_ms(kLookMs));
  }
  if (slots.settled(id.slot()) != shard_.id())
    co_return fail(Code::kUnavailable, "the document moves to another shard; try again");
  co_return Result<>{};
}

void DocumentShard::closed(shard::SlotRange slots) {
  if (leave_hook_) leave_hook_([slots](DocumentId id) { return slots.contains(id.slot()); });
}

asio::awaitable<void> DocumentShard::settle(shard::SlotRange slots, std::int64_t deadline_ms) {
  const std::int64_t until_ns = clock_.monotonic_ns() + deadline_ms * 1'000'000;
  // While the slots are open there is always something new: what there was is enough.
  const bool once = !shard_.slots().is_closed(Slot{slots.first});
  do {
    if (auto done = co_await settle_once(slots, until_ns); !done)
      logger_.warn("could not settle what is to leave the shard", {{"error", done.error().message}});
    if (once || !serves()) co_return;
  } while (shard_.needs_log(slots) && clock_.monotonic_ns() < until_ns && co_await sleep_ms(kLookMs));
}

/// Loads what recovery found, finishes what is being removed, and snapshots what has changed.
Task<> DocumentShard::settle_once(shard::SlotRange slots, std::int64_t until_ns) {
  std::vector<DocumentId> ids;
  for (const auto& [id, tail] : tails_)
    if (slots.contains(id.slot())) ids.push_back(id);
  for (const DocumentId id : ids) {
    if (clock_.monotonic_ns() > until_ns) co_return Result<>{};
    CO_TRY_VOID(co_await settle_tail(id));
  }
  co_await finish_removals();
  std::vector<Live> dirty;
  for (const auto& [id, entry] : documents_)
    if (slots.contains(id.slot()) && entry.ready && entry.live->dirty()) dirty.push_back(entry.live);
  for (const Live& live : dirty) {
    if (clock_.monotonic_ns() > until_ns) co_return Result<>{};
    CO_TRY_VOID(co_await snapshot(live));
  }
  co_return co_await note_progress();
}

/// One document that recovery found behind its snapshot.
Task<> DocumentShard::settle_tail(DocumentId id) {
  const auto tail = tails_.find(id);
  if (tail == tails_.end()) co_return Result<>{};
  const std::uint64_t last = tail->second.back().position.value;
  auto live = co_await open_any(id);
  if (live) {
    (*live)->last_used_ns = 0;  // nobody asked for it: snapshot it and let it go
    co_return Result<>{};
  }
  if (live.error().code != Code::kNotFound) {
    logger_.error("could not open a document after recovery",
                  {{"document", id.str()}, {"error", live.error().message}});
    co_return fail(live.error());
  }
  CO_TRY(const auto owner, co_await store_.owner(id));
  tails_.erase(id);
  if (owner) {  // whose keys were destroyed
    shard_.snapshotted(id.str(), engines::Position{last});
  } else {
    removing_.try_emplace(id);
  }
  co_return Result<>{};
}

/// Where one cannot be opened its log is kept; the next sweep tries again.
asio::awaitable<void> DocumentShard::settle_tails(std::size_t most) {
  for (std::size_t i = 0; i < most && !tails_.empty(); ++i)
    if (!co_await settle_tail(tails_.begin()->first)) co_return;
}

/// What lies elsewhere now: nobody goes on with it here.
void DocumentShard::ranges_changed() {
  const auto gone = [this](DocumentId id) { return shard_.slots().of(id.slot()) != shard_.id(); };
  if (leave_hook_) leave_hook_(gone);
  std::size_t closed = 0;
  for (auto& [id, entry] : documents_) {
    if (!gone(id)) continue;
    entry.live->left = true;
    versions_.forget(id);
    if (entry.ready) ++closed;
  }
  std::erase_if(documents_, [&](const auto& one) { return one.second.ready && gone(one.first); });
  std::erase_if(tails_, [&](const auto& one) { return gone(one.first); });
  std::erase_if(removing_, [&](const auto& one) { return gone(one.first); });
  metrics_.open_documents.add(-static_cast<std::int64_t>(closed));
}

}  // namespace concord::documents
