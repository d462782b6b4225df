#pragma once
// A polling request that waits for packets. It outlives its session, if need be, to be answered.

#include <string>

#include "base/async.h"
#include "socketio/engine_packet.h"

namespace concord::socketio {

class Poll {
 public:
  explicit Poll(Reactor& reactor) : answered_(reactor) {}

  /// Answers with this packet; more may join it until the answer is taken.
  void add(std::string_view packet) {
    append_to_payload(payload_, packet);
    answered_.notify_all();
  }
  bool open() const { return !taken_; }
  std::size_t bytes() const { return payload_.size(); }

  /// Waits for packets, then closes.
  asio::awaitable<std::string> take() {
    while (payload_.empty()) co_await answered_.wait();
    taken_ = true;
    co_return std::move(payload_);
  }

 private:
  AsyncEvent answered_;
  std::string payload_;
  bool taken_ = false;
};

}  // namespace concord::socketio
