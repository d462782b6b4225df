#include "doctor/etcd_check.h"

#include <csignal>

#include "doctor/findings_testing.h"
#include "etcd/etcd_server_testing.h"

namespace concord::doctor {
namespace {

using etcd::testing::EtcdServer;
using testing::complaints;
using testing::level_of;
using Words = std::vector<std::string>;

EtcdFacts good() {
  EtcdFacts facts{.voters = 3, .lease_ms = 10'000, .granted_lease_ms = 10'000, .write_us = {2000, 3000, 2500}};
  for (const char* address : {"e1:2379", "e2:2379", "e3:2379"})
    facts.members.push_back({.address = address,
                             .version = "3.4.23",
                             .database_bytes = 20'480,
                             .quota_bytes = 2LL << 30,
                             .has_leader = true});
  return facts;
}

std::vector<Finding> with(const std::function<void(EtcdFacts&)>& change) {
  EtcdFacts facts = good();
  change(facts);
  return judge_etcd(facts);
}

TEST(EtcdJudge, three_members_are_well) { EXPECT_EQ(complaints(judge_etcd(good())), Words()); }

TEST(EtcdJudge, members_versions_and_alarms_are_held_against_what_is_needed) {
  EXPECT_EQ(level_of(with([](auto& f) { f.members[1].version = "3.3.9"; }), "version at e2"), Level::kError);
  EXPECT_EQ(level_of(with([](auto& f) { f.members[1].version = "3.10.0"; }), "version at e2"), Level::kOk);
  EXPECT_EQ(level_of(with([](auto& f) { f.members[0].unreachable = "x"; }), "e1:2379"), Level::kWarn);
  const auto two_away = [](auto& f) { f.members[0].unreachable = f.members[1].unreachable = "x"; };
  EXPECT_EQ(level_of(with(two_away), "e1:2379"), Level::kError);
  EXPECT_EQ(level_of(with([](auto& f) { f.members[2].has_leader = false; }), "e3:2379"), Level::kError);
  EXPECT_EQ(level_of(with([](auto& f) { f.members[0].database_bytes = 1800LL << 20; }), "database at e1"),
            Level::kWarn);
  EXPECT_EQ(level_of(with([](auto& f) { f.voters = 4; }), "members"), Level::kWarn);
  EXPECT_EQ(level_of(with([](auto& f) { f.voters = 5; }), "members"), Level::kWarn);
  EXPECT_EQ(level_of(with([](auto& f) { f.no_space = 1; }), "alarms"), Level::kError);
  EXPECT_EQ(level_of(with([](auto& f) { f.corrupt = 1; }), "alarms"), Level::kError);
  EXPECT_EQ(level_of(with([](auto& f) { f.alarms_failure = "x"; }), "alarms"), Level::kWarn);
}

TEST(EtcdJudge, leases_leave_room_for_slow_writes) {
  EXPECT_EQ(level_of(with([](auto& f) { f.write_us = {150'000}; }), "write"), Level::kWarn);
  EXPECT_EQ(level_of(with([](auto& f) { f.write_us = {1'100'000}; }), "write"), Level::kError);
  EXPECT_EQ(level_of(with([](auto& f) { f.write_failure = "x"; }), "write"), Level::kError);
  EXPECT_EQ(level_of(with([](auto& f) { f.granted_lease_ms = 15'000; }), "lease"), Level::kWarn);
}

TEST(EtcdJudge, a_metric_is_found_by_its_whole_name) {
  const std::string text = "# HELP a b\na_total 7\na 2.147483648e+09\nb{x=\"1\"} 3\n";
  EXPECT_EQ(metric_in(text, "a"), 2147483648.0);
  EXPECT_EQ(metric_in(text, "b"), std::nullopt);
}

TEST(EtcdProbe, three_members_of_which_one_dies_are_seen_as_they_are) {
  EtcdServer server({.members = 3});
  etcd::EtcdOptions options;
  options.endpoints = server.endpoints();
  const std::int64_t before = server.revision();
  auto facts = probe_etcd(options, 1000);
  ASSERT_TRUE(facts) << facts.error().message;
  EXPECT_EQ(facts->voters, 3U);
  for (const EtcdMember& member : facts->members) {
    EXPECT_EQ(member.unreachable, "");
    EXPECT_TRUE(member.has_leader);
    EXPECT_EQ(member.quota_bytes, 2LL << 30);
    EXPECT_TRUE(member.version.starts_with("3.")) << member.version;
  }
  EXPECT_EQ(facts->write_us.size(), 5U) << facts->write_failure;
  EXPECT_GT(server.revision(), before);
  // What it wrote is gone.
  const std::string left = server.post(0, "/v3/kv/range", R"({"key":"Lw==","range_end":"MA=="})");  // "/" to "0"
  EXPECT_EQ(left.find("kvs"), std::string::npos) << left;

  server.process(2).stop(SIGKILL);
  facts = probe_etcd(options, 1000);
  ASSERT_TRUE(facts);
  EXPECT_EQ(level_of(judge_etcd(*facts), facts->members[2].address), Level::kWarn);
  EXPECT_EQ(facts->voters, 3U);
}

}  // namespace
}  // namespace concord::doctor
