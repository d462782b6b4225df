#pragma once
// Streams of messages between the nodes of a hub, over connections on which both ends have shown a certificate of the
// hub's own authority (TLS 1.3, wire format: frame.h). A transport only: it knows no document and no route.
//
// There is one connection for each reactor that opens, far node and lane. The far end serves it on the reactor
// `lane % reactors`, so that a stream for a shard, whose number is the lane, arrives where the shard lives. What is
// sent in one loop turn leaves in one system call; the same message (the same SharedBytes) sent on many streams of one
// connection crosses it once.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/reactor.h"
#include "link/options.h"

namespace concord::link {

/// Why a stream ended, where the transport ended it. What users of streams say with `end` is theirs, from kFirstOwn on.
constexpr std::uint16_t kBroken = 1;     // the connection broke, or could not be made
constexpr std::uint16_t kRefused = 2;    // the far side takes no such stream
constexpr std::uint16_t kTooMany = 3;    // streams on this connection
constexpr std::uint16_t kTooSlow = 4;    // more was sent and not consumed than a stream may have on its way
constexpr std::uint16_t kGoingAway = 5;  // one of the nodes is shutting down
constexpr std::uint16_t kTooLarge = 6;   // a message of more than LinkOptions::max_message_bytes was sent
constexpr std::uint16_t kFirstOwn = 100;

/// What a node is called, as its certificate says it.
struct NodeName {
  std::string value;
  auto operator<=>(const NodeName&) const = default;
};

/// A node and where it listens, as host:port.
struct Peer {
  NodeName node;
  std::string address;
  auto operator<=>(const Peer&) const = default;
};

/// A message that has arrived. `bytes` hold until on_message returns.
struct Message {
  ByteView bytes;
  /// The same for every stream of this reactor that got this message because its sender sent one to many, and for no
  /// other message: what is made of it can be made once.
  std::uint64_t number = 0;
};

/// One side of a stream to another node. It lives on one reactor and is used there, until on_end has returned.
class Stream {
 public:
  /// Queues a whole message; it leaves at the end of the loop turn, or once the connection is there. After `end` it
  /// does nothing. Where LinkOptions::max_stream_bytes are on their way the stream ends instead, with kTooSlow.
  virtual void send(SharedBytes message) = 0;
  /// Ends the stream after what was sent. on_end follows on both sides, here with the same code soon, never within
  /// this call; nothing that arrives meanwhile is passed on. `reason` is cut at 255 bytes.
  virtual void end(std::uint16_t code, std::string_view reason) = 0;
  /// Of what was sent: bytes of messages that the far handler has not called `consumed` for yet.
  virtual std::size_t unacknowledged_bytes() const = 0;
  /// The handler has passed on so many bytes of the messages that it got, and not said so before. The far side learns
  /// of it within some milliseconds.
  virtual void consumed(std::size_t bytes) = 0;

 protected:
  ~Stream() = default;
};

/// Called on the stream's reactor. Within a call any stream of that reactor may be used, and new ones opened.
class StreamHandler {
 public:
  virtual ~StreamHandler() = default;
  virtual void on_message(Stream& stream, const Message& message) = 0;
  /// All that was sent has been consumed, after it had not.
  virtual void on_credit(Stream&) {}
  /// Exactly once, the last call; the stream is gone after it.
  virtual void on_end(Stream& stream, std::uint16_t code, std::string_view reason) = 0;
};

/// What the far side is to do: `kind`, of 1 to 64 bytes, picks who accepts there; `payload`, at most 64 KiB, says the
/// rest.
struct Opening {
  std::string kind;
  std::uint32_t lane = 0;
  Bytes payload;
};

class Links {
 public:
  /// Takes a stream that `from` opened; the stream may be used at once. Null refuses it. Called on the reactor of the
  /// stream's lane, of several reactors at the same time.
  using Acceptor = std::function<std::shared_ptr<StreamHandler>(Stream& stream, const NodeName& from, ByteView payload,
                                                                Reactor& reactor)>;

  /// What is passed outlives the links.
  Links(LinkOptions options, Reactors& reactors, Clock& clock, Logger logger, Metrics& metrics);
  ~Links();  // drained, or never started

  /// Before start; one for each kind.
  void accept(std::string kind, Acceptor acceptor);
  /// Reads the certificates and listens; does nothing where the options say that there are no links. kInvalidArgument
  /// names a file that does not load, or a certificate that is not this node's; kUnavailable an address that is taken.
  Result<> start();
  /// The bound port; 0 without links.
  std::uint16_t port() const;
  /// What other nodes dial, as host:port; empty without links.
  const std::string& address() const;
  /// Reads the certificates again, for connections from now on. Fails as start does, and then changes nothing. It does
  /// so by itself soon after one of the files has changed. Any thread.
  Result<> reload_certificates();

  /// Opens a stream to `peer`. Called on `reactor`; never blocks. The stream may be used at once; it ends with kBroken
  /// where the node is not reached in time, is not the one that it must be, or has just been found to be away.
  Stream& open(Reactor& reactor, const Peer& peer, const Opening& opening, std::shared_ptr<StreamHandler> handler);

  /// Closes what this node has opened for that lane to any node but `node`: the streams end at once, with kBroken. Any
  /// thread.
  void leave_others(std::uint32_t lane, const NodeName& node);

  /// Takes and opens no streams any more, ends those there are with kGoingAway after what was sent on them, and closes
  /// the connections; what is left after `deadline_ms` is cut. A handler opens nothing more once it was told
  /// kGoingAway.
  asio::awaitable<void> drain(std::int64_t deadline_ms);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace concord::link
