#pragma once
// Messages for programs outside the hub, by topics of a broker. There is no embedded driver: without a broker nobody
// listens.

#include <string>
#include <vector>

#include "base/task.h"

namespace concord::engines {

struct TopicMessage {
  std::string topic;
  std::string key;  // those of one key keep the order in which they became durable
  std::string value;
};

class Topics {
 public:
  virtual ~Topics() = default;

  /// Makes those that are missing. kUnavailable where the broker is away, or does not let the hub make them.
  virtual Task<> prepare(std::vector<std::string> topics) = 0;

  struct Sent {
    std::vector<bool> durable;  // of each message, on all replicas in sync; any other may be there too, or come yet
    Result<> all;               // else why one of them is not: kUnavailable
  };
  /// At most one message of a key at a time: of several, one that fails could come after those behind it. One call at a
  /// time. Any reactor.
  virtual asio::awaitable<Sent> send(std::vector<TopicMessage> messages) = 0;
};

}  // namespace concord::engines
