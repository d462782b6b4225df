#pragma once
// The `coordination` port: leases and elections, with a fencing epoch for each ownership. A lease tells who should
// write; only the log's epoch check decides who can. Any reactor; the awaiting coroutine resumes on its own executor.
// Failures: kConflict, kFenced (see below), kUnavailable (the engine is away), kInvalidArgument (a name or owner that
// is empty or longer than 256 bytes, a note longer than 1024, a time to live below 1).

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/task.h"
#include "engines/log.h"

namespace concord::engines {

constexpr std::size_t kMaxOwnershipNameBytes = 256;
constexpr std::size_t kMaxOwnershipNoteBytes = 1024;

struct Ownership {
  std::string name;             // what is owned, e.g. "shard/7"
  std::string owner;            // the node
  Epoch epoch;                  // greater than that of every earlier ownership of this name, also across restarts
  std::int64_t expires_ns = 0;  // by the owner's monotonic clock, and of use to it alone: it stops writing before
  std::string note;             // what the owner tells others, e.g. where it is reached
};

/// Ends the watch when destroyed; the callback does not run after that. May be destroyed from its own callback.
class Watch {
 public:
  virtual ~Watch() = default;
};

class Coordination {
 public:
  virtual ~Coordination() = default;
  /// kConflict while another owner holds it; the message names the owner. The same owner acquires again with a new
  /// epoch.
  virtual Task<Ownership> acquire(std::string name, std::string owner, std::int64_t ttl_ms, std::string note) = 0;
  /// The same epoch, `ttl_ms` from now. kFenced when the ownership has lapsed or passed on.
  virtual Task<Ownership> renew(Ownership held, std::int64_t ttl_ms) = 0;
  /// Success also where it has lapsed or passed on; then nothing changes.
  virtual Task<> release(Ownership held) = 0;
  virtual Task<std::optional<Ownership>> owner(std::string name) = 0;
  /// All that are held now and whose names begin with `prefix`, by name; kTooLarge where they are more than `limit`.
  virtual Task<std::vector<Ownership>> list(std::string prefix, std::size_t limit) = 0;
  /// Calls back when the holder of a name that begins with `prefix` changes after this returned (nullopt: nobody holds
  /// it now), in order, from any thread, one call at a time. A renewal is not a change. Who was called late may find
  /// the next change already made. The callback must not block: it posts.
  using OnChange = std::function<void(const std::string& name, const std::optional<Ownership>&)>;
  virtual Task<std::unique_ptr<Watch>> watch(std::string prefix, OnChange on_change) = 0;
};

}  // namespace concord::engines
