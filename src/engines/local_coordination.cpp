#include "engines/local_coordination.h"

#include <charconv>
#include <condition_variable>
#include <map>
#include <mutex>
#include <thread>

#include "base/reactor.h"
#include "engines/callback_queue.h"

namespace concord::engines {
namespace {

constexpr std::size_t kMaxWaitingChanges = 65'536;
constexpr std::size_t kMaxWaitingAcquires = 4096;
constexpr std::size_t kMaxEpochFileBytes = 64;

struct Change {
  std::string name;
  std::optional<Ownership> now;
};
using Watcher = CallbackQueue<Change>;

/// Who watches which prefix; shared by the driver and its watches.
struct Watchers {
  std::mutex mutex;
  std::vector<std::pair<std::string, std::shared_ptr<Watcher>>> all;  // guarded by mutex

  void tell(const Change& change) {
    std::vector<std::shared_ptr<Watcher>> told;
    {
      const std::lock_guard lock(mutex);
      for (const auto& [prefix, watcher] : all) {
        if (change.name.starts_with(prefix)) told.push_back(watcher);
      }
    }
    for (const auto& watcher : told) watcher->push(change);
  }
};

class HeldWatch final : public Watch {
 public:
  HeldWatch(std::shared_ptr<Watchers> watchers, std::shared_ptr<Watcher> watcher)
      : watchers_(std::move(watchers)), watcher_(std::move(watcher)) {}
  ~HeldWatch() override {
    {
      const std::lock_guard lock(watchers_->mutex);
      std::erase_if(watchers_->all, [this](const auto& pair) { return pair.second == watcher_; });
    }
    watcher_->close();
  }
  HeldWatch(const HeldWatch&) = delete;
  HeldWatch& operator=(const HeldWatch&) = delete;

 private:
  std::shared_ptr<Watchers> watchers_;
  std::shared_ptr<Watcher> watcher_;
};

Result<> check_text(std::string_view field, const std::string& text) {
  if (!text.empty() && text.size() <= kMaxOwnershipNameBytes) return {};
  return fail(Error{Code::kInvalidArgument,
                    std::string(field) + " has 1 to 256 bytes",
                    {{"field", std::string(field)},
                     {"limit", std::to_string(kMaxOwnershipNameBytes)},
                     {"value", std::to_string(text.size())}}});
}

Result<> check_note(const std::string& note) {
  if (note.size() <= kMaxOwnershipNoteBytes) return {};
  return fail(Error{
      Code::kInvalidArgument,
      "note has at most 1024 bytes",
      {{"field", "note"}, {"limit", std::to_string(kMaxOwnershipNoteBytes)}, {"value", std::to_string(note.size())}}});
}

Result<> check_ttl(std::int64_t ttl_ms) {
  if (ttl_ms >= 1) return {};
  return fail(Error{Code::kInvalidArgument,
                    "a lease lasts at least one millisecond",
                    {{"field", "ttl_ms"}, {"limit", "1"}, {"value", std::to_string(ttl_ms)}}});
}

Result<std::uint64_t> read_epoch_bound(FileSystem& files, const std::string& path) {
  Result<Bytes> content = read_file(files, path, kMaxEpochFileBytes);
  if (!content && content.error().code == Code::kNotFound) return 1;
  TRY(const Bytes bytes, std::move(content));
  std::string_view text = as_text(bytes);
  if (text.ends_with('\n')) text.remove_suffix(1);
  std::uint64_t bound = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), bound);
  if (error != std::errc() || end != text.data() + text.size() || bound == 0)
    return fail(Code::kCorrupt, path + " does not hold a number");
  return bound;
}

}  // namespace

struct LocalCoordination::State {
  State(FileSystem& f, LocalCoordinationOptions o, Clock& c, Logger l, Metrics& metrics)
      : files(f),
        options(std::move(o)),
        path(options.directory + "/epochs"),
        clock(c),
        logger(std::move(l)),
        held_gauge(metrics.gauge("concord_coordination_ownerships", "Leases held.")),
        lapsed(metrics.counter("concord_coordination_lapsed_total", "Leases that ended because nobody renewed them.")) {
  }

