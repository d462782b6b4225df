#include "changes/change_store.h"

namespace concord::changes {

namespace {

using engines::as_integer;
using engines::as_string;
using engines::Statement;
using engines::Transaction;

constexpr const char* kTables = R"sql(
  CREATE TABLE change_heads (
    origin TEXT NOT NULL PRIMARY KEY,
    number BIGINT NOT NULL,
    beat BIGINT NOT NULL,
    time_ms BIGINT NOT NULL
  );
  CREATE TABLE change_rows (
    origin TEXT NOT NULL,
    number BIGINT NOT NULL,
    topic TEXT NOT NULL,
    what TEXT NOT NULL,
    time_ms BIGINT NOT NULL,
    PRIMARY KEY (origin, number)
  );
  CREATE INDEX change_rows_by_time ON change_rows (time_ms);
)sql";

Statement put(const ChangeHead& head, std::int64_t now_ms) {
  return {
      "INSERT INTO change_heads (origin, number, beat, time_ms) VALUES ($1, $2, $3, $4) ON CONFLICT (origin) DO UPDATE "
      "SET number = excluded.number, beat = excluded.beat, time_ms = excluded.time_ms",
      {head.origin, static_cast<std::int64_t>(head.number), head.beat, now_ms}};
}

Task<> add_in(Transaction& transaction, const ChangeHead& head, const std::vector<NumberedChange>& changes,
              std::int64_t now_ms) {
  for (const auto& [number, change] : changes) {
    CO_TRY_VOID(co_await transaction.query(
        {"INSERT INTO change_rows (origin, number, topic, what, time_ms) VALUES ($1, $2, $3, $4, $5) "
         "ON CONFLICT (origin, number) DO NOTHING",
         {head.origin, static_cast<std::int64_t>(number), change.topic, change.what, now_ms}}));
  }
  CO_TRY_VOID(co_await transaction.query(put(head, now_ms)));
  co_return Result<>();
}

}  // namespace

std::vector<engines::Migration> ChangeStore::migrations() { return {{"changes", 1, kTables}}; }

Task<std::vector<ChangeHead>> ChangeStore::heads() {
  CO_TRY(const auto found, co_await tables_.query({"SELECT origin, number, beat FROM change_heads", {}}));
  std::vector<ChangeHead> heads;
  heads.reserve(found.rows.size());
  for (const engines::Row& row : found.rows)
    heads.push_back({as_string(row[0]), static_cast<std::uint64_t>(as_integer(row[1])), as_integer(row[2])});
  co_return heads;
}

Task<std::vector<NumberedChange>> ChangeStore::rows(std::string origin, std::uint64_t after, std::int64_t limit) {
  CO_TRY(const auto found,
         co_await tables_.query({"SELECT number, topic, what FROM change_rows WHERE origin = $1 AND number > $2 "
                                 "ORDER BY number LIMIT $3",
                                 {std::move(origin), static_cast<std::int64_t>(after), limit}}));
  std::vector<NumberedChange> rows;
  rows.reserve(found.rows.size());
  for (const engines::Row& row : found.rows)
    rows.push_back({static_cast<std::uint64_t>(as_integer(row[0])), {as_string(row[1]), as_string(row[2])}});
  co_return rows;
}

Task<> ChangeStore::add(ChangeHead head, std::vector<NumberedChange> changes, std::int64_t now_ms) {
  // Both live in this frame, which outlives the transaction.
  co_return co_await tables_.transaction(
      [&head, &changes, now_ms](Transaction& transaction) { return add_in(transaction, head, changes, now_ms); });
}

Task<> ChangeStore::beat(ChangeHead head, std::int64_t now_ms) {
  CO_TRY_VOID(co_await tables_.query(put(head, now_ms)));
  co_return Result<>();
}

Task<> ChangeStore::forget_old(std::int64_t now_ms) {
  CO_TRY_VOID(co_await tables_.query({"DELETE FROM change_rows WHERE time_ms < $1", {now_ms - kKeepRowsMs}}));
  CO_TRY_VOID(co_await tables_.query({"DELETE FROM change_heads WHERE time_ms < $1", {now_ms - kKeepHeadsMs}}));
  co_return Result<>();
}

}  // namespace concord::changes
