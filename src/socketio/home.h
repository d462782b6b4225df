#pragma once
// The sessions of one reactor: opens them, brings them their requests and messages, looks after their deadlines, frees
// them.

#include <memory>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/async.h"
#include "base/clock.h"
#include "base/metrics.h"
#include "net/http.h"
#include "net/websocket.h"
#include "socketio/session.h"

namespace concord::socketio {

/// What a WebSocket's upgrade carries here.
struct Opening {
  std::string session;  // which it probes; empty: a new one
  Visitor visitor;
};

struct HomeMetrics {
  explicit HomeMetrics(Metrics& metrics);
  Counter& ended(DisconnectReason reason) { return *ended_[static_cast<std::size_t>(reason)]; }
  Gauge& sessions;
  Counter& upgrades;

 private:
  std::vector<Counter*> ended_;
};

/// Everything on its reactor.
class Home final : public net::WebSocketHandler, public std::enable_shared_from_this<Home> {
 public:
  /// `index`: of the reactor; the identifiers of its sessions begin with it.
  Home(Reactor& reactor, std::size_t index, const Options& options, std::size_t max_sessions, Clock& clock,
       HomeMetrics& metrics, std::unique_ptr<Handler> handler);
  ~Home() override;

  Reactor& reactor() const { return reactor_; }
  Handler& handler() { return *handler_; }
  const Options& options() const { return options_; }
  HomeMetrics& metrics() { return metrics_; }
  std::int64_t now_ns() const { return clock_.monotonic_ns(); }

  void start();
  /// Ends every session, and waits for what is under way.
  asio::awaitable<void> close();

  /// A new session on polling, answered with its "open".
  Task<net::Response> open(Visitor visitor);
  Task<net::Response> poll(std::string id);
  Task<net::Response> post(std::string id, std::string payload);
  /// Success where a WebSocket may probe that session; else what it is answered with.
  Task<std::optional<net::Response>> before_probe(std::string id);
  /// kUnavailable where no more sessions fit.
  Result<> has_room() const;

  void on_open(net::WebSocket& socket, std::shared_ptr<void> state) override;
  void on_message(net::WebSocket& socket, net::Opcode opcode, ByteView payload) override;
  void on_drained(net::WebSocket& socket) override;
  void on_close(net::WebSocket& socket, std::uint16_t code) override;

  // For sessions.
  /// It wants to be looked after at `due_ns`, or when it said before if that is sooner.
  void look_after(Session& session, std::int64_t due_ns);
  /// Frees it, after what runs now, if nothing refers to it any more.
  void release(Session& session);

 private:
  Session& create(Visitor visitor, net::WebSocket* socket);
  Session* find(std::string_view id);
  asio::awaitable<void> run();
  void check_due();

  Reactor& reactor_;
  const std::size_t index_;
  const Options& options_;
  const std::size_t max_sessions_;
  Clock& clock_;
  HomeMetrics& metrics_;
  std::unique_ptr<Handler> handler_;
  TaskScope tasks_;
  AsyncEvent wake_;
  std::unordered_map<std::string, std::unique_ptr<Session>> sessions_;
  std::set<std::pair<std::int64_t, Session*>> due_;
  std::vector<std::unique_ptr<Session>> gone_;
  bool closing_ = false;
};

}  // namespace concord::socketio
