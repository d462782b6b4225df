// What a bus does while its server is away, silent, or says no.

#include <gtest/gtest.h>

#include <set>

#include "redis/redis_bus_testing.h"

namespace concord::redis {
namespace {

using engines::testing::code_of;
using testing::BusOnRedis;
using testing::Listener;
using testing::RedisServer;
using testing::wait_until;

RedisOptions options_of(const RedisServer& server) { return parse_redis_url(server.url()).value(); }

TEST(RedisFaults, what_a_killed_server_lost_comes_back_when_it_is_started_again) {
  RedisServer server;
  BusOnRedis bus(options_of(server));
  const Listener listener(bus, "news");
  ASSERT_TRUE(bus.set("k", "before"));
  ASSERT_TRUE(bus.publish("news", "one"));
  wait_until("the first message", [&] { return listener.has("one"); });

  server.process().stop(SIGKILL);
  wait_until("calls fail", [&] { return code_of(bus.get("k")) == Code::kUnavailable; });
  EXPECT_EQ(code_of(bus.publish("news", "lost")), Code::kUnavailable);
  EXPECT_EQ(code_of(bus.set("k", "lost")), Code::kUnavailable);
  EXPECT_EQ(code_of(bus.run(bus.bus().add("n", 1, 1000))), Code::kUnavailable);
  EXPECT_EQ(code_of(bus.run(bus.bus().list("a/b/", 1))), Code::kUnavailable);
  EXPECT_EQ(code_of(bus.run(bus.bus().subscribe("other", [](const SharedBytes&) {}))), Code::kUnavailable);

  server.process().start();
  server.wait_until_ready();
  wait_until("calls work", [&] { return bus.set("k", "after").has_value(); });
  EXPECT_EQ(bus.get("k").value(), to_bytes("after"));
  wait_until_heard(bus, "news", listener);
  EXPECT_FALSE(listener.has("lost"));
  EXPECT_GE(bus.metric("concord_redis_reconnects_total"), 1);
  EXPECT_GE(bus.metric("concord_redis_resubscriptions_total"), 1);
  EXPECT_GE(bus.metric("concord_redis_failures_total"), 5);
}

TEST(RedisFaults, a_server_that_is_away_from_the_start_is_used_once_it_is_there) {
  RedisServer server;
  server.process().stop(SIGKILL);
  BusOnRedis bus(options_of(server));
  EXPECT_EQ(code_of(bus.set("k", "v")), Code::kUnavailable);
  server.process().start();
  wait_until("calls work", [&] { return bus.set("k", "v").has_value(); });
  const Listener listener(bus, "c");
  wait_until_heard(bus, "c", listener);
}

TEST(RedisFaults, a_server_that_does_not_answer_is_not_waited_for_again_and_again) {
  RedisServer server;
  RedisOptions options = options_of(server);
  options.call_timeout_ms = 300;
  options.connect_timeout_ms = 300;
  options.breaker_failures = 3;
  options.breaker_open_ms = 600'000;
  BusOnRedis bus(options);
  wait_until("the first call", [&] { return bus.set("k", "v").has_value(); });
  const std::string state = "concord_redis_breaker_state{for=\"calls\",node=\"" + server.endpoint().str() + "\"}";
  EXPECT_EQ(bus.metric(state), 0);

  server.process().pause();
  for (int i = 0; i < 3; ++i) EXPECT_EQ(code_of(bus.set("k", "w")), Code::kUnavailable);
  EXPECT_EQ(bus.metric(state), 2);
  const auto refused = bus.set("k", "w");
  ASSERT_EQ(code_of(refused), Code::kUnavailable);
  EXPECT_NE(refused.error().message.find("failed too often"), std::string::npos) << refused.error().message;

  server.process().resume();  // a connection that comes back closes the breaker before its time
  wait_until("calls work", [&] { return bus.set("k", "v").has_value(); });
  EXPECT_EQ(bus.metric(state), 0);
}

TEST(RedisFaults, a_subscription_to_a_server_that_went_silent_comes_back) {
  RedisServer server;
  RedisOptions options = options_of(server);
  options.call_timeout_ms = 500;
  options.ping_ms = 200;
  BusOnRedis bus(options);
  wait_until("the first call", [&] { return bus.set("k", "v").has_value(); });
  const Listener listener(bus, "c");
  wait_until_heard(bus, "c", listener);
  server.process().pause();
  wait_until("the silence is noticed", [&] { return bus.metric("concord_redis_reconnects_total") >= 1; });
  server.process().resume();
  wait_until_heard(bus, "c", listener);
}

TEST(RedisFaults, a_bus_ends_while_its_server_is_silent_and_wakes_who_waits) {
  RedisServer server;
  RedisOptions options = options_of(server);
  options.call_timeout_ms = 600'000;
  BusOnRedis bus(options);
  ASSERT_TRUE(bus.set("k", "v"));
  const Listener listener(bus, "c");
  server.process().pause();
  auto reading = bus.start(bus.bus().get("k"));
  auto subscribing = bus.start(bus.bus().subscribe("d", [](const SharedBytes&) {}));
  bus.close();
  EXPECT_EQ(code_of(reading.get()), Code::kUnavailable);
  EXPECT_EQ(code_of(subscribing.get()), Code::kUnavailable);
}

TEST(RedisFaults, a_wrong_password_is_told) {
  RedisServer server({"--requirepass", "right"});
  const std::string at = server.endpoint().str();
  BusOnRedis wrong(parse_redis_url("redis://:wrong@" + at).value());
  const auto refused = wrong.set("k", "v");
  ASSERT_EQ(code_of(refused), Code::kUnavailable);
  EXPECT_NE(refused.error().message.find("WRONGPASS"), std::string::npos) << refused.error().message;
  BusOnRedis right(parse_redis_url("redis://:right@" + at).value());
  wait_until("calls work", [&] { return right.set("k", "v").has_value(); });
}

TEST(RedisFaults, a_server_without_room_says_so) {
  RedisServer server({"--maxmemory", "12mb", "--maxmemory-policy", "noeviction"});
  BusOnRedis bus(options_of(server));
  const std::string large(1U << 20U, 'x');
  Result<> taken;
  for (int i = 0; i < 20 && taken; ++i) taken = bus.set("a/b/" + std::to_string(i), large);
  ASSERT_EQ(code_of(taken), Code::kUnavailable);
  EXPECT_NE(taken.error().message.find("OOM"), std::string::npos) << taken.error().message;
  EXPECT_EQ(bus.get("a/b/0")->value(), to_bytes(large)) << "what was taken stays";
}

TEST(RedisFaults, scripts_that_the_server_forgot_are_sent_again) {
  RedisServer server;
  BusOnRedis bus(options_of(server));
  ASSERT_TRUE(bus.set("k", "v"));
  server.ask({"SCRIPT", "FLUSH"});
  EXPECT_EQ(bus.get("k").value(), to_bytes("v"));
}

TEST(RedisFaults, large_messages_and_values_arrive_whole) {
  RedisServer server({"--client-output-buffer-limit", "pubsub 256mb 256mb 60"});
  RedisOptions options = options_of(server);
  options.call_timeout_ms = 60'000;
  BusOnRedis bus(options);
  const std::string large(engines::kMaxBusValueBytes, 'x');
  ASSERT_TRUE(bus.set("k", large));
  EXPECT_EQ(bus.get("k")->value().size(), large.size());
  const Listener listener(bus, "c");
  ASSERT_TRUE(bus.publish("c", large));
  wait_until("the message", [&] { return !listener.messages().empty(); });
  EXPECT_TRUE(listener.has(large));
}

TEST(RedisFaults, what_expired_leaves_nothing_on_the_server) {
  RedisServer server;
  BusOnRedis bus(options_of(server));
  for (int i = 0; i < 300; ++i)
    ASSERT_TRUE(bus.run(bus.bus().set("presence/doc/" + std::to_string(i), to_bytes("x"), 500 + i)));
  ASSERT_TRUE(bus.run(bus.bus().add("n", 1, 500)));
  EXPECT_GT(server.ask({"DBSIZE"}).integer, 0);
  wait_until("the server is empty", [&] { return server.ask({"DBSIZE"}).integer == 0; });
  EXPECT_TRUE(bus.run(bus.bus().list("presence/doc/", 1000))->empty());
}

TEST(RedisFaults, a_long_list_comes_page_by_page) {
  RedisServer server;
  BusOnRedis bus(options_of(server));
  for (int i = 0; i < 700; ++i) ASSERT_TRUE(bus.set("presence/doc/" + std::to_string(i), std::to_string(i)));
  const std::string large(3U << 20U, 'x');  // a page has one or two of these
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(bus.set("presence/other/" + std::to_string(i), large));
  const auto listed = bus.run(bus.bus().list("presence/doc/", 1000)).value();
  std::set<std::string> names;
  for (const auto& [key, value] : listed) {
    names.insert(key);
    EXPECT_EQ("presence/doc/" + std::string(as_text(value)), key);
  }
  EXPECT_EQ(listed.size(), 700U);
  EXPECT_EQ(names.size(), 700U);
  EXPECT_EQ(bus.run(bus.bus().list("presence/doc/", 300))->size(), 300U);
  EXPECT_EQ(bus.run(bus.bus().list("presence/other/", 1000))->size(), 5U);
  EXPECT_EQ(bus.run(bus.bus().list("presence/", 10'000))->size(), 705U);
  EXPECT_EQ(bus.run(bus.bus().list("presence/doc/69", 1000))->size(), 11U);
}

TEST(RedisFaults, hubs_in_namespaces_and_databases_of_their_own_do_not_see_each_other) {
  RedisServer server;
  BusOnRedis one(options_of(server));
  BusOnRedis two(parse_redis_url(server.url() + "?namespace=other").value());
  BusOnRedis three(parse_redis_url(server.url() + "/1").value());
  const Listener listener(one, "c");
  ASSERT_TRUE(one.set("k", "v"));
  ASSERT_TRUE(one.run(one.bus().add("n", 5, 60'000)));
  for (BusOnRedis* other : {&two, &three}) {
    EXPECT_EQ(other->get("k").value(), std::nullopt);
    EXPECT_EQ(other->run(other->bus().add("n", 1, 60'000)).value(), 1);
    ASSERT_TRUE(other->publish("c", "not for you"));
  }
  ASSERT_TRUE(one.publish("c", "for you"));
  wait_until("its own message", [&] { return listener.has("for you"); });
  EXPECT_EQ(listener.messages().size(), 1U);
}

}  // namespace
}  // namespace concord::redis
