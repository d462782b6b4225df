// What Yjs calls the cleanups of transactions, where somebody observes or a text's formats want cleaning. A transaction
// that has made its changes is put in a queue. It is shown to its observers, whose own changes are transactions that go
// behind it in the queue; then it is cleaned up and its update is written, and it is the turn of the next.

#include <algorithm>

#include "crdt/engine.h"
#include "crdt/event_dispatch.h"
#include "crdt/update.h"
#include "crdt/wire.h"

namespace concord::crdt {

bool TransactionState::deletes(Id id) const {
  const std::uint32_t first = deleted_numbers.find(id.client);
  if (first == IdTable::kAbsent) return false;
  // The last range of the client that begins at or before the clock.
  const auto after = std::partition_point(deleted.begin() + first, deleted.end(), [&](const auto& range) {
    return range.client == id.client && range.clock <= id.clock;
  });
  return after != deleted.begin() + first && id.clock - std::prev(after)->clock < std::prev(after)->length;
}

/// The running transaction ends and goes to the queue.
void Replica::enqueue() {
  auto state = std::make_unique<TransactionState>();
  state->local = local_;
  if (origin_ != nullptr) state->origin = *origin_;
  for (const ClientRef client : touched_) {
    state->numbers.set(client, static_cast<std::uint32_t>(state->written.size()));
    state->written.push_back({client, store.clients[client].before, store.clients[client].state});
  }
  // Clients in the order in which something of theirs was first deleted: format cleaning goes by it.
  IdTable rank;
  for (const auto& range : deleted_)
    if (rank.find(range.client) == IdTable::kAbsent) rank.set(range.client, static_cast<std::uint32_t>(rank.size()));
  normalize(deleted_, [&rank](ClientRef a, ClientRef b) { return rank.find(a) < rank.find(b); });
  state->deleted.swap(deleted_);
  for (std::uint32_t i = 0; i < state->deleted.size(); ++i)
    if (i == 0 || state->deleted[i - 1].client != state->deleted[i].client)
      state->deleted_numbers.set(state->deleted[i].client, i);
  state->split.swap(split_);
  std::swap(state->changes, changes_);
  active_ = false;
  recorded_ = false;
  origin_ = nullptr;
  if (cleaning_) split_.swap(queue_[cleaned_]->split);
  queue_.push_back(std::move(state));
}

std::uint32_t Replica::clock_before(const TransactionState& state, ClientRef client) const {
  if (const auto* written = state.find(client)) return written->before;
  bool later = false;
  for (const auto& other : queue_) {
    if (later)
      if (const auto* written = other->find(client)) return written->before;
    later = later || other.get() == &state;
  }
  return active_ ? before(client) : store.clients[client].state;
}

/// The transaction is about to be shown. Those that ran since it did show in it, as in Yjs.
void Replica::settle(std::size_t number) {
  TransactionState& state = *queue_[number];
  for (std::size_t i = number + 1; i < queue_.size(); ++i) {
    for (const auto& later : queue_[i]->written) {
      if (state.find(later.client) != nullptr) continue;
      state.numbers.set(later.client, static_cast<std::uint32_t>(state.written.size()));
      state.written.push_back(later);
    }
  }
  for (auto& written : state.written) written.after = store.clients[written.client].state;
  split_.swap(state.split);
}

/// Cleans the transaction up; its update has all that was written since it began.
void Engine::write_queued(std::size_t number) {
  TransactionState& state = *queue_[number];
  ++stamp_;
  touched_.clear();
  const auto take = [this](const TransactionState::Written& written) {
    ClientRecord& record = store.clients[written.client];
    if (record.stamp == stamp_) return;
    record.stamp = stamp_;
    record.before = written.before;
    touched_.push_back(written.client);
  };
  for (const auto& written : state.written) take(written);
  deleted_ = state.deleted;
  const bool any = changed();
  if (any || !split_.empty()) clean_up();
  split_.clear();
  if (!any || (!state.local && observers->updates.empty())) return;
  for (std::size_t i = number + 1; i < queue_.size(); ++i)
    for (const auto& written : queue_[i]->written) take(written);
  write_transaction(state.update);
}

void Engine::clean_up_queued(std::size_t number) {
  TransactionState& state = *queue_[number];
  const bool changed = state.changed() || state.changes.has_subdocuments();
  settle(number);
  if (changed) {
    const Transaction transaction(*this, state);
    if (observers->any_of_types()) EventDispatch(*this, transaction).run();
    observers->transactions.call(transaction);
  }
  if (wants_clean_formats(state)) {
    begin(true);
    clean_formats_after(state);
    enqueue();
  }
  write_queued(number);
  if (!state.update.empty()) observers->updates.call(ByteView(state.update), state.origin, state.local);
}

/// What the queue's local transactions changed, as one update.
Bytes Engine::run_cleanups() {
  cleaning_ = true;
  for (cleaned_ = 0; cleaned_ < queue_.size(); ++cleaned_) clean_up_queued(cleaned_);
  cleaning_ = false;
  std::vector<ByteView> updates;
  for (const auto& state : queue_)
    if (state->local && !state->update.empty()) updates.emplace_back(state->update);
  Bytes whole;
  if (updates.size() == 1)
    whole = to_bytes(updates[0]);
  else if (!updates.empty())
    if (auto merged = merge_updates(updates, options_.update_format, kNoRunLimit)) whole = std::move(*merged);
  queue_.clear();
  cleaned_ = 0;
  return whole;
}

void Engine::commit_recorded(Bytes& update) {
  update.clear();
  enqueue();
  if (cleaning_) return;
  update = run_cleanups();
  finish();
}

bool Engine::wants_clean_formats(const TransactionState& state) const {
  if (!options_.clean_formats || state.local) return false;
  return std::ranges::any_of(state.changes.types(), [this](const ChangedType& changed) {
    const TypeRecord& type = store.types[changed.type];
    return !changed.gone && type.in_use && type.has_formats &&
           (type.kind == TypeKind::kText || type.kind == TypeKind::kXmlText) &&
           (type.item == kNone || !store.items[type.item].deleted());
  });
}

}  // namespace concord::crdt
