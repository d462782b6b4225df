#pragma once
// What a node still owes the nodes that serve its clients: that a client has taken what was sent to it. Looked at now
// and then, since a client that never stops taking is not told of. Lives on one reactor.

#include <set>

#include "base/reactor.h"

namespace concord::relay {

class Creditor {
 public:
  /// Gives what it owes, if the client has taken it: true once nothing is owed.
  virtual bool settle() = 0;

 protected:
  ~Creditor() = default;
};

class Credits {
 public:
  explicit Credits(Reactor& reactor) : tasks_(reactor) {}

  void owes(Creditor& who);
  void forget(Creditor& who) { owing_.erase(&who); }
  asio::awaitable<void> close() { return tasks_.close(); }

 private:
  asio::awaitable<void> look();

  TaskScope tasks_;
  std::set<Creditor*> owing_;
  bool looking_ = false;
};

}  // namespace concord::relay
