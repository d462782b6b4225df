#pragma once
// A test on objects below a prefix of its own in the gateway's bucket.

#include <filesystem>
#include <stdexcept>

#include "engines/contract_testing.h"
#include "s3/blobs.h"
#include "s3/radosgw_testing.h"

namespace concord::s3::testing {

constexpr std::size_t kAllBytes = 1U << 30U;

/// A prefix that no other test has.
inline std::string name_of(const engines::testing::DriverContext& context) {
  return std::filesystem::path(context.directory.path()).filename().string();
}

/// The same bytes for the same size, and hardly any twice.
inline SharedBytes pattern(std::size_t size) {
  Bytes bytes(size);
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::uint8_t>(i * 2654435761U >> 24U);
  return std::make_shared<const Bytes>(std::move(bytes));
}

class StoreTest : public ::testing::Test {
 protected:
  StoreTest() : prefix_(name_of(context_)), options_(RadosGateway::shared().options(prefix_)) {
    options_.part_bytes = kLeastPartBytes;
    options_.read_block_bytes = 1 << 20;
  }
  ~StoreTest() override { RadosGateway::shared().ensure_running(); }

  Result<std::unique_ptr<engines::Blobs>> try_open(const S3Options& options) {
    return open_s3_blobs(options, context_.clock, Logger(), context_.metrics);
  }
  std::unique_ptr<engines::Blobs> open(const S3Options& options) {
    auto opened = try_open(options);
    if (!opened) throw std::runtime_error(opened.error().message);
    return std::move(*opened);
  }
  std::unique_ptr<engines::Blobs> open() { return open(options_); }
  template <class T>
  Result<T> run(Task<T> task) {
    return concord::testing::run_on(reactors_.at(), std::move(task));
  }
  std::uint64_t count(const std::string& name) { return context_.metrics.counter(name, "").value(); }
  /// Calls of an operation that ended with success.
  std::uint64_t calls(const std::string& operation) {
    return context_.metrics.counter("concord_s3_calls_total", "", {{"operation", operation}, {"outcome", "ok"}})
        .value();
  }
  std::int64_t gauge(const std::string& name) { return context_.metrics.gauge(name, "").value(); }

  engines::testing::DriverContext context_;
  std::string prefix_;
  S3Options options_;
  concord::testing::RunningReactors reactors_;
};

}  // namespace concord::s3::testing
