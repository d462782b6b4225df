#pragma once
// The updates of one session that may comment or suggest and not write. Each is held against the rules
// (annotation_rules.h) on a copy of the document, on the pool, before it goes to the log; in the order in which they
// came, those that came meanwhile together. Lives on the reactor of the document's shard.

#include <deque>
#include <vector>

#include "base/task.h"
#include "documents/annotation_rules.h"
#include "documents/document_shard.h"

namespace concord::documents {

class LiveSession;

class AnnotationQueue {
 public:
  static constexpr std::size_t kMostWaiting = 256;
  static constexpr std::size_t kMostBytes = 4u << 20u;

  /// The session, which is open, owns it, and stays until nothing waits.
  explicit AnnotationQueue(LiveSession& session);

  /// A well-formed update; what becomes of it is told to the session. kRateLimited where too much waits.
  Result<> push(ByteView update, bool may_be_known);
  bool busy() const { return running_; }

 private:
  struct Waiting {
    SharedBytes update;
    bool may_be_known = false;
  };
  struct Verdict {
    Result<> allowed{};
    bool known = false;  // there is nothing to log
    bool adds = true;    // not deletions alone
    std::vector<crdt::ClientId> clients{};
  };
  static std::vector<Verdict> judge(const Bytes& state, const std::vector<Waiting>& batch, Annotator who);
  asio::awaitable<void> run();
  asio::awaitable<void> settle();
  Task<std::vector<Verdict>> judge_waiting();
  void carry_out(const Verdict& verdict);
  bool is_anothers(crdt::ClientId client) const;
  void drop();

  LiveSession& session_;
  DocumentShard::Live live_;  // held while anything waits: the session may have left meanwhile
  std::deque<Waiting> waiting_;
  std::size_t bytes_ = 0;
  bool running_ = false;
};

}  // namespace concord::documents
