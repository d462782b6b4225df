#include "documents/ot_socket.h"

#include <fmt/format.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include "documents/ot_far.h"
#include "documents/ot_session.h"

namespace concord::documents {

namespace {

constexpr std::size_t kMostDocuments = 100;

std::unexpected<Error> too_much() { return fail(Code::kRateLimited, "too much at once; slow down"); }

}  // namespace

void OtChannel::look() {
  if (looking.exchange(true)) return;
  asio::post(home.reactor().context(), [self = shared_from_this()] {
    self->looking = false;
    if (self->socket == nullptr) return;
    const std::size_t now = self->socket->unsent_bytes();
    if (self->waiting.exchange(now) == 0 || now > 0) return;
    self->document.post([self] {
      if (self->session != nullptr) self->session->drained();
    });
  });
}

std::size_t OtChannel::unsent_bytes() {
  const std::size_t now = waiting;
  if (now > 0 && !looking) home.post([self = shared_from_this()] { self->look(); });
  return now;
}

OtSocket::OtSocket(const LivePlaces& places, LiveRelay* relay, Mailbox& home, socketio::Socket& socket,
                   std::string token)
    : places_(places), relay_(relay), home_(home), socket_(socket), token_(std::move(token)) {}

void OtSocket::on_event(const socketio::Event& event) {
  const std::string_view argument = event.arguments.empty() ? std::string_view() : event.arguments.front();
  auto done = dispatch(event, argument);
  if (done) return;
  if (event.id)
    acknowledge(*event.id, ot_protocol::failed(done.error()));
  else
    emit(ot_protocol::kRefused, ot_protocol::refused(event.name, "", done.error()));
}

Result<> OtSocket::dispatch(const socketio::Event& event, std::string_view argument) {
  if (event.arguments.size() > 1 || !event.attachments.empty())
    return fail(
        Error{Code::kInvalidArgument, "an event has one argument, and no attachments", {{"field", "argument"}}});
  if (event.name == ot_protocol::kJoin) return join(argument, event.id);
  if (event.name == ot_protocol::kSendChanges) return send_changes(argument, event.id);
  if (event.name == ot_protocol::kCursor) return move_cursor(argument);
  if (event.name == ot_protocol::kTyping) return set_typing(argument);
  if (event.name == ot_protocol::kLeave) return leave(argument, event.id);
  if (event.name == ot_protocol::kAuthenticate) return authenticate(argument, event.id);
  return fail(Error{Code::kInvalidArgument, "there is no such event", {{"field", "event"}}});
}

Result<std::shared_ptr<OtChannel>> OtSocket::channel_of(DocumentId document) const {
  const auto found = channels_.find(document.str());
  if (found != channels_.end()) return found->second;
  return fail(Error{Code::kConflict, "join the document first", {{"field", "document"}}});
}

Result<> OtSocket::join(std::string_view argument, AckId ack) {
  TRY(ot_protocol::Join join, ot_protocol::read_join(argument));
  if (join.token.empty()) join.token = token_;
  if (join.token.empty())
    return fail(
        Error{Code::kUnauthenticated, "a token is needed, here or in the connection's auth", {{"field", "token"}}});
  TRY(const bool passed, pass_on(join.document, ot_protocol::kJoin, argument, ack));
  if (passed) return {};
  std::string id = join.document.str();
  if (channels_.contains(id)) return fail(Code::kConflict, "the document is joined already");
  if (channels_.size() >= kMostDocuments)
    return fail(Error{Code::kTooLarge,
                      fmt::format("more than {} documents on one connection", kMostDocuments),
                      {{"limit", std::to_string(kMostDocuments)}}});
  const auto& sessions = places_.of(join.document);
  auto channel = std::make_shared<OtChannel>(*this, home_, sessions->mailbox(), std::move(id));
  channels_.emplace(channel->id, channel);
  const SessionRequest request{join.document, socket_.address(), socket_.request_id()};
  channel->document.post([sessions, channel, request, join = std::move(join), ack] {
    auto session = std::make_unique<OtSession>(*sessions, channel, request, join, ack);
    OtSession& made = *session;
    sessions->add(std::move(session));
    made.begin(join.token);
  });
  return {};
}

Result<> OtSocket::leave(std::string_view argument, AckId ack) {
  TRY(const DocumentId document, ot_protocol::read_document(argument));
  TRY(const bool passed, pass_on(document, ot_protocol::kLeave, argument, ack));
  if (passed) return {};
  TRY(const auto channel, channel_of(document));
  forget(channel);
  if (ack) acknowledge(*ack, "{}");
  return {};
}

Result<> OtSocket::send_changes(std::string_view argument, AckId ack) {
  TRY(ot_protocol::Changes changes,
      ot_protocol::read_changes(argument, {.max_bytes = argument.size(), .max_values = 200'000, .max_depth = 32}));
  TRY(const bool passed, pass_on(changes.document, ot_protocol::kSendChanges, argument, ack));
  if (passed) return {};
  TRY(const auto channel, channel_of(changes.document));
  const bool told = channel->tell(argument.size(), [changes = std::move(changes), ack](OtSession& session) mutable {
    session.send_changes(std::move(changes), ack);
  });
  return told ? Result<>() : Result<>(too_much());
}

Result<> OtSocket::move_cursor(std::string_view argument) {
  TRY(const ot_protocol::CursorMoved moved, ot_protocol::read_cursor(argument));
  TRY(const bool passed, pass_on(moved.document, ot_protocol::kCursor, argument, {}));
  if (passed) return {};
  TRY(const auto channel, channel_of(moved.document));
  const bool told =
      channel->tell(argument.size(), [cursor = moved.cursor](OtSession& session) { session.move_cursor(cursor); });
  return told ? Result<>() : Result<>(too_much());
}

Result<> OtSocket::set_typing(std::string_view argument) {
  TRY(const ot_protocol::Typing said, ot_protocol::read_typing(argument));
  TRY(const bool passed, pass_on(said.document, ot_protocol::kTyping, argument, {}));
  if (passed) return {};
  TRY(const auto channel, channel_of(said.document));
  const bool told =
      channel->tell(argument.size(), [typing = said.typing](OtSession& session) { session.set_typing(typing); });
  return told ? Result<>() : Result<>(too_much());
}

/// For what is joined from now on, and for all that is.
Result<> OtSocket::authenticate(std::string_view argument, AckId ack) {
  TRY(std::string token, ot_protocol::read_token(argument));
  if (token.empty()) return fail(json::field_error("token", "is required"));
  for (const auto& [shard, far] : far_)
    if (!far->events->send({.id = {}, .name = ot_protocol::kAuthenticate, .argument = argument})) return too_much();
  for (const auto& [id, channel] : channels_)
    if (!channel->tell(token.size(), [token](OtSession& session) { session.renew(token); })) return too_much();
  token_ = std::move(token);
  if (ack) acknowledge(*ack, "{}");
  return {};
}

void OtSocket::forget(const std::shared_ptr<OtChannel>& channel) {
  // It may be the map's.
  const std::shared_ptr<OtChannel> kept = channel;  // NOLINT(performance-unnecessary-copy-initialization)
  const auto found = channels_.find(kept->id);
  if (found != channels_.end() && found->second == kept) channels_.erase(found);
  kept->socket = nullptr;
  kept->document.post([kept] {
    if (kept->session != nullptr) kept->session->leave();
  });
}

void OtSocket::on_drained() {
  for (const auto& [id, channel] : channels_) channel->look();
  for (const auto& [shard, far] : far_) far->events->drained();
}

void OtSocket::on_disconnect() {
  while (!channels_.empty()) forget(std::shared_ptr(channels_.begin()->second));
  for (const auto& [shard, far] : std::exchange(far_, {})) far->events->close();
}

}  // namespace concord::documents
