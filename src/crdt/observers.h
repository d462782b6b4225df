#pragma once
// Who observes a document.

#include <algorithm>
#include <cstdint>
#include <memory>
#include <unordered_map>
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
    const auto entries = entries_;  // they live on while they are called, and this list may not
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

/// Types are known by their generation, which no other type ever has.
class Observers : public Subscription::Registry {
 public:
  struct OfType {
    CallbackList<EventObserver> direct;
    CallbackList<DeepObserver> deep;
    bool empty() const { return direct.empty() && deep.empty(); }
  };

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
  std::uint64_t add(std::uint32_t generation, EventObserver callback) {
    types_[generation].direct.add(++last_id_, std::move(callback));
    generations_[last_id_] = generation;
    return added();
  }
  std::uint64_t add(std::uint32_t generation, DeepObserver callback) {
    types_[generation].deep.add(++last_id_, std::move(callback));
    generations_[last_id_] = generation;
    return added();
  }
  void remove(std::uint64_t id) override;

  bool any_of_types() const { return !types_.empty(); }
  /// Null where nobody observes the type.
  const OfType* of(std::uint32_t generation) const {
    const auto found = types_.find(generation);
    return found == types_.end() ? nullptr : &found->second;
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
  std::unordered_map<std::uint32_t, OfType> types_;
  std::unordered_map<std::uint64_t, std::uint32_t> generations_;  // of the types of observers
  std::uint64_t last_id_ = 0;
  std::size_t count_ = 0;
};

}  // namespace concord::crdt
