#include "documents/sync_session.h"

#include <algorithm>
#include <utility>

#include "crdt/state_vector.h"
#include "json/object.h"

namespace concord::documents {

namespace {

constexpr std::size_t kMaxTokenBytes = 4096;

net::Frame frame_of(const Published& what) {
  switch (what.kind()) {
    case Published::Kind::kUpdate:
      return sync_protocol::update_frame(*what.bytes());
    case Published::Kind::kAwareness:
      return sync_protocol::awareness_frame(*what.bytes());
    case Published::Kind::kStateless:
      break;  // not said in this dialect
  }
  std::unreachable();
}

std::string_view lost(Level now) {
  if (now == Level::kSuggest) return "you may no longer write this document, only suggest and comment";
  if (now == Level::kComment) return "you may only comment on this document now";
  return "you may only read this document now";
}

}  // namespace

SyncSession::SyncSession(LiveSessions& sessions, net::WebSocket& socket, const SyncRequest& request)
    : LiveSession(sessions, request.session),
      socket_(&socket),
      wants_saved_(request.wants_saved),
      wants_access_(request.wants_access) {}

void SyncSession::send(net::Frame frame) {
  if (socket_ != nullptr) socket_->send(std::move(frame));
}

void SyncSession::deliver(Published& what) {
  if (what.kind() == Published::Kind::kStateless) return;
  // Its own presence comes back to it: who hears nothing for 30 s, not even that, takes the connection for broken.
  if (what.from() == number() && what.kind() == Published::Kind::kUpdate) return;
  send(what.frame(Dialect::kSync, frame_of));
}

void SyncSession::close(net::CloseCode code, std::string_view reason) {
  if (socket_ != nullptr) socket_->close(code, reason);
}

void SyncSession::end_for(const Error& error) { end(close_code(error), error.message); }

void SyncSession::on_close() {
  socket_ = nullptr;
  disconnected();
}

void SyncSession::on_message(net::Opcode opcode, ByteView payload) {
  if (!within_rate()) return;
  if (opcode == net::Opcode::kText) {
    receive_text(payload);
  } else {
    receive(payload);
  }
}

void SyncSession::receive_text(ByteView payload) {
  auto fields = json::Object::parse(as_text(payload), {.max_bytes = 2 * kMaxTokenBytes});
  if (!fields) {
    end(net::CloseCode::kInvalidPayload, fields.error().message);
    return;
  }
  const auto type = fields->text("type", {.least = 1, .most = 32});
  if (type && *type == "watch") {
    const auto passive = fields->boolean("passive");
    if (!passive)
      return end(net::CloseCode::kInvalidPayload, R"(to watch is {"type":"watch","passive":true or false})");
    return set_passive(*passive);
  }
  auto token = fields->text("token", {.least = 1, .most = kMaxTokenBytes, .secret = true});
  if (!type || *type != "auth" || !token) {
    end(net::CloseCode::kInvalidPayload, R"(a text message is {"type":"auth","token":"…"} or {"type":"watch",…})");
    return;
  }
  sign_in(std::move(*token));
}

void SyncSession::handle(ByteView bytes) {
  using sync_protocol::Kind;
  const auto message = sync_protocol::parse(bytes);
  if (!message) {
    end_for(message.error());
    return;
  }
  switch (message->kind) {
    case Kind::kStateVector:
      if (auto done = answer(message->payload); !done) end_for(done.error());
      return;
    case Kind::kAnswer:
      receive_update(message->payload, true);
      return;
    case Kind::kUpdate:
      receive_update(message->payload, false);
      return;
    case Kind::kAwareness:
      if (auto done = submit_awareness(message->payload); !done) end_for(done.error());
      return;
    case Kind::kQueryAwareness:
      if (Bytes all = live().awareness().encode(); !all.empty()) send(sync_protocol::awareness_frame(all));
      return;
  }
}

void SyncSession::tell_missing(const crdt::StateVector& of_client) {
  send(sync_protocol::answer_frame(live().state().encode_state_as_update(of_client)));
}

void SyncSession::receive_update(ByteView update, bool may_be_known) {
  if (auto done = submit(update, may_be_known); !done) refused(done.error());
}

void SyncSession::refused(const Error& error) {
  if (error.code == Code::kPermissionDenied) send(sync_protocol::denied_frame(error.message));
  end_for(error);
}

void SyncSession::saved() {
  ++saved_;
  if (wants_saved_) send(sync_protocol::saved_frame(saved_));
}

void SyncSession::opened() {
  if (may_annotate()) send(sync_protocol::state_vector_frame(live().state().encode_state_vector()));
  if (Bytes all = live().awareness().encode(); !all.empty()) send(sync_protocol::awareness_frame(all));
}

/// Who may write may no more by sharing it, as far as this protocol goes.
void SyncSession::access_changed(Level before) {
  if (wants_access_) send(sync_protocol::access_frame(to_string(access())));
  const Level was = std::min(before, Level::kWrite);
  const Level is = std::min(access(), Level::kWrite);
  if (is < was) {
    send(sync_protocol::denied_frame(lost(is)));
  } else if (is > was) {  // what it has is wanted now
    send(sync_protocol::state_vector_frame(live().state().encode_state_vector()));
  }
}

}  // namespace concord::documents
