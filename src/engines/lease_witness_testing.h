#pragma once
// The leases a driver of coordination tells of, as who watches its process keeps them.

#include <mutex>
#include <set>
#include <vector>

#include "engines/leases.h"

namespace concord::engines::testing {

class WitnessedLeases final : public LeaseWitness {
 public:
  void asked_for(LeaseId lease) override {
    const std::lock_guard lock(mutex_);
    held_.insert(lease);
  }
  void ended(LeaseId lease) override {
    const std::lock_guard lock(mutex_);
    held_.erase(lease);
  }
  std::vector<LeaseId> held() const {
    const std::lock_guard lock(mutex_);
    return {held_.begin(), held_.end()};
  }

 private:
  mutable std::mutex mutex_;
  std::set<LeaseId> held_;
};

}  // namespace concord::engines::testing
