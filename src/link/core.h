#pragma once
// All connections of one reactor. A loop turn: what has come is read and handled, what was queued is flushed once for
// each connection, then ended streams are reported, then what is gone is freed. Nothing is freed in the middle of a
// turn, so handlers may use any stream at any time.

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "base/circuit_breaker.h"
#include "base/reactor.h"
#include "link/connection.h"
#include "link/link.h"
#include "link/metrics.h"
#include "link/tls.h"

namespace concord::link {

/// What the cores of a node share.
struct Shared {
  Shared(LinkOptions with, Clock& c, Logger l, Metrics& m)
      : options(std::move(with)), clock(c), logger(std::move(l)), metrics(m), random(c) {}

  std::shared_ptr<const TlsIdentity> identity() const {
    const std::lock_guard lock(mutex);
    return identity_now;
  }
  std::shared_ptr<CircuitBreaker> breaker_of(const Peer& peer);
  /// Whether one more lost connection may be a warning: a node that dies takes many with it.
  bool may_warn(std::int64_t now_ns);

  const LinkOptions options;
  Clock& clock;
  const Logger logger;
  LinkMetrics metrics;
  SystemIdSource random;
  std::map<std::string, Links::Acceptor, std::less<>> acceptors;  // as they are at the start
  std::atomic<bool> draining = false;
  std::atomic<std::size_t> accepted = 0;            // connections, also those that are not there yet
  std::atomic<std::int64_t> refusal_logged_ns = 0;  // so that a stranger cannot fill the log
  mutable std::mutex mutex;
  std::shared_ptr<const TlsIdentity> identity_now;           // guarded by mutex; shared by what is about to connect
  std::int64_t warning_since_ns = 0;                         // guarded by mutex
  int warnings = 0;                                          // guarded by mutex; since then
  std::map<Peer, std::shared_ptr<CircuitBreaker>> breakers;  // guarded by mutex; shared by connections to that node
};

class LinkCore : public std::enable_shared_from_this<LinkCore> {
 public:
  LinkCore(Reactor& reactor, std::vector<std::shared_ptr<LinkCore>>& cores, Shared& shared);
  ~LinkCore();

  Reactor& reactor() const { return reactor_; }
  Shared& shared() const { return shared_; }

  /// Accepts on this descriptor, which is the core's from now on. Any thread; all below runs on the reactor.
  void start(int listener);
  Stream& open(const Peer& peer, const Opening& opening, std::shared_ptr<StreamHandler> handler);
  /// A connection that was accepted, whose hello was read.
  void adopt(std::unique_ptr<Wire> wire, NodeName from, std::uint32_t lane);
  void close_all();
  void leave_others(std::uint32_t lane, const NodeName& node);
  asio::awaitable<void> stop();
  std::size_t size() const { return connections_.size(); }

  // For connections.
  void mark_dirty(Connection& connection);
  void ended(std::unique_ptr<LinkStream> stream);
  /// No more streams are to be opened on it.
  void retire(const Connection& connection);
  void gone(Connection& connection);
  void report_consumed_soon();
  std::int64_t now_ns() const { return shared_.clock.monotonic_ns(); }

  LinkCounts counts;
  std::uint64_t next_message = 0;
  std::vector<std::uint8_t> cipher;  // what one system call takes in
  std::vector<std::uint8_t> plain;   // what of it is decrypted at a time
  Bytes gathered;                    // frames that are encrypted together

 private:
  struct Watch;  // Boost.Asio stays out of this header
  using Key = std::pair<Peer, std::uint32_t>;

  Connection* usable(const Peer& peer, std::uint32_t lane);
  LinkStream& fail_open(std::shared_ptr<StreamHandler> handler, std::uint16_t code, std::string_view reason);
  void add(const std::shared_ptr<Connection>& connection);
  void post_turn_end();
  void end_turn();
  void watch_time();
  asio::awaitable<void> accept_loop(int descriptor);
  void accepted(int fd, const std::string& from);
  asio::awaitable<void> greet(int fd, std::string from);
  asio::awaitable<void> dial(std::shared_ptr<Connection> connection);
  void refused(std::string_view from, std::string_view why);

  Reactor& reactor_;
  std::vector<std::shared_ptr<LinkCore>>& cores_;  // of all reactors
  Shared& shared_;
  std::unique_ptr<Watch> watch_;
  TaskScope scope_;
  std::map<Key, Connection*> usable_;
  std::vector<std::shared_ptr<Connection>> connections_;  // shared with the waits under way on the reactor
  std::vector<Connection*> dirty_;
  std::vector<std::unique_ptr<LinkStream>> ended_;  // on_end is owed
  std::vector<Connection*> gone_;
  std::size_t greeting_ = 0;
  bool turn_end_posted_ = false;
  bool stopped_ = false;
};

}  // namespace concord::link
