// The embedded driver of the `coordination` port keeps what the port promises.

#include "engines/coordination_contract_testing.h"
#include "engines/local_coordination.h"

namespace concord::engines::coordination_contract {
namespace {

Driver<Coordination> local_coordination() {
  return {.name = "Local", .open = [](DriverContext& context) -> Result<std::unique_ptr<Coordination>> {
            LocalCoordinationOptions options;
            options.directory = context.directory.path() + "/coordination";
            options.expiry_interval_ms = 5;
            return LocalCoordination::open(*context.files, options, context.clock, Logger(), context.metrics);
          }};
}

INSTANTIATE_TEST_SUITE_P(Drivers, CoordinationContract, ::testing::Values(local_coordination()),
                         testing::driver_name<Coordination>);

}  // namespace
}  // namespace concord::engines::coordination_contract
