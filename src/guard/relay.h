#pragma once
// What the guards of a hub's nodes tell each other over the bus: lines of a kind and some fields, at most once, as the
// bus has it. So each counts what all have seen. A line that is lost costs a count, and no node waits for another.

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/async.h"
#include "base/id.h"
#include "base/metrics.h"
#include "engines/bus.h"

namespace concord::guard {

class Relay {
 public:
  static constexpr std::size_t kMostWaiting = 10'000;  // lines; more are lost, and counted
  static constexpr std::size_t kMostLines = 1000;      // in a message
  static constexpr std::size_t kMostFieldBytes = 1024;

  /// What is passed by reference outlives it.
  Relay(engines::Bus& bus, Reactor& reactor, IdSource& ids, Metrics& metrics);
  ~Relay();  // closed, or never started
  Relay(const Relay&) = delete;
  Relay& operator=(const Relay&) = delete;

  using Fields = std::vector<std::string>;
  /// `hear` is called on the reactor for each line of this kind that another node has told: from outside, and to be
  /// checked. Before `start`.
  void listen(char kind, std::function<void(const Fields& fields)> hear);
  /// `here` is called on the reactor whenever the bus is there anew.
  void on_joined(std::function<void()> here) { joined_.push_back(std::move(here)); }
  /// On the reactor. While the bus is away it goes on trying.
  void start();
  /// Never waits; before `start` and after `close` nothing is told. Any thread. A field that is too long, or has a tab
  /// or a line feed, is not told, and the line with it.
  void tell(char kind, const Fields& fields);
  /// On the reactor. Nothing is heard from then on.
  asio::awaitable<void> close();

 private:
  asio::awaitable<void> run();
  asio::awaitable<void> subscribe();
  asio::awaitable<void> send();
  void received(const SharedBytes& message);
  void hear(std::string_view line);

  engines::Bus& bus_;
  Reactor& reactor_;
  const std::string origin_;
  Counter &told_, &heard_, &lost_;
  std::map<char, std::function<void(const Fields&)>> listeners_;
  std::vector<std::function<void()>> joined_;
  TaskScope tasks_;
  AsyncEvent woken_;
  std::shared_ptr<Relay*> alive_;  // shared with posts of the bus; null inside once this is closed
  std::unique_ptr<engines::Subscription> subscription_;
  std::deque<std::string> waiting_;
  std::atomic<std::size_t> queued_ = 0;
  std::atomic<bool> open_ = false;
  bool running_ = false;
};

}  // namespace concord::guard
