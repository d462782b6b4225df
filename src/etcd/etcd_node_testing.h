#pragma once
// A node as the tests of faults see it: a driver of its own, and what it is told.

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/waiting_testing.h"
#include "engines/contract_testing.h"
#include "etcd/etcd_coordination.h"

namespace concord::etcd::testing {

using concord::testing::eventually;
using engines::Coordination;
using engines::Ownership;

class Node {
 public:
  explicit Node(EtcdOptions options) : options_(std::move(options)) { open(); }
  /// With time for its calls also on a machine that is busy.
  explicit Node(const std::string& endpoints) : Node(EtcdOptions{.endpoints = endpoints, .call_timeout_ms = 20'000}) {}

  void open() {
    port_ = open_etcd_coordination(options_, context_.clock, context_.ids, Logger(), context_.metrics).value();
  }
  /// It has died: nothing is released.
  void die() { port_.reset(); }

  Result<Ownership> acquire(std::string name, std::string owner, std::int64_t ttl_ms = 60'000) {
    return run(port_->acquire(std::move(name), std::move(owner), ttl_ms, ""));
  }
  Result<Ownership> renew(Ownership held, std::int64_t ttl_ms = 60'000) {
    return run(port_->renew(std::move(held), ttl_ms));
  }
  Result<> release(Ownership held) { return run(port_->release(std::move(held))); }
  Result<std::unique_ptr<engines::Watch>> watch(std::string prefix, Coordination::OnChange on_change) {
    return run(port_->watch(std::move(prefix), std::move(on_change)));
  }

  std::int64_t now_ns() { return context_.clock.monotonic_ns(); }
  std::uint64_t counter(const std::string& name, Metrics::Labels labels = {}) {
    return context_.metrics.counter(name, "", std::move(labels)).value();
  }
  std::int64_t gauge(const std::string& name) { return context_.metrics.gauge(name, "").value(); }

 private:
  template <class T>
  Result<T> run(Task<T> task) {
    return engines::testing::run_on(reactors_.at(), std::move(task));
  }

  EtcdOptions options_;
  engines::testing::DriverContext context_;
  engines::testing::RunningReactors reactors_;
  std::unique_ptr<Coordination> port_;
};

/// What a watch told: "name=owner", or "name=" for nobody.
class Told {
 public:
  Coordination::OnChange callback() {
    return [this](const std::string& name, const std::optional<Ownership>& now) {
      const std::lock_guard lock(mutex_);
      changes_.push_back(name + "=" + (now ? now->owner : ""));
    };
  }
  std::vector<std::string> changes() const {
    const std::lock_guard lock(mutex_);
    return changes_;
  }
  bool are(const std::vector<std::string>& expected) const {
    return eventually([&] { return changes().size() >= expected.size(); }) && changes() == expected;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<std::string> changes_;
};

}  // namespace concord::etcd::testing
