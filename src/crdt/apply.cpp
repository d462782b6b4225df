// Drafts are integrated in causal order. Each client's structs come in the order of their clocks; before one can be
// integrated, what it names must be there, and if that is further on in the same update it is taken first. A client
// whose next struct names something that is nowhere is set aside with all that follows, and waits (retry.cpp).

#include <algorithm>

#include "crdt/engine.h"
#include "crdt/update_reader.h"
#include "crdt/wire.h"

namespace concord::crdt {
namespace {

constexpr std::size_t kLargeUpdate = 1024;  // structs

}  // namespace

/// Integrates what can be; what cannot stays in its section from `next` on. `State` gives a client's state.
template <class State>
class DraftScheduler {
 public:
  DraftScheduler(Store& store, Drafts& drafts, State state) : store_(store), drafts_(drafts), state_(state) {
    for (std::uint32_t i = 0; i < drafts.sections.size(); ++i) sections_.set(drafts.sections[i].client, i);
    blocked_.resize(drafts.sections.size());
  }

  /// `ready(item)` tells the client whose structs are missing, or kNoClient; `integrate(item)` takes the item.
  /// `ahead(section)` may take some of a section itself.
  template <class Ahead, class Ready, class Integrate>
  void run(Ahead ahead, Ready ready, Integrate integrate) {
    std::vector<std::uint32_t> order(drafts_.sections.size());
    for (std::uint32_t i = 0; i < order.size(); ++i) order[i] = i;
    std::ranges::sort(order, std::ranges::greater{},
                      [this](std::uint32_t s) { return store_.clients[drafts_.sections[s].client].id; });
    for (const std::uint32_t section : order) {
      while (!blocked_[section] && left(section)) {
        ahead(drafts_.sections[section]);
        if (!left(section)) break;
        stack_.push_back(take(section));
        work_off(ready, integrate);
      }
    }
  }

  std::vector<std::pair<ClientRef, std::uint32_t>> missing;

 private:
  struct Taken {
    std::uint32_t section;
    std::uint32_t number;  // in its section
  };

  bool left(std::uint32_t section) const { return drafts_.sections[section].next < drafts_.sections[section].count; }
  Taken take(std::uint32_t section) { return {section, drafts_.sections[section].next++}; }

  template <class Ready, class Integrate>
  void work_off(Ready& ready, Integrate& integrate) {
    while (!stack_.empty()) {
      const Taken taken = stack_.back();
      const DraftSection& section = drafts_.sections[taken.section];
      const ItemRef item = drafts_.items[section.first + taken.number];
      const Item& it = store_.items[item];
      if (it.kind() != Kind::kSkip) {
        if (it.clock > state_(section.client)) {
          missing.emplace_back(section.client, it.clock - 1);
          block();
          return;
        }
        const ClientRef wanted = ready(it);
        if (wanted != kNoClient) {
          const std::uint32_t source = sections_.find(wanted);
          if (source == IdTable::kAbsent || blocked_[source] || !left(source)) {
            missing.emplace_back(wanted, state_(wanted));
            block();
            return;
          }
          stack_.push_back(take(source));
          continue;
        }
      }
      stack_.pop_back();
      integrate(item);
    }
  }

  /// None of what is on the stack can go on.
  void block() {
    for (const Taken& taken : stack_) {
      DraftSection& section = drafts_.sections[taken.section];
      blocked_[taken.section] = true;
      section.next = std::min(section.next, taken.number);
    }
    stack_.clear();
  }

