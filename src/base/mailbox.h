#pragma once
// What the things of other reactors have to say to the things of one: a connection that lives on one reactor, and its
// documents on others. Pieces of work for the reactor from any thread, run in the order in which each thread gave them;
// what waits when the reactor gets to it is run in one go, so that a busy reactor is woken once for many.
//
// A mailbox outlives what posts to it; work that is still waiting when the reactor has ended is dropped, unrun. Two
// things that talk to each other share a record: the work that each posts to the other's mailbox holds on to it, and
// each side touches only its own part of it.

#include <atomic>
#include <cstddef>
#include <functional>
#include <memory>
#include <utility>

#include "base/reactor.h"

namespace concord {

/// How much one sender has on its way: what bounds it. Any thread.
class MailLoad {
 public:
  explicit MailLoad(std::size_t most_bytes) : most_bytes_(most_bytes) {}

  /// False, and nothing is counted, where others are on their way and it would be more than the most with them.
  bool take(std::size_t bytes) {
    const std::size_t before = bytes_.fetch_add(bytes, std::memory_order_relaxed);
    if (before == 0 || before + bytes <= most_bytes_) return true;
    give_back(bytes);
    return false;
  }
  /// What was taken has arrived.
  void give_back(std::size_t bytes) { bytes_.fetch_sub(bytes, std::memory_order_relaxed); }
  std::size_t bytes() const { return bytes_.load(std::memory_order_relaxed); }

 private:
  std::size_t most_bytes_;
  std::atomic<std::size_t> bytes_ = 0;
};

class Mailbox {
 public:
  explicit Mailbox(Reactor& to);
  ~Mailbox();

  Reactor& reactor() const { return to_; }

  /// Runs `work` on the reactor: in this call where the caller is on it, else soon. Bounded by the caller: by a
  /// MailLoad for what a peer can make more of, by the number of its things for what happens to each of them once.
  template <class Work>
  void post(Work&& work) {
    if (to_.is_current()) {
      std::forward<Work>(work)();
    } else {
      enqueue(std::move_only_function<void()>(std::forward<Work>(work)));
    }
  }

 private:
  struct Queue;

  void enqueue(std::move_only_function<void()> work);

  Reactor& to_;
  std::shared_ptr<Queue> queue_;  // shared with the run that the reactor has been asked for
};

}  // namespace concord
