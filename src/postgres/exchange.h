#pragma once
// What is on its way on a connection, and what has come of it so far: the commands of some steps up to their sync.

#include <optional>
#include <string>
#include <vector>

#include "postgres/connection.h"

struct pg_result;

namespace concord::postgres {

struct Command {
  enum class Kind : std::uint8_t { kDrop, kPrepare, kRun } kind = Kind::kRun;
  std::string name;
};

class Exchange {
 public:
  Exchange(std::vector<Command> commands, std::size_t steps, std::int64_t deadline_ns, std::size_t max_bytes,
           Connection::Done done)
      : commands_(std::move(commands)), deadline_ns_(deadline_ns), max_bytes_(max_bytes), done_(std::move(done)) {
    rows_.reserve(steps);
  }

  std::int64_t deadline_ns() const { return deadline_ns_; }
  bool runs_next() const { return at_ < commands_.size() && commands_[at_].kind == Command::Kind::kRun; }
  /// kTooLarge once it is more than may be.
  Result<> take(const pg_result* result);
  /// The results of one command have ended. The name of a statement that was not prepared or is gone.
  std::string command_ended();
  /// The server gave up waiting for its standbys.
  void not_replicated() { replicated_ = false; }
  /// Whether what failed says that the connection is of no use any more.
  bool ends_connection() const;
  void finish();
  /// Nothing more comes: answered with what has failed before, or else with `error`.
  void finish_early(Error error);

 private:
  Result<> take_row(const pg_result* result, int row);
  void take_error(const pg_result* result);

  std::vector<Command> commands_;
  std::int64_t deadline_ns_;
  std::size_t max_bytes_;
  Connection::Done done_;
  std::size_t at_ = 0;  // the command whose results come now
  bool command_failed_ = false;
  bool begun_ = false;  // rows_.back() is of this command
  bool replicated_ = true;
  std::size_t bytes_ = 0;
  std::vector<engines::Rows> rows_;
  std::optional<Error> error_;
};

/// Whether a notice says that a commit's wait for standbys ended early: it is then durable on this server alone.
bool is_end_of_replication_wait(const pg_result* notice);

}  // namespace concord::postgres
