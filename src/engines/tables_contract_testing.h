#pragma once
// What every driver of the `tables` port promises: a suite that a driver's own tests instantiate in
// `concord::engines::tables_contract`, in one source of a test program.

#include <atomic>
#include <limits>
#include <stdexcept>

#include "base/waiting_testing.h"
#include "engines/contract_testing.h"
#include "engines/tables.h"

namespace concord::engines::tables_contract {

using concord::testing::eventually;
using testing::code_of;
using testing::Driver;
using testing::DriverContext;

constexpr std::int64_t operator""_i(unsigned long long value) { return static_cast<std::int64_t>(value); }

class TablesContract : public testing::ContractTest<Tables> {
 protected:
  void SetUp() override {
    ASSERT_TRUE(
        run(port().migrate({{"test", 1,
                             "CREATE TABLE accounts (id BIGINT PRIMARY KEY, email TEXT NOT NULL UNIQUE, "
                             "balance BIGINT NOT NULL CHECK (balance >= 0));"
                             "CREATE TABLE entries (account BIGINT NOT NULL REFERENCES accounts (id), note TEXT, "
                             "amount DOUBLE PRECISION, proof BYTEA)"}})));
  }
  Result<Rows> query(std::string sql, std::vector<Value> arguments = {}) {
    return run(port().query({std::move(sql), std::move(arguments)}));
  }
  Result<Rows> add_account(std::int64_t id, std::int64_t balance = 0) {
    return query("INSERT INTO accounts (id, email, balance) VALUES ($1, $2, $3)",
                 {id, "a" + std::to_string(id) + "@x", balance});
  }
  std::int64_t count(const std::string& table) {
    return as_integer(query("SELECT COUNT(*) FROM " + table).value().rows.at(0).at(0));
  }
  std::int64_t balance(std::int64_t id) {
    return as_integer(query("SELECT balance FROM accounts WHERE id = $1", {id}).value().rows.at(0).at(0));
  }
};

TEST_P(TablesContract, values_of_every_type_come_back_as_they_were) {
  ASSERT_TRUE(add_account(1));
  const Bytes all_bytes{0, 255, 1, 0};
  const std::string text = "na\xc3\xafve \xf0\x9f\x98\x80 'quoted' \"too\"";
  ASSERT_TRUE(query("INSERT INTO entries VALUES ($1, $2, $3, $4)", {1_i, text, -0.125, all_bytes}));
  ASSERT_TRUE(query("INSERT INTO entries VALUES ($1, $2, $3, $4)", {1_i, std::monostate(), std::monostate(), Bytes()}));
  ASSERT_TRUE(query("INSERT INTO entries VALUES ($1, $2, $3, $4)", {1_i, std::string(), 1e300, std::monostate()}));
  const Rows rows = query("SELECT note, amount, proof FROM entries").value();
  ASSERT_EQ(rows.rows.size(), 3U);
  EXPECT_EQ(rows.rows[0], (Row{text, -0.125, all_bytes}));
  EXPECT_EQ(rows.rows[1], (Row{std::monostate(), std::monostate(), Bytes()}));
  EXPECT_EQ(rows.rows[2], (Row{std::string(), 1e300, std::monostate()}));
  ASSERT_TRUE(add_account(std::numeric_limits<std::int64_t>::min(), std::numeric_limits<std::int64_t>::max()));
  EXPECT_EQ(balance(std::numeric_limits<std::int64_t>::min()), std::numeric_limits<std::int64_t>::max());
}

TEST_P(TablesContract, a_null_reads_as_zero_or_nothing) {
  const Value null;
  EXPECT_TRUE(is_null(null));
  EXPECT_EQ(as_integer(null), 0);
  EXPECT_EQ(as_string(null), "");
  EXPECT_TRUE(as_blob(null).empty());
}

TEST_P(TablesContract, placeholders_go_by_their_number) {
  ASSERT_TRUE(query("INSERT INTO accounts (balance, id, email) VALUES ($3, $1, $2)", {7_i, std::string("e"), 50_i}));
  EXPECT_EQ(query("SELECT id FROM accounts WHERE balance = $1 OR id = $1 OR balance = $2", {50_i, 0_i})->rows.size(),
            1U);
  const Rows many =
      query("SELECT $11 || $2 || $1 || $3 || $4 || $5 || $6 || $7 || $8 || $9 || $10",
            {std::string("1"), std::string("2"), std::string("3"), std::string("4"), std::string("5"), std::string("6"),
             std::string("7"), std::string("8"), std::string("9"), std::string("a"), std::string("b")})
          .value();
  EXPECT_EQ(as_string(many.rows[0][0]), "b213456789a");
}

TEST_P(TablesContract, a_statement_that_does_not_fit_its_arguments_is_refused) {
  for (int known = 0; known < 2; ++known) {
    EXPECT_EQ(code_of(query("SELECT id FROM accounts WHERE id = $1")), Code::kInvalidArgument);
    EXPECT_EQ(code_of(query("SELECT id FROM accounts WHERE id = $1", {1_i, 2_i})), Code::kInvalidArgument);
    EXPECT_EQ(code_of(query("SELECT id FROM accounts WHERE id = $2", {1_i, 2_i})), Code::kInvalidArgument);
    EXPECT_EQ(code_of(query("DELETE FROM accounts WHERE id = $1")), Code::kInvalidArgument);
  }
}

TEST_P(TablesContract, text_that_is_not_utf8_is_refused) {
  EXPECT_EQ(code_of(query("SELECT $1", {std::string("a\0b", 3)})), Code::kInvalidArgument);
  EXPECT_EQ(code_of(query("SELECT $1", {std::string("\xff")})), Code::kInvalidArgument);
}

TEST_P(TablesContract, one_call_is_one_statement) {
  EXPECT_EQ(code_of(query("DELETE FROM accounts; DELETE FROM entries")), Code::kInvalidArgument);
  EXPECT_EQ(code_of(query("")), Code::kInvalidArgument);
  EXPECT_TRUE(query("DELETE FROM accounts; "));
}

TEST_P(TablesContract, a_statement_cannot_begin_or_end_a_transaction) {
  for (const char* sql : {"BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT a"}) EXPECT_FALSE(query(sql)) << sql;
  EXPECT_TRUE(add_account(1));
  EXPECT_EQ(count("accounts"), 1);
}

TEST_P(TablesContract, a_mistake_in_the_sql_is_an_error_that_says_what) {
  const Result<Rows> result = query("SELECT id FROM nowhere");
  ASSERT_EQ(code_of(result), Code::kInternal);
  EXPECT_NE(result.error().message.find("nowhere"), std::string::npos) << result.error().message;
}

TEST_P(TablesContract, affected_counts_rows_and_returning_gives_them) {
  for (std::int64_t id = 1; id <= 3; ++id) EXPECT_EQ(add_account(id)->affected, 1);
  EXPECT_EQ(query("SELECT id FROM accounts")->affected, 0);
  EXPECT_EQ(query("UPDATE accounts SET balance = balance + 1 WHERE id > $1", {1_i})->affected, 2);
  EXPECT_EQ(query("UPDATE accounts SET balance = 5 WHERE id = 99")->affected, 0);
  const Rows returned = query("UPDATE accounts SET balance = 9 WHERE id < 3 RETURNING id, balance").value();
  EXPECT_EQ(returned.affected, 2);
  ASSERT_EQ(returned.rows.size(), 2U);
  EXPECT_EQ(as_integer(returned.rows[0][1]), 9);
  const Rows upserted = query(
                            "INSERT INTO accounts (id, email, balance) VALUES (1, 'other', 1) "
                            "ON CONFLICT (id) DO UPDATE SET email = excluded.email RETURNING email")
                            .value();
  EXPECT_EQ(as_string(upserted.rows[0][0]), "other");
  EXPECT_EQ(query("DELETE FROM accounts")->affected, 3);
}

TEST_P(TablesContract, a_unique_key_or_foreign_key_that_stands_against_it_is_a_conflict) {
  ASSERT_TRUE(add_account(1));
  EXPECT_EQ(code_of(add_account(1)), Code::kConflict);
  EXPECT_EQ(code_of(query("INSERT INTO accounts VALUES (2, 'a1@x', 0)")), Code::kConflict);
  EXPECT_EQ(code_of(query("INSERT INTO entries (account) VALUES (77)")), Code::kConflict);
  ASSERT_TRUE(query("INSERT INTO entries (account) VALUES (1)"));
  EXPECT_EQ(code_of(query("DELETE FROM accounts WHERE id = 1")), Code::kConflict);
  EXPECT_EQ(count("accounts"), 1);
}

TEST_P(TablesContract, a_check_or_not_null_that_stands_against_it_is_an_invalid_argument) {
  EXPECT_EQ(code_of(add_account(1, -1)), Code::kInvalidArgument);
  EXPECT_EQ(code_of(query("INSERT INTO accounts VALUES (1, $1, 0)", {std::monostate()})), Code::kInvalidArgument);
  EXPECT_EQ(count("accounts"), 0);
}

TEST_P(TablesContract, what_was_written_is_there_after_a_restart) {
  ASSERT_TRUE(add_account(1, 42));
  reopen();
  EXPECT_EQ(balance(1), 42);
}

inline Task<> write_then_read(Tables& tables, std::int64_t first, std::int64_t count) {
  for (std::int64_t id = first; id < first + count; ++id) {
    CO_TRY_VOID(co_await tables.query(
        {"INSERT INTO accounts (id, email, balance) VALUES ($1, $2, 0)", {id, std::to_string(id)}}));
    CO_TRY(const Rows rows, co_await tables.query({"SELECT id FROM accounts WHERE id = $1", {id}}));
    if (rows.rows.size() != 1) co_return fail(Code::kInternal, "a finished write was not seen");
  }
  co_return Result<>();
}

TEST_P(TablesContract, a_reader_sees_what_a_finished_write_wrote) {
  std::vector<std::future<Result<>>> running;
  running.reserve(12);
  for (std::size_t i = 0; i < 12; ++i)
    running.push_back(start(i, write_then_read(port(), static_cast<std::int64_t>(i) * 1000, 30)));
  for (auto& each : running) {
    const Result<> result = each.get();
    ASSERT_TRUE(result) << result.error().message;
  }
  EXPECT_EQ(count("accounts"), 12 * 30);
}

TEST_P(TablesContract, one_failing_write_among_many_fails_alone) {
  ASSERT_TRUE(add_account(0));
  std::vector<std::future<Result<Rows>>> running;
  for (std::int64_t i = 0; i < 90; ++i) {
    const std::int64_t id = i % 3 == 0 ? 0 : i;
    running.push_back(start(
        static_cast<std::size_t>(i),
        port().query({"INSERT INTO accounts (id, email, balance) VALUES ($1, $2, 0)", {id, "n" + std::to_string(i)}})));
  }
  for (std::size_t i = 0; i < running.size(); ++i)
    EXPECT_EQ(code_of(running[i].get()), i % 3 == 0 ? std::optional(Code::kConflict) : std::nullopt) << i;
  EXPECT_EQ(count("accounts"), 61);
}

inline Task<> move_money(Transaction& transaction, std::int64_t amount) {
  CO_TRY_VOID(co_await transaction.query({"UPDATE accounts SET balance = balance - $1 WHERE id = 1", {amount}}));
  CO_TRY_VOID(co_await transaction.query({"UPDATE accounts SET balance = balance + $1 WHERE id = 2", {amount}}));
  co_return Result<>();
}

TEST_P(TablesContract, a_transaction_commits_when_its_body_succeeds) {
  ASSERT_TRUE(add_account(1, 10));
  ASSERT_TRUE(add_account(2, 0));
  std::int64_t amount = 4;
  ASSERT_TRUE(run(port().transaction([amount](Transaction& t) { return move_money(t, amount); })));
  EXPECT_EQ(balance(1), 6);
  EXPECT_EQ(balance(2), 4);
  reopen();
  EXPECT_EQ(balance(2), 4);
}

inline Task<> credit_then_fail(Transaction& transaction) {
  CO_TRY_VOID(co_await transaction.query({"UPDATE accounts SET balance = 1000", {}}));
  co_return fail(Code::kPermissionDenied, "changed my mind");
}

inline Task<> credit_then_throw(Transaction& transaction) {
  CO_TRY_VOID(co_await transaction.query({"UPDATE accounts SET balance = 1000", {}}));
  throw std::runtime_error("broken body");
}

TEST_P(TablesContract, a_body_that_fails_or_throws_changes_nothing) {
  ASSERT_TRUE(add_account(1, 10));
  EXPECT_EQ(code_of(run(port().transaction(credit_then_fail))), Code::kPermissionDenied);
  const Result<> thrown = run(port().transaction(credit_then_throw));
  EXPECT_EQ(code_of(thrown), Code::kInternal);
  EXPECT_EQ(thrown.error().message, "broken body");
  EXPECT_EQ(balance(1), 10);
  ASSERT_TRUE(add_account(2));
}

inline Task<> go_on_after_a_conflict(Transaction& transaction) {
  CO_TRY_VOID(co_await transaction.query({"INSERT INTO accounts VALUES (2, 'two', 0)", {}}));
  const Result<Rows> refused = co_await transaction.query({"INSERT INTO accounts VALUES (1, 'one', 0)", {}});
  co_return fail(refused.error().code, "as expected");
}

TEST_P(TablesContract, a_conflict_inside_a_transaction_reaches_its_body) {
  ASSERT_TRUE(add_account(1));
  EXPECT_EQ(code_of(run(port().transaction(go_on_after_a_conflict))), Code::kConflict);
  EXPECT_EQ(count("accounts"), 1);
}

inline Task<> increment(Transaction& transaction) {
  CO_TRY(const Rows rows, co_await transaction.query({"SELECT balance FROM accounts WHERE id = 1", {}}));
  const std::int64_t next = as_integer(rows.rows[0][0]) + 1;
  CO_TRY_VOID(co_await transaction.query({"UPDATE accounts SET balance = $1 WHERE id = 1", {next}}));
  co_return Result<>();
}

TEST_P(TablesContract, transactions_are_serializable) {
  ASSERT_TRUE(add_account(1, 0));
  std::vector<std::future<Result<>>> running;
  running.reserve(40);
  for (std::size_t i = 0; i < 40; ++i) running.push_back(start(i, port().transaction(increment)));
  for (auto& each : running) ASSERT_TRUE(each.get());
  EXPECT_EQ(balance(1), 40);
}

inline Task<> hold_open(Transaction& transaction, std::atomic<int>& stage) {
  CO_TRY_VOID(co_await transaction.query({"UPDATE accounts SET balance = 99 WHERE id = 1", {}}));
  stage = 1;
  while (stage != 2) CO_TRY_VOID(co_await sleep_ms(1));
  CO_TRY(const Rows rows, co_await transaction.query({"SELECT balance FROM accounts WHERE id = 1", {}}));
  if (as_integer(rows.rows[0][0]) != 99) co_return fail(Code::kInternal, "does not see its own write");
  co_return Result<>();
}

TEST_P(TablesContract, others_see_a_transaction_once_it_is_committed_and_writers_wait_for_it) {
  ASSERT_TRUE(add_account(1, 1));
  std::atomic<int> stage = 0;
  auto open = start(1, port().transaction([&stage](Transaction& t) { return hold_open(t, stage); }));
  ASSERT_TRUE(eventually([&] { return stage == 1; }));
  EXPECT_EQ(balance(1), 1);
  auto waiting = start(2, port().query({"UPDATE accounts SET balance = balance + 1 WHERE id = 1", {}}));
  EXPECT_EQ(waiting.wait_for(std::chrono::milliseconds(30)), std::future_status::timeout);
  stage = 2;
  ASSERT_TRUE(open.get());
  ASSERT_TRUE(waiting.get());
  EXPECT_EQ(balance(1), 100);
}

inline asio::awaitable<void> transact_and_forget(Tables& tables) {
  static_cast<void>(co_await tables.transaction([](Transaction& t) -> Task<> {
    CO_TRY_VOID(co_await t.query({"UPDATE accounts SET balance = balance + 1 WHERE id = 1", {}}));
    CO_TRY_VOID(co_await sleep_ms(3));
    CO_TRY_VOID(co_await t.query({"UPDATE accounts SET balance = balance + 1 WHERE id = 1", {}}));
    co_return Result<>();
  }));
}

TEST_P(TablesContract, a_cancelled_transaction_is_whole_or_not_at_all_and_lets_others_go_on) {
  ASSERT_TRUE(add_account(1, 0));
  for (int i = 0; i < 20; ++i)
    run_cancelled(static_cast<std::size_t>(i), transact_and_forget(port()), std::chrono::microseconds(i * 400));
  EXPECT_EQ(balance(1) % 2, 0);
  EXPECT_TRUE(add_account(2));
}

inline Migration step(std::string part, int version, std::string sql) {
  return {std::move(part), version, std::move(sql)};
}

TEST_P(TablesContract, a_migration_is_applied_once) {
  const std::vector<Migration> first = {step("notes", 1, "CREATE TABLE notes (id BIGINT PRIMARY KEY)")};
  std::vector<Migration> both = first;
  both.push_back(step("notes", 2, "INSERT INTO notes VALUES (1); ALTER TABLE notes ADD COLUMN body TEXT"));
  ASSERT_TRUE(run(port().migrate(first)));
  ASSERT_TRUE(run(port().migrate(both)));
  reopen();
  ASSERT_TRUE(run(port().migrate(both)));
  EXPECT_EQ(count("notes"), 1);
  EXPECT_TRUE(query("SELECT body FROM notes"));
}

TEST_P(TablesContract, nodes_that_start_together_migrate_once) {
  const std::vector<Migration> migrations = {step("notes", 1, "CREATE TABLE notes (id BIGINT)"),
                                             step("notes", 2, "INSERT INTO notes VALUES (1)")};
  std::vector<std::future<Result<>>> running;
  running.reserve(6);
  for (std::size_t i = 0; i < 6; ++i) running.push_back(start(i, port().migrate(migrations)));
  for (auto& each : running) EXPECT_TRUE(each.get());
  EXPECT_EQ(count("notes"), 1);
}

TEST_P(TablesContract, tables_of_a_newer_program_are_refused_and_not_touched) {
  ASSERT_TRUE(run(port().migrate(
      {step("notes", 1, "CREATE TABLE notes (id BIGINT)"), step("notes", 2, "INSERT INTO notes VALUES (1)")})));
  const Result<> old_program = run(port().migrate(
      {step("fresh", 1, "CREATE TABLE fresh (id BIGINT)"), step("notes", 1, "CREATE TABLE notes (id BIGINT)")}));
  EXPECT_EQ(code_of(old_program), Code::kUnsupported);
  EXPECT_NE(old_program.error().message.find("notes"), std::string::npos);
  EXPECT_FALSE(query("SELECT * FROM fresh"));
}

TEST_P(TablesContract, a_migration_that_fails_leaves_nothing_of_itself) {
  const Result<> broken = run(port().migrate({step("notes", 1, "CREATE TABLE notes (id BIGINT)"),
                                              step("notes", 2, "INSERT INTO notes VALUES (1); SELECT * FROM typo")}));
  ASSERT_FALSE(broken);
  EXPECT_NE(broken.error().message.find("notes 2"), std::string::npos);
  EXPECT_EQ(count("notes"), 0);
  ASSERT_TRUE(run(port().migrate({step("notes", 1, ""), step("notes", 2, "INSERT INTO notes VALUES (2)")})));
  EXPECT_EQ(count("notes"), 1);
}

TEST_P(TablesContract, versions_of_a_part_have_no_gaps) {
  EXPECT_EQ(code_of(run(port().migrate({step("notes", 2, "")}))), Code::kInvalidArgument);
  EXPECT_EQ(code_of(run(port().migrate({step("notes", 1, ""), step("notes", 1, "")}))), Code::kInvalidArgument);
}

inline Task<> stays_within(Transaction& transaction, Reactor& reactor, bool& stayed) {
  stayed = stayed && reactor.is_current();
  CO_TRY_VOID(co_await transaction.query({"UPDATE accounts SET balance = 1", {}}));
  stayed = stayed && reactor.is_current();
  co_return Result<>();
}

inline Task<> stays_on(Reactor& reactor, Tables& tables, std::int64_t id) {
  bool stayed = true;
  CO_TRY_VOID(co_await tables.query({"INSERT INTO accounts VALUES ($1, $2, 0)", {id, std::to_string(id)}}));
  stayed = stayed && reactor.is_current();
  CO_TRY_VOID(co_await tables.query({"SELECT id FROM accounts WHERE id = $1", {id}}));
  stayed = stayed && reactor.is_current();
  CO_TRY_VOID(
      co_await tables.transaction([&stayed, &reactor](Transaction& t) { return stays_within(t, reactor, stayed); }));
  if (!stayed || !reactor.is_current()) co_return fail(Code::kInternal, "resumed elsewhere");
  co_return Result<>();
}

TEST_P(TablesContract, a_caller_goes_on_on_its_own_reactor) {
  for (std::size_t i = 0; i < kReactors; ++i)
    EXPECT_TRUE(start(i, stays_on(reactor(i), port(), static_cast<std::int64_t>(i))).get());
}

}  // namespace concord::engines::tables_contract
