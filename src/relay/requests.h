#pragma once
// Requests that another node answers: sent there as they came, once the gateway has admitted them, and answered there
// as if they had come by its own gateway.

#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "base/clock.h"
#include "base/metrics.h"
#include "base/reactor.h"
#include "link/link.h"
#include "net/http.h"
#include "relay/places.h"

namespace concord::relay {

struct RequestOptions {
  std::int64_t wait_ms = 5'000;      // until somebody serves the shard
  std::int64_t answer_ms = 120'000;  // until the other node has answered
};

class Requests {
 public:
  using Answer = std::function<asio::awaitable<net::Response>(net::Request)>;

  /// What is passed outlives it. `answer` is asked for what other nodes send here.
  Requests(RequestOptions options, link::Links& links, Reactors& reactors, Places places, Answer answer, Clock& clock,
           Metrics& metrics);
  ~Requests();  // closed, or after the reactors have stopped
  Requests(const Requests&) = delete;
  Requests& operator=(const Requests&) = delete;

  /// nullopt: this node serves the slot, and is to answer itself; the request is as it was then. Where nobody serves
  /// it in time, or the node that does is gone before it has answered: kUnavailable, and of a request that changes
  /// something it is not known whether it was done. On a reactor, whose thread it stays on.
  Task<std::optional<net::Response>> forward(Slot slot, net::Request& request);

  /// Ends what is being answered for others.
  asio::awaitable<void> close();

 private:
  class Call;
  class Served;
  std::shared_ptr<link::StreamHandler> accept(link::Stream& stream, ByteView opening, Reactor& reactor);
  asio::awaitable<void> serve(std::shared_ptr<Served> served, net::Request request);
  Task<std::optional<net::Response>> send(Reactor& reactor, const link::Peer& peer, Slot slot, engines::ShardId shard,
                                          SharedBytes request);
  bool is_here(Slot slot, engines::ShardId shard) const;

  const RequestOptions options_;
  link::Links& links_;
  Reactors& reactors_;
  const Places places_;
  const Answer answer_;
  Clock& clock_;
  std::vector<std::unique_ptr<TaskScope>> tasks_;  // by reactor: what is being answered for others
  Counter& sent_;
  Counter& sent_again_;
  Counter& served_;
};

}  // namespace concord::relay
