#include "engines/bus_contract_testing.h"
#include "redis/redis_bus.h"
#include "redis/redis_server_testing.h"

namespace concord::engines::bus_contract {
namespace {

/// Each test has a namespace of its own on the server that all of them share.
Result<std::unique_ptr<Bus>> open_in(DriverContext& context, const std::string& url) {
  const std::string& directory = context.directory.path();
  TRY(auto options, redis::parse_redis_url(url));
  options.name_space = directory.substr(directory.rfind('/') + 1);
  options.call_timeout_ms = 20'000;
  options.connect_timeout_ms = 20'000;
  return redis::open_redis_bus(std::move(options), context.clock, context.ids, Logger(), context.metrics);
}

Driver<Bus> single() {
  return {.name = "RedisSingle",
          .open =
              [](DriverContext& context) {
                static redis::testing::RedisServer server;
                return open_in(context, server.url());
              },
          .shortest_ttl_ms = 1'500};
}

Driver<Bus> cluster() {
  return {.name = "RedisCluster",
          .open =
              [](DriverContext& context) {
                static redis::testing::RedisCluster servers;
                return open_in(context, servers.url());
              },
          .shortest_ttl_ms = 1'500};
}

INSTANTIATE_TEST_SUITE_P(Drivers, BusContract, ::testing::Values(single(), cluster()), testing::driver_name<Bus>);

}  // namespace
}  // namespace concord::engines::bus_contract
