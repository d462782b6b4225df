#pragma once
// An interactive transaction on one connection. Lives on its pool's reactor; everything here is called there.

#include <memory>
#include <optional>

#include "postgres/pool.h"

namespace concord::postgres {

class Session : public std::enable_shared_from_this<Session> {
 public:
  Session(Pool& pool, std::int64_t timeout_ms);

  /// Takes a connection; from then on the transaction has its time, after which it is rolled back.
  Task<> begin();
  /// The transaction begins with its first statement. Once one has failed, all fail as it did.
  Task<engines::Rows> run(engines::Statement statement);
  Task<> commit();
  Task<> roll_back();
  /// Rolls back with nobody waiting.
  void abandon();

  /// Whether the failure may not come again.
  bool is_worth_repeating() const { return worth_repeating_; }

 private:
  Task<std::vector<engines::Rows>> call(std::vector<Step> steps);
  static asio::awaitable<void> watch(std::shared_ptr<Session> self);
  static asio::awaitable<void> roll_back_alone(std::shared_ptr<Session> self);
  void end();

  Pool& pool_;
  std::int64_t timeout_ms_;
  std::int64_t deadline_ns_ = 0;
  std::optional<Pool::Lease> lease_;
  AsyncEvent ended_;
  std::optional<Error> over_;
  std::optional<Error> failure_;
  bool begun_ = false;
  bool running_ = false;
  bool worth_repeating_ = false;
};

/// Checked, with its arguments in the engine's formats.
Result<Step> step_of(engines::Statement statement);

}  // namespace concord::postgres
