#include <sys/stat.h>

#include <cassert>
#include <chrono>

#include "base/async.h"
#include "link/address.h"
#include "link/core.h"
#include "link/link.h"
#include "net/listener.h"

namespace concord::link {
namespace {

constexpr std::int64_t kDrainPollMs = 5;

/// What the file system says of the three files: another answer means that one has changed.
std::string stamps_of(const LinkOptions& options) {
  std::string stamps;
  for (const std::string& file : {options.ca_file, options.certificate_file, options.key_file}) {
    struct stat now{};
    if (::stat(file.c_str(), &now) != 0) continue;
    stamps += std::to_string(now.st_mtim.tv_sec) + "." + std::to_string(now.st_mtim.tv_nsec) + " " +
              std::to_string(now.st_size) + " " + std::to_string(now.st_ino) + "\n";
  }
  return stamps;
}

Task<std::size_t> size_of(LinkCore& core) { co_return core.size(); }

Task<> stop(LinkCore& core) {
  co_await core.stop();
  co_return Result<>{};
}

}  // namespace

struct Links::State {
  State(LinkOptions options, Reactors& r, Clock& clock, Logger logger, Metrics& metrics)
      : reactors(r), shared(std::move(options), clock, std::move(logger), metrics) {
    for (std::size_t i = 0; i < reactors.size(); ++i)
      cores.push_back(std::make_shared<LinkCore>(reactors.at(i), cores, shared));
  }

  Result<> load() {
    const LinkOptions& options = shared.options;
    std::string stamps = stamps_of(options);  // before: what changes meanwhile is read once more
    TRY(auto identity, TlsIdentity::load(options.ca_file, options.certificate_file, options.key_file, options.node));
    shared.metrics.certificate_ends.set(identity->ends_ms() / 1000);
    const std::lock_guard lock(shared.mutex);
    shared.identity_now = std::move(identity);
    loaded = std::move(stamps);
    return {};
  }

  asio::awaitable<void> watch_files() {
    while (co_await sleep_ms(shared.options.certificate_watch_ms)) {
      std::string now = stamps_of(shared.options);
      if (is_loaded(now)) continue;
      if (auto done = load(); !done) {
        // One of the files may be written still: it is tried again, and said once for each state of the files.
        if (now != complained_of)
          shared.logger.error("the old node certificate stays in use", {{"error", done.error().message}});
        complained_of = now;
      } else {
        shared.logger.info("the node certificate was read again");
      }
    }
  }

  bool is_loaded(const std::string& stamps) {
    const std::lock_guard lock(shared.mutex);
    return stamps == loaded;
  }

  Task<> stop_watching() {
    co_await watching->close();
    co_return Result<>{};
  }

  Reactors& reactors;
  Shared shared;
  std::vector<std::shared_ptr<LinkCore>> cores;  // shared with what waits on the reactors
  std::unique_ptr<TaskScope> watching;           // on the first reactor
  std::string loaded;                            // of the files as they were loaded; guarded by shared.mutex
  std::string complained_of;
  std::string address;
  std::uint16_t port = 0;
  bool started = false;
};

Links::Links(LinkOptions options, Reactors& reactors, Clock& clock, Logger logger, Metrics& metrics)
    : state_(std::make_unique<State>(std::move(options), reactors, clock, std::move(logger), metrics)) {}

Links::~Links() = default;

void Links::accept(std::string kind, Acceptor acceptor) {
  assert(!state_->started && !kind.empty() && kind.size() <= kMaxKindBytes);
  const bool added = state_->shared.acceptors.emplace(std::move(kind), std::move(acceptor)).second;
  assert(added);
  (void)added;
}

Result<> Links::start() {
  State& state = *state_;
  const LinkOptions& options = state.shared.options;
  state.started = true;
  if (!options.enabled) return {};
  TRY_VOID(state.load());
  TRY(net::Listeners listeners, net::listen_on(options.host, options.port, state.cores.size()));
  state.port = listeners.port;
  state.address =
      options.address.empty() ? format_address({.host = options.host, .port = state.port}) : options.address;
  for (std::size_t i = 0; i < state.cores.size(); ++i) state.cores[i]->start(listeners.take(i));
  state.watching = std::make_unique<TaskScope>(state.reactors.at(0));
  state.reactors.at(0).post([&state] { state.watching->spawn(state.watch_files()); });
  state.shared.logger.info("nodes may connect", {{"host", options.host}, {"port", state.port}});
  return {};
}

std::uint16_t Links::port() const { return state_->port; }

const std::string& Links::address() const { return state_->address; }

Result<> Links::reload_certificates() {
  if (!state_->shared.options.enabled) return {};
  return state_->load();
}

Stream& Links::open(Reactor& reactor, const Peer& peer, const Opening& opening,
                    std::shared_ptr<StreamHandler> handler) {
  return state_->cores[reactor.index()]->open(peer, opening, std::move(handler));
}

void Links::leave_others(std::uint32_t lane, const NodeName& node) {
  for (const auto& core : state_->cores) core->reactor().post([core, lane, node] { core->leave_others(lane, node); });
}

asio::awaitable<void> Links::drain(std::int64_t deadline_ms) {
  State& state = *state_;
  state.shared.draining.store(true);
  if (!state.started) co_return;
  for (const auto& core : state.cores) core->reactor().post([core] { core->close_all(); });
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::milliseconds(deadline_ms);
  for (;;) {
    std::size_t left = 0;
    for (const auto& core : state.cores) left += (co_await run_on(core->reactor(), size_of(*core))).value_or(0);
    if (left == 0 || std::chrono::steady_clock::now() >= deadline) break;
    if (!co_await sleep_ms(kDrainPollMs)) break;
  }
  for (const auto& core : state.cores) (void)co_await run_on(core->reactor(), stop(*core));
  // A connection may still have been on its way from one reactor to another: it has arrived by now.
  for (const auto& core : state.cores) (void)co_await run_on(core->reactor(), size_of(*core));
  if (state.watching) (void)co_await run_on(state.reactors.at(0), state.stop_watching());
}

}  // namespace concord::link
