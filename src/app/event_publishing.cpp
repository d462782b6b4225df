#include "app/event_publishing.h"

#include "drivers/open.h"
#include "shard/settings.h"

namespace concord::app {

namespace {
constexpr std::int64_t kLookMs = 250;         // while nothing waits
constexpr std::int64_t kMaxRetryMs = 10'000;  // while the broker is away
}  // namespace

Result<std::unique_ptr<EventPublishing>> EventPublishing::make(const Config& config, Dependencies on) {
  TRY(auto topics, drivers::open_topics(config, on.logger, on.metrics));
  if (!topics) return nullptr;
  return std::unique_ptr<EventPublishing>(new EventPublishing(config, std::move(on), std::move(topics)));
}

EventPublishing::EventPublishing(const Config& config, Dependencies on, std::unique_ptr<engines::Topics> topics)
    : on_(std::move(on)),
      topics_(std::move(topics)),
      journal_({}, {on_.tables, on_.clock, on_.ids, on_.metrics, on_.logger}),
      publisher_({on_.tables, *topics_, on_.ids, on_.metrics, config.string("EVENTS_TOPIC_PREFIX"), on_.logger}),
      job_({.name = "events",
            .node = on_.node,
            .lease_ms = shard::limits_from(config).lease_ms,
            .every_ms = kLookMs,
            .max_retry_ms = kMaxRetryMs},
           on_.reactor, on_.coordination, on_.clock, on_.metrics, on_.logger,
           [this](shard::Term& term) { return run(term); }) {}

void EventPublishing::publish() {
  publishes_ = true;
  on_.reactor.post([this] { job_.start(); });
}

asio::awaitable<void> EventPublishing::stop() {
  co_await journal_.stop();
  if (publishes_) co_await job_.stop();
}

/// Where it fails the term ends, and after a pause this node or another begins again.
Task<> EventPublishing::run(shard::Term& term) {
  CO_TRY_VOID(co_await publisher_.prepare());
  while (!term.over()) {
    CO_TRY(const std::size_t published, co_await publisher_.publish_some());
    if (published == 0) co_await term.wait(kLookMs);
  }
  co_return Result<>{};
}

}  // namespace concord::app
