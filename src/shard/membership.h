#pragma once
// A node among those of its hub: it holds the name "node/NAME" for as long as it lives, with where it is reached as the
// note, and sees who else does. Lives on one reactor and is used there.

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/async.h"
#include "base/log.h"
#include "engines/coordination.h"

namespace concord::shard {

struct Member {
  std::string node;
  std::string address;       // where other nodes reach it, HOST:PORT
  std::uint32_t weight = 1;  // how much of the shards it takes beside the others; 0: none
  bool operator==(const Member&) const = default;
};

/// What a member tells in the note of its ownership: "WEIGHT ADDRESS".
std::string note_of(const Member& member);
/// nullopt where the ownership is no member's.
std::optional<Member> member_of(const engines::Ownership& held);

struct MembershipOptions {
  Member self;
  std::int64_t lease_ms = 10'000;
  std::size_t max_nodes = 1000;
};

class Membership {
 public:
  /// `changed` is called on the reactor after the members have changed.
  Membership(MembershipOptions options, Reactor& reactor, engines::Coordination& coordination, Logger logger,
             std::function<void()> changed);
  ~Membership();  // left, or never joined
  Membership(const Membership&) = delete;
  Membership& operator=(const Membership&) = delete;

  /// Becomes a member and learns of the others. kTooLarge where there are more nodes than the options allow.
  Task<> join();
  /// Others see at once that the node goes.
  asio::awaitable<void> leave();

  /// As of the last look, by name; this node among them while it is one.
  const std::vector<Member>& members() const { return members_; }
  const Member& self() const { return options_.self; }

 private:
  Task<> look();
  asio::awaitable<void> maintain();
  asio::awaitable<void> hold_name();
  std::string name() const { return "node/" + options_.self.node; }

  MembershipOptions options_;
  Reactor& reactor_;
  engines::Coordination& coordination_;
  Logger logger_;
  std::function<void()> changed_;
  TaskScope tasks_;
  AsyncEvent told_;
  std::shared_ptr<Membership*> alive_;  // shared with posts of the watch; null inside once this is gone
  std::unique_ptr<engines::Watch> watch_;
  engines::Ownership held_;
  std::vector<Member> members_;
  bool leaving_ = false;
};

}  // namespace concord::shard
