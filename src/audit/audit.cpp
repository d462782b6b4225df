#include "audit/audit.h"

#include <algorithm>
#include <atomic>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "audit/audit_file.h"
#include "audit/audit_store.h"
#include "audit/routes.h"
#include "base/async.h"

namespace concord::audit {

namespace {

constexpr std::size_t kMostBatch = 512;
constexpr std::int64_t kRetryMs = 1000;
constexpr std::int64_t kFollowMs = 5000;  // for so long the file may lack what other nodes have written

void bound(std::string& text) {
  if (text.size() <= kMaxTextBytes) return;
  std::size_t end = kMaxTextBytes;  // between characters
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0U) == 0x80) --end;
  text.resize(end);
}

void bound(Event& event) {
  for (std::string* text :
       {&event.action, &event.actor, &event.target, &event.address, &event.session, &event.request_id})
    bound(*text);
  if (event.detail.size() > kMaxDetails) event.detail.resize(kMaxDetails);
  for (auto& [name, value] : event.detail) {
    bound(name);
    bound(value);
  }
}

/// Events that go into one transaction, and how that went.
struct Batch {
  std::vector<TimedEvent> events;
  std::vector<bool> waited_for;  // for each event: a call of `record` waits
  std::optional<Result<>> outcome;

  void add(TimedEvent event, bool waits) {
    events.push_back(std::move(event));
    waited_for.push_back(waits);
  }
  bool is_waited_for() const { return std::ranges::find(waited_for, true) != waited_for.end(); }
};

}  // namespace

std::span<const Setting> settings() {
  static const std::vector<Setting> rows{
      {"AUDIT_FILE", SettingType::kString, "", 0, 4096,
       "A file that every line of the audit record is appended to as well, for collectors; empty: none."},
      {"AUDIT_QUEUE", SettingType::kInteger, "10000", 100, 1'000'000,
       "Events that may wait to be written; refusals past it are counted and not recorded one by one."},
  };
  return rows;
}

Options options_from(const Config& config) {
  return {.file = config.string("AUDIT_FILE"), .queue = static_cast<std::size_t>(config.integer("AUDIT_QUEUE"))};
}

/// Writes on one reactor. Batches grow while one is being written.
struct Audit::State {
  State(Options o, Dependencies d)
      : options(std::move(o)),
        on(std::move(d)),
        store(on.tables),
        events(on.metrics.counter("concord_audit_events_total", "Events that were recorded.")),
        lost(on.metrics.counter("concord_audit_lost_total", "Events that found the queue full or no table to go to.")) {
    if (!options.file.empty()) file.emplace(on.files, options.file);
  }

  const Options options;
  Dependencies on;
  AuditStore store;
  Counter& events;
  Counter& lost;

  std::atomic<Reactor*> reactor = nullptr;  // null before start and after stop
  std::atomic<std::size_t> queued = 0;
  std::atomic<std::uint64_t> lost_unrecorded = 0;

  // From here on the reactor's alone.
  std::shared_ptr<Batch> open = std::make_shared<Batch>();  // shared with those who wait for it
  std::shared_ptr<Batch> writing;                           // null: none
  std::optional<AsyncEvent> work, written;
  std::optional<TaskScope> tasks;
  bool stopping = false;
  bool finished = false;  // the writer has
  std::optional<AuditFile> file;
  std::optional<std::uint64_t> file_stands_at;  // absent: to be opened

  void drop(std::size_t count) {
    lost.add(count);
    lost_unrecorded += count;
  }

  static Task<> record_here(std::shared_ptr<State> self, TimedEvent event) {
    if (self->stopping) {
      --self->queued;
      co_return fail(Code::kUnavailable, "the hub is stopping");
    }
    const std::shared_ptr<Batch> batch = self->open;
    batch->add(std::move(event), true);
    self->work->notify_all();
    while (!batch->outcome) co_await self->written->wait();
    co_return *batch->outcome;
  }

  /// What is queued is written in its order: the newest batch is the last to be.
  static Task<> settle_here(std::shared_ptr<State> self) {
    co_await asio::post(co_await asio::this_coro::executor, asio::use_awaitable);  // behind the notes on their way here
    const std::shared_ptr<Batch> newest = self->open->events.empty() ? self->writing : self->open;
    while (newest && !newest->outcome) co_await self->written->wait();
    co_return newest ? *newest->outcome : Result<>{};
  }

  /// What of a batch that failed nobody waits for goes before what came since; how many those are.
  std::size_t keep_noted(Batch& batch) {
    Batch next;
    for (std::size_t i = 0; i < batch.events.size(); ++i)
      if (!batch.waited_for[i]) next.add(std::move(batch.events[i]), false);
    const std::size_t kept = next.events.size();
    open->events.insert(open->events.begin(), std::move_iterator(next.events.begin()),
                        std::move_iterator(next.events.end()));
    open->waited_for.insert(open->waited_for.begin(), kept, false);
    return kept;
  }

