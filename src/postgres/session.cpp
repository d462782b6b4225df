#include "postgres/session.h"

#include <algorithm>

#include "base/varint.h"
#include "postgres/sql_errors.h"
#include "postgres/sql_text.h"

namespace concord::postgres {
namespace {

using engines::Rows;

Error timed_out() { return {Code::kUnavailable, "the transaction took too long and was rolled back", {}}; }
Error ended() { return {Code::kUnavailable, "the transaction has ended", {}}; }

}  // namespace

Result<Step> step_of(engines::Statement statement) {
  TRY_VOID(check_statement(statement.sql, statement.arguments.size()));
  Step step{std::move(statement.sql), {}};
  step.parameters.reserve(statement.arguments.size());
  for (engines::Value& value : statement.arguments) {
    if (const auto* text = std::get_if<std::string>(&value);
        text != nullptr && (text->find('\0') != std::string::npos || !is_valid_utf8(*text))) {
      return fail(Code::kInvalidArgument,
                  "argument $" + std::to_string(step.parameters.size() + 1) + " is not UTF-8 text");
    }
    step.parameters.push_back(parameter_of(std::move(value)));
  }
  return step;
}

Session::Session(Pool& pool, std::int64_t timeout_ms) : pool_(pool), timeout_ms_(timeout_ms), ended_(pool.reactor()) {}

Task<> Session::begin() {
  CO_TRY(Pool::Lease lease, co_await pool_.acquire());
  lease_.emplace(std::move(lease));
  deadline_ns_ = pool_.clock().monotonic_ns() + timeout_ms_ * 1'000'000;
  pool_.spawn(watch(shared_from_this()));
  co_return Result<>();
}

asio::awaitable<void> Session::watch(std::shared_ptr<Session> self) {
  co_await self->ended_.wait(self->timeout_ms_);
  if (self->over_ || self->running_) co_return;  // a call under way ends by its own deadline, which is the same
  self->over_ = timed_out();
  static_cast<void>(co_await self->roll_back());
}

Task<std::vector<Rows>> Session::call(std::vector<Step> steps) {
  const std::int64_t left_ms = (deadline_ns_ - pool_.clock().monotonic_ns()) / 1'000'000;
  running_ = true;
  auto answer =
      co_await (*lease_)->run(std::move(steps), std::clamp<std::int64_t>(left_ms, 0, pool_.call_timeout_ms()));
  running_ = false;
  if (!answer && pool_.clock().monotonic_ns() >= deadline_ns_) answer = fail(timed_out());
  if (!answer) {
    failure_ = answer.error();
    worth_repeating_ = worth_repeating_ || postgres::is_worth_repeating(*failure_);
  }
  co_return answer;
}

Task<Rows> Session::run(engines::Statement statement) {
  if (over_) co_return fail(*over_);
  if (failure_) co_return fail(*failure_);
  if (running_) co_return fail(Code::kInternal, "a transaction makes one query at a time");
  CO_TRY(Step step, step_of(std::move(statement)));
  std::vector<Step> steps;
  if (!begun_) steps.push_back({"BEGIN", {}});
  begun_ = true;
  steps.push_back(std::move(step));
  CO_TRY(std::vector<Rows> answer, co_await call(std::move(steps)));
  co_return std::move(answer.back());
}

void Session::end() {
  if (!over_) over_ = ended();
  lease_.reset();
  ended_.notify_all();
}

Task<> Session::commit() {
  if (over_) co_return fail(*over_);
  if (failure_) {
    static_cast<void>(co_await roll_back());
    co_return fail(*failure_);
  }
  Result<> done;
  if (begun_) {
    std::vector<Step> steps;
    steps.push_back({"COMMIT", {}});
    if (auto answer = co_await call(std::move(steps)); !answer) done = fail(std::move(answer).error());
  }
  end();
  co_return done;
}

Task<> Session::roll_back() {
  if (!over_) over_ = ended();
  if (lease_ && begun_ && !running_ && (*lease_)->is_open()) {
    running_ = true;
    std::vector<Step> steps;
    steps.push_back({"ROLLBACK", {}});
    static_cast<void>(co_await (*lease_)->run(std::move(steps), pool_.options().grace_ms));
    running_ = false;
  }
  end();
  co_return Result<>();
}

asio::awaitable<void> Session::roll_back_alone(std::shared_ptr<Session> self) {
  static_cast<void>(co_await self->roll_back());
}

void Session::abandon() {
  if (!lease_) return;
  if (pool_.is_closed()) return end();
  pool_.spawn(roll_back_alone(shared_from_this()));
}

}  // namespace concord::postgres
