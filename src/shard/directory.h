#pragma once
// Who serves which shard now, as this node sees it: the holders of the shards' ownerships, and where those nodes are
// reached. A hint: who is asked may have given the shard up meanwhile, and says so.

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/async.h"
#include "base/log.h"
#include "engines/coordination.h"
#include "shard/membership.h"

namespace concord::shard {

class Directory {
 public:
  Directory(std::int64_t look_ms, Reactor& reactor, engines::Coordination& coordination, const Membership& membership,
            Logger logger);
  ~Directory();  // stopped, or never started
  Directory(const Directory&) = delete;
  Directory& operator=(const Directory&) = delete;

  /// After `Membership::join`; on the reactor, as all but `of`.
  Task<> start();
  asio::awaitable<void> stop();
  void members_changed() { publish(); }

  /// Any thread. nullopt where nobody has the shard, as far as is known.
  std::optional<Member> of(engines::ShardId shard) const;

 private:
  void owned(const std::string& name, const std::optional<engines::Ownership>& now);
  Task<> look();
  asio::awaitable<void> look_again();
  void publish();

  std::int64_t look_ms_;
  Reactor& reactor_;
  engines::Coordination& coordination_;
  const Membership& membership_;
  Logger logger_;
  TaskScope tasks_;
  std::shared_ptr<Directory*> alive_;  // shared with posts of the watch; null inside once this is gone
  std::unique_ptr<engines::Watch> watch_;
  std::vector<std::string> owners_;  // by shard; empty: nobody
  std::uint64_t changes_ = 0;        // told by the watch

  mutable std::mutex mutex_;  // guards what any thread reads
  std::vector<std::optional<Member>> published_;
};

}  // namespace concord::shard
