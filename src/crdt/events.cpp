// Events: one type's share in a transaction, and who is told of it in which order.

#include "crdt/events.h"

#include <algorithm>

#include "crdt/engine.h"
#include "crdt/event_dispatch.h"
#include "crdt/event_state.h"

namespace concord::crdt {

// ---- what happened to one type

EventState::EventState(Engine& engine, const Transaction& transaction, const ChangedType& changed)
    : engine_(engine), transaction_(transaction), changed_(changed), target_(engine.handle<SharedType>(changed.type)) {}

bool EventState::adds(const Item& item) const {
  return item.clock >= engine_.clock_before(transaction_.state(), static_cast<ClientRef>(item.client));
}
bool EventState::deletes(const Item& item) const { return transaction_.state().deletes(item.id()); }

/// Undefined where it was collected before it came.
Value EventState::last_value(ItemRef item) const {
  const Item& it = engine_.store.items[item];
  return it.kind() == Kind::kDeleted ? Value(Any()) : engine_.value_of(it, it.length - 1);
}

std::optional<KeyChange> EventState::key_change(std::uint32_t entry) const {
  const Store& store = engine_.store;
  const ItemRef tail = store.entries[entry].tail;
  const Item& item = store.items[tail];
  KeyChange change{std::string(store.contents.names.at(store.entries[entry].key)), KeyChange::Action::kDelete, Any()};
  if (!adds(item)) {
    if (!deletes(item)) return std::nullopt;
    change.old_value = last_value(tail);
    return change;
  }
  ItemRef previous = item.left;
  while (previous != kNone && adds(store.items[previous])) previous = store.items[previous].left;
  const bool replaced = previous != kNone && deletes(store.items[previous]);
  if (deletes(item) && !replaced) return std::nullopt;
  if (!deletes(item)) change.action = replaced ? KeyChange::Action::kUpdate : KeyChange::Action::kAdd;
  if (replaced) change.old_value = last_value(previous);
  return change;
}

const std::vector<KeyChange>& EventState::keys() {
  if (keys_) return *keys_;
  keys_.emplace();
  for (const std::uint32_t entry : changed_.entries)
    if (auto change = key_change(entry)) keys_->push_back(std::move(*change));
  return *keys_;
}

const std::vector<ListOp>& EventState::list_delta() {
  if (list_delta_) return *list_delta_;
  std::vector<ListOp>& delta = list_delta_.emplace();
  const Store& store = engine_.store;
  if (!changed_.list || store.is_text(changed_.type)) return delta;
  const auto op = [&delta](ListOp::Kind kind) -> ListOp& {
    if (delta.empty() || delta.back().kind != kind) delta.emplace_back().kind = kind;
    return delta.back();
  };
  for (ItemRef item = store.types[changed_.type].start; item != kNone; item = store.items[item].right) {
    const Item& it = store.items[item];
    if (it.deleted()) {
      if (deletes(it) && !adds(it)) op(ListOp::Kind::kDelete).length += it.length;
    } else if (adds(it)) {
      ListOp& insert = op(ListOp::Kind::kInsert);
      if (it.countable()) engine_.append_values(it, insert.values);
    } else {
      op(ListOp::Kind::kRetain).length += it.length;
    }
  }
  if (!delta.empty() && delta.back().kind == ListOp::Kind::kRetain) delta.pop_back();
  return delta;
}

std::vector<IdRange> EventState::items(bool came) const {
  std::vector<IdRange> out;
  const Store& store = engine_.store;
  if (!changed_.list) return out;
  for (ItemRef item = store.types[changed_.type].start; item != kNone; item = store.items[item].right) {
    const Item& it = store.items[item];
    if (came ? it.deleted() || !adds(it) : !it.deleted() || !deletes(it) || adds(it)) continue;
    const ClientId client{store.clients[it.client].id};
    if (!out.empty() && out.back().client == client && out.back().clock + out.back().length == it.clock)
      out.back().length += it.length;
    else
      out.push_back({client, it.clock, it.length});
  }
  return out;
}

Path EventState::path_from(const SharedType& above) const {
  Path path;
  Store& store = engine_.store;
  for (TypeRef type = changed_.type; !(engine_.handle<SharedType>(type) == above);) {
    const ItemRef holder = store.types[type].item;
    if (holder == kNone) break;
    const Item& it = store.items[holder];
    if (it.in_map()) {
      path.emplace_back(std::string(store.contents.names.at(store.entries[it.home].key)));
    } else {
      std::size_t index = store.index.start_of(it.home);
      for (ItemRef at = store.index.first_item(it.home); at != holder; at = store.items[at].right)
        index += store.items[at].visible();
      path.emplace_back(index);
    }
    type = store.parent_of(it);
  }
  std::ranges::reverse(path);
  return path;
}

// ---- the view

const Transaction& Event::transaction() const { return state_.transaction(); }
const SharedType& Event::target() const { return state_.target(); }
Value Event::target_value() const { return state_.target().value(); }
Path Event::path() const { return state_.path_from(current_); }
bool Event::list_changed() const { return state_.changed().list; }
std::vector<std::string> Event::keys_changed() const {
  std::vector<std::string> out;
  const Store& store = state_.engine().store;
  for (const std::uint32_t entry : state_.changed().entries)
    out.emplace_back(store.contents.names.at(store.entries[entry].key));
  return out;
}
const std::vector<KeyChange>& Event::keys() const { return state_.keys(); }
const std::vector<ListOp>& Event::list_delta() const { return state_.list_delta(); }
const std::vector<DeltaOp>& Event::text_delta() const { return state_.text_delta(); }
std::vector<IdRange> Event::added() const { return state_.items(true); }
std::vector<IdRange> Event::deleted() const { return state_.items(false); }

// ---- who is told

void Observers::remove(std::uint64_t id) {
  if (const auto found = generations_.find(id); found != generations_.end()) {
    const std::uint32_t generation = found->second;
    generations_.erase(found);
    OfType& of_type = types_[generation];
    if (!of_type.direct.remove(id)) of_type.deep.remove(id);
    if (const auto left = types_.find(generation); left != types_.end() && left->second.empty()) types_.erase(left);
  } else if (!transactions.remove(id) && !updates.remove(id)) {
    return;
  }
  observed_ = --count_ != 0;
}

void EventDispatch::run() {
  for (const ChangedType& changed : transaction_.state().changes.types()) {
    const TypeRef type = changed.type;
    if (changed.gone || !alive(type) || engine_.store.types[type].kind == TypeKind::kUnknown) continue;
    const Observers::OfType* observers = engine_.observers->of(engine_.store.types[type].generation);
    const TypeRef above = deep_observed_at_or_above(type);
    if (observers == nullptr && above == kNone) continue;
    auto state = std::make_unique<EventState>(engine_, transaction_, changed);
    note_for_deep(above, state.get());
    if (observers != nullptr && !observers->direct.empty()) observers->direct.call(Event(*state, state->target()));
    events_.push_back(std::move(state));
  }
  for (std::size_t i = 0; i < deep_.size(); ++i) call_deep(deep_[i]);
}

bool EventDispatch::alive(TypeRef type) const {
  const ItemRef holder = engine_.store.types[type].item;
  return holder == kNone || !engine_.store.items[holder].deleted();
}

TypeRef EventDispatch::parent(TypeRef type) const {
  const ItemRef holder = engine_.store.types[type].item;
  return holder == kNone ? kNone : engine_.store.parent_of(engine_.store.items[holder]);
}

/// What is learned on the way up is kept for every type passed: all ways together are walked once.
TypeRef EventDispatch::deep_observed_at_or_above(TypeRef type) {
  std::vector<TypeRef> passed;
  TypeRef found = kNone;
  std::uint32_t depth = 0;
  for (TypeRef at = type; at != kNone; at = parent(at)) {
    if (const std::uint32_t known = place_numbers_.find(at); known != IdTable::kAbsent) {
      found = places_[known].deep;
      depth = places_[known].depth + 1;
      break;
    }
    passed.push_back(at);
  }
  for (std::size_t i = passed.size(); i > 0; --i, ++depth) {
    const TypeRef at = passed[i - 1];
    const Observers::OfType* observers = engine_.observers->of(engine_.store.types[at].generation);
    if (observers != nullptr && !observers->deep.empty()) found = at;
    place_numbers_.set(at, static_cast<std::uint32_t>(places_.size()));
    places_.push_back({found, depth});
  }
  return found;
}

void EventDispatch::note_for_deep(TypeRef above, EventState* event) {
  for (TypeRef at = above; at != kNone;) {
    std::uint32_t number = deep_numbers_.find(at);
    if (number == IdTable::kAbsent) {
      number = static_cast<std::uint32_t>(deep_.size());
      deep_numbers_.set(at, number);
      deep_.push_back({at, {}});
    }
    deep_[number].events.push_back(event);
    const TypeRef next = parent(at);
    at = next == kNone ? kNone : deep_observed_at_or_above(next);
  }
}

void EventDispatch::call_deep(const DeepTarget& target) {
  if (!alive(target.type)) return;
  const Observers::OfType* observers = engine_.observers->of(engine_.store.types[target.type].generation);
  if (observers == nullptr || observers->deep.empty()) return;
  std::vector<EventState*> events;
  for (EventState* event : target.events)
    if (alive(event->changed().type)) events.push_back(event);
  const auto depth = [this](const EventState* event) {
    return places_[place_numbers_.find(event->changed().type)].depth;
  };
  std::ranges::sort(events, [&](const EventState* a, const EventState* b) {
    return depth(a) != depth(b) ? depth(a) < depth(b) : order(a) < order(b);
  });
  std::vector<Event> shown;
  shown.reserve(events.size());
  for (EventState* event : events) shown.emplace_back(*event, engine_.handle<SharedType>(target.type));
  observers->deep.call(std::span<const Event>(shown));
}

}  // namespace concord::crdt
