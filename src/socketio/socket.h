#pragma once
// What a dialect is written against: sockets in the namespace "/", and what happens on them. Everything here runs on
// the reactor that is the socket's home.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "socketio/message.h"

namespace concord {
class Reactor;
}

namespace concord::socketio {

enum class DisconnectReason : std::uint8_t {
  kClientLeft,       // it said so
  kServerLeft,       // Socket::disconnect
  kTransportClosed,  // the connection broke, or the client closed it
  kPingTimeout,
  kProtocolError,  // what came was malformed or over a limit, or too much of it
  kSlow,           // it fetches what is sent to it too slowly
  kShutdown,
};

std::string_view to_string(DisconnectReason reason);

class Socket {
 public:
  Socket() = default;
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;

  /// Answers on_connect, once; before or after it returns. Until then nothing can be sent, and nothing comes.
  virtual void accept() = 0;
  /// The same, with an error: the client's `connect_error` gets `message`, and `data` (JSON) where it is not empty. The
  /// socket is gone with it: no on_disconnect follows.
  virtual void refuse(std::string_view message, std::string_view data) = 0;

  /// `arguments` is JSON values with commas between them, and may be empty. What is sent to a socket that is not
  /// connected any more is dropped. Over the limit of what may wait for a slow client, the socket is disconnected.
  void emit(std::string_view event, std::string_view arguments) { send(Message::event(event, arguments)); }
  virtual void send(const Message& message) = 0;
  /// The answer to the event that had this acknowledgement's id.
  virtual void acknowledge(std::uint64_t id, std::string_view arguments) = 0;
  /// What was sent and the client has not fetched.
  virtual std::size_t unsent_bytes() const = 0;
  /// Sends what is queued, tells the client that it was disconnected, so that it does not come again by itself, and
  /// ends the session. on_disconnect is called before it returns.
  virtual void disconnect() = 0;

  /// What the client's connection says of it.
  virtual const std::string& address() const = 0;
  virtual const std::string& request_id() const = 0;
  /// The home.
  virtual Reactor& reactor() const = 0;

  /// What the handler hung on this socket.
  void* context() const { return context_; }
  void set_context(void* context) { context_ = context; }

 protected:
  ~Socket() = default;

 private:
  void* context_ = nullptr;
};

struct Event {
  std::string_view name;
  std::span<const std::string_view> arguments;  // JSON; {"_placeholder":true,"num":n} stands for attachment n
  std::span<const Bytes> attachments;
  std::optional<std::uint64_t> id;  // where an acknowledgement is asked for
};

/// The Socket& stays valid until on_disconnect returns, or `refuse`. One handler is one home's.
class Handler {
 public:
  virtual ~Handler() = default;
  /// `auth` is the JSON object that the client gave with its connect, or empty. Answered by accept or refuse.
  virtual void on_connect(Socket& socket, std::string_view auth) = 0;
  /// What it refers to is valid during the call.
  virtual void on_event(Socket& socket, const Event& event) = 0;
  /// The client has fetched all that waited for it, after it had fetched nothing for a while. Sends may go on from
  /// here.
  virtual void on_drained(Socket& /*socket*/) {}
  /// Exactly once for each on_connect that was not refused.
  virtual void on_disconnect(Socket& socket, DisconnectReason reason) = 0;
  /// The event that tells a client why it is disconnected, sent last where the server does it by itself; none where the
  /// name is empty.
  struct LastWords {
    std::string event;
    std::string arguments;
  };
  virtual LastWords last_words(DisconnectReason reason) = 0;
};

}  // namespace concord::socketio
