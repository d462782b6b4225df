#pragma once
// The audit service: a durable, hash-chained record of who did what.

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/config.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/reactor.h"
#include "base/task.h"

namespace concord::engines {
class Tables;
class FileSystem;
}  // namespace concord::engines
namespace concord::net {
class Router;
struct Request;
}  // namespace concord::net

namespace concord::audit {

enum class Outcome : std::uint8_t { kDone, kRefused, kFailed };
std::string_view to_string(Outcome outcome);

/// Texts are cut at kMaxTextBytes, and `detail` at kMaxDetails: an event is never refused for its size.
struct Event {
  std::string action;  // "session.opened": a noun of docs/audit.md, '.', what became of it
  std::string actor;   // the principal's identifier; empty where nobody is known
  std::string target;  // the identifier of what it was done to; may be empty
  Outcome outcome = Outcome::kDone;
  std::string address;  // of the caller, without the port
  std::string session;
  std::string request_id;
  std::vector<std::pair<std::string, std::string>> detail;  // never a secret
};
constexpr std::size_t kMaxTextBytes = 256;
constexpr std::size_t kMaxDetails = 16;

struct Options {
  std::string file;  // where the lines go too, as JSON lines; empty: nowhere
  std::size_t queue = 10'000;
};
std::span<const Setting> settings();
Options options_from(const Config& config);

class Audit {
 public:
  /// All of it outlives the service.
  struct Dependencies {
    engines::Tables& tables;
    engines::FileSystem& files;
    BlockingPool& pool;
    Clock& clock;
    Metrics& metrics;
    Logger logger;
  };
  Audit(Options options, Dependencies dependencies);
  ~Audit();

  /// Migrates, and brings the file up to the table. `reactor` is where lines are written from now on.
  Task<> start(Reactor& reactor);
  /// Writes what is queued; on the reactor. Nothing is recorded from then on.
  asio::awaitable<void> stop();

  /// Durable when it returns; kUnavailable where the tables are away or the queue is full. Any reactor.
  Task<> record(Event event);
  /// Never waits and never fails: written as soon as it can be; what does not fit its half of the queue is counted and
  /// the count recorded. Any thread.
  void note(Event event);
  /// Returns when what was noted or recorded before is written, or the attempt to has failed. Any reactor.
  asio::awaitable<void> settle();

  /// Whether the caller may read the record: success or why not.
  using MayRead = std::function<Task<>(const net::Request&)>;
  /// Adds GET /audit. The service outlives the router.
  void add_routes(net::Router& router, MayRead may_read);

 private:
  struct State;
  const std::shared_ptr<State> state_;  // shared with events on their way to the reactor
};

}  // namespace concord::audit
