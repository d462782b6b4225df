#include "documents/sync_handler.h"

namespace concord::documents {

namespace {
constexpr std::int64_t kSweepNs = 2'000'000'000;
constexpr std::int64_t kRetryMs = 200;
constexpr int kMostRetries = 25;
constexpr std::string_view kSignedOut = "the session was signed out";

std::unexpected<Error> no_such_document() { return fail(Code::kNotFound, "there is no such document"); }
}  // namespace

SyncHandler::SyncHandler(DocumentShard& shard, access::Access& access, identity::Identity& identity, Logger logger)
    : shard_(shard), access_(access), identity_(identity), logger_(std::move(logger)), tasks_(shard.reactor()) {
  shard_.on_sweep([this](std::int64_t now_ns) { sweep(now_ns); });
}

void SyncHandler::on_open(net::WebSocket& socket, std::shared_ptr<void> state) {
  SyncRequest request = std::move(*std::static_pointer_cast<SyncRequest>(state));
  const std::uint64_t number = next_number_++;
  std::string token = std::move(request.token);
  auto session = std::make_unique<SyncSession>(*this, socket, number, request, shard_.clock().monotonic_ns());
  socket.set_context(session.get());
  SyncSession& opened = *session;
  sessions_.emplace(number, std::move(session));
  shard_.metrics().sessions.add(1);
  if (!token.empty()) sign_in(opened, std::move(token));
}

void SyncHandler::on_message(net::WebSocket& socket, net::Opcode opcode, ByteView payload) {
  static_cast<SyncSession*>(socket.context())->receive(opcode, payload);
}

void SyncHandler::on_close(net::WebSocket& socket, std::uint16_t) {
  auto& session = *static_cast<SyncSession*>(socket.context());
  session.socket_closed();
  shard_.metrics().sessions.add(-1);
  release(session);
}

void SyncHandler::release(SyncSession& session) {
  if (session.finished()) sessions_.erase(session.number());
}

void SyncHandler::sign_in(SyncSession& session, std::string token) {
  if (session.opening_) {
    if (session.opening_->signing_in) {
      session.end(net::CloseCode::kPolicyViolation, "a token is being checked already");
      return;
    }
    session.opening_->signing_in = true;
  }
  ++session.references_;
  tasks_.spawn(open(session, std::move(token)));
}

asio::awaitable<void> SyncHandler::open(SyncSession& session, std::string token) {
  auto done = co_await try_open(session, std::move(token));
  --session.references_;
  if (!done) {
    const Code code = done.error().code;
    if (code == Code::kCorrupt || code == Code::kInternal) {
      logger_.error("could not open a session",
                    {{"document", session.document().str()}, {"error", done.error().message}});
    }
    session.end(code == Code::kNotFound          ? net::CloseCode::kNotFound
                : code == Code::kUnauthenticated ? net::CloseCode::kUnauthenticated
                : code == Code::kUnavailable     ? net::CloseCode::kTryAgainLater
                                                 : net::CloseCode::kInternal,
                done.error().message);
  }
  release(session);
}

Task<> SyncHandler::try_open(SyncSession& session, std::string token) {
  CO_TRY(auto who, co_await identity_.authenticate_bearer(token));
  if (session.socket_ == nullptr) co_return Result<>{};
  if (!session.opening_) {  // a renewal
    if (who.actor().str() != session.who().str()) {
      co_return fail(Code::kUnauthenticated, "the new token is another principal's");
    }
    session.expires_ms_ = who.expires_ms;
    session.sign_in_ = who.session;
    co_return still_signed_in(session);
  }
  session.who_ = who.actor();
  session.expires_ms_ = who.expires_ms;
  session.sign_in_ = who.session;
  CO_TRY_VOID(still_signed_in(session));
  CO_TRY(auto decision, co_await access_.decide(session.who(), session.document().str()));
  if (decision.level == Level::kNone) co_return no_such_document();
  CO_TRY(auto live, co_await shard_.open(session.document()));
  // Asked again: a change that came while the document loaded found no open session to tell.
  std::uint64_t generation = 0;
  do {
    generation = access_.generation();
    CO_TRY(decision, co_await access_.decide(session.who(), session.document().str()));
  } while (generation != access_.generation());
  if (session.socket_ == nullptr) co_return Result<>{};
  if (live->removed || decision.level == Level::kNone) co_return no_such_document();
  session.opened(std::move(live), decision);
  co_return Result<>{};
}

/// Asked once the session can be found by its sign-in: one that ended before found none to end.
Result<> SyncHandler::still_signed_in(const SyncSession& session) const {
  if (!identity_.has_ended(session.sign_in())) return {};
  return fail(Code::kUnauthenticated, std::string(kSignedOut));
}

void SyncHandler::sign_in_ended(identity::SessionId sign_in) {
  std::vector<SyncSession*> ended;  // closing one may take it off the map
  for (auto& [number, session] : sessions_) {
    if (session->sign_in() == sign_in) ended.push_back(session.get());
  }
  for (SyncSession* session : ended) session->end(net::CloseCode::kUnauthenticated, kSignedOut);
}

void SyncHandler::access_changed(std::optional<DocumentId> document) {
  for (const auto& [number, session] : sessions_)
    if (!document || session->document() == *document) to_ask_.insert(number);
  if (asking_ || to_ask_.empty()) return;
  asking_ = true;
  tasks_.spawn(ask_anew());
}

/// One after the other; what changes meanwhile is asked once more.
asio::awaitable<void> SyncHandler::ask_anew() {
  while (!to_ask_.empty()) {
    const std::uint64_t number = *to_ask_.begin();
    to_ask_.erase(to_ask_.begin());
    co_await ask_anew(number);
  }
  asking_ = false;
}

/// One that is being opened asks by itself.
asio::awaitable<void> SyncHandler::ask_anew(std::uint64_t number) {
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

void SyncHandler::sweep(std::int64_t now_ns) {
  if (now_ns - swept_ns_ < kSweepNs) return;
  swept_ns_ = now_ns;
  const std::int64_t now_wall_ms = shard_.clock().wall_ms();
  // A session that is ended here stays in the map until its on_close, which the socket's engine calls later or now.
  std::vector<SyncSession*> all;
  all.reserve(sessions_.size());
  for (auto& [number, session] : sessions_) all.push_back(session.get());
  for (SyncSession* session : all) {
    if (session->access_expired(now_wall_ms)) to_ask_.insert(session->number());
    session->check_deadline(now_ns, now_wall_ms);
  }
  if (asking_ || to_ask_.empty()) return;
  asking_ = true;
  tasks_.spawn(ask_anew());
}

asio::awaitable<void> SyncHandler::close() { co_await tasks_.close(); }

}  // namespace concord::documents
