#pragma once
// Sends messages and tells of each how that ended, on one reactor.

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>

#include "base/reactor.h"
#include "kafka/handles.h"
#include "kafka/wakeup.h"

namespace concord::kafka {

/// Used on its reactor, but for `open` and the end.
class Producer {
 public:
  /// The message's offset, once all replicas in sync have it; or that nobody knows whether they have, or will.
  using Delivered = std::move_only_function<void(Result<std::int64_t>)>;

  static Result<std::unique_ptr<Producer>> open(const KafkaOptions& options, Notices& notices, Reactor& reactor,
                                                BlockingPool& blocking);
  /// Closed, and not on the reactor: it blocks.
  ~Producer();
  Producer(const Producer&) = delete;
  Producer& operator=(const Producer&) = delete;

  /// Finds the topic's leader, unless it did; else the first message would wait for that.
  Task<> look_up(std::string topic);
  /// Messages of a topic arrive in the order in which they are sent. `delivered` is called later, never from here, and
  /// not after `close`.
  void send(const std::string& topic, ByteView message, Delivered delivered);
  void close();

 private:
  /// One of the library's producers. It is given up for another where it has failed for good.
  struct Link {
    ~Link();
    Handle handle;
    Queue queue;
    std::shared_ptr<Wakeup> wakeup;                                             // shared with what it posted
    std::unordered_map<std::string, std::shared_ptr<rd_kafka_topic_s>> topics;  // that were found; shared with the pool
  };

  Producer(const KafkaOptions& options, Notices& notices, Reactor& reactor, BlockingPool& blocking)
      : options_(options), notices_(notices), reactor_(reactor), blocking_(blocking) {}
  Result<> connect();
  void replace();
  bool take_reports();
  void deliver(std::uint64_t id, Result<std::int64_t> result);
  void fail_later(Delivered delivered, Error error);

  const KafkaOptions& options_;
  Notices& notices_;
  Reactor& reactor_;
  BlockingPool& blocking_;
  std::shared_ptr<Link> link_;  // shared with the pool; null where it could not be made
  std::unordered_map<std::uint64_t, Delivered> waiting_;
  std::uint64_t next_id_ = 1;
  bool closed_ = false;
};

}  // namespace concord::kafka
