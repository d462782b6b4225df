#pragma once
// What runs the connections of one reactor: a loop turn reads every ready socket, lets handlers work, then
// sends once per socket, then reports closes, then frees. Nothing is freed in the middle of a turn, so
// handlers may send and close on any connection at any time.
//
// Sending to many sockets is paced by what it costs: after it, the next such turn's frames wait for three times as long
// as it took up to 8 ms, and for as long as it took beyond, 100 ms at most; what has come together for a socket by then
// leaves in one system call. Turns that send to few sockets never wait.

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "net/websocket_connection.h"
#include "net/websocket_engine.h"

namespace concord::net {

/// Milliseconds of the monotonic clock; wraps after 49 days, so only differences mean something.
std::uint32_t steady_ms();

/// Records in slabs: a connection's address never changes, and a sweep walks them in order.
class ConnectionPool {
 public:
  ConnectionPool();
  ~ConnectionPool();
  WebSocketConnection& create(WebSocketCore& core, Stream stream, std::shared_ptr<WebSocketHandler> handler);
  void destroy(WebSocketConnection& connection, std::uint32_t cell);

  std::size_t size() const { return size_; }
  /// Cells ever used; at(i) is null where one is free.
  std::size_t cells() const { return used_; }
  WebSocketConnection* at(std::size_t cell);

 private:
  static constexpr std::size_t kSlabCells = 256;
  struct Slab;

  std::vector<std::unique_ptr<Slab>> slabs_;
  std::vector<std::uint32_t> free_;
  std::size_t used_ = 0;
  std::size_t size_ = 0;
};

class WebSocketCore : public std::enable_shared_from_this<WebSocketCore> {
 public:
  WebSocketCore(Reactor& reactor, WebSocketOptions options, WebSocketMetrics& metrics,
                std::move_only_function<void()> on_end);
  ~WebSocketCore();

  Result<> start();
  void adopt(Handover handover);
  void close_all(CloseCode code, std::string_view reason);
  void stop();
  std::size_t size() const { return pool_.size(); }

 private:
  friend class WebSocketConnection;
  using Connection = WebSocketConnection;
  using Phase = WebSocketConnection::Phase;
  struct Watch;  // the reactor's view: Boost.Asio stays out of this header

  // websocket_engine.cpp: the loop
  void watch_ready();
  void watch_timer();
  void run_turn();
  void begin_turn();
  void end_turn();
  void flush_dirty();
  void flush_each(std::vector<Connection*>& connections);
  void flush_waiting();
  void post_turn_end();
  void report_drained();
  void report_closes();
  void free_gone();
  void publish_counts();
  void sweep();
  void check_silence(Connection& connection);

  // websocket_connection.cpp: one connection
  void read(Connection& connection);
  void consume(Connection& connection, std::span<std::uint8_t> data);
  void answer_close(Connection& connection, const FrameDecoder::Event& event);
  void refuse(Connection& connection, std::uint16_t code, std::string_view detail);
  void enqueue(Connection& connection, Frame frame);
  void spill(Connection& connection);
  void close(Connection& connection, std::uint16_t code, Frame frame);
  void close_slow(Connection& connection);
  Frame closing(CloseCode code, std::string_view reason) const;
  void begin_close(Connection& connection, Phase phase, std::uint16_t code);
  void flush(Connection& connection);
  bool account(Connection& connection, const IoResult& result, std::size_t offered);
  void after_flush(Connection& connection);
  void watch_write(Connection& connection, bool wanted);
  void gone(Connection& connection, std::uint16_t code);
  void mark_dirty(Connection& connection);
  std::unique_ptr<Outbox> take_outbox();
  void give_back(std::unique_ptr<Outbox> outbox);

  struct Counts {
    std::uint64_t messages_received = 0, bytes_received = 0, frames_sent = 0, bytes_sent = 0;
    std::uint64_t writes = 0, slow_consumers = 0, violations = 0;
  };

  Reactor& reactor_;
  const WebSocketOptions options_;
  WebSocketMetrics& metrics_;
  std::move_only_function<void()> on_end_;
  std::unique_ptr<Watch> watch_;
  int epoll_fd_ = -1;
  ConnectionPool pool_;
  std::vector<std::uint8_t> read_buffer_;
  std::vector<std::uint8_t> write_buffer_;  // for TLS records
  const Frame ping_ = make_ping_frame();

  unsigned turn_depth_ = 0;
  bool turn_end_posted_ = false;
  bool timer_running_ = false;
  std::uint32_t now_ms_ = 0;
  std::size_t sweep_at_ = 0;
  std::vector<Connection*> dirty_;
  std::vector<Connection*> waiting_;  // dirty ones that are sent to together, when `flush_timer` rings
  std::int64_t wait_until_ns_ = 0;    // monotonic; many sockets at once are not sent to before
  std::vector<Connection*> drained_;  // on_drained is owed
  std::vector<Connection*> closed_;   // on_close is owed
  std::vector<Connection*> gone_;     // to be freed at the turn's end
  std::vector<std::unique_ptr<Outbox>> spare_outboxes_;
  Counts counts_;
};

}  // namespace concord::net
