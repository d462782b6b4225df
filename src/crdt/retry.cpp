// What an update has left is written as one update, or as pieces if much waits already, and is tried again when what it
// waits for has come (pending.h).

#include <algorithm>

#include "crdt/engine.h"
#include "crdt/fields_v2_writer.h"
#include "crdt/update.h"

namespace concord::crdt {

/// Writes these drafts of a section and gives their items back. Returns how many structs they are.
std::size_t Engine::write_rest(FieldWriterV2& out, const Drafts& drafts, const DraftSection& section,
                               std::uint32_t from, std::uint32_t end) {
  std::size_t structs = end - from;
  for (std::uint32_t i = from; i < end; ++i) {
    const Item& it = store.items[drafts.items[section.first + i]];
    if (it.left != kNone) structs += it.right;
  }
  out.rest().uint(structs);
  out.client(store.clients[section.client].id);
  out.rest().uint(store.items[drafts.items[section.first + from]].clock);
  const DraftParent none;
  for (std::uint32_t i = from; i < end; ++i) {
    for (ItemRef item = drafts.items[section.first + i]; item != kNone;) {
      const ItemRef others = cut_draft(item, drafts);
      const Item& it = store.items[item];
      write_item(out, it, 0, it.home != 0 ? &drafts.parents[it.home - 1] : &none);
      discard(item);
      item = others;
    }
  }
  return structs;
}

/// What could not be integrated, as one update.
void Engine::keep_rest(Drafts& drafts) {
  std::vector<const DraftSection*> order;
  for (const DraftSection& section : drafts.sections)
    if (section.next < section.count) order.push_back(&section);
  std::ranges::sort(order, std::ranges::greater{},
                    [this](const DraftSection* s) { return store.clients[s->client].id; });
  Bytes buffer;
  Bytes rest;
  FieldWriterV2 out(buffer);
  out.rest().uint(order.size());
  std::size_t structs = 0;
  for (const DraftSection* section : order) structs += write_rest(out, drafts, *section, section->next, section->count);
  out.rest().uint(0);
  out.finish(rest, buffer);
  pending_.structs.add_update(std::move(rest), structs);
}

/// The struct without which this draft cannot be integrated.
ClientClock Engine::awaited_by(const Item& item, const Drafts& drafts) const {
  const auto client = static_cast<ClientRef>(item.client);
  if (item.clock > store.clients[client].state) return {client, item.clock - 1};
  const Id missing = missing_for(item, drafts);
  return missing.present() ? ClientClock{missing.client, missing.clock} : ClientClock{client, item.clock};
}

/// What could not be integrated, as pieces. Two GC structs that follow each other stay in one: merging would join them
/// where updates meet, and only there.
void Engine::keep_pieces(Drafts& drafts) {
  for (const DraftSection& section : drafts.sections) {
    if (section.next == section.count) continue;
    const auto draft = [&](std::uint32_t i) -> const Item& { return store.items[drafts.items[section.first + i]]; };
    ClientClock awaited = awaited_by(draft(section.next), drafts);
    for (std::uint32_t from = section.next; from < section.count;) {
      std::uint32_t end = std::min<std::uint32_t>(from + WaitingStructs::kPiece, section.count);
      while (end < section.count && draft(end - 1).is_gc() && draft(end).is_gc()) ++end;
      const std::uint32_t last = draft(end - 1).end() - 1;
      Bytes buffer;
      WaitingStructs::Piece piece;
      FieldWriterV2 out(buffer);
      out.rest().uint(1);
      piece.structs = write_rest(out, drafts, section, from, end);
      out.rest().uint(0);
      out.finish(piece.update, buffer);
      piece.update.shrink_to_fit();
      pending_.structs.add_piece(awaited, std::move(piece));
      awaited = {section.client, last};
      from = end;
    }
  }
}

bool Engine::pending_is_ready(const std::vector<ClientRef>& advanced) const {
  return std::ranges::any_of(
      advanced, [this](ClientRef client) { return pending_.structs.ready(client, store.clients[client].state); });
}

/// Deletions that waited for these clients, the highest first.
void Engine::retry_deletions(std::vector<ClientRef>& advanced) {
  if (pending_.deleted.empty()) return;
  std::ranges::sort(advanced, std::ranges::greater{}, [this](ClientRef client) { return store.clients[client].id; });
  std::vector<DeletedRange<ClientRef>> waiting;
  std::vector<DeletedRange<ClientRef>> rest;
  for (const ClientRef client : advanced) pending_.deleted.take(client, store.clients[client].state, waiting);
  apply_deletions(waiting, rest);
  for (const auto& range : rest) pending_.deleted.add(range);
}

/// False cannot be: we wrote them.
bool Engine::read_again(Drafts& drafts, const std::vector<Bytes>& waiting) {
  const std::vector<ByteView> views(waiting.begin(), waiting.end());
  const auto merged = merge_updates(views, UpdateFormat::kV2, kNoRunLimit);
  return merged && decode(*merged, UpdateFormat::kV2, drafts, kNoRunLimit);
}

/// After an update in which these clients may have advanced; `ready` if all is to be tried.
void Engine::retry_structs(Drafts& drafts, std::vector<ClientRef>& advanced, bool ready) {
  WaitingStructs& structs = pending_.structs;
  if (structs.many()) {
    retry_pieces(drafts, advanced, {});
  } else if (ready) {
    if (read_again(drafts, structs.take_all())) apply_structs_and_deletions(drafts);
  } else if (structs.too_many()) {
    advanced.clear();
    retry_pieces(drafts, advanced, structs.take_all());
  }
}

/// Tries `ready` and the pieces that wait for clients that have advanced, until none has.
void Engine::retry_pieces(Drafts& drafts, std::vector<ClientRef>& advanced, std::vector<Bytes> ready) {
  WaitingStructs& structs = pending_.structs;
  while (true) {
    for (const ClientRef client : advanced) structs.take(client, store.clients[client].state, ready);
    if (ready.empty()) break;
    if (!read_again(drafts, ready)) return;
    ready.clear();
    for (const Drafts::Cut& cut : drafts.cuts) (void)(cut.ends ? item_ending_at(cut.id) : item_starting_at(cut.id));
    store.index.defer();
    apply_drafts(drafts, true);
    advanced.clear();
    for (const DraftSection& section : drafts.sections) advanced.push_back(section.client);
    retry_deletions(advanced);
  }
  if (structs.few_again() && read_again(drafts, structs.take_all())) apply_structs_and_deletions(drafts);
}

}  // namespace concord::crdt
