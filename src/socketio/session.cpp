#include "socketio/session.h"

#include <algorithm>
#include <array>

#include "json/writer.h"
#include "socketio/home.h"
#include "socketio/session_id.h"

namespace concord::socketio {

namespace {

constexpr std::int64_t kMs = 1'000'000;
constexpr std::int64_t kBurst = 4;  // seconds of the rate that may come at once
constexpr std::string_view kProbe = "probe";

}  // namespace

std::string_view to_string(DisconnectReason reason) {
  static constexpr std::array<std::string_view, 7> kNames{
      "client_left", "server_left", "transport_closed", "ping_timeout", "protocol_error", "slow", "shutdown"};
  return kNames[static_cast<std::size_t>(reason)];
}

Session::Session(Home& home, std::string id, Visitor visitor, net::WebSocket* socket)
    : home_(home),
      id_(std::move(id)),
      visitor_(std::move(visitor)),
      socket_(socket),
      decoder_(home.options().packets, home.options().max_payload_bytes) {
  const std::int64_t now_ns = home_.now_ns();
  ping_ns_ = now_ns + home_.options().ping_interval_ms * kMs;
  connect_by_ns_ = now_ns + home_.options().connect_timeout_ms * kMs;
  write(EngineType::kOpen, open_packet());
}

Reactor& Session::reactor() const { return home_.reactor(); }

std::string Session::open_packet() const {
  const Options& options = home_.options();
  json::Writer out;
  out.begin_object().field("sid", id_).key("upgrades").begin_array();
  if (socket_ == nullptr) out.text("websocket");
  out.end().field("pingInterval", options.ping_interval_ms).field("pingTimeout", options.ping_timeout_ms);
  return std::move(out.field("maxPayload", options.max_payload_bytes).end()).take();
}

// What goes out.

void Session::write(const Message& message) {
  if (closed_ || doomed_) return;
  if (socket_ != nullptr) {
    socket_->send(message.frame());  // which ends one that is too slow
    return;
  }
  const std::size_t size = message.text().size();
  const bool polled = poll_ && poll_->open();
  const std::size_t waiting = polled ? poll_->bytes() : queued_bytes_;
  if (waiting > 0 && waiting + size > home_.options().max_queue_bytes) {
    doomed_ = true;
    home_.look_after(*this, home_.now_ns());
  } else if (polled) {
    poll_->add(message.text());
  } else {
    queued_bytes_ += size;
    queue_.push_back(message);
  }
}

void Session::flush_to(Poll& poll) {
  for (const Message& message : queue_) poll.add(message.text());
  queue_.clear();
  queued_bytes_ = 0;
}

std::size_t Session::unsent_bytes() const {
  if (socket_ != nullptr) return socket_->queued_bytes();
  return queued_bytes_ + (poll_ && poll_->open() ? poll_->bytes() : 0);
}

void Session::send(const Message& message) {
  if (state_ == State::kConnected) write(message);
}

void Session::acknowledge(std::uint64_t id, std::string_view arguments) {
  if (state_ == State::kConnected) write_packet(ack_packet(id, arguments));
}

void Session::accept() {
  if (state_ != State::kConnecting) return;
  state_ = State::kConnected;
  connect_by_ns_ = 0;
  json::Writer out;
  out.begin_object().field("sid", random_id()).end();
  write_packet(connect_packet("/", std::move(out).take()));
}

void Session::refuse(std::string_view message, std::string_view data) {
  if (state_ != State::kConnecting) return;
  state_ = State::kNone;
  set_context(nullptr);
  write_packet(connect_error_packet("/", message, data));
  home_.look_after(*this, connect_by_ns_);
}

// What comes in.

std::shared_ptr<Poll> Session::poll() {
  if (closed_) return linger_until_ns_ == 0 ? nullptr : last_poll();
  if (socket_ != nullptr) return nullptr;
  if (poll_ && poll_->open()) {
    close(DisconnectReason::kProtocolError, net::CloseCode::kProtocolError, "");
    return nullptr;
  }
  if (!within_rate()) return nullptr;
  poll_ = std::make_shared<Poll>(home_.reactor());
  const bool waited = !queue_.empty();
  flush_to(*poll_);
  if (waited && state_ == State::kConnected) home_.handler().on_drained(*this);
  if (probed_ && poll_->bytes() == 0) poll_->add(engine_packet(EngineType::kNoop));  // it goes over to the WebSocket
  return poll_;
}

/// Fetches what was said last, and then, apart from it, that the session is closed: clients pass over what stands
/// before that in one payload.
std::shared_ptr<Poll> Session::last_poll() {
  auto poll = std::make_shared<Poll>(home_.reactor());
  if (queue_.empty()) {
    poll->add(engine_packet(EngineType::kClose));
    linger_until_ns_ = 0;
  }
  flush_to(*poll);
  return poll;
}

Result<> Session::receive_payload(std::string_view payload) {
  auto packets = parse_payload(payload, home_.options().max_payload_packets);
  if (!packets) {
    violated(packets.error());
    return concord::fail(std::move(packets).error());
  }
  for (const EnginePacket& packet : *packets) {
    if (closed_) break;
    receive(packet);
  }
  return {};
}

void Session::socket_message(net::WebSocket& socket, net::Opcode opcode, ByteView payload) {
  if (closed_) return;
  if (&socket == probe_) {
    probe_message(opcode == net::Opcode::kText ? as_text(payload) : std::string_view());
    return;
  }
  if (payload.size() > home_.options().max_payload_bytes) {
    close(DisconnectReason::kProtocolError, net::CloseCode::kTooLarge, "a message is over maxPayload");
    return;
  }
  if (opcode == net::Opcode::kBinary) {
    receive({.type = EngineType::kMessage, .bytes = to_bytes(payload)});
    return;
  }
  const auto packet = parse_engine_packet(as_text(payload));
  packet ? receive(*packet) : violated(packet.error());
}

void Session::receive(const EnginePacket& packet) {
  if (!within_rate()) return;
  if (pong_by_ns_ != 0) {  // alive, whatever it says
    pong_by_ns_ = 0;
    ping_ns_ = home_.now_ns() + home_.options().ping_interval_ms * kMs;
    home_.look_after(*this, ping_ns_);
  }
  switch (packet.type) {
    case EngineType::kMessage: {
      const auto whole = packet.bytes ? decoder_.add(*packet.bytes) : decoder_.add(packet.text);
      if (!whole)
        violated(whole.error());
      else if (*whole != nullptr)
        receive(**whole);
      return;
    }
    case EngineType::kClose:
      close(DisconnectReason::kTransportClosed, net::CloseCode::kNormal, "");
      return;
    case EngineType::kPing:
      violated(Error{Code::kInvalidArgument, "pings are the server's", {}});
      return;
    default:
      return;
  }
}

void Session::receive(const Packet& packet) {
  if (packet.type == PacketType::kConnect) {
    connect(packet);
    return;
  }
  if (packet.space != "/" || state_ != State::kConnected || packet.type == PacketType::kConnectError) {
    violated(Error{Code::kInvalidArgument, "a packet for a namespace that is not connected", {}});
    return;
  }
  if (packet.type == PacketType::kDisconnect) {
    state_ = State::kNone;
    connect_by_ns_ = home_.now_ns() + home_.options().connect_timeout_ms * kMs;
    home_.look_after(*this, connect_by_ns_);
    home_.metrics().ended(DisconnectReason::kClientLeft).add();
    home_.handler().on_disconnect(*this, DisconnectReason::kClientLeft);
    set_context(nullptr);
  } else if (packet.type == PacketType::kEvent || packet.type == PacketType::kBinaryEvent) {
    home_.handler().on_event(*this, {packet.event, packet.arguments, decoder_.attachments(), packet.id});
  }  // else an acknowledgement, for which nobody asked
}

void Session::connect(const Packet& packet) {
  if (packet.space != "/") {
    write_packet(connect_error_packet(packet.space, "Invalid namespace", ""));
  } else if (state_ != State::kNone) {
    violated(Error{Code::kInvalidArgument, "the namespace is connected already", {}});
  } else {
    state_ = State::kConnecting;
    home_.handler().on_connect(*this, packet.data);
  }
}

// The upgrade.

bool Session::probe(net::WebSocket& socket) {
  if (!on_polling() || probe_ != nullptr) return false;
  probe_ = &socket;
  upgrade_by_ns_ = home_.now_ns() + home_.options().upgrade_timeout_ms * kMs;
  home_.look_after(*this, upgrade_by_ns_);
  return true;
}

void Session::probe_message(std::string_view text) {
  const auto packet = parse_engine_packet(text);
  if (packet && packet->type == EngineType::kPing && packet->text == kProbe) {
    probe_->send(Message(engine_packet(EngineType::kPong, kProbe)).frame());
    probed_ = true;
    if (poll_ && poll_->open()) poll_->add(engine_packet(EngineType::kNoop));
  } else if (packet && packet->type == EngineType::kUpgrade) {
    upgrade();
  } else {
    probed_ = false;
    probe_->close(net::CloseCode::kProtocolError, "a probe was expected");
  }
}

void Session::upgrade() {
  socket_ = std::exchange(probe_, nullptr);
  probed_ = false;
  upgrade_by_ns_ = 0;
  if (poll_ && poll_->open()) poll_->add(engine_packet(EngineType::kNoop));
  home_.metrics().upgrades.add();
  for (const Message& message : queue_) socket_->send(message.frame());
  queue_.clear();
  queued_bytes_ = 0;
}

// The end.

void Session::socket_drained(net::WebSocket& socket) {
  if (&socket == socket_ && !closed_ && state_ == State::kConnected) home_.handler().on_drained(*this);
}

void Session::socket_closed(net::WebSocket& socket) {
  if (&socket == probe_) {
    probe_ = nullptr;
    probed_ = false;
    upgrade_by_ns_ = 0;
  } else if (&socket == socket_) {
    socket_ = nullptr;
    close(DisconnectReason::kTransportClosed, net::CloseCode::kNormal, "");
  }
  home_.release(*this);
}

void Session::violated(const Error& error) {
  const bool large = error.code == Code::kTooLarge;
  close(DisconnectReason::kProtocolError, large ? net::CloseCode::kTooLarge : net::CloseCode::kInvalidPayload,
        error.message);
}

void Session::end(DisconnectReason reason) {
  const bool going = reason == DisconnectReason::kShutdown;
  close(reason, going ? net::CloseCode::kGoingAway : net::CloseCode::kNormal, to_string(reason));
}

void Session::say_farewell(DisconnectReason reason) {
  if (state_ != State::kConnected || reason == DisconnectReason::kTransportClosed) return;
  if (reason == DisconnectReason::kServerLeft) {
    write_packet(disconnect_packet("/"));
  } else if (const auto words = home_.handler().last_words(reason); !words.event.empty()) {
    write(Message::event(words.event, words.arguments));
  }
}

void Session::close(DisconnectReason reason, net::CloseCode code, std::string_view words) {
  if (closed_) return;
  if (std::exchange(doomed_, false)) {
    queue_.clear();
    queued_bytes_ = 0;
  }
  say_farewell(reason);
  if (socket_ == nullptr) end_polling(reason);
  closed_ = true;
  home_.metrics().ended(reason).add();
  if (std::exchange(state_, State::kNone) != State::kNone) home_.handler().on_disconnect(*this, reason);
  if (probe_ != nullptr) probe_->close(net::CloseCode::kGoingAway, "the session has ended");
  if (socket_ != nullptr) socket_->close(code, words);
  home_.release(*this);
}

/// Tells who polls, now or with the polls that follow.
void Session::end_polling(DisconnectReason reason) {
  const bool waits = poll_ && poll_->open();
  if (waits && (reason == DisconnectReason::kTransportClosed || poll_->bytes() == 0)) {
    const bool by_client = reason == DisconnectReason::kTransportClosed;
    poll_->add(engine_packet(by_client ? EngineType::kNoop : EngineType::kClose));
    return;
  }
  const bool has_something_to_say = waits || reason == DisconnectReason::kServerLeft ||
                                    reason == DisconnectReason::kSlow || reason == DisconnectReason::kShutdown;
  if (!has_something_to_say) return;
  linger_until_ns_ = home_.now_ns() + home_.options().linger_ms * kMs;
  home_.look_after(*this, linger_until_ns_);
}

std::int64_t Session::check(std::int64_t now_ns) {
  const auto is_due = [now_ns](std::int64_t at_ns) { return at_ns != 0 && at_ns <= now_ns; };
  if (closed_) {
    if (is_due(linger_until_ns_)) linger_until_ns_ = 0;
    return linger_until_ns_;
  }
  if (doomed_) {
    close(DisconnectReason::kSlow, net::CloseCode::kSlowConsumer, "too slow");
  } else if (is_due(pong_by_ns_)) {
    close(DisconnectReason::kPingTimeout, net::CloseCode::kNormal, "no pong came in time");
  } else if (is_due(connect_by_ns_) && state_ == State::kNone) {
    close(DisconnectReason::kProtocolError, net::CloseCode::kPolicyViolation, "no connect came in time");
  }
  if (closed_) return linger_until_ns_;
  if (is_due(upgrade_by_ns_)) {
    upgrade_by_ns_ = 0;
    if (probe_ != nullptr) probe_->close(net::CloseCode::kPolicyViolation, "the upgrade took too long");
  }
  if (is_due(ping_ns_)) {
    ping_ns_ = 0;
    pong_by_ns_ = now_ns + home_.options().ping_timeout_ms * kMs;
    write(EngineType::kPing);
  }
  std::int64_t next = ping_ns_ != 0 ? ping_ns_ : pong_by_ns_;
  for (const std::int64_t at_ns : {state_ == State::kNone ? connect_by_ns_ : 0, upgrade_by_ns_})
    if (at_ns != 0) next = std::min(next, at_ns);
  return next;
}

bool Session::within_rate() {
  const std::int64_t cost_ns = 1'000'000'000 / static_cast<std::int64_t>(home_.options().messages_per_second);
  const std::int64_t now_ns = home_.now_ns();
  rate_ns_ = std::max(rate_ns_, now_ns) + cost_ns;
  if (rate_ns_ - now_ns <= kBurst * 1'000'000'000) return true;
  close(DisconnectReason::kProtocolError, net::CloseCode::kTryAgainLater, "too many messages; slow down");
  return false;
}

}  // namespace concord::socketio
