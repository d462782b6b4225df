#pragma once
// What an update would touch of a document, told before it is applied: for whoever lets some in and not others.

#include <string>
#include <vector>

#include "crdt/state_vector.h"

namespace concord::crdt {

/// Told of structs that the document does not know yet, and of deletions of what is there.
struct Touched {
  /// Names of root types, in order: those that hold, at whatever depth, what is inserted or deleted, and what the
  /// inserted names as its neighbours. A struct whose neighbour or parent was collected is of none: it is collected as
  /// well. So no other root is changed; one of these may turn out unchanged, as where a value of a map loses to
  /// another.
  std::vector<std::string> roots;
  /// Who the structs are by, in order. Whoever writes as a client that is another's takes the clocks which that one's
  /// own structs will have: those are passed over then as known. `continued` are those the document knows already.
  std::vector<ClientId> clients;
  std::vector<ClientId> continued;
  /// Something of it, or all, would wait for what has not come, so that what it touches cannot be told.
  bool unknown = false;

  bool only(std::string_view root) const {
    return !unknown && (roots.empty() || (roots.size() == 1 && roots[0] == root));
  }
  bool empty() const { return roots.empty() && clients.empty() && !unknown; }
};

}  // namespace concord::crdt