  FileSystem& files;
  LocalCoordinationOptions options;
  std::string path;
  Clock& clock;
  Logger logger;
  Gauge& held_gauge;
  Counter& lapsed;
  std::shared_ptr<Watchers> watchers = std::make_shared<Watchers>();

  std::mutex mutex;
  std::map<std::string, Ownership> held;  // guarded by mutex
  std::uint64_t next_epoch = 1;           // guarded by mutex
  std::uint64_t epoch_bound = 1;          // guarded by mutex; on disk
  std::mutex telling;  // held from a change to its telling, so that watchers hear changes in their order

  std::condition_variable changed;
  bool stopping = false;  // guarded by mutex
  std::thread expirer;
  BlockingPool pool{1, kMaxWaitingAcquires};  // an epoch may have to be made durable

  Result<Epoch> take_epoch() {
    if (next_epoch >= epoch_bound) {
      const std::uint64_t bound = next_epoch + kEpochStep;
      TRY_VOID(replace_file(files, path, as_bytes(std::to_string(bound) + "\n")));
      epoch_bound = bound;
    }
    return Epoch{next_epoch++};
  }

  std::int64_t expiry(std::int64_t ttl_ms) const {
    constexpr std::int64_t kLongestMs = 100LL * 365 * 24 * 3600 * 1000;
    return clock.monotonic_ns() + std::min(ttl_ms, kLongestMs) * 1'000'000;
  }

  /// The live lease of a name. Called with the mutex held.
  Ownership* live(const std::string& name) {
    const auto found = held.find(name);
    if (found == held.end() || found->second.expires_ns <= clock.monotonic_ns()) return nullptr;
    return &found->second;
  }

  Result<Ownership> take(const std::string& name, const std::string& owner, std::int64_t ttl_ms,
                         const std::string& note) {
    const std::lock_guard lock(mutex);
    if (const Ownership* current = live(name); current != nullptr && current->owner != owner) {
      return fail(Error{Code::kConflict, name + " is held by " + current->owner, {{"owner", current->owner}}});
    }
    if (!held.contains(name) && held.size() >= options.max_ownerships) {
      return fail(
          Error{Code::kUnavailable, "too many leases are held", {{"limit", std::to_string(options.max_ownerships)}}});
    }
    TRY(const Epoch epoch, take_epoch());
    Ownership taken{name, owner, epoch, expiry(ttl_ms), note};
    held[name] = taken;
    held_gauge.set(static_cast<std::int64_t>(held.size()));
    return taken;
  }

  /// Removes what `is_over` names, and returns the names.
  template <class IsOver>
  std::vector<std::string> drop(IsOver is_over) {
    std::vector<std::string> names;
    const std::lock_guard lock(mutex);
    std::erase_if(held, [&](const auto& pair) {
      if (!is_over(pair.second)) return false;
      names.push_back(pair.first);
      return true;
    });
    held_gauge.set(static_cast<std::int64_t>(held.size()));
    return names;
  }

  void expire() {
    const std::lock_guard order(telling);
    const std::int64_t now = clock.monotonic_ns();
    for (const std::string& name : drop([now](const Ownership& lease) { return lease.expires_ns <= now; })) {
      lapsed.add();
      logger.warn("coordination: a lease lapsed", {{"name", name}});
      watchers->tell({name, std::nullopt});
    }
  }

  void run_expirer() {
    const auto interval = std::chrono::milliseconds(options.expiry_interval_ms);
    std::unique_lock lock(mutex);
    while (!changed.wait_for(lock, interval, [this] { return stopping; })) {
      lock.unlock();
      expire();
      lock.lock();
    }
  }
};

