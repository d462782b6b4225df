#pragma once
// A connection to one node for one lane, on one reactor: frames on a wire, the streams they belong to, and the queue of
// what is to be sent. Its core tells it when to read, to flush, and that time has passed.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "link/frame.h"
#include "link/link.h"
#include "link/out_queue.h"
#include "link/stream.h"
#include "link/wire.h"

namespace concord {
class CircuitBreaker;
}

namespace concord::link {

class LinkCore;

class Connection : public std::enable_shared_from_this<Connection> {
 public:
  enum class Phase : std::uint8_t {
    kConnecting,  // there is no wire yet
    kGreeting,    // the far side has not said welcome yet
    kOpen,
    kClosing,  // no stream is left; what is queued is sent, then nothing more
    kGone,
  };

  /// `breaker`, of the node that is opened to; null for a connection that was accepted.
  Connection(LinkCore& core, Peer peer, std::uint32_t lane, std::shared_ptr<CircuitBreaker> breaker);
  ~Connection();

  const Peer& peer() const { return peer_; }
  std::uint32_t lane() const { return lane_; }
  Phase phase() const { return phase_; }
  bool is_opener() const { return breaker_ != nullptr; }
  CircuitBreaker& breaker() { return *breaker_; }
  std::size_t streams() const { return streams_.size(); }
  /// Whether streams may be opened on it.
  bool usable() const { return phase_ < Phase::kClosing && last_opened_ < UINT32_MAX; }
  /// Whether it has as many streams as it may.
  bool full() const;

  /// Where `usable` and not `full`.
  LinkStream& open(const Opening& opening, std::shared_ptr<StreamHandler> handler);
  /// The handshake is done: from now on it reads, and sends what waits.
  void attach(std::unique_ptr<Wire> wire);
  /// Ends all streams with that code, and itself after them.
  void close(std::uint16_t code, std::string_view reason);
  /// Ends all streams as broken, at once, and itself.
  void break_off(std::uint16_t code, std::string_view reason);
  /// It could not be made, or went away by itself: logged, counted, and broken off.
  void lost(std::string_view what);

  // For the core.
  void read();
  void flush();
  void tick(std::int64_t now_ns);
  /// What was consumed is told at the next flush.
  void report_consumed();
  /// Closes its descriptor. No more calls.
  void release();

  // For its streams.
  void send(LinkStream& stream, SharedBytes message);
  void end(LinkStream& stream, std::uint16_t code, std::string_view reason);
  void consumed(LinkStream& stream, std::size_t bytes);

  bool dirty = false;  // the core is to flush it

 private:
  struct Watch;  // Boost.Asio stays out of this header

  void watch_read();
  void watch_write();
  bool decrypt();
  bool consume(ByteView plain);
  void handle(const Frame& frame);
  void far_ended();
  void handle_open(const Frame& frame);
  void handle_consumed(const Frame& frame);
  void handle_end(const Frame& frame);
  void deliver(std::uint32_t number, const Message& message);
  LinkStream* find(std::uint32_t number);
  void violated(std::string_view what);
  void queue_frame(const Bytes& frame);
  void put_consumed_frames();
  void take_ended(LinkStream& stream, std::uint16_t code, std::string_view reason);
  void welcomed(const Frame& frame);
  void begin_close();

  LinkCore& core_;
  const Peer peer_;
  const std::uint32_t lane_;
  const std::shared_ptr<CircuitBreaker> breaker_;  // shared with connections of other reactors to the same node
  Phase phase_ = Phase::kConnecting;
  std::unique_ptr<Wire> wire_;
  std::unique_ptr<Watch> watch_;
  FrameReader reader_;
  OutQueue queue_;
  std::unordered_map<std::uint32_t, std::unique_ptr<LinkStream>> streams_;
  std::uint32_t last_opened_ = 0;
  std::vector<std::uint32_t> unreported_;  // streams of which something was consumed
  std::size_t unreported_bytes_ = 0;
  bool report_due_ = false;
  bool writing_ = false;   // the descriptor took no more
  bool finished_ = false;  // nothing more will be sent
  std::int64_t since_ns_;  // it entered its phase
  std::int64_t heard_ns_ = 0;
  std::int64_t pinged_ns_ = 0;
  std::int64_t used_ns_ = 0;  // it had a stream
};

}  // namespace concord::link
