#pragma once
// The thread that writes to SQLite: single statements in shared commits, interactive transactions one at a time.

#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <thread>

#include "base/log.h"
#include "base/metrics.h"
#include "engines/sqlite_connection.h"
#include "engines/suspend.h"

namespace concord::engines {

struct SqliteWriterOptions {
  std::size_t max_queued = 4096;
  std::size_t max_shared_commit = 128;
  std::int64_t max_wait_ms = 10'000;
  std::int64_t transaction_timeout_ms = 10'000;
};

/// What a coroutine waits for; lives in its frame until `resume` is called.
struct SqliteRequest {
  Statement statement;
  Result<Rows> result = Rows{};
  Resume resume;
};

/// An interactive transaction, shared by its coroutine and the writing thread.
struct SqliteSession {
  enum class End : std::uint8_t { kOpen, kCommit, kRollback };
  // Guarded by the writer's mutex:
  std::deque<SqliteRequest*> requests;
  End end = End::kOpen;                  // asked for by the coroutine
  SqliteRequest* waiting_end = nullptr;  // who waits for the commit
  bool over = false;                     // the thread has left it
};

class SqliteWriter {
 public:
  SqliteWriter(std::unique_ptr<SqliteConnection> connection, SqliteWriterOptions options, Clock& clock, Logger logger,
               Metrics& metrics);
  /// Runs the statements that are queued, then ends the thread.
  ~SqliteWriter();

  /// One statement in its own transaction.
  asio::awaitable<void> run(SqliteRequest& request);
  /// Runs on the thread, outside a transaction.
  asio::awaitable<Result<>> run_exclusively(std::move_only_function<Result<>(SqliteConnection&)> work);
  /// Waits until the session has the thread and its transaction has begun.
  Task<> begin(std::shared_ptr<SqliteSession> session);
  /// A statement of the session.
  asio::awaitable<void> run_in(SqliteSession& session, SqliteRequest& request);
  Task<> commit(SqliteSession& session);
  /// Does not wait. Ending twice, or after `commit`, does nothing.
  void roll_back(SqliteSession& session);

 private:
  struct Job {
    SqliteRequest* request = nullptr;
    std::shared_ptr<SqliteSession> session;                          // where it is a transaction
    std::move_only_function<Result<>(SqliteConnection&)> exclusive;  // where it is other work
    std::int64_t queued_ns = 0;

    bool is_statement() const { return !session && !exclusive; }
  };
  struct Instruments {
    explicit Instruments(Metrics& metrics);
    Gauge& queue_depth;
    Histogram& commit_seconds;
    Histogram& wait_seconds;
    Histogram& shared_commit;
    Counter& refused;
  };

  void push(Job job, Resume resume);
  void work();
  bool take(std::vector<Job>& jobs);
  void expire(std::vector<Job>& jobs);
  void run_statements(std::vector<Job>& jobs);
  bool run_shared(std::vector<Job>& jobs);
  void run_alone(SqliteRequest& request);
  void run_session(Job& job);
  SqliteSession::End serve(SqliteSession& session, std::int64_t deadline_ns);
  Result<> commit_timed();

  std::unique_ptr<SqliteConnection> connection_;  // used by the thread alone
  SqliteWriterOptions options_;
  Clock& clock_;
  Logger logger_;
  Instruments instruments_;

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Job> queue_;  // guarded by mutex_
  bool stopping_ = false;  // guarded by mutex_
  std::thread thread_;
};

}  // namespace concord::engines
