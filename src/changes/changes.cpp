#include "changes/changes.h"

#include <algorithm>
#include <atomic>
#include <cassert>
#include <charconv>
#include <deque>
#include <map>
#include <set>

#include "base/async.h"
#include "changes/change_store.h"
#include "changes/heard.h"
#include "engines/bus.h"

namespace concord::changes {

namespace {

// A message on the bus: lines, of which the first is the origin, the second the number of the first change, and then
// each change has two: its topic, and what.
constexpr const char* kChannel = "changes";
constexpr std::size_t kMostBatch = 500;
constexpr std::int64_t kPage = 1000;
constexpr std::int64_t kForgetMs = 60'000;

SharedBytes encode(const std::string& origin, const std::vector<NumberedChange>& changes) {
  std::string text = origin + "\n" + std::to_string(changes.front().number);
  for (const auto& [number, change] : changes) text += "\n" + change.topic + "\n" + change.what;
  return std::make_shared<const Bytes>(to_bytes(text));
}

struct Message {
  std::string origin;
  std::vector<NumberedChange> changes;
};

/// nullopt where it is none: of a newer program, perhaps.
std::optional<Message> decode(std::string_view text) {
  std::vector<std::string_view> lines;
  for (;;) {
    const std::size_t end = text.find('\n');
    lines.push_back(text.substr(0, end));
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + 1);
  }
  std::uint64_t number = 0;
  if (lines.size() < 4 || lines.size() % 2 != 0 || lines.size() > 2 * kMostBatch + 2) return std::nullopt;
  const std::string first(lines[1]);
  const char* const end = first.data() + first.size();
  if (std::from_chars(first.data(), end, number).ptr != end || number == 0) return std::nullopt;
  Message message{.origin = std::string(lines[0]), .changes = {}};
  for (std::size_t i = 2; i < lines.size(); i += 2)
    message.changes.push_back({number++, {std::string(lines[i]), std::string(lines[i + 1])}});
  return message;
}

}  // namespace

struct Changes::State : std::enable_shared_from_this<State> {
  State(Options o, Dependencies d)
      : options(o),
        on(std::move(d)),
        store(on.tables),
        told(on.metrics.counter("concord_changes_told_total", "Changes here that the other nodes were told of.")),
        by_bus(heard_by("bus")),
        by_tables(heard_by("tables")),
        resyncs(on.metrics.counter("concord_changes_resyncs_total",
                                   "Times that anything may have changed on another node unheard.")),
        failures(on.metrics.counter("concord_changes_failures_total",
                                    "Times that the tables could not be asked what others have told.")) {}

  Counter& heard_by(std::string way) {
    return on.metrics.counter("concord_changes_heard_total", "Changes on other nodes, by how they were heard of first.",
                              {{"by", std::move(way)}});
  }

  const Options options;
  Dependencies on;
  ChangeStore store;
  Counter &told, &by_bus, &by_tables, &resyncs, &failures;
  std::map<std::string, Hear> listeners;
  std::atomic<Reactor*> reactor = nullptr;  // null before start and after stop
  std::atomic<std::size_t> queued = 0;
  std::atomic<bool> overflowed = false;

  // From here on the reactor's alone.
  ChangeHead self;
  std::deque<NumberedChange> waiting;  // to be told, numbered as they came
  std::deque<Message> received;
  std::uint64_t next_number = 1;
  std::map<std::string, Heard> others;
  std::set<std::string> unsure;  // topics of which anything may have changed
  std::unique_ptr<engines::Subscription> subscription;
  std::optional<AsyncEvent> woken;
  std::optional<AsyncMutex> hearing;
  std::optional<TaskScope> tasks;
  std::int64_t look_at_ms = 0, beat_at_ms = 0, forget_at_ms = 0, flush_at_ms = 0;
  bool hinting = false;  // a message is on its way to the bus
  bool is_away = false;
  bool stopping = false;
  int running = 0;

  std::int64_t now_ms() const { return on.clock.monotonic_ns() / 1'000'000; }

  /// Two at once: that the tables are slow or away does not hold up what comes by the bus.
  void run() {
    running = 2;
    tasks->spawn(follow_tables());
    tasks->spawn(follow_bus());
  }

  void ended() {
    --running;
    woken->notify_all();
  }

