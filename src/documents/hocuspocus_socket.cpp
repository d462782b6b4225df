#include "documents/hocuspocus_socket.h"

#include <fmt/format.h>

#include <charconv>

#include "documents/hocuspocus_session.h"
#include "documents/live_relay.h"
#include "shard/shards.h"

namespace concord::documents {

namespace {

constexpr std::size_t kMostDocuments = 256;
constexpr std::size_t kMostUnopenedBytes = 8u << 20u;
constexpr std::int64_t kPingNs = 15'000'000'000;  // a provider gives up after 30 s without a message
constexpr unsigned kPingsSince = 4;               // major version of the providers that answer pings

bool answers_pings(std::string_view version) {
  unsigned major = 0;
  std::from_chars(version.data(), version.data() + version.size(), major);
  return major >= kPingsSince;
}

/// The hub cannot go on, for now: the provider connects again by itself, which it would not for one document.
bool ends_the_socket(net::CloseCode code) {
  switch (code) {
    case net::CloseCode::kInternal:
    case net::CloseCode::kTryAgainLater:
    case net::CloseCode::kSlowConsumer:
    case net::CloseCode::kGoingAway:
      return true;
    default:
      return false;
  }
}

}  // namespace

HocuspocusSocket::HocuspocusSocket(const LivePlaces& places, Mailbox& home, net::WebSocket& socket,
                                   HocuspocusRequest request, const DocumentLimits& limits, Clock& clock)
    : places_(places),
      home_(home),
      socket_(socket),
      request_(std::move(request)),
      limits_(limits),
      clock_(clock),
      deadline_ns_(clock.monotonic_ns() + limits.sign_in_deadline_ms * 1'000'000),
      sent_ns_(clock.monotonic_ns()) {}

void HocuspocusSocket::close(net::CloseCode code, std::string_view reason) {
  closing_ = true;
  socket_.close(code, reason);
}

void HocuspocusSocket::send(const net::Frame& frame) {
  sent_ns_ = clock_.monotonic_ns();
  socket_.send(frame);
}

void HocuspocusSocket::on_message(net::Opcode opcode, ByteView payload) {
  if (closing_) return;
  if (!rate_.allow(clock_.monotonic_ns(), limits_.messages_per_second))
    return close(net::CloseCode::kTryAgainLater, "too many messages; slow down");
  if (opcode != net::Opcode::kBinary) return close(net::CloseCode::kUnsupportedData, "messages are binary");
  if (hocuspocus::is_pong(payload)) return;
  if (hocuspocus::is_ping(payload)) return send(hocuspocus::pong_frame());
  const auto envelope = hocuspocus::open_envelope(payload);
  if (!envelope) return close(net::CloseCode::kInvalidPayload, envelope.error().message);
  if (!pass_on(*envelope, payload)) dispatch(*envelope);
}

/// To the node that serves the document, where that is another: whether it was.
bool HocuspocusSocket::pass_on(const hocuspocus::Envelope& envelope, ByteView message) {
  if (places_.relay() == nullptr || request_.relayed || channels_.contains(envelope.key)) return false;
  const auto document = DocumentId::parse(hocuspocus::split_key(envelope.key).document);
  if (!document) return false;
  const auto open = far_.find(places_.shard_of(*document).value);
  if (open == far_.end() && !places_.relay()->is_far(*document)) return false;
  const auto far = open != far_.end() ? open->second : open_far(*document);
  if (!far) {
    close(net::CloseCode::kTryAgainLater, "the document moves; connect again");
  } else if (!far->send(net::Opcode::kBinary, message)) {
    close(net::CloseCode::kTryAgainLater, "too much at once; slow down");
  }
  return true;
}

std::shared_ptr<relay::FarSocket> HocuspocusSocket::open_far(DocumentId document) {
  auto far = places_.relay()->open(
      home_.reactor(), document, request_, socket_,
      [this](net::CloseCode code, std::string_view reason) { close(code, reason); },
      [this] { sent_ns_ = clock_.monotonic_ns(); });
  if (far) far_.emplace(places_.shard_of(document).value, far);
  return far;
}

void HocuspocusSocket::dispatch(const hocuspocus::Envelope& envelope) {
  if (envelope.type == hocuspocus::Type::kClose) return client_left(envelope.key);
  const auto channel = channel_for(envelope);
  if (!channel) return;
  if (envelope.type == hocuspocus::Type::kAuth && !answers_pings_) {
    const auto message = hocuspocus::parse(envelope.body);  // where it is malformed, the session says so
    answers_pings_ = message && answers_pings(message->version);
  }
  if (!within_unopened(*channel, envelope.body.size()))
    return close(net::CloseCode::kTooLarge, "too much before the sessions were open");
  if (!channel->tell(envelope.body)) close(net::CloseCode::kTryAgainLater, "too much at once; slow down");
}

/// Null where the message is not to be passed on.
std::shared_ptr<HocuspocusChannel> HocuspocusSocket::channel_for(const hocuspocus::Envelope& envelope) {
  if (const auto found = channels_.find(envelope.key); found != channels_.end()) return found->second;
  const auto denied = denied_.find(envelope.key);
  if (denied != denied_.end()) {
    if (envelope.type != hocuspocus::Type::kAuth) return nullptr;  // sent before it heard
    denied_.erase(denied);
  }
  if (channels_.size() + denied_.size() >= kMostDocuments) {
    close(net::CloseCode::kPolicyViolation, fmt::format("more than {} documents on one connection", kMostDocuments));
    return nullptr;
  }
  const std::string_view name = hocuspocus::split_key(envelope.key).document;
  const auto document = DocumentId::parse(name);
  if (document && document->str() == name) return make_channel(envelope.key, *document);
  denied_.emplace(envelope.key);
  send(hocuspocus::denied_frame(envelope.key, "there is no such document"));
  return nullptr;
}

std::shared_ptr<HocuspocusChannel> HocuspocusSocket::make_channel(std::string_view key, DocumentId document) {
  const auto& sessions = places_.of(document);
  auto channel = std::make_shared<HocuspocusChannel>(*this, home_, sessions->mailbox(), std::string(key));
  channels_.emplace(channel->key, channel);
  channel->document.post(
      [sessions, channel, request = SessionRequest{document, request_.address, request_.request_id}] {
        sessions->add(std::make_unique<HocuspocusSession>(*sessions, channel, request));
      });
  return channel;
}

bool HocuspocusSocket::within_unopened(HocuspocusChannel& channel, std::size_t bytes) {
  if (channel.open) return true;
  channel.unopened_bytes += bytes;
  unopened_bytes_ += bytes;
  return unopened_bytes_ <= kMostUnopenedBytes;
}

void HocuspocusSocket::opened(HocuspocusChannel& channel) {
  signed_in_ = true;
  channel.open = true;
  unopened_bytes_ -= std::exchange(channel.unopened_bytes, 0);
}

void HocuspocusSocket::forget(const std::shared_ptr<HocuspocusChannel>& channel) {
  unopened_bytes_ -= std::exchange(channel->unopened_bytes, 0);
  channels_.erase(channel->key);
  channel->leave();
}

void HocuspocusSocket::client_left(std::string_view key) {
  denied_.erase(std::string(key));
  const auto found = channels_.find(key);
  if (found == channels_.end()) return;
  forget(std::shared_ptr(found->second));
  send(hocuspocus::close_frame(key, "provider_initiated"));
}

void HocuspocusSocket::ended(const std::shared_ptr<HocuspocusChannel>& channel, net::CloseCode code,
                             std::string_view reason, bool denied) {
  const bool was_open = channel->open;
  forget(channel);
  if (ends_the_socket(code)) return close(code, reason);
  denied_.insert(channel->key);
  if (denied || !was_open) send(hocuspocus::denied_frame(channel->key, reason));
  if (was_open) send(hocuspocus::close_frame(channel->key, fmt::format("{}: {}", static_cast<unsigned>(code), reason)));
}

void HocuspocusSocket::on_drained() {
  const auto all = channels_;  // one may end in its call
  for (const auto& [key, channel] : all) channel->drained();
  for (const auto& [shard, far] : far_) far->drained();
}

void HocuspocusSocket::on_close() {
  closing_ = true;
  for (const auto& [key, channel] : std::exchange(channels_, {})) channel->leave();
  for (const auto& [shard, far] : std::exchange(far_, {}))
    far->close(static_cast<std::uint16_t>(net::CloseCode::kGoingAway));
}

void HocuspocusSocket::check(std::int64_t now_ns) {
  if (closing_) return;
  for (const auto& [key, channel] : channels_) channel->waiting = unsent_bytes();
  if (!signed_in_ && far_.empty() && now_ns > deadline_ns_)  // who serves the others looks at those
    return close(net::CloseCode::kUnauthenticated, "no document was opened in time");
  if (answers_pings_ && now_ns - sent_ns_ > kPingNs) send(hocuspocus::ping_frame());
}

}  // namespace concord::documents