Result<std::unique_ptr<LocalCoordination>> LocalCoordination::open(FileSystem& files, LocalCoordinationOptions options,
                                                                   Clock& clock, Logger logger, Metrics& metrics) {
  TRY_VOID(make_directories(files, options.directory));
  auto state = std::make_unique<State>(files, std::move(options), clock, std::move(logger), metrics);
  TRY(state->epoch_bound, read_epoch_bound(files, state->path));
  state->next_epoch = state->epoch_bound;
  if (state->options.expiry_interval_ms > 0)
    state->expirer = std::thread([state = state.get()] { state->run_expirer(); });
  return std::unique_ptr<LocalCoordination>(new LocalCoordination(std::move(state)));
}

LocalCoordination::LocalCoordination(std::unique_ptr<State> state) : state_(std::move(state)) {}

LocalCoordination::~LocalCoordination() {
  state_->pool.stop();
  {
    const std::lock_guard lock(state_->mutex);
    state_->stopping = true;
  }
  state_->changed.notify_all();
  if (state_->expirer.joinable()) state_->expirer.join();
}

Task<Ownership> LocalCoordination::acquire(std::string name, std::string owner, std::int64_t ttl_ms, std::string note) {
  CO_TRY_VOID(check_text("name", name));
  CO_TRY_VOID(check_text("owner", owner));
  CO_TRY_VOID(check_note(note));
  CO_TRY_VOID(check_ttl(ttl_ms));
  co_return co_await state_->pool.run<Ownership>([this, &name, &owner, ttl_ms, &note]() -> Result<Ownership> {
    state_->expire();
    const std::lock_guard order(state_->telling);
    TRY(Ownership taken, state_->take(name, owner, ttl_ms, note));
    state_->watchers->tell({name, taken});
    return taken;
  });
}

Task<Ownership> LocalCoordination::renew(Ownership held, std::int64_t ttl_ms) {
  CO_TRY_VOID(check_ttl(ttl_ms));
  const std::lock_guard lock(state_->mutex);
  Ownership* current = state_->live(held.name);
  if (current == nullptr || current->epoch != held.epoch)
    co_return fail(Code::kFenced, held.owner + " does not hold " + held.name + " any more");
  current->expires_ns = state_->expiry(ttl_ms);
  co_return *current;
}

Task<> LocalCoordination::release(Ownership held) {
  state_->expire();
  const std::lock_guard order(state_->telling);
  const auto is_it = [&held](const Ownership& lease) { return lease.name == held.name && lease.epoch == held.epoch; };
  for (const std::string& name : state_->drop(is_it)) state_->watchers->tell({name, std::nullopt});
  co_return Result<>();
}

Task<std::optional<Ownership>> LocalCoordination::owner(std::string name) {
  const std::lock_guard lock(state_->mutex);
  const Ownership* current = state_->live(name);
  if (current == nullptr) co_return std::optional<Ownership>();
  co_return std::optional<Ownership>(*current);
}

Task<std::vector<Ownership>> LocalCoordination::list(std::string prefix, std::size_t limit) {
  const std::lock_guard lock(state_->mutex);
  std::vector<Ownership> found;
  for (auto at = state_->held.lower_bound(prefix); at != state_->held.end() && at->first.starts_with(prefix); ++at) {
    if (state_->live(at->first) == nullptr) continue;
    if (found.size() == limit)
      co_return fail(Error{Code::kTooLarge, "more ownerships than asked for", {{"limit", std::to_string(limit)}}});
    found.push_back(at->second);
  }
  co_return found;
}

Task<std::unique_ptr<Watch>> LocalCoordination::watch(std::string prefix, OnChange on_change) {
  auto watcher = std::make_shared<Watcher>(
      kMaxWaitingChanges,
      [on_change = std::move(on_change)](const Change& change) { on_change(change.name, change.now); });
  {
    const std::lock_guard lock(state_->watchers->mutex);
    state_->watchers->all.emplace_back(std::move(prefix), watcher);
  }
  co_return std::make_unique<HeldWatch>(state_->watchers, std::move(watcher));
}

void LocalCoordination::expire_lapsed() { state_->expire(); }

}  // namespace concord::engines
