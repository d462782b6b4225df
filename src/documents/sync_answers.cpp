#include "documents/sync_answers.h"

#include <algorithm>
#include <utility>

#include "base/async.h"
#include "documents/live_sessions.h"

namespace concord::documents {

namespace {
constexpr std::int64_t kLookAgainMs = 5;
constexpr std::size_t kSmallBytes = 64u << 10u;  // no more than is on its way to a client that reads much
}  // namespace

SyncAnswers::SyncAnswers(LiveSessions& sessions) : sessions_(sessions), tasks_(sessions.shard().reactor()) {}

/// One of a shard's own is always made, whatever the other shards have.
bool SyncAnswers::has_room() const {
  const auto most = static_cast<std::int64_t>(sessions_.shard().limits().max_unsent_sync_bytes);
  return unsent_.empty() || sessions_.shard().metrics().unsent_sync_bytes.value() < most;
}

void SyncAnswers::ask(LiveSession& session, crdt::StateVector of_client) {
  if (asked_.empty() && !has_room()) settle(sessions_.shard().clock().monotonic_ns());
  if (asked_.empty() && has_room()) return answer(session, of_client);
  asked_.push_back({session.number(), std::move(of_client)});
  sessions_.shard().metrics().answers_waiting.add(1);
  if (std::exchange(answering_, true)) return;
  tasks_.spawn(answer_all());
}

void SyncAnswers::answer(LiveSession& session, const crdt::StateVector& of_client) {
  const std::size_t before = session.unsent_bytes();
  session.tell_missing(of_client);
  const std::size_t after = session.unsent_bytes();
  if (after <= before) return;
  unsent_.push_back({session.number(), after - before, sessions_.shard().clock().monotonic_ns()});
  sessions_.shard().metrics().unsent_sync_bytes.add(static_cast<std::int64_t>(after - before));
}

/// What has been taken no longer counts. What waits may be other news: who takes anything comes below what there was,
/// and of whom little is waited for is a slow reader like any other (live_lag.cpp).
void SyncAnswers::settle(std::int64_t now_ns) {
  Gauge& of_all = sessions_.shard().metrics().unsent_sync_bytes;
  std::vector<LiveSession*> stuck;
  std::erase_if(unsent_, [&](Unsent& one) {
    LiveSession* session = sessions_.find(one.session);
    const std::size_t unsent = session != nullptr ? session->unsent_bytes() : 0;
    const std::size_t left = unsent < kSmallBytes ? 0 : std::min(one.bytes, unsent);
    if (left < one.bytes) one.since_ns = now_ns;
    of_all.add(-static_cast<std::int64_t>(one.bytes - left));
    one.bytes = left;
    if (left >= kSmallBytes && now_ns - one.since_ns > sessions_.shard().limits().slow_reader_ms * 1'000'000)
      stuck.push_back(session);
    return left == 0;
  });
  for (LiveSession* session : stuck)
    session->end(net::CloseCode::kSlowConsumer, "reads too slowly: nothing of what it asked for was taken");
}

void SyncAnswers::sweep(std::int64_t now_ns) { settle(now_ns); }

asio::awaitable<void> SyncAnswers::answer_all() {
  while (!asked_.empty()) {
    settle(sessions_.shard().clock().monotonic_ns());
    while (!asked_.empty() && has_room()) {
      const Asked next = std::move(asked_.front());
      asked_.pop_front();
      sessions_.shard().metrics().answers_waiting.add(-1);
      LiveSession* session = sessions_.find(next.session);
      if (session != nullptr && session->live_ && !session->ended_) answer(*session, next.of_client);
    }
    if (!asked_.empty() && !co_await sleep_ms(kLookAgainMs)) break;
  }
  answering_ = false;
}

asio::awaitable<void> SyncAnswers::close() { co_await tasks_.close(); }

}  // namespace concord::documents