  asio::awaitable<void> follow_tables() {
    while (!stopping) {
      if (!waiting.empty() && now_ms() >= flush_at_ms) co_await flush();
      if (is_due(look_at_ms, options.look_ms)) {
        report(co_await look());
        co_await hear_unsure();
      }
      if (is_due(beat_at_ms, options.beat_ms)) {
        if (subscription == nullptr) (void)co_await subscribe();
        ++self.beat;
        (void)co_await store.beat(self, on.clock.wall_ms());
      }
      if (is_due(forget_at_ms, kForgetMs)) (void)co_await store.forget_old(on.clock.wall_ms());
      if (stopping || (!waiting.empty() && now_ms() >= flush_at_ms)) continue;
      co_await woken->wait(std::max<std::int64_t>(look_at_ms - now_ms(), 1));
    }
    ended();
  }

  asio::awaitable<void> follow_bus() {
    while (!stopping) {
      co_await hear_received();
      if (!stopping && received.empty()) co_await woken->wait();
    }
    ended();
  }

  bool is_due(std::int64_t& at_ms, std::int64_t every_ms) const {
    const std::int64_t now = now_ms();
    if (now < at_ms) return false;
    at_ms = now + every_ms;
    return true;
  }

  /// What waits goes out by both ways; what the tables do not take waits on.
  asio::awaitable<void> flush() {
    if (overflowed.exchange(false)) next_number += 1;  // a gap, by which others know that they have missed something
    for (NumberedChange& one : waiting) {
      if (one.number == 0) one.number = next_number++;
    }
    std::vector<NumberedChange> batch(waiting.begin(), waiting.begin() + static_cast<std::ptrdiff_t>(contiguous()));
    if (!hinting) {
      hinting = true;
      tasks->spawn(hint(encode(self.origin, batch)));
    }
    ChangeHead head = self;
    head.number = batch.back().number;
    const std::size_t count = batch.size();
    if (auto added = co_await store.add(head, std::move(batch), on.clock.wall_ms()); !added) {
      flush_at_ms = now_ms() + options.look_ms;
      on.logger.warn("the other nodes cannot be told what has changed here", {{"error", added.error().message}});
      co_return;
    }
    self.number = head.number;
    waiting.erase(waiting.begin(), waiting.begin() + static_cast<std::ptrdiff_t>(count));
    queued -= count;
    told.add(count);
  }

  /// How many from the front go together.
  std::size_t contiguous() const {
    std::size_t count = 1;
    while (count < std::min(waiting.size(), kMostBatch) && waiting[count].number == waiting[count - 1].number + 1)
      ++count;
    return count;
  }

  asio::awaitable<void> hint(SharedBytes message) {
    (void)co_await on.bus.publish(kChannel, std::move(message));  // who is not told by the bus looks at the tables
    hinting = false;
  }

  Task<> subscribe() {
    auto on_message = [weak = weak_from_this()](const SharedBytes& bytes) {
      auto message = decode(as_text(*bytes));
      const auto self_ = weak.lock();
      Reactor* const at = self_ ? self_->reactor.load() : nullptr;
      if (!message || at == nullptr) return;
      at->post([self_, message = std::move(*message)]() mutable {
        if (message.origin == self_->self.origin || self_->received.size() >= kMostBatch) return;
        self_->received.push_back(std::move(message));
        self_->woken->notify_all();
      });
    };
    CO_TRY(subscription, co_await on.bus.subscribe(kChannel, std::move(on_message)));
    co_return Result<>();
  }

  asio::awaitable<void> hear_received() {
    while (!received.empty()) {
      Message message = std::move(received.front());
      received.pop_front();
      const auto other = others.find(message.origin);
      if (other == others.end()) {  // new: by the tables it is known how far it was when it was seen first
        look_at_ms = 0;
        continue;
      }
      std::erase_if(message.changes, [&other](const auto& one) { return !other->second.hears(one.number); });
      for (auto& [number, change] : message.changes) {
        by_bus.add();
        co_await hear(std::move(change.topic), std::move(change.what));
      }
    }
  }

  asio::awaitable<void> hear(std::string topic, std::optional<std::string> what) {
    const auto listener = listeners.find(topic);
    if (listener == listeners.end()) co_return;  // of a newer program
    const auto alone = co_await hearing->lock();
    if (auto done = co_await listener->second(std::move(what)); !done) {
      unsure.insert(topic);
      on.logger.warn("a change on another node cannot be taken in yet",
                     {{"topic", topic}, {"error", done.error().message}});
    }
  }

  asio::awaitable<void> hear_unsure() {
    for (const std::string& topic : std::exchange(unsure, {})) co_await hear(topic, std::nullopt);
  }

  void resync(std::string_view why, const std::string& origin) {
    resyncs.add();
    on.logger.info("what other nodes have changed may be unheard", {{"why", why}, {"origin", origin}});
    for (const auto& [topic, hear] : listeners) unsure.insert(topic);
  }

