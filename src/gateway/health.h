#pragma once
// Whether the hub is alive and ready, for people and for what watches over it.

#include <atomic>
#include <functional>
#include <string>
#include <vector>

#include "base/result.h"
#include "net/http.h"

namespace concord::gateway {

/// One thing that must be well for the hub to be ready, or, where it is not required, that is only told of. `check` is
/// called on any reactor and must not block.
struct HealthCheck {
  std::string name;
  std::function<Result<>()> check;
  bool required = true;
};

class Health {
 public:
  explicit Health(std::vector<HealthCheck> checks) : checks_(std::move(checks)) {}

  /// From now on the hub is not ready: it is going away.
  void begin_drain() { draining_ = true; }

  /// {"status": "ok" | "unavailable" | "draining"}, 503 unless ok; where asked, with each check's own status and detail
  /// under "components".
  net::Response readiness(bool with_components) const;
  /// Always 200: that it was answered is what it says.
  static net::Response liveness();

 private:
  std::vector<HealthCheck> checks_;
  std::atomic<bool> draining_{false};
};

}  // namespace concord::gateway
