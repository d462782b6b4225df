#include "postgres/log_rows.h"

#include <bit>
#include <limits>

#include "engines/crc32c.h"

namespace concord::postgres {
namespace {

using engines::as_blob;
using engines::as_integer;
using engines::Epoch;
using engines::LogEntry;
using engines::LogRecord;
using engines::Position;
using engines::ShardId;

constexpr std::int64_t kMaxPage = 4096;

// Payloads are not compressed: they are often sealed, and small.
constexpr const char* kTables = R"(
CREATE TABLE log_shards (
  shard BIGINT PRIMARY KEY,
  epoch BIGINT NOT NULL,
  first_position BIGINT NOT NULL,
  next_position BIGINT NOT NULL
);
CREATE TABLE log_records (
  shard BIGINT NOT NULL,
  position BIGINT NOT NULL,
  epoch BIGINT NOT NULL,
  kind BIGINT NOT NULL,
  stream BYTEA NOT NULL,
  principal BYTEA NOT NULL,
  hybrid_time BIGINT NOT NULL,
  client BYTEA NOT NULL,
  client_sequence BIGINT NOT NULL,
  payload BYTEA NOT NULL,
  checksum BIGINT NOT NULL,
  PRIMARY KEY (shard, position)
);
ALTER TABLE log_records ALTER COLUMN payload SET STORAGE EXTERNAL;
)";

constexpr const char* kAppend =
    "WITH taken AS (UPDATE log_shards SET next_position = next_position + $3 WHERE shard = $1 AND epoch = $2 RETURNING "
    "next_position - $3 AS start_position), added AS (INSERT INTO log_records (shard, position, epoch, kind, stream, "
    "principal, hybrid_time, client, client_sequence, payload, checksum) SELECT $1, taken.start_position + r.place - "
    "1, "
    "$2, r.kind, r.stream, r.principal, r.hybrid_time, r.client, r.client_sequence, r.payload, r.checksum FROM taken, "
    "unnest($4::bigint[], $5::bytea[], $6::bytea[], $7::bigint[], $8::bytea[], $9::bigint[], $10::bytea[], "
    "$11::bigint[]) WITH ORDINALITY AS r(kind, stream, principal, hybrid_time, client, client_sequence, payload, "
    "checksum, place)) SELECT start_position FROM taken";

std::int64_t signed_of(std::uint64_t value) { return std::bit_cast<std::int64_t>(value); }
std::uint64_t unsigned_of(const engines::Value& value) { return std::bit_cast<std::uint64_t>(as_integer(value)); }
std::int64_t clamped(std::uint64_t value) {
  constexpr std::uint64_t kMost = std::numeric_limits<std::int64_t>::max();
  return static_cast<std::int64_t>(value < kMost ? value : kMost);
}

Step step(const char* sql, std::initializer_list<std::int64_t> arguments) {
  Step made{sql, {}};
  for (const std::int64_t argument : arguments) made.parameters.push_back(parameter_of(argument));
  return made;
}

std::int64_t checksum_of(ShardId shard, const LogRecord& record) {
  Bytes head;
  put_le(head, shard.value);
  put_le(head, record.kind);
  put_le(head, record.time.value);
  put_le(head, record.sequence);
  for (const std::string* text : {&record.stream, &record.principal, &record.client}) {
    put_le(head, static_cast<std::uint32_t>(text->size()));
    append(head, as_bytes(*text));
  }
  return engines::crc32c(*record.payload, engines::crc32c(head));
}

std::string text_of(const engines::Value& value) { return std::string(as_text(as_blob(value))); }

}  // namespace

std::vector<engines::Migration> log_migrations() { return {{"log", 1, kTables}}; }

Step append_step(ShardId shard, Epoch epoch, const std::vector<const LogRecord*>& records) {
  std::vector<std::int64_t> kinds;
  std::vector<std::int64_t> times;
  std::vector<std::int64_t> sequences;
  std::vector<std::int64_t> checksums;
  std::vector<ByteView> streams;
  std::vector<ByteView> principals;
  std::vector<ByteView> clients;
  std::vector<ByteView> payloads;
  for (const LogRecord* record : records) {
    kinds.push_back(record->kind);
    times.push_back(signed_of(record->time.value));
    sequences.push_back(signed_of(record->sequence));
    checksums.push_back(checksum_of(shard, *record));
    streams.push_back(as_bytes(record->stream));
    principals.push_back(as_bytes(record->principal));
    clients.push_back(as_bytes(record->client));
    payloads.emplace_back(*record->payload);
  }
  Step made = step(kAppend, {shard.value, clamped(epoch.value), static_cast<std::int64_t>(records.size())});
  made.parameters.push_back(array_of(kinds));
  made.parameters.push_back(array_of(streams));
  made.parameters.push_back(array_of(principals));
  made.parameters.push_back(array_of(times));
  made.parameters.push_back(array_of(clients));
  made.parameters.push_back(array_of(sequences));
  made.parameters.push_back(array_of(payloads));
  made.parameters.push_back(array_of(checksums));
  return made;
}

