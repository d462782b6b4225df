#include "events/publisher.h"

#include <deque>
#include <map>
#include <utility>

#include "events/audit_events.h"

namespace concord::events {

namespace {

constexpr const char* kAuditSource = "audit";
constexpr std::int64_t kLinesAtOnce = 200;

/// What waits, by topic and key.
using Queues = std::map<std::pair<std::string, std::string>, std::deque<Waiting>>;

Counter& published(Metrics& metrics, const std::string& topic) {
  return metrics.counter("concord_events_published_total", "Events that this node has published.", {{"topic", topic}});
}

}  // namespace

Publisher::Publisher(Dependencies dependencies)
    : on_(std::move(dependencies)),
      audit_(on_.tables),
      outbox_(on_.ids),
      failures_(on_.metrics.counter("concord_events_failures_total", "Times that events could not be published.")),
      unreadable_(on_.metrics.counter("concord_events_unreadable_total",
                                      "Lines of the audit record that could not be told as events.")) {}

Task<> Publisher::prepare() {
  CO_TRY(const auto begun, co_await Outbox::position(on_.tables, kAuditSource));
  if (!begun) {
    CO_TRY(const audit::Head head, co_await audit_.head());
    CO_TRY_VOID(co_await Outbox::begin(on_.tables, kAuditSource, head.seq));
  }
  std::vector<std::string> names;
  for (const Topic topic : {Topic::kDocuments, Topic::kCollaboration, Topic::kUsers})
    names.push_back(name_of(to_string(topic)));
  auto prepared = co_await on_.topics.prepare(std::move(names));
  if (!prepared) failures_.add();
  co_return prepared;
}

Task<> Publisher::take_over_audit() {
  for (;;) {
    CO_TRY(const auto from, co_await Outbox::position(on_.tables, kAuditSource));
    if (!from) co_return Result<>{};
    CO_TRY(const auto lines, co_await audit_.after(*from, kLinesAtOnce));
    if (lines.empty()) co_return Result<>{};
    std::vector<Event> events;
    for (const audit::Line& line : lines) {
      auto event = event_of(line.text);
      if (!event) {  // one line does not hold up all that come behind it
        unreadable_.add();
        on_.logger.error("a line of the audit record is not published",
                         {{"line", line.seq}, {"error", event.error().message}});
      } else if (*event) {
        events.push_back(std::move(**event));
      }
    }
    // What the body uses lives in this frame, which outlives it.
    struct Step {
      const Outbox& outbox;
      const std::vector<Event>& events;
      std::uint64_t from, to;
    };
    const Step step{outbox_, events, *from, lines.back().seq};
    auto moved = co_await on_.tables.transaction([&step](engines::Transaction& transaction) -> Task<> {
      return [](engines::Transaction& tx, const Step& what) -> Task<> {
        CO_TRY_VOID(co_await Outbox::advance(tx, kAuditSource, what.from, what.to));
        co_return co_await what.outbox.add(tx, what.events);
      }(transaction, step);
    });
    if (!moved) co_return moved;
    if (std::cmp_less(lines.size(), kLinesAtOnce)) co_return Result<>{};
  }
}

Task<std::size_t> Publisher::publish_some() {
  CO_TRY_VOID(co_await take_over_audit());
  CO_TRY(auto waiting, co_await Outbox::waiting(on_.tables, kMostAtOnce));
  if (waiting.empty()) co_return std::size_t{0};
  co_return co_await send(std::move(waiting));
}

/// In rounds, of each key one.
Task<std::size_t> Publisher::send(std::vector<Waiting> waiting) {
  Queues queues;
  for (Waiting& one : waiting) queues[{one.topic, one.key}].push_back(std::move(one));
  std::vector<std::string> done;
  Result<> all;
  while (all && !queues.empty()) {
    std::vector<engines::TopicMessage> round;
    for (const auto& [key, queue] : queues)
      round.push_back({name_of(queue.front().topic), queue.front().key, queue.front().text});
    engines::Topics::Sent sent = co_await on_.topics.send(std::move(round));
    std::size_t i = 0;
    for (auto at = queues.begin(); at != queues.end(); ++i) {
      std::deque<Waiting>& queue = at->second;
      if (sent.durable[i]) {
        published(on_.metrics, queue.front().topic).add();
        done.push_back(std::move(queue.front().id));
        queue.pop_front();
      }
      at = queue.empty() ? queues.erase(at) : std::next(at);
    }
    all = std::move(sent.all);
  }
  const std::size_t count = done.size();
  CO_TRY_VOID(co_await Outbox::remove(on_.tables, std::move(done)));
  if (!all) {
    failures_.add();
    co_return fail(std::move(all).error());
  }
  co_return count;
}

}  // namespace concord::events
