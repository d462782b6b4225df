#include "doctor/postgres_check.h"

#include <thread>

#include "doctor/findings_testing.h"
#include "postgres/postgres_server_testing.h"

namespace concord::doctor {
namespace {

using postgres::testing::PostgresServer;
using testing::complaints;
using testing::level_of;
using testing::of;
using Words = std::vector<std::string>;

doctor::PostgresServer primary() {
  doctor::PostgresServer server{.address = "db1:5432", .version = 150'004, .encoding = "UTF8", .collation = "C"};
  server.fsync = server.full_page_writes = server.data_checksums = server.synchronous_commit = "on";
  server.wal_level = "replica";
  server.synchronous_standby_names = "ANY 1 (*)";
  server.max_connections = 100;
  server.reserved_connections = 3;
  server.sees_all = true;
  server.standbys = {{.name = "db2", .state = "streaming", .sync = "quorum"}};
  server.write_us = {900, 1100, 1000};
  return server;
}

PostgresFacts good() { return {.use = "tables and log", .servers = {primary()}, .connections_per_node = 16}; }

/// What is said where one thing of the primary is other than good.
std::vector<Finding> with(const std::function<void(doctor::PostgresServer&)>& change) {
  PostgresFacts facts = good();
  change(facts.servers[0]);
  return judge_postgres(facts);
}

void wait_until(const PostgresServer& server, const std::string& sql) {
  while (server.ask("postgres", sql) != "t") std::this_thread::sleep_for(std::chrono::milliseconds(50));
}

TEST(PostgresJudge, a_primary_with_a_synchronous_standby_is_well) {
  EXPECT_EQ(complaints(judge_postgres(good())), Words());
}

TEST(PostgresJudge, each_setting_that_loses_what_was_acknowledged_is_an_error) {
  EXPECT_EQ(level_of(with([](auto& s) { s.fsync = "off"; }), "fsync"), Level::kError);
  EXPECT_EQ(level_of(with([](auto& s) { s.full_page_writes = "off"; }), "full_page_writes"), Level::kError);
  EXPECT_EQ(level_of(with([](auto& s) { s.synchronous_commit = "off"; }), "synchronous_commit"), Level::kError);
  EXPECT_EQ(level_of(with([](auto& s) { s.synchronous_commit = "local"; }), "synchronous_commit"), Level::kError);
  EXPECT_EQ(level_of(with([](auto& s) { s.synchronous_commit = "remote_write"; }), "synchronous_commit"), Level::kWarn);
  EXPECT_EQ(level_of(with([](auto& s) { s.synchronous_standby_names = ""; }), "synchronous_standby"), Level::kError);
}

TEST(PostgresJudge, standbys_are_held_against_who_waits_for_them) {
  const auto names = [](const auto& change) { return level_of(with(change), "synchronous_standby_names"); };
  EXPECT_EQ(names([](auto& s) { s.standbys.clear(); }), Level::kError);  // writes wait for nobody
  EXPECT_EQ(names([](auto& s) { s.standbys[0].sync = "async"; }), Level::kError);
  EXPECT_EQ(names([](auto& s) { s.standbys[0].state = "catchup"; }), Level::kError);
  const auto alone = [](auto& s) {
    s.standbys.clear();
    s.synchronous_standby_names = "";
  };
  EXPECT_EQ(names(alone), Level::kWarn);
  const auto unseen = [](auto& s) {
    s.sees_all = false;
    s.standbys = {{.name = "db2"}};
  };
  EXPECT_EQ(names(unseen), Level::kWarn);
  EXPECT_EQ(level_of(with([](auto& s) { s.standbys[0].behind_bytes = 1LL << 30; }), "standby db2"), Level::kWarn);
}

TEST(PostgresJudge, versions_encodings_clocks_and_times_have_bounds) {
  EXPECT_EQ(level_of(with([](auto& s) { s.version = 130'012; }), "version"), Level::kError);
  EXPECT_EQ(level_of(with([](auto& s) { s.collation = "en_US.UTF-8"; }), "database"), Level::kError);
  EXPECT_EQ(level_of(with([](auto& s) { s.skew_ms = 2000; }), "clock"), Level::kWarn);
  EXPECT_EQ(level_of(with([](auto& s) { s.skew_ms = -40'000; }), "clock"), Level::kError);
  const auto unsure = [](auto& s) {
    s.skew_ms = 2000;
    s.skew_uncertainty_ms = 1500;
  };
  EXPECT_EQ(level_of(with(unsure), "clock"), Level::kOk);
  EXPECT_EQ(level_of(with([](auto& s) { s.write_us = {60'000, 70'000, 1000}; }), "durable write"), Level::kWarn);
  EXPECT_EQ(level_of(with([](auto& s) { s.write_failure = "no"; }), "durable write"), Level::kError);
}

TEST(PostgresJudge, connections_are_counted_for_all_nodes) {
  EXPECT_EQ(level_of(with([](auto& s) { s.max_connections = 20; }), "max_connections"), Level::kError);
  PostgresFacts facts = good();
  facts.servers[0].max_connections = 40;
  EXPECT_EQ(level_of(judge_postgres(facts), "max_connections"), Level::kOk);
  facts.has_many_nodes = true;
  EXPECT_EQ(level_of(judge_postgres(facts), "max_connections"), Level::kWarn);
}

TEST(PostgresJudge, of_several_servers_one_takes_writes) {
  PostgresFacts facts = good();
  doctor::PostgresServer standby = primary();
  standby.address = "db2:5432";
  standby.in_recovery = true;
  facts.servers.push_back(standby);
  EXPECT_EQ(complaints(judge_postgres(facts)), Words());
  facts.servers[1].in_recovery = false;
  EXPECT_EQ(level_of(judge_postgres(facts), "primary"), Level::kError);
  facts.servers[0].in_recovery = facts.servers[1].in_recovery = true;
  EXPECT_EQ(level_of(judge_postgres(facts), "primary"), Level::kError);
  facts.servers[0].in_recovery = false;
  facts.servers[1] = {.address = "db2:5432", .unreachable = "refused"};
  EXPECT_EQ(complaints(judge_postgres(facts)), Words{"db2:5432"});
  EXPECT_EQ(level_of(judge_postgres(facts), "db2:5432"), Level::kWarn);
}

TEST(PostgresProbe, a_pair_of_servers_is_seen_as_it_is) {
  PostgresServer first({"synchronous_standby_names=ANY 1 (*)", "synchronous_commit=local"});
  const std::string database = first.make_database();
  const PostgresServer second(first, "second");
  wait_until(first, "SELECT count(*) = 1 FROM pg_stat_replication WHERE state = 'streaming' AND sync_state = 'quorum'");
  postgres::PoolOptions options;
  options.url = "postgres://concord@127.0.0.1:" + std::to_string(first.port()) +
                ",127.0.0.1:" + std::to_string(second.port()) + "/" + database;
  const auto facts = probe_postgres(options);
  ASSERT_TRUE(facts) << facts.error().message;
  ASSERT_EQ(facts->servers.size(), 2U);
  EXPECT_EQ(facts->servers[0].unreachable, "");
  EXPECT_FALSE(facts->servers[0].in_recovery);
  EXPECT_TRUE(facts->servers[1].in_recovery) << facts->servers[1].unreachable;
  ASSERT_EQ(facts->servers[0].standbys.size(), 1U);
  EXPECT_EQ(facts->servers[0].standbys[0].state, "streaming");
  EXPECT_EQ(facts->servers[0].standbys[0].sync, "quorum");
  EXPECT_EQ(facts->servers[0].write_us.size(), 5U) << facts->servers[0].write_failure;
  EXPECT_LT(std::abs(facts->servers[0].skew_ms), 1000);
  const auto said = judge_postgres(*facts);
  EXPECT_EQ(level_of(said, "synchronous_commit"), Level::kError);  // as it was started
  EXPECT_EQ(level_of(said, "synchronous_standby_names"), Level::kOk);
  EXPECT_EQ(level_of(said, "database"), Level::kOk);
}

TEST(PostgresProbe, what_would_wait_for_ever_is_told_and_not_tried) {
  PostgresServer server({"fsync=off"});
  const std::string database = server.make_database();
  server.run("postgres", "ALTER SYSTEM SET synchronous_standby_names = 'ANY 1 (*)'");
  server.run("postgres", "SELECT pg_reload_conf()");
  postgres::PoolOptions options;
  options.url = server.url(database);
  wait_until(server, "SELECT current_setting('synchronous_standby_names') <> ''");
  const auto facts = probe_postgres(options);
  ASSERT_TRUE(facts) << facts.error().message;
  const auto said = judge_postgres(*facts);
  EXPECT_EQ(level_of(said, "fsync"), Level::kError);
  EXPECT_EQ(level_of(said, "synchronous_standby_names"), Level::kError);
  EXPECT_NE(of(said, "durable write").found.find("not tried"), std::string::npos);
}

TEST(PostgresProbe, a_server_that_stands_still_is_given_up) {
  const PostgresServer server;
  server.pause();
  postgres::PoolOptions options;
  options.url = server.url("postgres");
  const auto facts = probe_postgres(options);
  server.resume();
  ASSERT_TRUE(facts);
  EXPECT_NE(facts->servers.at(0).unreachable.find("in time"), std::string::npos) << facts->servers[0].unreachable;
}

}  // namespace
}  // namespace concord::doctor
