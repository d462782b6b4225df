#include "documents/annotation_queue.h"

#include <algorithm>

#include "crdt/update.h"
#include "documents/live_session.h"
#include "documents/live_sessions.h"

namespace concord::documents {

AnnotationQueue::AnnotationQueue(LiveSession& session) : session_(session) {}

Result<> AnnotationQueue::push(ByteView update, bool may_be_known) {
  if (waiting_.size() >= kMostWaiting || bytes_ + update.size() > kMostBytes)
    return fail(Error{Code::kRateLimited,
                      "too many changes wait to be checked; slow down",
                      {{"limit", std::to_string(kMostWaiting)}}});
  waiting_.push_back({std::make_shared<const Bytes>(to_bytes(update)), may_be_known});
  bytes_ += update.size();
  if (running_) return {};
  running_ = true;
  live_ = session_.live_;
  ++session_.references_;
  session_.sessions_.spawn(run());
  return {};
}

/// Until what was submitted before is applied: what comes next may build on it.
asio::awaitable<void> AnnotationQueue::settle() {
  DocumentShard& shard = session_.shard();
  AsyncEvent event(shard.reactor());
  bool settled = false;
  shard.shard().barrier([&] {
    settled = true;
    event.notify_all();
  });
  while (!settled) co_await event.wait();
}

asio::awaitable<void> AnnotationQueue::run() {
  while (!waiting_.empty() && !session_.ended_) {
    co_await settle();
    const Level level = session_.access();
    auto verdicts = co_await judge_waiting();
    if (!verdicts) {
      session_.refuse(verdicts.error());
      break;
    }
    if (session_.access() < level) continue;  // may less than it was judged by
    for (const Verdict& verdict : *verdicts) {
      if (session_.ended_) break;
      carry_out(verdict);
    }
  }
  drop();
  running_ = false;
  live_.reset();
  --session_.references_;
  session_.sessions_.release(session_);
}

void AnnotationQueue::drop() {
  waiting_.clear();
  bytes_ = 0;
}

Task<std::vector<AnnotationQueue::Verdict>> AnnotationQueue::judge_waiting() {
  std::vector<Waiting> batch(waiting_.begin(), waiting_.end());
  std::vector<Verdict> out;
  if (session_.may_write()) {
    out.resize(batch.size());
    co_return out;
  }
  if (!session_.may_annotate()) {
    out.reserve(batch.size());
    for (std::size_t i = 0; i < batch.size(); ++i)
      out.push_back({.allowed = fail(Code::kPermissionDenied, "you may not change this document")});
    co_return out;
  }
  const Bytes state = live_->state().encode_state_as_update();
  const Annotator who{session_.who().str(), session_.access() >= Level::kSuggest, crdt::ClientId{session_.wrote_as_}};
  co_return co_await session_.shard().pool().run<std::vector<Verdict>>(
      [&state, &batch, &who]() -> Result<std::vector<Verdict>> { return judge(state, batch, who); });
}

/// Of as many as can be told: a refused one may have changed the copy.
std::vector<AnnotationQueue::Verdict> AnnotationQueue::judge(const Bytes& state, const std::vector<Waiting>& batch,
                                                             Annotator who) {
  std::vector<Verdict> out;
  out.reserve(batch.size());
  crdt::Doc copy;
  if (auto loaded = copy.apply_update(state); !loaded) {
    out.push_back({.allowed = fail(std::move(loaded).error())});
    return out;
  }
  for (const Waiting& one : batch) {
    const auto info = crdt::describe_update(*one.update);
    if ((info && info->empty()) || (one.may_be_known && copy.covers(*one.update).value_or(false))) {
      out.push_back({.known = true});
      continue;
    }
    auto touched = annotate(copy, *one.update, who);
    if (!touched) {
      out.push_back({.allowed = fail(std::move(touched).error())});
      return out;
    }
    if (touched->clients.size() == 1) who.wrote_as = touched->clients.front();
    out.push_back({.adds = info && info->structs > 0, .clients = std::move(touched->clients)});
  }
  return out;
}

/// Of the first that waits.
void AnnotationQueue::carry_out(const Verdict& verdict) {
  const Waiting one = std::move(waiting_.front());
  waiting_.pop_front();
  bytes_ -= one.update->size();
  if (!verdict.allowed) return session_.refuse(verdict.allowed.error());
  if (verdict.known) return session_.acknowledge();
  if (std::ranges::any_of(verdict.clients, [this](crdt::ClientId client) { return is_anothers(client); }))
    return session_.refuse(Error{Code::kPermissionDenied, "you may not write as a client of somebody else's", {}});
  if (verdict.clients.size() == 1) session_.wrote_as_ = verdict.clients.front().value;
  if (auto taken = session_.take(live_, one.update, verdict.adds); !taken) session_.refuse(taken.error());
}

/// Whether another principal who is there speaks for it.
bool AnnotationQueue::is_anothers(crdt::ClientId client) const {
  const std::uint64_t speaker = live_->awareness().session_of(client.value);
  if (speaker == 0 || speaker == session_.number()) return false;
  const auto found = std::ranges::find(live_->sessions(), speaker, &LiveSession::number);
  return found != live_->sessions().end() && (*found)->who().str() != session_.who().str();
}

}  // namespace concord::documents
