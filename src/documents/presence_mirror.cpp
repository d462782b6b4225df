#include "documents/presence_mirror.h"

#include <algorithm>
#include <utility>

#include "documents/live_session.h"

namespace concord::documents {

namespace {

constexpr std::int64_t kSecondNs = 1'000'000'000;
constexpr Awareness::Pace kPace{.changed_ns = 2 * kSecondNs, .renewed_ns = 10 * kSecondNs};
constexpr std::int64_t kVisitsPaceNs = 10 * kSecondNs;
constexpr std::int64_t kSessionsPaceNs = 120 * kSecondNs;  // also where their number stays
constexpr std::int64_t kSessionsTtlMs = 300'000;
constexpr std::int64_t kClientSlackMs = 15'000;  // from when a client's time is up: the sweep says so first
constexpr std::int64_t kCloseMs = 2'000;
constexpr std::int64_t kWarnNs = 60 * kSecondNs;
constexpr std::size_t kMostQueued = 4'096;  // from then on nothing new is looked for
constexpr std::size_t kFewClients = 8;

/// Whose session a client's last word came by.
class Principals {
 public:
  Principals(const LiveDocument& document, std::size_t asked_for) : document_(document) {
    if (asked_for <= kFewClients) return;
    for (const LiveSession* session : document.sessions()) by_number_.emplace(session->number(), session);
  }
  std::string of(std::uint64_t number) const {
    if (const auto found = by_number_.find(number); found != by_number_.end()) return found->second->who().str();
    if (!by_number_.empty()) return {};
    const auto found = std::ranges::find(document_.sessions(), number, &LiveSession::number);
    return found == document_.sessions().end() ? std::string() : (*found)->who().str();
  }

