#pragma once
// Single calls to single members of etcd, over gRPC: one thread waits for all of them. Who tries again, and where, is
// client.h's affair.
//
// A member that did not answer, or not in time, gets a new connection, and the streams that it serves are ended: what
// hangs on a connection to a machine that is gone would hang there for minutes.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/task.h"
#include "etcd/etcd_options.h"
#include "etcd/health_messages.h"
#include "etcd/messages.h"

namespace concord::etcd {

/// PEM texts; all empty: the system's authorities, and no certificate of one's own.
struct TlsCredentials {
  std::string authorities;
  std::string certificate;
  std::string key;
};

/// Which member is asked, and by whom.
struct Attempt {
  std::size_t endpoint = 0;
  std::int64_t timeout_ms = 0;
  std::string token;  // empty: nobody has signed in
};

/// Changes of keys, from a revision on, in order.
class WatchStream {
 public:
  virtual ~WatchStream() = default;
  /// The next answer. One coroutine at a time; a failure is the stream's end.
  virtual Task<WatchReply> next() = 0;
  /// Ends the stream, and a `next` that waits. Any thread.
  virtual void cancel() = 0;
};

struct TransportState;

/// Any thread; a coroutine resumes on its own executor.
/// Failures: kUnavailable and kTimeout (ask another member), kUnauthenticated (the token is none, or no longer one),
/// kPermissionDenied, and what the request says.
class Transport {
 public:
  Transport(std::vector<Endpoint> endpoints, TlsCredentials credentials);
  ~Transport();  // closed; coroutines that it has woken may still run, and streams may outlive it

  Task<RangeReply> call(Attempt attempt, RangeRequest request);
  Task<PutReply> call(Attempt attempt, PutRequest request);
  Task<GrantReply> call(Attempt attempt, GrantRequest request);
  Task<KeepAliveReply> call(Attempt attempt, KeepAliveRequest request);
  Task<RevokeReply> call(Attempt attempt, RevokeRequest request);
  Task<AuthenticateReply> call(Attempt attempt, AuthenticateRequest request);
  Task<StatusReply> call(Attempt attempt, StatusRequest request);
  Task<MembersReply> call(Attempt attempt, MembersRequest request);
  Task<AlarmsReply> call(Attempt attempt, AlarmsRequest request);
  /// Returns at once; the stream's first answer tells whether it was opened. It has no timeout.
  std::shared_ptr<WatchStream> watch(const Attempt& attempt, WatchRequest request);

  /// Ends what is under way with kUnavailable, refuses what comes after it, and joins the thread. Not from a coroutine
  /// that waits here.
  void close();

 private:
  std::shared_ptr<TransportState> state_;  // shared with the calls and streams under way
};

}  // namespace concord::etcd