  Store& store_;
  Drafts& drafts_;
  State state_;
  IdTable sections_;  // by client
  std::vector<bool> blocked_;
  std::vector<Taken> stack_;
};

/// Something the item names that has not come, or an id that is not present.
template <class State>
Id Engine::missing_for(const Item& item, const Drafts& drafts, State state) const {
  const auto absent = [&](Id id) { return id.present() && id.client != item.client && id.clock >= state(id.client); };
  if (absent(item.origin())) return item.origin();
  if (absent(item.right_origin())) return item.right_origin();
  if (item.home != 0 && item.kind() != Kind::kGc) {
    const DraftParent& parent = drafts.parents[item.home - 1];
    if (parent.root == kNone && absent(parent.id)) return parent.id;
  }
  return {};
}

Id Engine::missing_for(const Item& item, const Drafts& drafts) const {
  return missing_for(item, drafts, [this](ClientRef client) { return store.clients[client].state; });
}

/// Finds the places that a draft names and puts it there; what lost its parent becomes a GC struct. Returns what of the
/// draft is left to do, or kNone.
ItemRef Engine::integrate_draft(ItemRef item, const Drafts& drafts) {
  const auto client = static_cast<ClientRef>(store.items[item].client);
  const std::uint32_t state = store.clients[client].state;
  if (store.items[item].kind() == Kind::kSkip || store.items[item].end() <= state) {
    discard(item);
    return kNone;
  }
  const std::uint32_t known = state - store.items[item].clock;
  ItemRef left = kNone;
  ItemRef right = kNone;
  TypeRef type = kNone;
  std::uint32_t entry = kNone;
  bool orphan = store.items[item].is_gc();
  if (!orphan) {
    const Id origin = store.items[item].origin();
    const Id right_origin = store.items[item].right_origin();
    // Most items continue their client's last one, and most stand between neighbours.
    if (origin.present()) {
      const bool last = origin.client == client && origin.clock + 1 == state;
      left = last ? store.clients[client].index.last() : item_ending_at(origin);
    }
    if (right_origin.present()) {
      const ItemRef beside = left != kNone ? store.items[left].right : kNone;
      const bool neighbours = beside != kNone && store.items[beside].id() == right_origin;
      right = neighbours ? beside : item_starting_at(right_origin);
    }
    orphan = (left != kNone && store.items[left].is_gc()) || (right != kNone && store.items[right].is_gc());
    if (!orphan) orphan = !find_parent(store.items[item], drafts, left != kNone ? left : right, type, entry);
  }
  if (known > 0) {
    store.drop_front(item, known);
    if (!orphan) {
      left = item_ending_at({client, state - 1});
      store.items[item].set_origin({client, state - 1});
      orphan = store.items[left].is_gc();
      // What is known may be elsewhere than the update has it, if a client says two things at one clock.
      if (!orphan) {
        type = store.parent_of(store.items[left]);
        entry = store.items[left].in_map() ? store.items[left].home : kNone;
      }
    }
  }
  if (orphan) {
    become_gc(item);
    touch(client);
    store.add_struct(item);
    return kNone;
  }
  const ItemRef rest = entry != kNone ? cut_draft(item, drafts) : kNone;
  integrate(item, left, right, type, entry);
  return rest;
}

/// Takes a draft that was read from several structs apart behind the first; returns the others, or kNone.
ItemRef Engine::cut_draft(ItemRef item, const Drafts& drafts) {
  std::uint32_t joint = store.items[item].left;
  if (joint == kNone) return kNone;
  std::uint32_t count = store.items[item].right;
  for (; count > 0 && drafts.joints[joint] <= store.items[item].clock; --count) ++joint;
  store.items[item].left = store.items[item].right = kNone;
  if (count == 0) return kNone;
  const ItemRef rest = store.new_item();
  Item& head = store.items[item];
  Item& tail = store.items[rest];
  const std::uint32_t units = drafts.joints[joint] - head.clock;
  tail = head;
  tail.clock += units;
  tail.length -= units;
  tail.content += units;
  tail.home = 0;
  tail.set_origin({static_cast<ClientRef>(head.client), tail.clock - 1});
  head.length = units;
  if (count > 1) {
    tail.left = joint + 1;
    tail.right = count - 1;
  }
  return rest;
}

/// False where there is none any more.
bool Engine::find_parent(const Item& item, const Drafts& drafts, ItemRef neighbour, TypeRef& type,
                         std::uint32_t& entry) {
  if (item.home == 0) {
    const Item& beside = store.items[neighbour];
    type = store.parent_of(beside);
    if (beside.in_map()) entry = beside.home;
    return true;
  }
  const DraftParent& parent = drafts.parents[item.home - 1];
  if (parent.root != kNone) {
    type = store.root(store.contents.names.at(parent.root));
  } else {
    const Item& holder = store.items[store.find(parent.id)];
    if (holder.kind() != Kind::kType) return false;
    type = holder.content;
  }
  if (parent.key != kNone) entry = store.entry(type, parent.key);
  return true;
}

/// What cannot be integrated waits, as pieces or as an update.
void Engine::apply_drafts(Drafts& drafts, bool pieces) {
  if (drafts.sections.empty()) return;
  finder_.forget();
  const auto state = [this](ClientRef client) { return store.clients[client].state; };
  DraftScheduler scheduler(store, drafts, state);
  scheduler.run([&](DraftSection& section) { integrate_neighbours(section, drafts); },
                [&](const Item& item) { return missing_for(item, drafts, state).client; },
                [&](ItemRef item) {
                  while (item != kNone) item = integrate_draft(item, drafts);
                });
  if (scheduler.missing.empty()) return;
  if (pieces) return keep_pieces(drafts);
  for (const ClientClock& missing : scheduler.missing) pending_.structs.add_missing(missing);
  keep_rest(drafts);
}

/// What names structs that have not come goes to `rest`.
void Engine::apply_deletions(const std::vector<DeletedRange<ClientRef>>& ranges,
                             std::vector<DeletedRange<ClientRef>>& rest) {
  ClockPosition at;
  ClientRef at_client = kNoClient;
  for (const auto& range : ranges) {
    const ClientRecord& record = store.clients[range.client];
    const std::uint32_t end = range.clock + range.length;
    if (range.clock >= record.state) {
      rest.push_back(range);
      continue;
    }
    if (record.state < end) rest.push_back({range.client, record.state, end - record.state});
    const std::uint32_t stop = std::min(end, record.state);
    at = range.client == at_client ? record.index.find_from(store.items.data(), at, range.clock)
                                   : record.index.find(store.items.data(), range.clock);
    at_client = range.client;
    ItemRef item = record.index.at(at);
    if (!store.items[item].deleted() && store.items[item].clock < range.clock) {
      item = split(item, range.clock - store.items[item].clock);
      at = record.index.find(store.items.data(), range.clock);
    }
    while (true) {
      if (!store.items[item].deleted()) {
        if (stop < store.items[item].end()) {
          split(item, stop - store.items[item].clock);
          at = record.index.find(store.items.data(), store.items[item].clock);
        }
        forget_place();
        erase_item(item);
      }
      if (!record.index.next(at)) break;
      item = record.index.at(at);
      if (store.items[item].clock >= stop) break;
    }
  }
}

void Engine::apply_structs_and_deletions(Drafts& drafts) {
  for (const Drafts::Cut& cut : drafts.cuts) (void)(cut.ends ? item_ending_at(cut.id) : item_starting_at(cut.id));
  store.index.defer();
  std::vector<ClientRef> advanced;
  const bool had_pending = has_pending();
  if (had_pending) {
    advanced.push_back(own_);  // by local transactions
    for (const DraftSection& section : drafts.sections) advanced.push_back(section.client);
  }
  apply_drafts(drafts, pending_.structs.many());
  const bool ready = had_pending && pending_is_ready(advanced);
  std::vector<DeletedRange<ClientRef>> rest;
  apply_deletions(drafts.deleted, rest);
  if (had_pending) retry_deletions(advanced);
  for (const auto& range : rest) pending_.deleted.add(range);
  if (!pending_.structs.empty()) retry_structs(drafts, advanced, ready);
}

Result<Applied> Engine::apply_update(ByteView update, const Origin* origin, UpdateFormat format) {
  if (active_) return fail(Code::kInvalidArgument, "an update cannot be applied inside a transaction");
  if (apply_in_place(update, format)) return Applied{.changed = true, .pending = false, .cleanup = {}};
  TRY_VOID(decode(update, format, drafts_, options_.max_run_structs));
  const std::size_t size = WaitingStructs::counted(update.size(), drafts_.items.size());
  if (pending_.structs.bytes() + size > options_.max_pending_bytes && would_wait(drafts_)) {
    for (const ItemRef item : drafts_.items) discard(item);
    return fail(Error{Code::kTooLarge, "too much is waiting for updates that have not come", {}}
                    .with("limit", std::to_string(options_.max_pending_bytes))
                    .with("value", std::to_string(pending_.structs.bytes() + size)));
  }
  begin(false, origin);
  apply_structs_and_deletions(drafts_);
  store.index.settle([this](TypeRef type) -> PositionTree& { return store.types[type].tree; });
  Applied applied;
  applied.changed = changed();
  if (recorded_) {
    commit_recorded(applied.cleanup);
  } else if (applied.changed || !split_.empty()) {
    clean_up();
  }
  finish();
  if (drafts_.items.capacity() > kLargeUpdate) give_back_room();
  applied.pending = has_pending();
  return applied;
}

/// After a large update: what was only needed for it, and what was taken for it and not used.
void Engine::give_back_room() {
  if (drafts_.items.size() > store.items.size() / 4) store.shrink_to_fit();
  drafts_ = {};
  finder_ = {};
  touched_ = {};
  deleted_ = {};
  split_ = {};
  work_ = {};
  run_ = {};
}

/// Plays the integration through on the clients' states alone.
bool Engine::would_wait(Drafts& drafts) {
  std::vector<std::uint32_t> states;
  states.reserve(store.clients.size());
  for (const ClientRecord& client : store.clients) states.push_back(client.state);
  const auto state = [&states](ClientRef client) { return states[client]; };
  DraftScheduler scheduler(store, drafts, state);
  scheduler.run([](DraftSection&) {}, [&](const Item& item) { return missing_for(item, drafts, state).client; },
                [&](ItemRef item) {
                  const Item& it = store.items[item];
                  if (it.kind() != Kind::kSkip) states[it.client] = std::max(states[it.client], it.end());
                });
  for (DraftSection& section : drafts.sections) section.next = 0;
  return !scheduler.missing.empty();
}

}  // namespace concord::crdt
