#pragma once
// The `coordination` port: leases and elections, with a fencing epoch for each ownership. A lease tells who should
// write; only the log's epoch check decides who can. Any reactor.

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/task.h"
#include "engines/log.h"

namespace concord::engines {

struct Ownership {
  std::string name;   // what is owned, e.g. "shard/7"
  std::string owner;  // the node
  Epoch epoch;        // greater than that of every earlier ownership of this name, also across restarts
  std::int64_t expires_ns = 0;  // monotonic; the owner stops writing before it
};

/// Ends the watch when destroyed.
class Watch {
 public:
  virtual ~Watch() = default;
};

class Coordination {
 public:
  virtual ~Coordination() = default;
  /// kConflict while another owner holds it; the message names the owner. The same owner acquires again with a new epoch.
  virtual Task<Ownership> acquire(std::string name, std::string owner, std::int64_t ttl_ms) = 0;
  /// kFenced when the ownership has lapsed or passed on.
  virtual Task<Ownership> renew(Ownership held, std::int64_t ttl_ms) = 0;
  virtual Task<> release(Ownership held) = 0;
  virtual Task<std::optional<Ownership>> owner(std::string name) = 0;
  /// Calls back on every change of a name that begins with `prefix` (nullopt: nobody holds it now), from any thread.
  using OnChange = std::function<void(const std::string& name, const std::optional<Ownership>&)>;
  virtual Task<std::unique_ptr<Watch>> watch(std::string prefix, OnChange on_change) = 0;
};

}  // namespace concord::engines
