#pragma once
// Observing: what a document of ours tells its observers, in the form in which observing.mjs writes down what Yjs does:
// an array of objects, one for each call of an observer:
//
//   {how: root's name, with " deep" for a deep observer, target: kind, path, list: whether the sequence changed,
//    changed: keys touched, keys: [[key, action, old value]], delta, added, deleted: [[client, clock, length]]}
//   {transaction: origin, local, inserts, deletes: [[client, clock, length]], types: how many changed, added, removed,
//    loaded: guids of subdocuments}
//
// Shared types are {$: kind}; a text has no `added` and `deleted`.

#include <span>
#include <string>
#include <utility>
#include <vector>

#include "crdt/doc.h"
#include "crdt/events.h"

namespace concord::crdt {

class Observing {
 public:
  /// With `answering`, the document is changed in answer to a changed array.
  Observing(Doc& doc, bool answering);

  /// What was told since the last time.
  AnyArray take_told() { return std::exchange(told_, {}); }
  std::vector<Bytes> take_updates() { return std::exchange(updates_, {}); }

 private:
  void observe(const std::string& name, const SharedType& type);

  Doc& doc_;
  bool answering_;
  AnyArray told_;
  std::vector<Bytes> updates_;
  std::vector<Subscription> subscriptions_;
};

}  // namespace concord::crdt
