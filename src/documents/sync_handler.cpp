#include "documents/sync_handler.h"

namespace concord::documents {

namespace {
constexpr std::int64_t kSweepNs = 2'000'000'000;
constexpr std::string_view kSignedOut = "the session was signed out";
}  // namespace

SyncHandler::SyncHandler(DocumentShard& shard, DocumentStore& store, identity::Identity& identity, Logger logger)
    : shard_(shard), store_(store), identity_(identity), logger_(std::move(logger)), tasks_(shard.reactor()) {
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
    if (who.principal.id != session.user()) {
      co_return fail(Code::kUnauthenticated, "the new token is another principal's");
    }
    session.expires_ms_ = who.expires_ms;
    session.sign_in_ = who.session;
    co_return still_signed_in(session);
  }
  session.user_ = who.principal.id;
  session.expires_ms_ = who.expires_ms;
  session.sign_in_ = who.session;
  CO_TRY_VOID(still_signed_in(session));
  CO_TRY_VOID(co_await store_.find(session.document(), session.user()));
  CO_TRY(auto live, co_await shard_.open(session.document()));
  // Asked again: a grant that was taken away while the document loaded found no session to tell.
  CO_TRY(auto row, co_await store_.find(session.document(), session.user()));
  if (session.socket_ == nullptr) co_return Result<>{};
  if (live->removed) co_return fail(Code::kNotFound, "there is no such document");
  session.opened(std::move(live), row.access);
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

void SyncHandler::sweep(std::int64_t now_ns) {
  if (now_ns - swept_ns_ < kSweepNs) return;
  swept_ns_ = now_ns;
  const std::int64_t now_wall_ms = shard_.clock().wall_ms();
  // A session that is ended here stays in the map until its on_close, which the socket's engine calls later or now.
  std::vector<SyncSession*> all;
  all.reserve(sessions_.size());
  for (auto& [number, session] : sessions_) all.push_back(session.get());
  for (SyncSession* session : all) session->check_deadline(now_ns, now_wall_ms);
}

asio::awaitable<void> SyncHandler::close() { co_await tasks_.close(); }

}  // namespace concord::documents