  Task<> look() {
    CO_TRY(const auto heads, co_await store.heads());
    std::set<std::string> there;
    for (const ChangeHead& head : heads) {
      if (head.origin == self.origin) continue;
      there.insert(head.origin);
      auto& other = others.try_emplace(head.origin, 0, head.beat, now_ms()).first->second;
      if (head.number > other.upto()) CO_TRY_VOID(co_await catch_up(head.origin, other, head.number));
      if (other.falls_silent(head.beat, now_ms(), options.silent_ms)) resync("a process is silent", head.origin);
    }
    std::erase_if(others, [&there](const auto& one) { return !there.contains(one.first); });
    co_return Result<>();
  }

  Task<> catch_up(std::string origin, Heard& other, std::uint64_t upto) {
    while (other.upto() < upto) {
      const std::uint64_t before = other.upto();
      CO_TRY(const auto rows, co_await store.rows(origin, before, kPage));
      std::uint64_t expected = before + 1;
      for (const auto& [number, change] : rows) {
        if (number != expected) resync("what it told is gone", origin);
        expected = number + 1;
        const bool is_news = other.hears(number);
        other.passes(number);
        if (!is_news) continue;
        by_tables.add();
        co_await hear(change.topic, change.what);
      }
      if (!rows.empty()) continue;
      resync("what it told is gone", origin);
      other.passes(upto);
    }
    co_return Result<>();
  }

  void report(const Result<>& looked) {
    if (!looked) failures.add();
    if (!looked && !is_away)
      on.logger.warn("cannot see what has changed on other nodes", {{"error", looked.error().message}});
    is_away = !looked;
  }

  /// Where the others stand now is where hearing begins.
  Task<> begin() {
    self.origin = std::to_string(on.ids.unix_ms()) + "-" + std::to_string(on.ids.random64());
    self.beat = 1;
    CO_TRY_VOID(co_await store.beat(self, on.clock.wall_ms()));
    CO_TRY(const auto heads, co_await store.heads());
    for (const ChangeHead& head : heads) {
      if (head.origin != self.origin) others.try_emplace(head.origin, head.number, head.beat, now_ms());
    }
    if (auto done = co_await subscribe(); !done)
      on.logger.warn("changes on other nodes are heard by the tables alone for now", {{"error", done.error().message}});
    for (const auto& [topic, hear] : listeners) CO_TRY_VOID(co_await hear(std::nullopt));
    co_return Result<>();
  }
};

Changes::Changes(Options options, Dependencies dependencies)
    : state_(std::make_shared<State>(options, std::move(dependencies))) {}

Changes::~Changes() = default;

void Changes::listen(std::string topic, Hear hear) {
  assert(state_->reactor == nullptr);
  state_->listeners.emplace(std::move(topic), std::move(hear));
}

Task<> Changes::start(Reactor& reactor) {
  State& s = *state_;
  CO_TRY_VOID(co_await s.on.tables.migrate(ChangeStore::migrations()));
  s.woken.emplace(reactor);
  s.tasks.emplace(reactor);
  s.hearing.emplace(reactor);
  s.reactor = &reactor;
  if (auto begun = co_await s.begin(); !begun) {
    s.reactor = nullptr;
    co_return begun;
  }
  s.run();
  co_return Result<>();
}

asio::awaitable<void> Changes::stop() {
  State& s = *state_;
  if (s.reactor.exchange(nullptr) == nullptr) co_return;
  s.stopping = true;
  s.subscription.reset();
  s.woken->notify_all();
  while (s.running > 0) co_await s.woken->wait();
  while (!s.waiting.empty()) {
    const std::size_t before = s.waiting.size();
    co_await s.flush();
    if (s.waiting.size() == before) break;  // others notice that this process is silent
  }
  if (s.waiting.empty()) {
    s.self.beat = ChangeStore::kEnded;
    (void)co_await s.store.beat(s.self, s.on.clock.wall_ms());
  }
  co_await s.tasks->close();
}

void Changes::tell(std::string topic, std::string what) {
  assert(!topic.contains('\n') && !what.contains('\n'));
  State& s = *state_;
  Reactor* const reactor = s.reactor;
  if (reactor == nullptr) return;
  if (s.queued.fetch_add(1) >= s.options.queue) {
    --s.queued;
    s.overflowed = true;
    return;
  }
  reactor->post([state = state_, change = Change{std::move(topic), std::move(what)}]() mutable {
    state->waiting.push_back({0, std::move(change)});
    state->woken->notify_all();
  });
}

}  // namespace concord::changes
