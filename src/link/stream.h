#pragma once
// One side of a stream, as its connection and its reactor see it.

#include "link/link.h"
#include "link/out_queue.h"

namespace concord::link {

class Connection;

class LinkStream final : public Stream {
 public:
  /// `connection` is null for one that ends at once.
  LinkStream(Connection* connection, std::uint32_t number, std::shared_ptr<StreamHandler> taken_by)
      : handler(std::move(taken_by)), connection_(connection), number_(number) {}
  LinkStream(const LinkStream&) = delete;
  LinkStream& operator=(const LinkStream&) = delete;
  ~LinkStream() = default;

  void send(SharedBytes message) override;
  void end(std::uint16_t code, std::string_view reason) override;
  std::size_t unacknowledged_bytes() const override { return unacknowledged; }
  void consumed(std::size_t bytes) override;

  std::uint32_t number() const { return number_; }
  bool ended() const { return connection_ == nullptr; }
  /// From now on nothing is sent, and nothing passed on but on_end with these.
  void detach(std::uint16_t code, std::string_view reason);
  void report_end() { handler->on_end(*this, code_, reason_); }

  // What the connection keeps with it.
  std::shared_ptr<StreamHandler> handler;  // shared with whoever the handler is of
  std::size_t unacknowledged = 0;
  std::size_t received = 0;      // bytes of messages that the handler has not consumed
  std::uint32_t unreported = 0;  // bytes it has consumed, and the far side does not know of
  OutQueue::Position last = 0;   // its last entry in the connection's queue

 private:
  Connection* connection_;  // null once ended
  std::uint32_t number_;
  std::uint16_t code_ = 0;
  std::string reason_;
};

}  // namespace concord::link
