#include "documents/hocuspocus_session.h"

#include <algorithm>
#include <utility>

#include "crdt/state_vector.h"

namespace concord::documents {

namespace {

constexpr std::size_t kMostStatelessBytes = 64u << 10u;
constexpr std::int64_t kAskAgainNs = 10'000'000'000;

net::Frame frame_of(std::string_view key, const Published& what) {
  switch (what.kind()) {
    case Published::Kind::kUpdate:
      return hocuspocus::update_frame(key, *what.bytes());
    case Published::Kind::kAwareness:
      return hocuspocus::awareness_frame(key, *what.bytes());
    case Published::Kind::kStateless:
      return hocuspocus::stateless_frame(key, as_text(*what.bytes()));
  }
  std::unreachable();
}

}  // namespace

HocuspocusSession::HocuspocusSession(LiveSessions& sessions, std::shared_ptr<HocuspocusChannel> channel,
                                     const SessionRequest& request)
    : LiveSession(sessions, request),
      channel_(std::move(channel)),
      is_only_one_(channel_->key == request.document.str()) {
  channel_->session = this;
}

void HocuspocusSession::send(net::Frame frame) {
  if (!channel_->send(std::move(frame))) end(net::CloseCode::kSlowConsumer, "the client reads too slowly");
}

void HocuspocusSession::deliver(Published& what) {
  // Its own presence comes back to it: who hears nothing for 30 s, not even that, takes the connection for broken.
  if (what.from() == number() && what.kind() != Published::Kind::kAwareness) return;
  if (!is_only_one_) return send(frame_of(key(), what));
  send(what.frame(Dialect::kHocuspocus, [this](const Published& news) { return frame_of(key(), news); }));
}

void HocuspocusSession::drained() { catch_up(shard().clock().monotonic_ns()); }

void HocuspocusSession::close(net::CloseCode code, std::string_view reason) {
  channel_->ended(code, reason, code == net::CloseCode::kUnauthenticated);
}

void HocuspocusSession::end_for(const Error& error) { end(close_code(error), error.message); }

void HocuspocusSession::leave() {
  channel_->session = nullptr;
  disconnected();
}

void HocuspocusSession::receive_body(ByteView body) {
  if (!open() && !signing_in()) {
    auto message = hocuspocus::parse(body);
    if (!message) return end_for(message.error());
    if (message->kind == hocuspocus::Kind::kToken) return sign_in(std::string(message->text));
  }
  receive(body);
}

void HocuspocusSession::opened() {
  channel_->opened();
  send(hocuspocus::authenticated_frame(key(), may_write()));
  send_awareness();
}

/// Another token may come: the socket stays, unless it is the hub that cannot.
void HocuspocusSession::could_not_open(const Error& error) {
  switch (error.code) {
    case Code::kUnauthenticated:
    case Code::kPermissionDenied:
    case Code::kNotFound:
      end(open() ? net::CloseCode::kUnauthenticated : net::CloseCode::kPermissionDenied, error.message);
      return;
    default:
      end_for(error);
  }
}

void HocuspocusSession::handle(ByteView body) {
  using hocuspocus::Kind;
  const auto message = hocuspocus::parse(body);
  if (!message) return end_for(message.error());
  switch (message->kind) {
    case Kind::kStateVector:
      return answer(*message);
    case Kind::kAnswer:
      return receive_update(message->payload, true);
    case Kind::kUpdate:
      return receive_update(message->payload, false);
    case Kind::kAwareness:
      if (auto done = submit_awareness(message->payload); !done) end_for(done.error());
      return;
    case Kind::kToken:
      return sign_in(std::string(message->text));
    case Kind::kQueryAwareness:
      return send_awareness();
    case Kind::kStateless:
      return publish_stateless(message->text);
  }
}

void HocuspocusSession::send_state_vector() {
  send(hocuspocus::state_vector_frame(key(), live().state().encode_state_vector()));
}

void HocuspocusSession::send_awareness() {
  if (const Bytes all = live().awareness().encode(); !all.empty()) send(hocuspocus::awareness_frame(key(), all));
}

void HocuspocusSession::answer(const hocuspocus::Message& message) {
  asks_back_ = asks_back_ || message.asks_back;
  if (auto done = LiveSession::answer(message.payload); !done) end_for(done.error());
}

/// The provider counts itself unsynced until its answer to ours is acknowledged: readers are asked as well. Nobody is
/// before it is their turn, since a provider whose answer is acknowledged takes itself for synced, with what it has.
void HocuspocusSession::tell_missing(const crdt::StateVector& of_client) {
  if (std::exchange(asks_back_, false)) send_state_vector();
  send(hocuspocus::answer_frame(key(), live().state().encode_state_as_update(of_client)));
}

void HocuspocusSession::receive_update(ByteView update, bool is_answer) {
  const auto done = submit(update, is_answer);
  if (done) {
    ++submitted_;
    if (is_answer) answer_ = submitted_;
  } else {
    refuse_one(done.error());
  }
}

void HocuspocusSession::refuse_one(const Error& error) {
  if (error.code != Code::kPermissionDenied) return end_for(error);
  ++refused_;
  send(hocuspocus::sync_status_frame(key(), false));
}

/// It was counted when it was taken to be checked.
void HocuspocusSession::refused(const Error& error) {
  ++saved_;
  refuse_one(error);
}

void HocuspocusSession::saved() {
  send(hocuspocus::sync_status_frame(key(), true));
  if (++saved_ != answer_) return;
  // Who may write by now has sent again, with its answer, what was refused before.
  for (; refused_ > 0 && may_write(); --refused_) send(hocuspocus::sync_status_frame(key(), true));
}

void HocuspocusSession::publish_stateless(std::string_view payload) {
  if (payload.size() > kMostStatelessBytes) {
    return end_for(Error{Code::kTooLarge,
                         "a stateless message is larger than " + std::to_string(kMostStatelessBytes) + " bytes",
                         {{"limit", std::to_string(kMostStatelessBytes)}}});
  }
  if (may_write()) live().publish(Published::Kind::kStateless, to_bytes(payload), number());
}

/// A scope is all that the dialect has to say: the same again tells of a change within it.
void HocuspocusSession::access_changed(Level before) {
  const Level was = std::min(before, Level::kWrite);
  const Level is = std::min(access(), Level::kWrite);
  if (is != was) send(hocuspocus::authenticated_frame(key(), may_write()));
  if (is > was) send_state_vector();  // what it has is wanted now
}

void HocuspocusSession::token_ends_soon(std::int64_t now_ns) {
  if (asked_ns_ != 0 && now_ns - asked_ns_ < kAskAgainNs) return;
  asked_ns_ = now_ns;
  send(hocuspocus::token_wanted_frame(key()));
}

}  // namespace concord::documents