  asio::awaitable<void> write() {
    while (!stopping || !open->events.empty()) {
      if (open->events.empty()) {
        co_await work->wait(file ? kFollowMs : -1);
        if (open->events.empty() && file && !stopping) co_await follow();
        continue;
      }
      writing = std::exchange(open, std::make_shared<Batch>());
      writing->outcome = co_await write(*writing);
      written->notify_all();
      const auto batch = std::exchange(writing, nullptr);
      if (!*batch->outcome && !stopping) (void)co_await sleep_ms(batch->is_waited_for() ? 1 : kRetryMs);
    }
    finished = true;
    written->notify_all();
  }

  Task<> write(Batch& batch) {
    const std::size_t own = batch.events.size();
    const std::uint64_t missed = lost_unrecorded.exchange(0);
    std::vector<TimedEvent> all = batch.events;
    if (missed > 0) {
      Event gap{.action = "audit.overflow", .outcome = Outcome::kFailed};
      gap.detail.emplace_back("lost", std::to_string(missed));
      all.push_back({on.clock.wall_ms(), std::move(gap)});
    }
    auto lines = co_await store.append(std::move(all));
    if (!lines) {
      lost_unrecorded += missed;
      const std::size_t kept = stopping ? 0 : keep_noted(batch);
      queued -= own - kept;
      drop(own - kept);
      on.logger.error("the audit record cannot be written",
                      {{"error", lines.error().message}, {"events", own}, {"tried_again", kept}});
      co_return fail(Error{Code::kUnavailable, "the audit record cannot be written; try again", {}});
    }
    queued -= own;
    events.add(lines->size());
    co_await ship(*lines);
    co_return Result<>{};
  }

  /// The file follows the table; that it cannot be written stops nobody.
  asio::awaitable<void> ship(const std::vector<Line>& lines) {
    if (!file) co_return;
    if (file_stands_at && *file_stands_at + 1 == lines.front().seq) {
      auto done = co_await on.pool.run<void>([this, &lines] { return file->append(lines); });
      if (done) {
        file_stands_at = lines.back().seq;
        co_return;
      }
      on.logger.error("AUDIT_FILE cannot be written", {{"error", done.error().message}});
      file_stands_at.reset();
      co_return;
    }
    co_await follow();
  }

  asio::awaitable<void> follow() {
    if (auto done = co_await catch_up(); !done) {
      on.logger.error("AUDIT_FILE cannot be brought up to date", {{"error", done.error().message}});
      file_stands_at.reset();
    }
  }

  Task<> catch_up() {
    if (!file_stands_at) {
      CO_TRY(file_stands_at, co_await on.pool.run<std::uint64_t>([this] { return file->open(); }));
    }
    for (;;) {
      CO_TRY(const auto lines, co_await store.after(*file_stands_at, kMostBatch));
      if (lines.empty()) co_return Result<>{};
      CO_TRY_VOID(co_await on.pool.run<void>([this, &lines] { return file->append(lines); }));
      file_stands_at = lines.back().seq;
    }
  }
};

Audit::Audit(Options options, Dependencies dependencies)
    : state_(std::make_shared<State>(std::move(options), std::move(dependencies))) {}

Audit::~Audit() = default;

Task<> Audit::start(Reactor& reactor) {
  State& s = *state_;
  CO_TRY_VOID(co_await s.on.tables.migrate(AuditStore::migrations()));
  if (s.file) CO_TRY_VOID(co_await s.catch_up());
  s.work.emplace(reactor);
  s.written.emplace(reactor);
  s.tasks.emplace(reactor);
  s.tasks->spawn(s.write());
  s.reactor = &reactor;
  co_return Result<>{};
}

asio::awaitable<void> Audit::stop() {
  State& s = *state_;
  if (s.reactor.exchange(nullptr) == nullptr) co_return;
  s.stopping = true;
  s.work->notify_all();
  while (!s.finished) co_await s.written->wait();
  co_await s.tasks->close();
}

Task<> Audit::record(Event event) {
  State& s = *state_;
  Reactor* reactor = s.reactor;
  if (reactor == nullptr) co_return fail(Code::kUnavailable, "the hub is stopping");
  if (s.queued.fetch_add(1) >= s.options.queue) {
    --s.queued;
    s.drop(1);
    co_return fail(Code::kUnavailable, "too much waits for the audit record; try again");
  }
  bound(event);
  co_return co_await run_on(*reactor, State::record_here(state_, {s.on.clock.wall_ms(), std::move(event)}));
}

void Audit::note(Event event) {
  State& s = *state_;
  Reactor* reactor = s.reactor;
  if (reactor == nullptr) return;
  if (s.queued.fetch_add(1) >= s.options.queue / 2) {  // the rest is for what must be recorded
    --s.queued;
    s.drop(1);
    return;
  }
  bound(event);
  reactor->post([state = state_, timed = TimedEvent{s.on.clock.wall_ms(), std::move(event)}]() mutable {
    if (state->stopping) return;
    state->open->add(std::move(timed), false);
    state->work->notify_all();
  });
}

asio::awaitable<void> Audit::settle() {
  // What could not be written is counted, and told in the log.
  if (Reactor* reactor = state_->reactor) (void)co_await run_on(*reactor, State::settle_here(state_));
}

void Audit::add_routes(net::Router& router, MayRead may_read) {
  audit::add_routes(router, *this, state_->store, std::move(may_read));
}

}  // namespace concord::audit
