// The contract suite of the `blobs` port on the driver that needs nothing installed.

#include "engines/blobs_contract_testing.h"
#include "engines/directory_blobs.h"

namespace concord::engines {
namespace {

using testing::BlobsContract;
using testing::Driver;
using testing::DriverContext;

Driver<Blobs> directory_blobs() {
  return {.name = "Directory", .open = [](DriverContext& context) -> Result<std::unique_ptr<Blobs>> {
            return DirectoryBlobs::open(*context.files, {.directory = context.directory.path() + "/blobs"}, Logger(),
                                        context.metrics);
          }};
}

INSTANTIATE_TEST_SUITE_P(Drivers, BlobsContract, ::testing::Values(directory_blobs()), testing::driver_name<Blobs>);

}  // namespace
}  // namespace concord::engines
