#include "relay/events.h"

#include <utility>

#include "base/varint.h"

namespace concord::relay {

namespace {

constexpr std::size_t kSoonFetched = 64u << 10u;   // what waits for a client that fetches what it is sent
constexpr std::size_t kMostOnTheWay = 16u << 20u;  // from one client
constexpr std::uint8_t kPacket = 0;                // an Engine.IO packet
constexpr std::uint8_t kAcknowledgement = 1;       // an identifier and its arguments

/// Who the client is, for the far end: address, the upgrade's identifier, auth.
struct Who {
  std::string address, request_id, auth;
};

Bytes opening_of(engines::ShardId shard, const socketio::Socket& client, std::string_view auth) {
  Bytes out;
  put_le(out, shard.value);
  write_var_string(out, client.address());
  write_var_string(out, client.request_id());
  write_var_string(out, auth);
  return out;
}

Result<Who> read_who(ByteView bytes) {
  VarReader in(bytes);
  TRY(const ByteView address, in.var_bytes());
  TRY(const ByteView request_id, in.var_bytes());
  TRY(const ByteView auth, in.var_bytes());
  return Who{std::string(as_text(address)), std::string(as_text(request_id)), std::string(as_text(auth))};
}

/// The client as the handler knows it.
class ServedEvents final : public socketio::Socket, public link::StreamHandler {
 public:
  ServedEvents(link::Stream& stream, Reactor& reactor, socketio::Handler& handler, Who who)
      : stream_(&stream), reactor_(reactor), handler_(handler), who_(std::move(who)) {}

  void begin() { handler_.on_connect(*this, who_.auth); }

  void accept() override {}
  void refuse(std::string_view message, std::string_view) override {
    refused_ = true;
    stream_->end(kMalformed, message);
  }
  void send(const socketio::Message& message) override {
    if (ended_) return;
    Bytes out{kPacket};
    append(out, as_bytes(message.text()));
    stream_->send(std::make_shared<const Bytes>(std::move(out)));
  }
  void acknowledge(std::uint64_t id, std::string_view arguments) override {
    if (ended_) return;
    Bytes out{kAcknowledgement};
    write_varuint(out, id);
    append(out, as_bytes(arguments));
    stream_->send(std::make_shared<const Bytes>(std::move(out)));
  }
  std::size_t unsent_bytes() const override { return ended_ ? 0 : stream_->unacknowledged_bytes(); }
  void disconnect() override {
    if (ended_) return;
    end(socketio::DisconnectReason::kServerLeft);
    stream_->end(kDone, "");
  }
  const std::string& address() const override { return who_.address; }
  const std::string& request_id() const override { return who_.request_id; }
  Reactor& reactor() const override { return reactor_; }

  void on_message(link::Stream& stream, const link::Message& message) override {
    stream.consumed(message.bytes.size());
    if (ended_ || refused_) return;
    const auto event = decode_event(message.bytes);
    if (!event) {
      stream.end(kMalformed, event.error().message);
      return;
    }
    const std::string_view argument = event->argument;
    handler_.on_event(*this, {.name = event->name,
                              .arguments = std::span(&argument, argument.empty() ? 0 : 1),
                              .attachments = {},
                              .id = event->id});
  }
  void on_credit(link::Stream&) override {
    if (!ended_) handler_.on_drained(*this);
  }
  void on_end(link::Stream&, std::uint16_t, std::string_view) override {
    if (!ended_) end(socketio::DisconnectReason::kTransportClosed);
  }

 private:
  void end(socketio::DisconnectReason reason) {
    ended_ = true;
    if (!refused_) handler_.on_disconnect(*this, reason);
  }

  link::Stream* stream_;
  Reactor& reactor_;
  socketio::Handler& handler_;
  Who who_;
  bool refused_ = false;
  bool ended_ = false;
};

}  // namespace

std::shared_ptr<FarEvents> FarEvents::open(link::Links& links, const Places& places, Credits& credits, std::string kind,
                                           engines::ShardId shard, std::string_view auth, socketio::Socket& client,
                                           Ended ended) {
  const auto peer = places.elsewhere(shard);
  if (!peer) return nullptr;
  auto events = std::make_shared<FarEvents>(credits, client, std::move(ended));
  events->stream_ =
      &links.open(client.reactor(), *peer, {std::move(kind), shard.value, opening_of(shard, client, auth)}, events);
  return events;
}

bool FarEvents::send(const Event& event) {
  if (stream_ == nullptr) return true;  // its end is on the way to the client
  if (stream_->unacknowledged_bytes() > kMostOnTheWay) return false;
  stream_->send(std::make_shared<const Bytes>(encode(event)));
  return true;
}

void FarEvents::close() {
  client_ = nullptr;
  credits_.forget(*this);
  if (stream_ != nullptr) stream_->end(kDone, "");
}

Result<> FarEvents::pass_on(ByteView message) {
  VarReader in(message);
  TRY(const std::uint8_t kind, in.byte());
  if (kind == kPacket) {
    client_->send(socketio::Message(as_text(in.rest())));
    return {};
  }
  if (kind != kAcknowledgement) return fail(Code::kInvalidArgument, "a node has sent what no client is told");
  TRY(const std::uint64_t id, in.uint());
  client_->acknowledge(id, as_text(in.rest()));
  return {};
}

void FarEvents::on_message(link::Stream& stream, const link::Message& message) {
  owed_ += message.bytes.size();
  if (client_ != nullptr) {
    if (auto passed = pass_on(message.bytes); !passed) stream.end(kMalformed, passed.error().message);
  }
  if (!settle()) credits_.owes(*this);
}

bool FarEvents::settle() {
  if (client_ != nullptr && client_->unsent_bytes() > kSoonFetched) return false;
  if (stream_ != nullptr && owed_ > 0) stream_->consumed(std::exchange(owed_, 0));
  return true;
}

void FarEvents::drained() {
  if (settle()) credits_.forget(*this);
}

void FarEvents::on_end(link::Stream&, std::uint16_t, std::string_view) {
  stream_ = nullptr;
  credits_.forget(*this);
  if (std::exchange(client_, nullptr) != nullptr) ended_();
}

void serve_events(link::Links& links, std::string kind, const Places& places, HandlerOf handler_of) {
  links.accept(
      std::move(kind),
      [&places, handler_of = std::move(handler_of)](link::Stream& stream, const link::NodeName&, ByteView payload,
                                                    Reactor& reactor) -> std::shared_ptr<link::StreamHandler> {
        if (payload.size() < sizeof(std::uint32_t)) return nullptr;
        if (!places.is_here(engines::ShardId{get_le<std::uint32_t>(payload.data())})) return nullptr;
        auto who = read_who(payload.subspan(sizeof(std::uint32_t)));
        if (!who) return nullptr;
        auto served = std::make_shared<ServedEvents>(stream, reactor, handler_of(reactor), std::move(*who));
        served->begin();
        return served;
      });
}

}  // namespace concord::relay
