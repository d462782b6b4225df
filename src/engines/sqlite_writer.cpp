#include "engines/sqlite_writer.h"

#include <chrono>

namespace concord::engines {
namespace {

Error closing() { return {Code::kUnavailable, "the tables are closing", {}}; }
Error timed_out() { return {Code::kUnavailable, "the transaction took too long and was rolled back", {}}; }

/// The request is gone once its coroutine goes on.
void finish(SqliteRequest& request) {
  Resume resume = std::move(request.resume);
  resume();
}

Result<Rows> without_rows(Result<> result) {
  if (!result) return fail(std::move(result).error());
  return Rows{};
}

void refuse(SqliteRequest& request, Error error) {
  request.result = fail(std::move(error));
  finish(request);
}

}  // namespace

SqliteWriter::Instruments::Instruments(Metrics& metrics)
    : queue_depth(metrics.gauge("concord_tables_write_queue_depth", "Writes waiting for the writing thread.")),
      commit_seconds(metrics.histogram("concord_tables_commit_seconds", "Time of a commit.", latency_bounds())),
      wait_seconds(metrics.histogram("concord_tables_write_wait_seconds", "Time a write waits for the writing thread.",
                                     latency_bounds())),
      shared_commit(
          metrics.histogram("concord_tables_commit_statements", "Statements that shared a commit.", size_bounds())),
      refused(metrics.counter("concord_tables_refused_total", "Writes refused because the queue was full or slow.")) {}

SqliteWriter::SqliteWriter(std::unique_ptr<SqliteConnection> connection, SqliteWriterOptions options, Clock& clock,
                           Logger logger, Metrics& metrics)
    : connection_(std::move(connection)),
      options_(options),
      clock_(clock),
      logger_(std::move(logger)),
      instruments_(metrics),
      thread_([this] { work(); }) {}

SqliteWriter::~SqliteWriter() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void SqliteWriter::push(Job job, Resume resume) {
  SqliteRequest& request = *job.request;
  request.resume = std::move(resume);
  job.queued_ns = clock_.monotonic_ns();
  std::optional<Error> refusal;
  {
    const std::lock_guard lock(mutex_);
    if (stopping_) {
      refusal = closing();
    } else if (queue_.size() >= options_.max_queued) {
      refusal = Error{
          Code::kUnavailable, "too many writes wait for the tables", {{"limit", std::to_string(options_.max_queued)}}};
      instruments_.refused.add();
    } else {
      queue_.push_back(std::move(job));
      instruments_.queue_depth.set(static_cast<std::int64_t>(queue_.size()));
    }
  }
  if (refusal) return refuse(request, *std::move(refusal));
  changed_.notify_all();
}

asio::awaitable<void> SqliteWriter::run(SqliteRequest& request) {
  co_await suspend([this, &request](Resume resume) {
    Job job;
    job.request = &request;
    push(std::move(job), std::move(resume));
  });
}

asio::awaitable<Result<>> SqliteWriter::run_exclusively(std::move_only_function<Result<>(SqliteConnection&)> work) {
  SqliteRequest request;
  co_await suspend([this, &request, &work](Resume resume) {
    Job job;
    job.request = &request;
    job.exclusive = std::move(work);
    push(std::move(job), std::move(resume));
  });
  CO_TRY_VOID(std::move(request.result));
  co_return Result<>();
}

Task<> SqliteWriter::begin(std::shared_ptr<SqliteSession> session) {
  SqliteRequest request;
  co_await suspend([this, &request, &session](Resume resume) {
    Job job;
    job.request = &request;
    job.session = session;
    push(std::move(job), std::move(resume));
  });
  CO_TRY_VOID(std::move(request.result));
  co_return Result<>();
}

asio::awaitable<void> SqliteWriter::run_in(SqliteSession& session, SqliteRequest& request) {
  co_await suspend([this, &session, &request](Resume resume) {
    request.resume = std::move(resume);
    {
      const std::lock_guard lock(mutex_);
      if (!session.over && session.end == SqliteSession::End::kOpen) {
        session.requests.push_back(&request);
        changed_.notify_all();
        return;
      }
    }
    refuse(request, timed_out());
  });
}

Task<> SqliteWriter::commit(SqliteSession& session) {
  SqliteRequest request;
  co_await suspend([this, &session, &request](Resume resume) {
    request.resume = std::move(resume);
    {
      const std::lock_guard lock(mutex_);
      if (!session.over) {
        session.end = SqliteSession::End::kCommit;
        session.waiting_end = &request;
        changed_.notify_all();
        return;
      }
    }
    refuse(request, timed_out());
  });
  CO_TRY_VOID(std::move(request.result));
  co_return Result<>();
}

void SqliteWriter::roll_back(SqliteSession& session) {
  const std::lock_guard lock(mutex_);
  if (session.end == SqliteSession::End::kOpen) session.end = SqliteSession::End::kRollback;
  changed_.notify_all();
}

void SqliteWriter::work() {
  std::vector<Job> jobs;
  while (take(jobs)) {
    expire(jobs);
    if (jobs.empty()) continue;
    if (jobs.front().session) {
      run_session(jobs.front());
    } else if (jobs.front().exclusive) {
      jobs.front().request->result = without_rows(jobs.front().exclusive(*connection_));
      finish(*jobs.front().request);
    } else {
      run_statements(jobs);
    }
    jobs.clear();
  }
}

/// A run of statements from the front of the queue, or one other job.
bool SqliteWriter::take(std::vector<Job>& jobs) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
  while (!queue_.empty() && jobs.size() < options_.max_shared_commit) {
    const bool alone = !queue_.front().is_statement();
    if (alone && !jobs.empty()) break;
    jobs.push_back(std::move(queue_.front()));
    queue_.pop_front();
    if (alone) break;
  }
  instruments_.queue_depth.set(static_cast<std::int64_t>(queue_.size()));
  return !jobs.empty();
}

