#pragma once
// The embedded driver of the `coordination` port: one process, whose data directory nobody else uses (DataLock).
//
// Leases live in memory and end with the process; what outlives it is the epoch. All names draw their epochs from one
// counter. The file `epochs` in the directory holds, as decimal text, a bound which no epoch given out has reached; it
// is raised by kEpochStep, durably, before the counter gets there, and a start goes on from it.

#include <memory>
#include <string>

#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "engines/coordination.h"
#include "engines/file_system.h"

namespace concord::engines {

struct LocalCoordinationOptions {
  std::string directory;  // made where it is missing
  std::size_t max_ownerships = 65'536;
  /// How often lapsed leases are looked for; 0: only `expire_lapsed` and calls on the name find them.
  std::int64_t expiry_interval_ms = 100;
};

class LocalCoordination final : public Coordination {
 public:
  static constexpr std::uint64_t kEpochStep = 1024;

  /// kCorrupt where the file of epochs is not one. What is passed by reference outlives the driver.
  static Result<std::unique_ptr<LocalCoordination>> open(FileSystem& files, LocalCoordinationOptions options,
                                                         Clock& clock, Logger logger, Metrics& metrics);
  ~LocalCoordination() override;  // watches may outlive it

  Task<Ownership> acquire(std::string name, std::string owner, std::int64_t ttl_ms, std::string note) override;
  Task<Ownership> renew(Ownership held, std::int64_t ttl_ms) override;
  Task<> release(Ownership held) override;
  Task<std::optional<Ownership>> owner(std::string name) override;
  Task<std::vector<Ownership>> list(std::string prefix, std::size_t limit) override;
  Task<std::unique_ptr<Watch>> watch(std::string prefix, OnChange on_change) override;

  /// Drops the leases whose time is up and tells the watchers.
  void expire_lapsed();

 private:
  struct State;
  explicit LocalCoordination(std::unique_ptr<State> state);

  std::unique_ptr<State> state_;
};

}  // namespace concord::engines