 private:
  const LiveDocument& document_;
  std::unordered_map<std::uint64_t, const LiveSession*> by_number_;
};

}  // namespace

PresenceMirror::PresenceMirror(engines::Bus& bus, DocumentShard& shard, Logger logger)
    : bus_(bus),
      shard_(shard),
      logger_(std::move(logger)),
      tasks_(shard.reactor()),
      written_(shard.reactor()),
      writes_(shard.metrics().presence_writes),
      refusals_(shard.metrics().presence_refusals) {}

void PresenceMirror::came(const LiveSession& session) { note(session); }

void PresenceMirror::goes(const LiveSession& session) { note(session); }

/// Who came by a link is not remembered: whoever holds it is the same to the hub.
void PresenceMirror::note(const LiveSession& session) {
  auto [at, is_new] = visits_.try_emplace(session.document());
  Visits& visits = at->second;
  if (is_new) visits.since_ns = shard_.clock().monotonic_ns();
  visits.sessions_changed = true;
  const identity::Actor& who = session.who();
  if (who.agent && who.agent->link) return;
  if (visits.last_ms.size() < 2 * kMostVisits) visits.last_ms[who.str()] = shard_.clock().wall_ms();
}

void PresenceMirror::note_all(LiveDocument& document) {
  for (const LiveSession* session : document.sessions()) note(*session);
}

void PresenceMirror::sweep(std::int64_t now_ns) {
  if (queue_.size() > kMostQueued) return;
  shard_.each_open([&](LiveDocument& document) {
    if (!document.sessions().empty() && now_ns - document.sessions_told_ns > kSessionsPaceNs) note_all(document);
    collect(document, now_ns, kPace);
  });
  for (auto at = visits_.begin(); at != visits_.end();) {
    auto& [id, visits] = *at;
    if (std::exchange(visits.sessions_changed, false)) {
      if (const DocumentShard::Live document = shard_.find_open(id)) collect_sessions(*document, now_ns);
    }
    const bool due = now_ns - visits.since_ns >= kVisitsPaceNs;
    if (due) collect_visits(id, visits);
    at = due ? visits_.erase(at) : std::next(at);
  }
}

void PresenceMirror::collect(LiveDocument& document, std::int64_t now_ns, Awareness::Pace pace) {
  const Awareness::Changes changes = document.awareness().take_changes(now_ns, pace);
  if (changes.empty()) return;
  for (const std::uint64_t client : changes.gone) write({.key = presence_keys::client(document.id(), client)});
  const Principals principals(document, changes.changed.size());
  const std::int64_t ttl_ms = shard_.limits().awareness.timeout_ms + kClientSlackMs;
  const std::int64_t now_ms = shard_.clock().wall_ms();
  const auto wall_ms = [&](std::int64_t then_ns) { return now_ms - (now_ns - then_ns) / 1'000'000; };
  for (const Awareness::Present& client : changes.changed) {
    const Presence::Client record{client.client, principals.of(client.session), client.state, wall_ms(client.since_ns),
                                  wall_ms(client.renewed_ns)};
    write(
        {.key = presence_keys::client(document.id(), client.client), .value = encode_client(record), .ttl_ms = ttl_ms});
  }
}

void PresenceMirror::collect_sessions(LiveDocument& document, std::int64_t now_ns) {
  document.sessions_told_ns = now_ns;
  Write one{.key = presence_keys::sessions(document.id()), .ttl_ms = kSessionsTtlMs};
  if (!document.sessions().empty()) one.value = encode_sessions(document.sessions().size());
  write(std::move(one));
}

void PresenceMirror::collect_visits(DocumentId document, const Visits& visits) {
  const std::int64_t ttl_ms = shard_.limits().last_seen_ms;
  if (ttl_ms == 0 || visits.last_ms.empty()) return;
  Write one{.key = presence_keys::seen(document), .ttl_ms = ttl_ms};
  one.visits.reserve(visits.last_ms.size());
  for (const auto& [principal, last_ms] : visits.last_ms) one.visits.push_back({principal, last_ms});
  write(std::move(one));
}

Task<> PresenceMirror::flush(DocumentId document) {
  const std::int64_t now_ns = shard_.clock().monotonic_ns();
  if (const DocumentShard::Live open = shard_.find_open(document)) {
    if (open->sessions().size() <= kMostVisits) note_all(*open);
    collect(*open, now_ns, {});
    collect_sessions(*open, now_ns);
  }
  if (auto visits = visits_.extract(document)) collect_visits(document, visits.mapped());
  refusal_.reset();
  while (writing_) co_await written_.wait();
  if (refusal_) co_return fail(*refusal_);
  co_return Result<>{};
}

asio::awaitable<void> PresenceMirror::close() {
  shard_.each_open([&](LiveDocument& document) {
    collect(document, shard_.clock().monotonic_ns(), {});
    collect_sessions(document, shard_.clock().monotonic_ns());
  });
  for (auto& [id, visits] : std::exchange(visits_, {})) collect_visits(id, visits);
  if (writing_) co_await written_.wait(kCloseMs);
  co_await tasks_.close();
}

void PresenceMirror::write(Write one) {
  queue_.push_back(std::move(one));
  if (std::exchange(writing_, true)) return;
  tasks_.spawn(write_all());
}

/// One after the other: what is said of a client is in order.
asio::awaitable<void> PresenceMirror::write_all() {
  while (!queue_.empty()) {
    const Write one = std::move(queue_.front());
    queue_.pop_front();
    writes_.add();
    if (auto done = co_await put(one); !done) refused(done.error());
  }
  writing_ = false;
  written_.notify_all();
}

Task<> PresenceMirror::put(const Write& one) {
  if (!one.visits.empty()) {
    CO_TRY(const auto before, co_await bus_.get(one.key));
    std::vector<Presence::Visit> visits = before ? decode_visits(*before) : std::vector<Presence::Visit>();
    visits.insert(visits.end(), one.visits.begin(), one.visits.end());
    visits = merge_visits(std::move(visits), shard_.clock().wall_ms() - one.ttl_ms);
    co_return co_await bus_.set(one.key, encode_visits(visits), one.ttl_ms);
  }
  if (!one.value) co_return co_await bus_.erase(one.key);
  co_return co_await bus_.set(one.key, *one.value, one.ttl_ms);
}

void PresenceMirror::refused(const Error& error) {
  refusals_.add();
  refusal_ = error;
  const std::int64_t now_ns = shard_.clock().monotonic_ns();
  if (warned_ns_ != 0 && now_ns - warned_ns_ < kWarnNs) return;
  warned_ns_ = now_ns;
  logger_.warn("the bus does not take who is at documents", {{"error", error.message}});
}

}  // namespace concord::documents
