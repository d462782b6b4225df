#pragma once
// Watches what is answered and who fails to sign in, and locks out for a while who does what attackers do. What is told
// of a threat goes to `on_threat`, for the audit record. Any thread.

#include <array>
#include <atomic>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/metrics.h"
#include "guard/locks.h"
#include "guard/options.h"
#include "guard/relay.h"
#include "guard/request_limits.h"
#include "guard/threats.h"
#include "net/http.h"

namespace concord::guard {

struct Threat {
  ThreatKind kind = ThreatKind::kSpraying;
  std::string user;     // who did it, or to whose account; empty where nobody is known
  std::string address;  // where from, the last time
  std::int64_t count = 0;
  std::optional<Lock> lock;  // that it led to
};

class Watch {
 public:
  /// `reads` tells whether a route gives a document's content. `on_threat` must not wait, nor call back.
  struct Dependencies {
    Clock& clock;
    IdSource& ids;
    Metrics& metrics;
    std::function<bool(const net::Route&)> reads;
    std::function<void(const Threat&)> on_threat;
    std::function<void(const Lock&)> on_lock_heard{};  // it was made on another node; as on_threat
  };
  Watch(const Options& options, Dependencies dependencies);

  /// From now on other nodes are told what is counted and locked here, and heard; a threat is told by the node that saw
  /// the last of it. Before the relay starts.
  void share(Relay& relay);

  /// Why a request is refused by a lock: kRateLimited with `retry_after`; nullopt where it is not.
  std::optional<Error> refusal(const net::Route& route, std::string_view address, const std::optional<Caller>& caller);
  /// A request was answered. `thing` is what its path names.
  void answered(const net::Route& route, int status, std::string_view thing, std::string_view address,
                const std::optional<Caller>& caller);

  // The same where a thing is asked for in another way than by a route of its own.
  std::optional<Error> reading_refusal(std::string_view address, const Caller& caller);
  void was_read(std::string_view thing, std::string_view address, const Caller& caller);
  void was_missed(std::string_view thing, std::string_view address, const Caller& caller);

  /// `user` is empty where there is no such account.
  void sign_in_failed(std::string_view account, std::string_view user, std::string_view address);
  /// Seconds until strangers may sign in to the account again; nullopt: now.
  std::optional<std::int64_t> locked_account_s(std::string_view account);
  void token_reused(std::string_view user, std::string_view address);

  std::vector<Lock> locks();
  /// Here, and on the other nodes also where it is not here.
  std::optional<Lock> unlock(LockId id);

 private:
  /// Something that counts towards a threat; `own`: it was seen by this node.
  struct Seen {
    ThreatKind kind = ThreatKind::kSpraying;
    LockKind lock = LockKind::kSigningIn;
    Key who, what;
    std::string_view user, address, subject;
    bool own = true;
  };
  /// Under the mutex. What it amounts to.
  std::optional<Threat> add(const Seen& seen);
  DistinctCounts& counts_of(ThreatKind kind);
  std::int64_t most_of(ThreatKind kind) const;
  std::optional<Threat> add_thing(ThreatKind kind, const Key& what, std::string_view address,
                                  const std::optional<UserId>& user, bool own);
  std::pair<std::optional<Threat>, std::optional<Threat>> add_failure(const Key& from, const Key& to,
                                                                      std::string_view user, std::string_view address,
                                                                      bool own);
  void tell_lock(const Lock& lock);
  void tell_locks();
  void hear_thing(const Relay::Fields& fields);
  void hear_failure(const Relay::Fields& fields);
  void hear_lock(const Relay::Fields& fields);
  std::optional<Lock> remove(LockId id);
  void keep(Lock lock);
  std::optional<Lock> locked(LockKind kind, const Key& key);
  Error refused_by(const Lock& lock);
  void count(ThreatKind kind, std::string_view thing, std::string_view address, const std::optional<Caller>& caller);
  /// Under the mutex.
  Threat found(Threat threat, std::optional<LockKind> kind, const Key& key, std::string_view subject);
  void report(const std::optional<Threat>& threat);

  const Options options_;
  Dependencies on_;
  Relay* relay_ = nullptr;
  std::atomic<std::int64_t> locks_told_ms_ = 0;
  std::array<Counter*, kThreatKinds> counters_{};
  Gauge& active_;
  std::mutex mutex_;
  DistinctCounts spraying_, stuffing_, reads_, misses_;
  Locks locks_;
  std::atomic<bool> any_lock_ = false;  // so that who is not locked pays for no lock
};

}  // namespace concord::guard
