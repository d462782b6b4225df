// What observers see of a transaction.

#include <algorithm>

#include "crdt/engine.h"
#include "crdt/transaction.h"

namespace concord::crdt {

Subscription& Subscription::operator=(Subscription&& other) noexcept {
  if (this == &other) return *this;
  cancel();
  registry_ = std::move(other.registry_);
  id_ = other.id_;
  return *this;
}

void Subscription::cancel() {
  if (const auto registry = registry_.lock()) registry->remove(id_);
  registry_.reset();
}

bool Transaction::local() const { return state_.local; }
const Origin& Transaction::origin() const { return state_.origin; }

StateVector Transaction::state_before() const {
  std::vector<StateVector::Entry> entries;
  entries.reserve(state_.written.size());
  for (const auto& written : state_.written)
    if (written.before != 0) entries.push_back({ClientId{engine_.store.clients[written.client].id}, written.before});
  return StateVector(std::move(entries));
}

StateVector Transaction::state_after() const {
  std::vector<StateVector::Entry> entries;
  entries.reserve(state_.written.size());
  for (const auto& written : state_.written)
    entries.push_back({ClientId{engine_.store.clients[written.client].id}, written.after});
  return StateVector(std::move(entries));
}

std::vector<IdRange> Transaction::inserted() const {
  std::vector<IdRange> out;
  out.reserve(state_.written.size());
  for (const auto& written : state_.written)
    out.push_back({ClientId{engine_.store.clients[written.client].id}, written.before, written.after - written.before});
  std::ranges::sort(out, std::ranges::greater{}, &IdRange::client);
  return out;
}

std::vector<IdRange> Transaction::deleted() const {
  std::vector<IdRange> out;
  out.reserve(state_.deleted.size());
  for (const auto& range : state_.deleted)
    out.push_back({ClientId{engine_.store.clients[range.client].id}, range.clock, range.length});
  std::ranges::sort(out, [](const IdRange& a, const IdRange& b) {
    return a.client != b.client ? a.client > b.client : a.clock < b.clock;
  });
  return out;
}

std::vector<TypeChange> Transaction::changed() const {
  std::vector<TypeChange> out;
  for (const ChangedType& changed : state_.changes.types()) {
    if (changed.gone) continue;
    TypeChange& change = out.emplace_back(TypeChange{engine_.handle<SharedType>(changed.type), changed.list, {}});
    for (const std::uint32_t entry : changed.entries)
      change.keys.emplace_back(engine_.store.contents.names.at(engine_.store.entries[entry].key));
  }
  return out;
}

std::vector<SharedType> Transaction::changed_parents() const {
  std::vector<SharedType> out;
  IdTable seen;
  const Store& store = engine_.store;
  for (const ChangedType& changed : state_.changes.types()) {
    if (changed.gone) continue;
    for (TypeRef type = changed.type; seen.find(type) == IdTable::kAbsent;) {
      seen.set(type, 1);
      out.push_back(engine_.handle<SharedType>(type));
      if (store.types[type].item == kNone) break;
      type = store.parent_of(store.items[store.types[type].item]);
    }
  }
  return out;
}

bool Transaction::changed_under(const SharedType& type) const {
  const auto parents = changed_parents();
  return std::ranges::find(parents, type) != parents.end();
}

}  // namespace concord::crdt
