#include "documents/live_sessions.h"

#include <algorithm>

namespace concord::documents {

namespace {
constexpr std::int64_t kSweepNs = 2'000'000'000;
constexpr std::int64_t kRetryMs = 200;
constexpr int kMostRetries = 25;
constexpr std::string_view kSignedOut = "the session was signed out";

/// Not a token that is too old: who shows that signs in again.
bool is_refusal(const Error& error) {
  if (error.code != Code::kUnauthenticated) return error.code == Code::kRateLimited;
  return std::ranges::none_of(error.context,
                              [](const auto& fact) { return fact.first == "reason" && fact.second == "expired"; });
}

std::unexpected<Error> no_such_document() { return fail(Code::kNotFound, "there is no such document"); }
}  // namespace

LiveSessions::LiveSessions(DocumentShard& shard, Mailbox& mailbox, const LiveDependencies& on,
                           std::shared_ptr<SessionCounts> counts)
    : shard_(shard),
      mailbox_(mailbox),
      access_(on.access),
      identity_(on.identity),
      logger_(on.logger),
      watch_(on.watch),
      events_(on.events),
      presence_(on.bus, shard, on.logger),
      reconnects_(on.reconnects),
      counts_(std::move(counts)),
      tasks_(shard.reactor()),
      answers_(*this) {
  shard_.on_sweep([this](std::int64_t now_ns) { sweep(now_ns); });
  shard_.on_leave([this](const DocumentShard::Which& leaves) {
    end_each([&leaves](const LiveSession& session) { return leaves(session.document()); }, net::CloseCode::kGoingAway,
             "the document moves; connect again");
  });
}

void LiveSessions::tell(const LiveSession& session, std::string_view what) {
  if (events_ == nullptr) return;
  events_->note({.topic = events::Topic::kCollaboration,
                 .key = session.document().str(),
                 .type = "session." + std::string(what),
                 .actor = session.who().str(),
                 .time_ms = events_->now_ms()});
}

LiveSession& LiveSessions::add(std::unique_ptr<LiveSession> session) {
  LiveSession& added = *session;
  sessions_.emplace(added.number(), std::move(session));
  shard_.metrics().sessions.add(1);
  return added;
}

void LiveSessions::release(LiveSession& session) {
  if (!session.finished()) return;
  if (auto taken = sessions_.extract(session.number())) finished_.push_back(std::move(taken.mapped()));
}

void LiveSessions::sign_in(LiveSession& session, std::string token) {
  if (session.opening_) {
    if (session.opening_->signing_in) {
      session.end(net::CloseCode::kPolicyViolation, "a token is being checked already");
      return;
    }
    session.opening_->signing_in = true;
  }
  ++session.references_;
  if (!session.opening_) return tasks_.spawn(renew(session, std::move(token)));
  waiting_.push_back({&session, std::move(token)});
  shard_.metrics().sessions_waiting.add(1);
  open_next();
}

/// So many at once that loading documents is kept busy, and what they hold meanwhile stays bounded.
void LiveSessions::open_next() {
  while (opening_ < shard_.limits().sessions_opening && !waiting_.empty()) {
    Waiting next = std::move(waiting_.front());
    waiting_.pop_front();
    shard_.metrics().sessions_waiting.add(-1);
    ++opening_;
    shard_.metrics().sessions_opening.add(1);
    tasks_.spawn(open(*next.session, std::move(next.token)));
  }
}

asio::awaitable<void> LiveSessions::open(LiveSession& session, std::string token) {
  auto done = session.connected_ && !session.ended_ ? co_await try_open(session, std::move(token)) : Result<>();
  --opening_;
  shard_.metrics().sessions_opening.add(-1);
  --session.references_;
  if (!done) could_not_open(session, done.error());
  release(session);
  open_next();
}

asio::awaitable<void> LiveSessions::renew(LiveSession& session, std::string token) {
  auto done = co_await try_renew(session, std::move(token));
  --session.references_;
  if (!done) could_not_open(session, done.error());
  release(session);
}

void LiveSessions::could_not_open(LiveSession& session, const Error& error) {
  if (error.code == Code::kCorrupt || error.code == Code::kInternal)
    logger_.error("could not open a session", {{"document", session.document().str()}, {"error", error.message}});
  if (is_refusal(error)) tell_refusal(session, error);
  if (session.connected_ && !session.ended_) session.could_not_open(error);
}

Task<> LiveSessions::try_renew(LiveSession& session, std::string token) {
  CO_TRY(const auto who, co_await identity_.authenticate_bearer(token));
  if (!session.connected_) co_return Result<>{};
  co_return renew(session, who);
}

Result<> LiveSessions::renew(LiveSession& session, const identity::Authenticated& who) const {
  if (who.actor().str() != session.who().str())
    return fail(Code::kUnauthenticated, "the new token is another principal's");
  session.expires_ms_ = who.expires_ms;
  session.sign_in_ = who.session;
  return still_signed_in(session);
}

Task<> LiveSessions::try_open(LiveSession& session, std::string token) {
  CO_TRY(auto who, co_await identity_.authenticate_bearer(token));
  if (!session.connected_ || !session.opening_) co_return Result<>{};
  const Reader reader{.who = who, .address = session.opening_->address};
  if (watch_ != nullptr) CO_TRY_VOID(watch_->admit(reader));
  session.who_ = who.actor();
  session.expires_ms_ = who.expires_ms;
  session.sign_in_ = who.session;
  CO_TRY_VOID(still_signed_in(session));
  CO_TRY(session.place_, counts_->take(session.who()));
  CO_TRY(auto decision, co_await access_.decide(session.who(), session.document().str()));
  if (decision.level == Level::kNone) {
    if (watch_ != nullptr) watch_->missed(reader, session.document().str());
    co_return no_such_document();
  }
  CO_TRY(auto live, co_await shard_.open(session.document()));
  // Asked again: a change that came while the document loaded found no open session to tell.
  std::uint64_t generation = 0;
  do {
    generation = access_.generation();
    CO_TRY(decision, co_await access_.decide(session.who(), session.document().str()));
  } while (generation != access_.generation());
  if (!session.connected_ || session.ended_) co_return Result<>{};
  if (live->removed || decision.level == Level::kNone) co_return no_such_document();
  if (live->left) co_return fail(Code::kUnavailable, "the document moves; connect again");
  if (watch_ != nullptr) watch_->read(reader, session.document().str());
  session.enter(std::move(live), decision);
  co_return Result<>{};
}

void LiveSessions::tell_refusal(const LiveSession& session, const Error& error) {
  if (watch_ == nullptr) return;
  const bool known = session.expires_ms_ != 0;
  watch_->refused({.document = session.document().str(),
                   .actor = known ? session.who().str() : std::string(),
                   .session = known ? session.signed_in_by().str() : std::string(),
                   .address = session.opening_ ? session.opening_->address : std::string(),
                   .request_id = session.opening_ ? session.opening_->request_id : std::string(),
                   .error = error});
}

/// Asked once the session can be found by its sign-in: one that ended before found none to end.
Result<> LiveSessions::still_signed_in(const LiveSession& session) const {
  if (!identity_.has_ended(session.signed_in_by())) return {};
  return fail(Code::kUnauthenticated, std::string(kSignedOut));
}

template <class Which>
void LiveSessions::end_each(Which which, net::CloseCode code, std::string_view reason) {
  std::vector<LiveSession*> ended;  // ending one may take it off the map
  for (auto& [number, session] : sessions_) {
    if (which(*session)) ended.push_back(session.get());
  }
  for (LiveSession* session : ended) session->end(code, reason);
}

void LiveSessions::sign_in_ended(identity::SessionId sign_in) {
  end_each([&](const LiveSession& session) { return session.signed_in_by() == sign_in; },
           net::CloseCode::kUnauthenticated, kSignedOut);
}

void LiveSessions::locked_out(UserId user) {
  end_each([&](const LiveSession& session) { return session.who().user == user; }, net::CloseCode::kTryAgainLater,
           "this is locked for a while; an admin can end it sooner");
}

void LiveSessions::access_changed(std::optional<DocumentId> document) {
  for (const auto& [number, session] : sessions_)
    if (!document || session->document() == *document) to_ask_.insert(number);
  start_asking();
}

void LiveSessions::start_asking() {
  if (asking_ || to_ask_.empty()) return;
  asking_ = true;
  tasks_.spawn(ask_anew());
}

/// One after the other; what changes meanwhile is asked once more.
asio::awaitable<void> LiveSessions::ask_anew() {
  while (!to_ask_.empty()) {
    const std::uint64_t number = *to_ask_.begin();
    to_ask_.erase(to_ask_.begin());
    co_await ask_anew(number);
  }
  asking_ = false;
}

/// One that is being opened asks by itself.
asio::awaitable<void> LiveSessions::ask_anew(std::uint64_t number) {
  for (int tried = 0; tried < kMostRetries; ++tried) {
    auto found = sessions_.find(number);
    if (found == sessions_.end() || found->second->opening_) co_return;
    const auto decision = co_await access_.decide(found->second->who(), found->second->document().str());
    found = sessions_.find(number);
    if (found == sessions_.end()) co_return;
    if (decision) {
      found->second->set_access(*decision);
      co_return;
    }
    if (!co_await sleep_ms(kRetryMs)) co_return;
  }
  if (const auto found = sessions_.find(number); found != sessions_.end())
    found->second->end(net::CloseCode::kTryAgainLater, "what you may do here cannot be told at present");
}

void LiveSessions::sweep(std::int64_t now_ns) {
  finished_.clear();
  catch_up(now_ns);
  presence_.sweep(now_ns);
  answers_.sweep(now_ns);
  if (now_ns - swept_ns_ < kSweepNs) return;
  swept_ns_ = now_ns;
  const std::int64_t now_wall_ms = shard_.clock().wall_ms();
  std::vector<LiveSession*> all;  // ending one may take it off the map
  all.reserve(sessions_.size());
  for (auto& [number, session] : sessions_) all.push_back(session.get());
  for (LiveSession* session : all) {
    if (session->access_expired(now_wall_ms)) to_ask_.insert(session->number());
    session->check_deadline(now_ns, now_wall_ms);
  }
  start_asking();
}

void LiveSessions::catch_up(std::int64_t now_ns) {
  for (const std::uint64_t number : std::vector(lagging_.begin(), lagging_.end())) {
    const auto found = sessions_.find(number);
    if (found != sessions_.end() && found->second->lag_) {
      found->second->catch_up(now_ns);
    } else {
      lagging_.erase(number);
    }
  }
}

asio::awaitable<void> LiveSessions::close() {
  co_await tasks_.close();
  co_await answers_.close();
  co_await presence_.close();
}

}  // namespace concord::documents
