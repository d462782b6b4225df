// A server over TLS, with a certificate that it made for itself.

#include <gtest/gtest.h>

#include "net/self_signed.h"
#include "redis/redis_bus_testing.h"

namespace concord::redis {
namespace {

using engines::testing::code_of;
using testing::BusOnRedis;
using testing::Listener;
using testing::RedisServer;
using testing::wait_until;

class RedisTls : public ::testing::Test {
 protected:
  RedisTls() {
    SystemClock clock;
    for (const std::string& file : {certificate_, other_})
      EXPECT_TRUE(net::keep_self_signed(file, {"localhost", "127.0.0.1"}, clock.wall_ms()));
    EXPECT_TRUE(net::keep_self_signed(of_another_name_, {"elsewhere.example"}, clock.wall_ms()));
  }
  std::unique_ptr<RedisServer> server(const std::string& certificate) const {
    return std::make_unique<RedisServer>(
        std::vector<std::string>{"--tls-port", std::to_string(port_), "--tls-cert-file", certificate, "--tls-key-file",
                                 certificate, "--tls-ca-cert-file", certificate, "--tls-auth-clients", "no"});
  }
  RedisOptions options(const std::string& trusted) const {
    return parse_redis_url("rediss://127.0.0.1:" + std::to_string(port_) + "?ca=" + trusted).value();
  }

  engines::testing::TemporaryDirectory directory_;
  std::string certificate_ = directory_.path() + "/one.pem";
  std::string other_ = directory_.path() + "/other.pem";
  std::string of_another_name_ = directory_.path() + "/elsewhere.pem";
  std::uint16_t port_ = engines::testing::free_port();
};

TEST_F(RedisTls, calls_and_messages_go_over_it) {
  const auto redis = server(certificate_);
  BusOnRedis bus(options(certificate_));
  wait_until("calls work", [&] { return bus.set("k", "v").has_value(); });
  EXPECT_EQ(bus.get("k").value(), to_bytes("v"));
  const Listener listener(bus, "c");
  wait_until_heard(bus, "c", listener);
  const std::string large(8U << 20U, 'x');
  wait_until("a large one", [&] { return bus.publish("c", large).has_value(); });
  wait_until("a large one is heard", [&] { return listener.has(large); });
}

TEST_F(RedisTls, a_server_of_somebody_elses_is_not_trusted) {
  const auto redis = server(certificate_);
  BusOnRedis bus(options(other_));
  const auto refused = bus.set("k", "v");
  ASSERT_EQ(code_of(refused), Code::kUnavailable);
  EXPECT_NE(refused.error().message.find("is not trusted"), std::string::npos) << refused.error().message;
}

TEST_F(RedisTls, a_certificate_of_another_name_is_not_trusted) {
  const auto redis = server(of_another_name_);
  BusOnRedis bus(options(of_another_name_));
  const auto refused = bus.set("k", "v");
  ASSERT_EQ(code_of(refused), Code::kUnavailable);
  EXPECT_NE(refused.error().message.find("is not trusted"), std::string::npos) << refused.error().message;
}

TEST_F(RedisTls, a_server_that_speaks_none_is_refused) {
  const RedisServer plain;
  RedisOptions to_plain = options(certificate_);
  to_plain.endpoints = {plain.endpoint()};
  BusOnRedis bus(to_plain);
  EXPECT_EQ(code_of(bus.set("k", "v")), Code::kUnavailable);
}

TEST_F(RedisTls, authorities_that_do_not_load_are_told) {
  SystemClock clock;
  SystemIdSource ids(clock);
  Metrics metrics;
  const auto bus = open_redis_bus(options(directory_.path() + "/missing.pem"), clock, ids, Logger(), metrics);
  ASSERT_FALSE(bus);
  EXPECT_EQ(bus.error().code, Code::kInvalidArgument);
  EXPECT_NE(bus.error().message.find("missing.pem"), std::string::npos);
}

}  // namespace
}  // namespace concord::redis