Step make_shard_step(ShardId shard) {
  return step(
      "INSERT INTO log_shards (shard, epoch, first_position, next_position) VALUES ($1, 0, 1, 1) ON CONFLICT DO "
      "NOTHING",
      {shard.value});
}

Step seal_step(ShardId shard, Epoch epoch) {
  return step(
      "INSERT INTO log_shards (shard, epoch, first_position, next_position) VALUES ($1, $2, 1, 1) ON CONFLICT (shard) "
      "DO UPDATE SET epoch = excluded.epoch WHERE log_shards.epoch <= excluded.epoch RETURNING epoch",
      {shard.value, clamped(epoch.value)});
}

Step truncate_step(ShardId shard, Position keep_from) {
  return step(
      "UPDATE log_shards SET first_position = GREATEST(first_position, $2) WHERE shard = $1 AND next_position >= $2 "
      "RETURNING first_position",
      {shard.value, clamped(keep_from.value)});
}

Step sweep_step(ShardId shard) {
  return step(
      "DELETE FROM log_records WHERE shard = $1 AND position IN (SELECT position FROM log_records WHERE shard = $1 AND "
      "position < (SELECT first_position FROM log_shards WHERE shard = $1) ORDER BY position LIMIT 1000)",
      {shard.value});
}

Step bounds_step(ShardId shard) {
  return step("SELECT first_position, next_position, epoch FROM log_shards WHERE shard = $1", {shard.value});
}

Step read_step(ShardId shard, Position from, std::size_t max_bytes) {
  return step(
      "SELECT position, epoch, kind, stream, principal, hybrid_time, client, client_sequence, payload, checksum FROM "
      "(SELECT r.*, SUM(octet_length(r.payload)) OVER (ORDER BY r.position) AS total FROM (SELECT * FROM log_records "
      "WHERE shard = $1 AND position >= $2 ORDER BY position LIMIT $4) r) s WHERE total <= $3 OR position = $2 ORDER "
      "BY "
      "position",
      {shard.value, clamped(from.value), clamped(max_bytes), kMaxPage});
}

engines::Log::Bounds bounds_of(const engines::Rows& rows) {
  if (rows.empty()) return {Position{1}, Position{1}, Epoch{0}};
  const engines::Row& row = rows.rows[0];
  return {Position{unsigned_of(row[0])}, Position{unsigned_of(row[1])}, Epoch{unsigned_of(row[2])}};
}

Result<std::vector<LogEntry>> entries_of(ShardId shard, Position from, engines::Rows rows) {
  const auto corrupt = [&](std::uint64_t position) {
    return fail(Error{Code::kCorrupt,
                      "a record of the log is missing or is not as it was written",
                      {{"shard", std::to_string(shard.value)}, {"position", std::to_string(position)}}});
  };
  if (rows.empty()) return corrupt(from.value);
  std::vector<LogEntry> entries;
  entries.reserve(rows.rows.size());
  for (engines::Row& row : rows.rows) {
    LogEntry entry{.position = Position{unsigned_of(row[0])}, .epoch = Epoch{unsigned_of(row[1])}, .record = {}};
    LogRecord& record = entry.record;
    record.kind = static_cast<std::uint8_t>(as_integer(row[2]));
    record.stream = text_of(row[3]);
    record.principal = text_of(row[4]);
    record.time = HybridTime{unsigned_of(row[5])};
    record.client = text_of(row[6]);
    record.sequence = unsigned_of(row[7]);
    record.payload = std::make_shared<const Bytes>(std::get<Bytes>(std::move(row[8])));
    const std::uint64_t expected = from.value + entries.size();
    if (entry.position.value != expected || checksum_of(shard, record) != as_integer(row[9])) return corrupt(expected);
    entries.push_back(std::move(entry));
  }
  return entries;
}

}  // namespace concord::postgres
