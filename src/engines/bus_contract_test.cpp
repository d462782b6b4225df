// The `bus` port's contract, on the embedded driver.

#include "base/clock_testing.h"
#include "engines/bus_contract_testing.h"
#include "engines/local_bus.h"

namespace concord::engines::bus_contract {
namespace {

TEST(LocalBus, more_keys_than_its_limit_are_refused_until_some_expire) {
  testing::RunningReactors reactors;
  concord::testing::ManualClock clock;
  Metrics metrics;
  LocalBus bus({.max_keys = 2}, clock, metrics);
  const auto set = [&](std::string key) { return testing::run_on(reactors.at(), bus.set(std::move(key), {}, 20)); };
  ASSERT_TRUE(set("a"));
  ASSERT_TRUE(testing::run_on(reactors.at(), bus.add("n", 1, 20)));
  EXPECT_EQ(code_of(set("b")), Code::kUnavailable);
  EXPECT_EQ(code_of(testing::run_on(reactors.at(), bus.add("m", 1, 20))), Code::kUnavailable);
  EXPECT_TRUE(set("a"));
  clock.advance_ms(30);
  EXPECT_TRUE(set("b"));
}

Driver<Bus> local_bus() {
  return {.name = "Local", .open = [](DriverContext& context) -> Result<std::unique_ptr<Bus>> {
            return std::make_unique<LocalBus>(LocalBusOptions{}, context.clock, context.metrics);
          }};
}

INSTANTIATE_TEST_SUITE_P(Drivers, BusContract, ::testing::Values(local_bus()), testing::driver_name<Bus>);

}  // namespace
}  // namespace concord::engines::bus_contract
