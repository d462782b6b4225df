#pragma once
// Answers to clients that ask what their document lacks: of all that a hub sends the largest, and everybody who opens a
// document wants one. What waits for clients to take it is bounded over a node (SESSIONS_SYNC_BYTES): past that,
// further ones are made in the order in which they were asked for, as earlier ones are taken. A client that takes
// nothing of its own for SESSION_SLOW_SECONDS is closed, so that it does not keep others waiting. The answers of one
// shard; lives on its reactor.

#include <cstdint>
#include <deque>
#include <vector>

#include "base/reactor.h"
#include "crdt/state_vector.h"

namespace concord::documents {

class LiveSession;
class LiveSessions;

class SyncAnswers {
 public:
  explicit SyncAnswers(LiveSessions& sessions);

  /// Answers by `session.tell_missing`, in this call where there is room.
  void ask(LiveSession& session, crdt::StateVector of_client);
  /// About once a second.
  void sweep(std::int64_t now_ns);
  asio::awaitable<void> close();

 private:
  struct Asked {
    std::uint64_t session = 0;
    crdt::StateVector of_client;
  };
  /// An answer that has not been taken yet.
  struct Unsent {
    std::uint64_t session = 0;
    std::size_t bytes = 0;
    std::int64_t since_ns = 0;  // when it last became less
  };

  bool has_room() const;
  void answer(LiveSession& session, const crdt::StateVector& of_client);
  void settle(std::int64_t now_ns);
  asio::awaitable<void> answer_all();

  LiveSessions& sessions_;
  TaskScope tasks_;
  std::deque<Asked> asked_;
  std::vector<Unsent> unsent_;
  bool answering_ = false;
};

}  // namespace concord::documents
