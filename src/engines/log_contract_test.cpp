#include "engines/log_contract_testing.h"
#include "engines/segment_log.h"

namespace concord::engines::log_contract {
namespace {

Driver<Log> segment_log() {
  return {.name = "SegmentLog", .open = [](DriverContext& context) -> Result<std::unique_ptr<Log>> {
            SegmentLogOptions options;
            options.directory = context.directory.path() + "/log";
            options.segment_bytes = 64U << 10U;  // so that a test has several
            return SegmentLog::open(*context.files, options, context.clock, context.ids, Logger(), context.metrics);
          }};
}

INSTANTIATE_TEST_SUITE_P(Drivers, LogContract, ::testing::Values(segment_log()), testing::driver_name<Log>);

}  // namespace
}  // namespace concord::engines::log_contract
