#pragma once
// Who observes a document.

#include <algorithm>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "crdt/events.h"

namespace concord::crdt {

/// Callbacks of one kind. Adding and removing is allowed while they are called: who is added is called from the next
/// time on, who is removed is not called any more.
template <class Callback>
class CallbackList {
 public:
  void add(std::uint64_t id, Callback callback) {
    entries_.push_back(std::make_shared<Entry>(Entry{id, std::move(callback), false}));
  }
  bool remove(std::uint64_t id) {
    const auto found = std::ranges::find(entries_, id, [](const auto& entry) { return entry->id; });
    if (found == entries_.end()) return false;
    (*found)->removed = true;
    const auto last = std::move(*found);  // what it holds may hold subscriptions of its own
    entries_.erase(found);
    return true;
  }
  bool empty() const { return entries_.empty(); }

  template <class... Args>
  void call(const Args&... args) const {
    const auto entries = entries_;  // they live on while they are called
    for (const auto& entry : entries)
      if (!entry->removed) entry->callback(args...);
  }

 private:
  struct Entry {
    std::uint64_t id;
    Callback callback;
    bool removed;
  };
  std::vector<std::shared_ptr<Entry>> entries_;
};

class Observers : public Subscription::Registry {
 public:
  /// `observed` is kept true while there is anybody.
  explicit Observers(bool& observed) : observed_(observed) {}

  std::uint64_t add(TransactionObserver callback) {
    transactions.add(++last_id_, std::move(callback));
    return added();
  }
  std::uint64_t add(UpdateObserver callback) {
    updates.add(++last_id_, std::move(callback));
    return added();
  }
  void remove(std::uint64_t id) override {
    if (!transactions.remove(id) && !updates.remove(id)) return;
    observed_ = --count_ != 0;
  }

  CallbackList<TransactionObserver> transactions;
  CallbackList<UpdateObserver> updates;

 private:
  std::uint64_t added() {
    ++count_;
    observed_ = true;
    return last_id_;
  }
  bool& observed_;
  std::uint64_t last_id_ = 0;
  std::size_t count_ = 0;
};

}  // namespace concord::crdt
