#include "events/outbox.h"

namespace concord::events {

using engines::as_integer;
using engines::as_string;
using engines::Rows;
using engines::Tables;
using engines::Transaction;
using engines::Value;

namespace {

constexpr const char* kTables = R"sql(
  CREATE TABLE event_keys (
    topic TEXT NOT NULL,
    event_key TEXT NOT NULL,
    sequence BIGINT NOT NULL,
    last_ms BIGINT NOT NULL,
    PRIMARY KEY (topic, event_key)
  );
  CREATE TABLE event_outbox (
    id TEXT NOT NULL PRIMARY KEY,
    topic TEXT NOT NULL,
    event_key TEXT NOT NULL,
    order_ms BIGINT NOT NULL,
    event TEXT NOT NULL
  );
  CREATE INDEX event_outbox_by_order ON event_outbox (order_ms, topic, event_key);
  CREATE TABLE event_sources (
    source TEXT NOT NULL PRIMARY KEY,
    position BIGINT NOT NULL
  );
)sql";

// The time of a key grows even where a clock does not.
constexpr const char* kNext =
    "INSERT INTO event_keys (topic, event_key, sequence, last_ms) VALUES ($1, $2, 1, $3) ON CONFLICT (topic, "
    "event_key) DO UPDATE SET sequence = event_keys.sequence + 1, last_ms = CASE WHEN event_keys.last_ms >= "
    "excluded.last_ms THEN event_keys.last_ms + 1 ELSE excluded.last_ms END RETURNING sequence, last_ms";

}  // namespace

std::vector<engines::Migration> Outbox::migrations() { return {{"events", 1, kTables}}; }

Task<> Outbox::add(Transaction& transaction, Event event) const {
  const std::string topic(to_string(event.topic));
  CO_TRY(const Rows next, co_await transaction.query({kNext, {topic, event.key, event.time_ms}}));
  if (next.empty()) co_return fail(Code::kCorrupt, "an event got no number");
  const std::int64_t sequence = as_integer(next.rows[0][0]);
  const std::int64_t order_ms = as_integer(next.rows[0][1]);
  const EventId id = EventId::make(ids_, slot_of(event.key));
  CO_TRY_VOID(co_await transaction.query(
      {"INSERT INTO event_outbox (id, topic, event_key, order_ms, event) VALUES ($1, $2, $3, $4, $5)",
       {id.str(), topic, event.key, order_ms, encode(event, id, sequence)}}));
  co_return Result<>{};
}

Task<> Outbox::add(Transaction& transaction, std::vector<Event> events) const {
  for (Event& event : events) CO_TRY_VOID(co_await add(transaction, std::move(event)));
  co_return Result<>{};
}

Task<std::vector<Waiting>> Outbox::waiting(Tables& tables, std::int64_t limit) {
  CO_TRY(const Rows found, co_await tables.query({"SELECT id, topic, event_key, event FROM event_outbox ORDER BY "
                                                  "order_ms, topic, event_key LIMIT $1",
                                                  {limit}}));
  std::vector<Waiting> out;
  out.reserve(found.rows.size());
  for (const engines::Row& row : found.rows)
    out.push_back({as_string(row[0]), as_string(row[1]), as_string(row[2]), as_string(row[3])});
  co_return out;
}

Task<> Outbox::remove(Tables& tables, std::vector<std::string> ids) {
  constexpr std::size_t kAtOnce = 100;
  for (std::size_t at = 0; at < ids.size(); at += kAtOnce) {
    engines::Statement gone{"DELETE FROM event_outbox WHERE id IN (", {}};
    for (std::size_t i = at; i < std::min(ids.size(), at + kAtOnce); ++i) {
      gone.arguments.emplace_back(std::move(ids[i]));
      gone.sql += (i == at ? "$" : ", $") + std::to_string(gone.arguments.size());
    }
    gone.sql += ")";
    CO_TRY_VOID(co_await tables.query(std::move(gone)));
  }
  co_return Result<>{};
}

Task<Outbox::Backlog> Outbox::backlog(Tables& tables) {
  CO_TRY(const Rows count,
         co_await tables.query({"SELECT COUNT(*) FROM (SELECT 1 FROM event_outbox LIMIT $1) sample", {kMostCounted}}));
  CO_TRY(const Rows oldest, co_await tables.query({"SELECT MIN(order_ms) FROM event_outbox", {}}));
  co_return Backlog{as_integer(count.rows[0][0]), as_integer(oldest.rows[0][0])};
}

Task<std::optional<std::uint64_t>> Outbox::position(Tables& tables, std::string source) {
  CO_TRY(const Rows found,
         co_await tables.query({"SELECT position FROM event_sources WHERE source = $1", {std::move(source)}}));
  if (found.empty()) co_return std::nullopt;
  co_return static_cast<std::uint64_t>(as_integer(found.rows[0][0]));
}

Task<> Outbox::begin(Tables& tables, std::string source, std::uint64_t position) {
  CO_TRY_VOID(
      co_await tables.query({"INSERT INTO event_sources (source, position) VALUES ($1, $2) ON CONFLICT "
                             "(source) DO NOTHING",
                             {std::move(source), static_cast<std::int64_t>(position)}}));
  co_return Result<>{};
}

Task<> Outbox::advance(Transaction& transaction, std::string source, std::uint64_t from, std::uint64_t to) {
  CO_TRY(const Rows moved, co_await transaction.query(
                               {"UPDATE event_sources SET position = $3 WHERE source = $1 AND position = $2",
                                {std::move(source), static_cast<std::int64_t>(from), static_cast<std::int64_t>(to)}}));
  if (moved.affected != 1) co_return fail(Code::kConflict, "another node has taken these events over");
  co_return Result<>{};
}

}  // namespace concord::events
