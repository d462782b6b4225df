#include "audit/audit_store.h"

#include <algorithm>
#include <array>
#include <span>

namespace concord::audit {

using engines::as_integer;
using engines::as_string;
using engines::Value;

namespace {

constexpr const char* kTables = R"sql(
  CREATE TABLE audit_lines (
    seq BIGINT NOT NULL PRIMARY KEY,
    time_ms BIGINT NOT NULL,
    actor TEXT NOT NULL,
    action TEXT NOT NULL,
    target TEXT NOT NULL,
    outcome TEXT NOT NULL,
    line TEXT NOT NULL
  );
  CREATE INDEX audit_lines_by_time ON audit_lines (time_ms);
  CREATE INDEX audit_lines_by_actor ON audit_lines (actor, seq);
  CREATE INDEX audit_lines_by_target ON audit_lines (target, seq);
  CREATE INDEX audit_lines_by_action ON audit_lines (action, seq);
  CREATE TABLE audit_head (
    only_row BIGINT NOT NULL PRIMARY KEY CHECK (only_row = 1),
    seq BIGINT NOT NULL,
    hash TEXT NOT NULL
  );
)sql";

Result<Head> head_of(const engines::Rows& found) {
  if (found.empty()) return Head{};
  return Head{static_cast<std::uint64_t>(as_integer(found.rows[0][0])), as_string(found.rows[0][1])};
}

// There from the start, so that who appends begins by locking it.
constexpr const char* kFirstHead =
    "INSERT INTO audit_head (only_row, seq, hash) "
    "VALUES (1, 0, '0000000000000000000000000000000000000000000000000000000000000000') "
    "ON CONFLICT (only_row) DO NOTHING";

constexpr std::size_t kRowsAStatement = 64;

constexpr const char* kReadHead = "SELECT seq, hash FROM audit_head WHERE only_row = 1";

/// Puts the events behind the head, which moves on; `lines` gets theirs.
engines::Statement insert_of(std::span<const TimedEvent> events, Head& head, std::vector<Line>& lines) {
  engines::Statement insert{"INSERT INTO audit_lines (seq, time_ms, actor, action, target, outcome, line) VALUES ", {}};
  for (const auto& [time_ms, event] : events) {
    std::string line = add_line(event, time_ms, head);
    std::array<Value, 7> values{static_cast<std::int64_t>(head.seq),   time_ms, event.actor, event.action, event.target,
                                std::string(to_string(event.outcome)), line};
    insert.sql += insert.arguments.empty() ? "(" : "), (";
    for (std::size_t i = 0; i < values.size(); ++i) {
      insert.arguments.push_back(std::move(values.at(i)));
      insert.sql += (i == 0 ? "$" : ", $") + std::to_string(insert.arguments.size());
    }
    lines.push_back({head.seq, std::move(line)});
  }
  insert.sql += ")";
  return insert;
}

Task<> append_in(engines::Transaction& transaction, const std::vector<TimedEvent>& events, std::vector<Line>& lines) {
  lines.clear();  // the body may run again
  // Writing first makes other nodes' writers wait here, and not fail at the end of all their work.
  CO_TRY(auto found,
         co_await transaction.query({"UPDATE audit_head SET seq = seq WHERE only_row = 1 RETURNING seq, hash", {}}));
  CO_TRY(Head head, head_of(found));
  for (std::size_t at = 0; at < events.size(); at += kRowsAStatement) {
    const std::size_t count = std::min(kRowsAStatement, events.size() - at);
    CO_TRY_VOID(co_await transaction.query(insert_of(std::span(events).subspan(at, count), head, lines)));
  }
  CO_TRY(const auto moved, co_await transaction.query({"UPDATE audit_head SET seq = $1, hash = $2 WHERE only_row = 1",
                                                       {static_cast<std::int64_t>(head.seq), head.hash}}));
  if (moved.affected != 1) co_return fail(Code::kCorrupt, "the audit record's head is not there");
  co_return Result<>{};
}

std::vector<Line> lines_of(const engines::Rows& found) {
  std::vector<Line> out;
  out.reserve(found.rows.size());
  for (const engines::Row& row : found.rows)
    out.push_back({static_cast<std::uint64_t>(as_integer(row[0])), as_string(row[1])});
  return out;
}

}  // namespace

std::vector<engines::Migration> AuditStore::migrations() { return {{"audit", 1, kTables}, {"audit", 2, kFirstHead}}; }

Task<Head> AuditStore::head() {
  CO_TRY(auto found, co_await tables_.query({kReadHead, {}}));
  co_return head_of(found);
}

Task<std::vector<Line>> AuditStore::append(std::vector<TimedEvent> events) {
  std::vector<Line> lines;
  // Both live in this frame, which outlives the transaction.
  CO_TRY_VOID(co_await tables_.transaction(
      [all = &events, out = &lines](engines::Transaction& transaction) { return append_in(transaction, *all, *out); }));
  co_return lines;
}

Task<std::vector<Line>> AuditStore::find(Filter filter, std::int64_t limit) {
  std::string sql = "SELECT seq, line FROM audit_lines WHERE 1 = 1";
  std::vector<Value> arguments;
  const auto where = [&](const char* condition, Value value) {
    arguments.push_back(std::move(value));
    sql += std::string(" AND ") + condition + " $" + std::to_string(arguments.size());
  };
  if (filter.actor) where("actor =", *filter.actor);
  if (filter.action) where("action =", *filter.action);
  if (filter.target) where("target =", *filter.target);
  if (filter.outcome) where("outcome =", *filter.outcome);
  if (filter.since_ms) where("time_ms >=", *filter.since_ms);
  if (filter.until_ms) where("time_ms <", *filter.until_ms);
  if (filter.before) where("seq <", static_cast<std::int64_t>(*filter.before));
  arguments.emplace_back(limit);
  sql += " ORDER BY seq DESC LIMIT $" + std::to_string(arguments.size());
  CO_TRY(auto found, co_await tables_.query({std::move(sql), std::move(arguments)}));
  co_return lines_of(found);
}

Task<std::vector<Line>> AuditStore::after(std::uint64_t seq, std::int64_t limit) {
  CO_TRY(auto found, co_await tables_.query({"SELECT seq, line FROM audit_lines WHERE seq > $1 ORDER BY seq LIMIT $2",
                                             {static_cast<std::int64_t>(seq), limit}}));
  co_return lines_of(found);
}

}  // namespace concord::audit