/// Answers those who have waited too long.
void SqliteWriter::expire(std::vector<Job>& jobs) {
  const std::int64_t now = clock_.monotonic_ns();
  std::erase_if(jobs, [&](Job& job) {
    instruments_.wait_seconds.record(static_cast<double>(now - job.queued_ns) * 1e-9);
    if (now - job.queued_ns <= options_.max_wait_ms * 1'000'000) return false;
    instruments_.refused.add();
    refuse(*job.request, Error{Code::kUnavailable,
                               "the tables were busy for too long",
                               {{"limit", std::to_string(options_.max_wait_ms)}}});
    return true;
  });
}

Result<> SqliteWriter::commit_timed() {
  const std::int64_t began = clock_.monotonic_ns();
  Result<> committed = connection_->commit();
  instruments_.commit_seconds.record(static_cast<double>(clock_.monotonic_ns() - began) * 1e-9);
  if (!committed) connection_->rollback();
  return committed;
}

void SqliteWriter::run_statements(std::vector<Job>& jobs) {
  instruments_.shared_commit.record(static_cast<double>(jobs.size()));
  if (jobs.size() == 1 || !run_shared(jobs)) {
    for (Job& job : jobs) run_alone(*job.request);
  }
  for (Job& job : jobs) finish(*job.request);
}

/// False, with everything rolled back, where one statement's failure would be another's: the engine gave up the whole
/// transaction, or a deferred constraint stopped the commit.
bool SqliteWriter::run_shared(std::vector<Job>& jobs) {
  if (!connection_->begin()) return false;
  for (Job& job : jobs) {
    job.request->result = connection_->run(job.request->statement);  // a refused statement undoes itself alone
    if (!connection_->in_transaction()) return false;
  }
  return commit_timed().has_value();
}

void SqliteWriter::run_alone(SqliteRequest& request) {
  if (Result<> begun = connection_->begin(); !begun) {
    request.result = fail(std::move(begun).error());
    return;
  }
  request.result = connection_->run(request.statement);
  if (!request.result) return connection_->rollback();
  if (Result<> committed = commit_timed(); !committed) request.result = fail(std::move(committed).error());
}

void SqliteWriter::run_session(Job& job) {
  SqliteSession& session = *job.session;
  const std::int64_t deadline = clock_.monotonic_ns() + options_.transaction_timeout_ms * 1'000'000;
  Result<> begun = connection_->begin();
  const bool has_begun = begun.has_value();
  if (!has_begun) {
    const std::lock_guard lock(mutex_);
    session.over = true;
  }
  job.request->result = without_rows(std::move(begun));
  finish(*job.request);
  if (!has_begun) return;

  const SqliteSession::End end = serve(session, deadline);
  Result<> ended = fail(timed_out());
  if (end == SqliteSession::End::kCommit) {
    ended = connection_->in_transaction() ? commit_timed() : fail(Code::kUnavailable, "the engine rolled back");
  } else {
    connection_->rollback();
  }
  SqliteRequest* waiting = nullptr;
  {
    const std::lock_guard lock(mutex_);
    session.over = true;
    for (SqliteRequest* request : session.requests) refuse(*request, timed_out());
    session.requests.clear();
    waiting = std::exchange(session.waiting_end, nullptr);
  }
  if (waiting == nullptr) return;
  waiting->result = without_rows(std::move(ended));
  finish(*waiting);
}

/// Runs the session's statements until its coroutine ends it or its time is up.
SqliteSession::End SqliteWriter::serve(SqliteSession& session, std::int64_t deadline_ns) {
  std::unique_lock lock(mutex_);
  for (;;) {
    const std::int64_t left_ns = deadline_ns - clock_.monotonic_ns();
    changed_.wait_for(lock, std::chrono::nanoseconds(std::max<std::int64_t>(left_ns, 0)), [&] {
      return stopping_ || !session.requests.empty() || session.end != SqliteSession::End::kOpen;
    });
    if (!session.requests.empty()) {
      SqliteRequest& request = *session.requests.front();
      session.requests.pop_front();
      lock.unlock();
      request.result = connection_->in_transaction()
                           ? connection_->run(request.statement)
                           : Result<Rows>(fail(Code::kUnavailable, "the engine has rolled the transaction back"));
      finish(request);
      lock.lock();
      if (clock_.monotonic_ns() < deadline_ns) continue;
    }
    if (session.end != SqliteSession::End::kOpen) return session.end;
    if (stopping_ || clock_.monotonic_ns() >= deadline_ns) {
      if (!stopping_)
        logger_.warn("tables: a transaction took too long", {{"limit_ms", options_.transaction_timeout_ms}});
      return SqliteSession::End::kRollback;
    }
  }
}

}  // namespace concord::engines
