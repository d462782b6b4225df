// The elements of a list, by name.

#include "crdt/element.h"
#include "crdt/engine.h"

namespace concord::crdt {

std::vector<ElementRun> SharedType::elements() const {
  std::vector<ElementRun> runs;
  if (!alive()) return runs;
  const Store& store = engine_->store;
  for (ItemRef item = store.types[type_].start; item != kNone; item = store.items[item].right) {
    const Item& it = store.items[item];
    if (it.kind() == Kind::kFormat) continue;
    const ElementRun run{ClientId{store.clients[it.client].id}, it.clock, it.length, it.deleted()};
    if (!runs.empty() && runs.back().client == run.client && runs.back().deleted == run.deleted &&
        runs.back().clock + runs.back().length == run.clock)
      runs.back().length += run.length;
    else
      runs.push_back(run);
  }
  return runs;
}

}  // namespace concord::crdt
