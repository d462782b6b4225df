#pragma once
// One client's session: Engine.IO's heartbeat, transports and upgrade, and in it one Socket.IO connection to the
// namespace "/". Lives on its home reactor.
//
// A session is on polling or on a WebSocket. On polling, packets wait in a queue until a poll fetches them; a WebSocket
// may probe meanwhile, and with its "upgrade" takes over what waits.

#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "socketio/decoder.h"
#include "socketio/options.h"
#include "socketio/poll.h"
#include "socketio/socket.h"

namespace concord::socketio {

class Home;

/// Who opened a session.
struct Visitor {
  std::string address;
  std::string request_id;
};

class Session final : public Socket {
 public:
  /// `socket`: where it is opened over a WebSocket. Sends Engine.IO's "open".
  Session(Home& home, std::string id, Visitor visitor, net::WebSocket* socket);

  const std::string& id() const { return id_; }
  bool on_polling() const { return socket_ == nullptr && !closed_; }

  /// A GET. Null: another one waits already, and the session ends for it; or it has ended, or left polling.
  std::shared_ptr<Poll> poll();
  /// A POST. An error has ended the session.
  Result<> receive_payload(std::string_view payload);
  /// A WebSocket that may become the session's. False: not now.
  bool probe(net::WebSocket& socket);
  void socket_message(net::WebSocket& socket, net::Opcode opcode, ByteView payload);
  void socket_drained(net::WebSocket& socket);
  void socket_closed(net::WebSocket& socket);

  void end(DisconnectReason reason);
  /// Does what is due, and returns when something is next.
  std::int64_t check(std::int64_t now_ns);
  std::int64_t due_ns = 0;  // when its home looks after it next
  /// Whether nothing refers to it any more.
  bool finished() const { return closed_ && socket_ == nullptr && probe_ == nullptr && linger_until_ns_ == 0; }

  void accept() override;
  void refuse(std::string_view message, std::string_view data) override;
  void send(const Message& message) override;
  void acknowledge(std::uint64_t id, std::string_view arguments) override;
  std::size_t unsent_bytes() const override;
  void disconnect() override { end(DisconnectReason::kServerLeft); }
  const std::string& address() const override { return visitor_.address; }
  const std::string& request_id() const override { return visitor_.request_id; }
  Reactor& reactor() const override;

 private:
  enum class State : std::uint8_t { kNone, kConnecting, kConnected };

  std::shared_ptr<Poll> last_poll();
  std::string open_packet() const;
  void write(const Message& message);
  void write(EngineType type, std::string_view text = {}) { write(Message(engine_packet(type, text))); }
  void write_packet(std::string_view packet) { write(EngineType::kMessage, packet); }
  void flush_to(Poll& poll);
  void receive(const EnginePacket& packet);
  void receive(const Packet& packet);
  void connect(const Packet& packet);
  void probe_message(std::string_view text);
  void upgrade();
  void violated(const Error& error);
  void close(DisconnectReason reason, net::CloseCode code, std::string_view words);
  void say_farewell(DisconnectReason reason);
  void end_polling(DisconnectReason reason);
  bool within_rate();

  Home& home_;
  std::string id_;
  Visitor visitor_;
  net::WebSocket* socket_ = nullptr;  // null: on polling
  net::WebSocket* probe_ = nullptr;
  std::shared_ptr<Poll> poll_;  // shared with the request that waits
  std::deque<Message> queue_;
  std::size_t queued_bytes_ = 0;
  Decoder decoder_;
  std::int64_t ping_ns_ = 0;  // when the next one goes; 0: a pong is waited for
  std::int64_t pong_by_ns_ = 0;
  std::int64_t connect_by_ns_ = 0;  // each 0: nothing is due
  std::int64_t upgrade_by_ns_ = 0;
  std::int64_t linger_until_ns_ = 0;
  std::int64_t rate_ns_ = 0;  // when the bucket was full (generic cell rate algorithm)
  State state_ = State::kNone;
  bool probed_ = false;  // the probe was answered: the client is about to leave polling
  bool doomed_ = false;  // its queue was over the limit: it ends with the next look at it
  bool closed_ = false;
};

}  // namespace concord::socketio
