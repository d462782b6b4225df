#pragma once
// Follows the ownerships under a prefix: from a revision on, across broken streams and members that are gone. Where
// etcd has compacted what was missed, everything is read again, and what differs is told.

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "engines/callback_queue.h"
#include "engines/coordination.h"
#include "etcd/client.h"
#include "etcd/ownership_record.h"

namespace concord::etcd {

struct WatchMetrics {
  explicit WatchMetrics(Metrics& metrics);

  Gauge& watches;
  Counter& restarts;
  Counter& compacted;
};

/// One watch: shared by its handle and the coroutine that follows.
class WatchLoop {
 public:
  WatchLoop(std::shared_ptr<Client> client, WatchMetrics metrics, std::string prefix,
            engines::Coordination::OnChange on_change);
  ~WatchLoop();
  WatchLoop(const WatchLoop&) = delete;
  WatchLoop& operator=(const WatchLoop&) = delete;

  /// Reads what is held now, of which nothing is told; what changes behind it is.
  Task<> begin();
  /// Tells changes until `stop`, or until the coroutine is cancelled. On one reactor, by one coroutine.
  asio::awaitable<void> follow();
  /// After this the callback does not run. Waits for a call under way, unless this is it. Any thread.
  void stop();
  bool stopped() const;

 private:
  struct Change {
    std::string name;
    std::optional<engines::Ownership> now;
  };
  asio::awaitable<bool> read_again();
  /// One stream, to its end.
  asio::awaitable<void> follow_stream();
  void apply(const WatchEvent& event);
  void tell(std::string name, const OwnershipRecord* now);
  std::size_t limit() const;
  /// False where it was stopped meanwhile.
  bool keep(std::shared_ptr<WatchStream> stream);

  const std::shared_ptr<Client> client_;  // shared with the driver and its calls
  WatchMetrics metrics_;
  const std::string name_prefix_;
  const std::string key_;  // what all keys begin with
  const std::string end_;
  engines::CallbackQueue<Change> told_;

  std::map<std::string, OwnershipRecord> held_;  // the following coroutine's
  Revision seen_;                                // the following coroutine's; all up to it has been told
  bool broken_ = false;                          // the following coroutine's; as it was logged last
  bool behind_ = false;                          // the following coroutine's; what follows `seen_` is not kept any more
  Backoff backoff_;                              // the following coroutine's

  mutable std::mutex mutex_;
  bool stopped_ = false;                 // guarded by mutex_
  std::shared_ptr<WatchStream> stream_;  // guarded by mutex_; shared with the coroutine that reads it
};

}  // namespace concord::etcd
