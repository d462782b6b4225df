#include "shard/term.h"

#include <algorithm>

namespace concord::shard {

namespace {

constexpr std::int64_t kMargin = 8;  // this part of a lease before its end, a term is over

/// A function of its own, so that what it is called with lives as long as it runs.
Task<> raise_epoch(engines::Transaction& transaction, std::string name, std::int64_t epoch) {
  CO_TRY(const engines::Rows found,
         co_await transaction.query({"SELECT epoch FROM job_terms WHERE name = $1", {name}}));
  const std::int64_t newest = found.empty() ? 0 : engines::as_integer(found.rows[0][0]);
  if (newest > epoch)
    co_return fail(Code::kFenced,
                   name + " is done at epoch " + std::to_string(newest) + " by now, not at " + std::to_string(epoch));
  if (newest == epoch) co_return Result<>{};
  CO_TRY_VOID(
      co_await transaction.query({"INSERT INTO job_terms (name, epoch) VALUES ($1, $2) "
                                  "ON CONFLICT (name) DO UPDATE SET epoch = excluded.epoch",
                                  {name, epoch}}));
  co_return Result<>{};
}

}  // namespace

Term::Term(Reactor& reactor, Clock& clock, engines::Ownership held, std::int64_t lease_ms)
    : clock_(clock), lease_ms_(lease_ms), held_(std::move(held)), ended_(reactor) {}

std::int64_t Term::left_ms() const {
  return (held_.expires_ns - clock_.monotonic_ns()) / 1'000'000 - lease_ms_ / kMargin;
}

bool Term::over() const {
  if (!over_ && left_ms() <= 0) over_ = true;
  return over_;
}

asio::awaitable<void> Term::wait(std::int64_t milliseconds) {
  const std::int64_t until_ns = clock_.monotonic_ns() + milliseconds * 1'000'000;
  while (!over()) {
    const std::int64_t remaining_ns = until_ns - clock_.monotonic_ns();
    if (remaining_ns <= 0) co_return;
    co_await ended_.wait(std::min(remaining_ns / 1'000'000 + 1, left_ms()));
  }
}

Task<> Term::fence(engines::Transaction& transaction) const {
  return raise_epoch(transaction, held_.name, static_cast<std::int64_t>(held_.epoch.value));
}

void Term::prolong(engines::Ownership held) {
  if (!over()) held_ = std::move(held);
}

void Term::end() {
  over_ = true;
  ended_.notify_all();
}

std::vector<engines::Migration> term_migrations() {
  return {{"jobs", 1, "CREATE TABLE job_terms (name TEXT PRIMARY KEY, epoch BIGINT NOT NULL)"}};
}

}  // namespace concord::shard
