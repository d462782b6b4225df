#include "socketio/home.h"

#include <algorithm>

#include "socketio/answers.h"
#include "socketio/session_id.h"

namespace concord::socketio {

namespace {

constexpr std::int64_t kMs = 1'000'000;
constexpr std::int64_t kLongestWaitMs = 60'000;

}  // namespace

HomeMetrics::HomeMetrics(Metrics& metrics)
    : sessions(metrics.gauge("concord_socketio_sessions", "Open Socket.IO sessions.")),
      upgrades(metrics.counter("concord_socketio_upgrades_total", "Sessions that went from polling to a WebSocket.")) {
  for (int reason = 0; reason <= static_cast<int>(DisconnectReason::kShutdown); ++reason)
    ended_.push_back(&metrics.counter("concord_socketio_ended_total", "Socket.IO connections that ended, by reason.",
                                      {{"reason", std::string(to_string(static_cast<DisconnectReason>(reason)))}}));
}

Home::Home(Reactor& reactor, std::size_t index, const Options& options, std::size_t max_sessions, Clock& clock,
           HomeMetrics& metrics, std::unique_ptr<Handler> handler)
    : reactor_(reactor),
      index_(index),
      options_(options),
      max_sessions_(max_sessions),
      clock_(clock),
      metrics_(metrics),
      handler_(std::move(handler)),
      tasks_(reactor),
      wake_(reactor) {}

Home::~Home() = default;

void Home::start() { tasks_.spawn(run()); }

asio::awaitable<void> Home::close() {
  closing_ = true;
  std::vector<Session*> all;
  all.reserve(sessions_.size());
  for (const auto& [id, session] : sessions_) all.push_back(session.get());
  for (Session* session : all) session->end(DisconnectReason::kShutdown);
  co_await tasks_.close();
}

// Requests.

Result<> Home::has_room() const {
  if (closing_) return fail(Code::kUnavailable, "the hub is going away");
  if (sessions_.size() >= max_sessions_) return fail(Code::kUnavailable, "no more sessions fit; try again later");
  return {};
}

Task<net::Response> Home::open(Visitor visitor) {
  CO_TRY_VOID(has_room());
  const std::shared_ptr<Poll> poll = create(std::move(visitor), nullptr).poll();
  co_return text_answer(co_await poll->take());
}

Task<net::Response> Home::poll(std::string id) {
  Session* session = find(id);
  if (session == nullptr) co_return refusal(Refusal::kUnknownSession);
  const std::shared_ptr<Poll> poll = session->poll();
  release(*session);
  if (!poll) co_return refusal(Refusal::kBadRequest);
  co_return text_answer(co_await poll->take());
}

Task<net::Response> Home::post(std::string id, std::string payload) {
  Session* session = find(id);
  if (session == nullptr) co_return refusal(Refusal::kUnknownSession);
  if (!session->on_polling() || !session->receive_payload(payload)) co_return refusal(Refusal::kBadRequest);
  co_return text_answer("ok");
}

Task<std::optional<net::Response>> Home::before_probe(std::string id) {
  Session* session = find(id);
  if (session == nullptr) co_return std::optional(refusal(Refusal::kUnknownSession));
  if (!session->on_polling()) co_return std::optional(refusal(Refusal::kBadRequest));
  co_return std::optional<net::Response>();
}

// WebSockets.

void Home::on_open(net::WebSocket& socket, std::shared_ptr<void> state) {
  const auto opening = std::static_pointer_cast<Opening>(state);
  if (opening->session.empty()) {
    if (const auto room = has_room(); !room) {
      socket.close(net::CloseCode::kTryAgainLater, room.error().message);
      return;
    }
    socket.set_context(&create(std::move(opening->visitor), &socket));
    return;
  }
  Session* session = find(opening->session);
  if (session == nullptr || !session->probe(socket)) {
    socket.close(net::CloseCode::kPolicyViolation, "there is no session to upgrade");
    return;
  }
  socket.set_context(session);
}

void Home::on_message(net::WebSocket& socket, net::Opcode opcode, ByteView payload) {
  if (auto* session = static_cast<Session*>(socket.context())) session->socket_message(socket, opcode, payload);
}

void Home::on_drained(net::WebSocket& socket) {
  if (auto* session = static_cast<Session*>(socket.context())) session->socket_drained(socket);
}

void Home::on_close(net::WebSocket& socket, std::uint16_t) {
  if (auto* session = static_cast<Session*>(socket.context())) session->socket_closed(socket);
}

// Sessions.

Session& Home::create(Visitor visitor, net::WebSocket* socket) {
  std::string id = make_session_id(index_);
  auto session = std::make_unique<Session>(*this, id, std::move(visitor), socket);
  Session& created = *session;
  sessions_.emplace(std::move(id), std::move(session));
  metrics_.sessions.add(1);
  look_after(created, created.check(now_ns()));
  return created;
}

Session* Home::find(std::string_view id) {
  const auto found = sessions_.find(std::string(id));
  return found == sessions_.end() ? nullptr : found->second.get();
}

void Home::look_after(Session& session, std::int64_t due_ns) {
  if (session.due_ns != 0 && session.due_ns <= due_ns) return;
  if (session.due_ns != 0) due_.erase({session.due_ns, &session});
  session.due_ns = due_ns;
  due_.emplace(due_ns, &session);
  if (due_.begin()->second == &session) wake_.notify_all();
}

void Home::release(Session& session) {
  if (!session.finished()) return;
  const auto found = sessions_.find(session.id());
  if (found == sessions_.end()) return;
  if (session.due_ns != 0) due_.erase({session.due_ns, &session});
  metrics_.sessions.add(-1);
  gone_.push_back(std::move(found->second));
  sessions_.erase(found);
  if (gone_.size() == 1) reactor_.post([self = shared_from_this()] { self->gone_.clear(); });
}

asio::awaitable<void> Home::run() {
  while (!closing_) {
    check_due();
    std::int64_t wait_ms = kLongestWaitMs;
    if (!due_.empty())
      wait_ms = std::clamp<std::int64_t>((due_.begin()->first - now_ns()) / kMs + 1, 1, kLongestWaitMs);
    co_await wake_.wait(wait_ms);
  }
}

void Home::check_due() {
  const std::int64_t now = now_ns();
  while (!due_.empty() && due_.begin()->first <= now) {
    Session& session = *due_.begin()->second;
    due_.erase(due_.begin());
    session.due_ns = 0;
    if (const std::int64_t next = session.check(now); next != 0) look_after(session, std::max(next, now + 1));
    release(session);
  }
}

}  // namespace concord::socketio
