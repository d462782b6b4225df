#pragma once
// Calls to etcd as a whole: to the member that answered last, and to the next where it does not, within one deadline;
// with a bound on what is in flight, a circuit breaker, a sign-in where one is configured, and metrics.
//
// Every request may arrive twice, since an attempt whose answer was lost is made again. Requests are such that this
// shows: a put names the revision that it replaces, a lease the identifier that its client chose.

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "base/circuit_breaker.h"
#include "base/clock.h"
#include "base/id.h"
#include "base/log.h"
#include "base/metrics.h"
#include "etcd/transport.h"

namespace concord::etcd {

/// The files that the options name. kInvalidArgument names the setting whose file cannot be read.
Result<TlsCredentials> read_credentials(const EtcdOptions& options);

/// Any thread; a coroutine resumes on its own executor. What is passed by reference outlives the last call.
class Client : public std::enable_shared_from_this<Client> {
 public:
  /// Asks nobody yet: etcd may be away. kInvalidArgument names the setting, also where it names a file that cannot be
  /// read.
  static Result<std::shared_ptr<Client>> open(EtcdOptions options, Clock& clock, IdSource& ids, const Logger& logger,
                                              Metrics& metrics);

  /// kUnavailable where no member answered within ETCD_CALL_TIMEOUT_MS, too much is in flight, or the breaker is open;
  /// otherwise what a member answered.
  template <class Request>
  Task<typename Request::Reply> call(Request request);

  /// A stream from the member that is asked now. It ends, among other reasons, when a call to that member fails.
  struct OpenWatch {
    std::shared_ptr<WatchStream> stream;
    std::size_t endpoint = 0;
    std::string token;
  };
  Task<OpenWatch> watch(WatchRequest request);
  /// Tells how a stream ended, so that the next one is from another member, or by another sign-in.
  void failed(const OpenWatch& watch, Code code);

  /// Ends what is under way with kUnavailable and refuses what comes after it.
  void close();
  bool closed() const { return closed_; }

  const EtcdOptions& options() const { return options_; }
  Clock& clock() const { return clock_; }
  const Logger& logger() const { return logger_; }
  /// Never 0.
  LeaseId new_lease();
  Backoff new_backoff() const { return {options_.backoff_least_ms, options_.backoff_most_ms}; }
  std::uint64_t random() { return ids_.random64(); }

 private:
  struct CallMetrics {
    Counter* answered;
    Counter* refused;
    Counter* failed;
    Histogram* seconds;
  };

  struct InFlight;

  Client(EtcdOptions options, std::vector<Endpoint> endpoints, TlsCredentials credentials, Clock& clock, IdSource& ids,
         Logger logger, Metrics& metrics);

  template <class Request>
  Task<typename Request::Reply> attempt_until(Request request, std::int64_t deadline_ns);
  void leave(std::size_t endpoint);
  void ended(const CallMetrics& metrics, std::int64_t began_ns, const Error* away);
  Attempt next_attempt(std::int64_t deadline_ns);
  /// A token other than `stale`; empty where no user is configured.
  Task<std::string> sign_in(Attempt attempt, std::string stale);
  std::int64_t left_ms(std::int64_t deadline_ns) const;

  const EtcdOptions options_;
  const std::size_t members_;
  Clock& clock_;
  IdSource& ids_;
  Logger logger_;
  std::map<std::string, CallMetrics, std::less<>> call_metrics_;  // by the request's name
  Gauge& in_flight_gauge_;
  Gauge& breaker_open_;
  Counter& failed_attempts_;
  Counter& moves_;
  CircuitBreaker breaker_;
  std::atomic<std::int64_t> in_flight_ = 0;
  std::atomic<bool> closed_ = false;
  std::atomic<bool> away_ = false;  // as it was logged last
  std::mutex mutex_;
  std::size_t current_ = 0;  // guarded by mutex_; the member that is asked
  std::string token_;        // guarded by mutex_
  Transport transport_;      // destroyed first
};

}  // namespace concord::etcd
