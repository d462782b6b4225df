#include "events/journal.h"

#include <algorithm>
#include <deque>
#include <mutex>
#include <optional>

#include "base/async.h"
#include "events/outbox.h"

namespace concord::events {

namespace {
constexpr std::size_t kMostAtOnce = 200;
}  // namespace

struct Journal::State {
  State(JournalOptions o, Dependencies d)
      : options(o),
        on(std::move(d)),
        outbox(on.ids),
        dropped(on.metrics.counter("concord_events_dropped_total",
                                   "Events told in passing that found their queue full, or no table at the end.")),
        waiting(on.metrics.gauge("concord_events_waiting",
                                 "Events of the hub that wait to be published, counted up to 100000.")),
        oldest(on.metrics.gauge("concord_events_oldest_seconds", "How long the oldest of them has waited.")) {}

  const JournalOptions options;
  Dependencies on;
  const Outbox outbox;
  Counter& dropped;
  Gauge& waiting;
  Gauge& oldest;

  std::mutex mutex;
  std::deque<Event> passing;  // guarded

  // On the reactor:
  std::optional<TaskScope> tasks;
  std::int64_t measure_at_ns = 0;
  bool was_away = false;

  std::vector<Event> take() {
    const std::lock_guard lock(mutex);
    const auto count = static_cast<std::ptrdiff_t>(std::min(passing.size(), kMostAtOnce));
    std::vector<Event> out(std::make_move_iterator(passing.begin()), std::make_move_iterator(passing.begin() + count));
    passing.erase(passing.begin(), passing.begin() + count);
    return out;
  }

  void put_back(std::vector<Event> events) {
    const std::lock_guard lock(mutex);
    passing.insert(passing.begin(), std::make_move_iterator(events.begin()), std::make_move_iterator(events.end()));
    while (passing.size() > options.queue) {
      passing.pop_back();
      dropped.add();
    }
  }

  Task<> flush() {
    for (;;) {
      std::vector<Event> events = take();
      if (events.empty()) co_return Result<>{};
      auto written = co_await on.tables.transaction(
          [this, all = &events](engines::Transaction& transaction) { return outbox.add(transaction, *all); });
      if (!written) {  // where only the answer was lost they are told twice, with two identifiers
        put_back(std::move(events));
        co_return written;
      }
    }
  }

  Task<> measure() {
    if (on.clock.monotonic_ns() < measure_at_ns) co_return Result<>{};
    measure_at_ns = on.clock.monotonic_ns() + options.measure_ms * 1'000'000;
    CO_TRY(const Outbox::Backlog backlog, co_await Outbox::backlog(on.tables));
    waiting.set(backlog.count);
    oldest.set(backlog.count == 0 ? 0 : std::max<std::int64_t>(0, (on.clock.wall_ms() - backlog.oldest_ms) / 1000));
    co_return Result<>{};
  }

  asio::awaitable<void> run() {
    while (co_await sleep_ms(options.flush_ms)) {
      Result<> done = co_await flush();
      if (done) done = co_await measure();
      if (!done && !was_away) on.logger.warn("events wait: the tables are away", {{"error", done.error().message}});
      was_away = !done;
    }
  }
};

Journal::Journal(JournalOptions options, Dependencies dependencies)
    : state_(std::make_unique<State>(options, std::move(dependencies))) {}

Journal::~Journal() = default;

Task<> Journal::start(Reactor& reactor) {
  CO_TRY_VOID(co_await state_->on.tables.migrate(Outbox::migrations()));
  state_->tasks.emplace(reactor);
  state_->tasks->spawn(state_->run());
  co_return Result<>{};
}

asio::awaitable<void> Journal::stop() {
  if (!state_->tasks) co_return;
  co_await state_->tasks->close();
  if (!co_await state_->flush()) state_->dropped.add(state_->passing.size());
}

Task<> Journal::write(engines::Transaction& transaction, Event event) const {
  return state_->outbox.add(transaction, std::move(event));
}

Task<> Journal::write(engines::Transaction& transaction, std::vector<Event> events) const {
  return state_->outbox.add(transaction, std::move(events));
}

void Journal::note(Event event) {
  const std::lock_guard lock(state_->mutex);
  if (state_->passing.size() >= state_->options.queue) {
    state_->dropped.add();
    return;
  }
  state_->passing.push_back(std::move(event));
}

std::int64_t Journal::now_ms() const { return state_->on.clock.wall_ms(); }

}  // namespace concord::events
