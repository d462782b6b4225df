#include "shard/elected.h"

#include <algorithm>

namespace concord::shard {

namespace {

constexpr std::int64_t kLeaseShare = 3;  // how often in a lease it is renewed, and looked at by those without it
constexpr std::int64_t kRetryShare = 10;

Metrics::Labels label(const ElectedOptions& options) { return {{"job", options.name}}; }

}  // namespace

Elected::Elected(ElectedOptions options, Reactor& reactor, engines::Coordination& coordination, Clock& clock,
                 Metrics& metrics, const Logger& logger, Job job)
    : options_(std::move(options)),
      reactor_(reactor),
      coordination_(coordination),
      clock_(clock),
      elected_(metrics.gauge("concord_job_elected", "Whether this node is the one that does the job", label(options_))),
      terms_(metrics.counter("concord_job_terms_total", "Times this node became the one that does the job",
                             label(options_))),
      failures_(metrics.counter("concord_job_failures_total", "Runs of the job that failed", label(options_))),
      logger_(logger.with("job", options_.name)),
      job_(std::move(job)),
      tasks_(reactor),
      told_(reactor),
      alive_(std::make_shared<Elected*>(this)) {}

Elected::~Elected() { *alive_ = nullptr; }

void Elected::start() {
  running_ = true;
  tasks_.spawn(run());
}

asio::awaitable<void> Elected::stop() {
  stopping_ = true;
  if (term_ != nullptr) term_->end();
  told_.notify_all();
  while (running_) co_await told_.wait();
  watch_.reset();
  co_await tasks_.close();
}

asio::awaitable<void> Elected::run() {
  while (!stopping_) co_await stand();
  running_ = false;
  told_.notify_all();
}

/// Asks for the name once, and does the job for as long as it has it.
asio::awaitable<void> Elected::stand() {
  if (watch_ == nullptr) co_await look_out();
  is_free_ = false;
  auto held = co_await coordination_.acquire(name(), options_.node, options_.lease_ms, "");
  const bool was_away = is_away_;
  is_away_ = !held && held.error().code != Code::kConflict;
  if (is_away_ && !was_away)
    logger_.warn("cannot stand for a job: the coordination is away", {{"error", held.error().message}});
  if (!held) {
    co_await pause(options_.lease_ms / kLeaseShare, true);
    co_return;
  }
  const bool failed = co_await serve(std::move(*held));
  wait_ms_ = failed ? std::clamp(2 * wait_ms_, options_.retry_ms, options_.max_retry_ms) : 0;
  if (failed) co_await pause(wait_ms_, false);
}

/// The watch saves time only: who is not told looks again.
asio::awaitable<void> Elected::look_out() {
  auto on_change = [&reactor = reactor_, alive = alive_](const std::string&,
                                                         const std::optional<engines::Ownership>& now) {
    if (now) return;
    reactor.post([alive] {
      if (*alive != nullptr) (*alive)->freed();
    });
  };
  if (auto watch = co_await coordination_.watch(name(), std::move(on_change))) watch_ = std::move(*watch);
}

void Elected::freed() {
  is_free_ = true;
  told_.notify_all();
}

/// Does the job for as long as this node has the name; whether it failed.
asio::awaitable<bool> Elected::serve(engines::Ownership held) {
  term_ = std::make_unique<Term>(reactor_, clock_, std::move(held), options_.lease_ms);
  if (stopping_) term_->end();
  keeping_ = true;
  tasks_.spawn(keep_lease(*term_));
  terms_.add();
  elected_.set(1);
  logger_.info("this node does a job of the hub", {{"node", options_.node}, {"epoch", term_->epoch().value}});
  const bool failed = !co_await work(*term_);
  term_->end();
  while (keeping_) co_await told_.wait();
  const engines::Ownership last = term_->held();
  term_.reset();
  elected_.set(0);
  logger_.info("this node does a job of the hub no more", {{"node", options_.node}});
  if (auto released = co_await coordination_.release(last); !released)
    logger_.warn("the others do not know yet that a job is free", {{"error", released.error().message}});
  co_return failed;
}

/// False where the job failed, and not because its time was up.
asio::awaitable<bool> Elected::work(Term& term) {
  while (!term.over()) {
    const auto done = co_await job_(term);
    if (!done && !term.over()) {
      failures_.add();
      logger_.warn("a job of the hub failed here", {{"error", done.error().message}});
      co_return false;
    }
    co_await term.wait(options_.every_ms);
  }
  co_return true;
}

asio::awaitable<void> Elected::keep_lease(Term& term) {
  std::int64_t wait_ms = options_.lease_ms / kLeaseShare;
  while (!term.over()) {
    co_await term.wait(std::max<std::int64_t>(wait_ms, 1));
    if (term.over()) break;
    auto renewed = co_await coordination_.renew(term.held(), options_.lease_ms);
    wait_ms = options_.lease_ms / (renewed ? kLeaseShare : kRetryShare);
    if (renewed) {
      term.prolong(std::move(*renewed));
    } else if (renewed.error().code == Code::kFenced) {
      term.end();
    }
  }
  keeping_ = false;
  told_.notify_all();
}

/// `until_free`: not beyond the moment when nobody has the name any more.
asio::awaitable<void> Elected::pause(std::int64_t milliseconds, bool until_free) {
  const std::int64_t until_ns = clock_.monotonic_ns() + milliseconds * 1'000'000;
  while (!stopping_ && !(until_free && is_free_)) {
    const std::int64_t remaining_ns = until_ns - clock_.monotonic_ns();
    if (remaining_ns <= 0) co_return;
    co_await told_.wait(remaining_ns / 1'000'000 + 1);
  }
}

}  // namespace concord::shard
