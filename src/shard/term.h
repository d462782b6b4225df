#pragma once
// The time for which a node is the one that does a job (elected.h). Lives on one reactor and is used there, but for
// what is said otherwise.

#include <cstdint>
#include <string>
#include <vector>

#include "base/async.h"
#include "base/clock.h"
#include "engines/coordination.h"
#include "engines/tables.h"

namespace concord::shard {

class Term {
 public:
  Term(Reactor& reactor, Clock& clock, engines::Ownership held, std::int64_t lease_ms);
  Term(const Term&) = delete;
  Term& operator=(const Term&) = delete;

  /// Greater than that of every earlier term of this job, on whichever node.
  engines::Epoch epoch() const { return held_.epoch; }
  /// Whether the job is to end: the node stops, or may not be the one any more, by its own clock. Once true it stays.
  bool over() const;
  /// Lets so much time pass, but not beyond the end of the term.
  asio::awaitable<void> wait(std::int64_t milliseconds);
  /// What the job does first in each transaction in which it writes: kFenced where a later term has written, and then
  /// nothing of the transaction is to be. So a node that stood still and does not know yet changes nothing. After
  /// `term_migrations`; from any reactor.
  Task<> fence(engines::Transaction& transaction) const;

  /// For Elected alone.
  const engines::Ownership& held() const { return held_; }
  void prolong(engines::Ownership held);
  void end();

 private:
  std::int64_t left_ms() const;

  Clock& clock_;
  const std::int64_t lease_ms_;
  engines::Ownership held_;
  AsyncEvent ended_;
  mutable bool over_ = false;
};

/// The table by which terms are fenced.
std::vector<engines::Migration> term_migrations();

}  // namespace concord::shard
