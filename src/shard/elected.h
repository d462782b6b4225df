#pragma once
// A job that one node of a hub does, and another goes on with when that one ends: all nodes stand for the name
// "job/NAME" at the coordination, and who holds it runs the job. Lives on one reactor and is used there.
//
// A lease is no lock: a node that stood still may find out late that another does its job. So what the job writes
// begins with `Term::fence`, or may be written twice without harm.

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "base/async.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "engines/coordination.h"
#include "shard/term.h"

namespace concord::shard {

struct ElectedOptions {
  std::string name;  // of the job; a node stands for it once
  std::string node;  // this one
  std::int64_t lease_ms = 10'000;
  std::int64_t every_ms = 60'000;      // after the job has returned well it is called again, in the same term
  std::int64_t retry_ms = 1'000;       // after it has failed this node stands back: twice as long each time,
  std::int64_t max_retry_ms = 60'000;  // up to this
};

class Elected {
 public:
  /// Runs on the reactor while this node is the one, and ends soon after `term.over()`. One that fails gives the job
  /// up, so that another node may try.
  using Job = std::function<Task<>(Term& term)>;

  /// Counts concord_job_elected (1 where the job is done here), concord_job_terms_total and concord_job_failures_total
  /// by job.
  Elected(ElectedOptions options, Reactor& reactor, engines::Coordination& coordination, Clock& clock, Metrics& metrics,
          const Logger& logger, Job job);
  ~Elected();  // stopped, or never started
  Elected(const Elected&) = delete;
  Elected& operator=(const Elected&) = delete;

  /// From here on this node stands for the job. Where the coordination is away it goes on trying.
  void start();
  /// Lets the job end, and lets others have it. To be awaited.
  asio::awaitable<void> stop();
  /// Whether this node does the job.
  bool is_elected() const { return term_ != nullptr && !term_->over(); }

 private:
  asio::awaitable<void> run();
  asio::awaitable<void> stand();
  asio::awaitable<void> look_out();
  asio::awaitable<bool> serve(engines::Ownership held);
  asio::awaitable<bool> work(Term& term);
  asio::awaitable<void> keep_lease(Term& term);
  asio::awaitable<void> pause(std::int64_t milliseconds, bool until_free);
  void freed();
  std::string name() const { return "job/" + options_.name; }

  ElectedOptions options_;
  Reactor& reactor_;
  engines::Coordination& coordination_;
  Clock& clock_;
  Gauge& elected_;
  Counter& terms_;
  Counter& failures_;
  Logger logger_;
  Job job_;
  TaskScope tasks_;
  AsyncEvent told_;
  std::shared_ptr<Elected*> alive_;  // shared with posts of the watch; null inside once this is gone
  std::unique_ptr<engines::Watch> watch_;
  std::unique_ptr<Term> term_;  // while this node holds the name
  std::int64_t wait_ms_ = 0;    // after the last term, where the job failed
  bool is_free_ = false;        // the name, as was told since it was last asked for
  bool is_away_ = false;        // the coordination
  bool keeping_ = false;        // the lease is being kept
  bool running_ = false;
  bool stopping_ = false;
};

}  // namespace concord::shard
