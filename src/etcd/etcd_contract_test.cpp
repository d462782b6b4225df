// EtcdCoordination keeps what the `coordination` port promises, on a real etcd of one member.

#include "engines/coordination_contract_testing.h"
#include "etcd/etcd_coordination.h"
#include "etcd/etcd_server_testing.h"

namespace concord::engines::coordination_contract {
namespace {

etcd::testing::EtcdServer& server() {
  static etcd::testing::EtcdServer one({.heartbeat_ms = 10, .election_ms = 100});
  return one;
}

Driver<Coordination> etcd_coordination() {
  return {.name = "Etcd",
          .open = [](DriverContext& context) -> Result<std::unique_ptr<Coordination>> {
            etcd::EtcdOptions options;
            options.endpoints = server().endpoints();
            options.call_timeout_ms = 20'000;  // also where the machine is busy
            options.prefix = context.directory.path() + "/";
            return etcd::open_etcd_coordination(options, context.clock, context.ids, Logger(), context.metrics);
          },
          .shortest_ttl_ms = 1000};
}

INSTANTIATE_TEST_SUITE_P(Drivers, CoordinationContract, ::testing::Values(etcd_coordination()),
                         testing::driver_name<Coordination>);

}  // namespace
}  // namespace concord::engines::coordination_contract
