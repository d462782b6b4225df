#pragma once
// The bucket of S3: whether it does what the driver relies on.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "doctor/finding.h"
#include "s3/options.h"

namespace concord::doctor {

struct S3Facts {
  std::string address;      // the endpoint and the bucket
  std::string unreachable;  // why; then nothing below is known
  bool has_bucket = false;

  std::string write_failure;
  int second_put_status = 0;  // of a PUT with If-None-Match: * where there is the object already
  bool reads_back = false;
  std::string delete_failure;
  std::vector<std::int64_t> write_us;

  std::optional<std::string> versioning;  // "Enabled", "Suspended", ""; nullopt: not told
  std::optional<std::vector<std::string>>
      expirations;                      // rules that delete objects, by name or prefix; nullopt: not told
  std::optional<std::int64_t> skew_ms;  // its clock less ours, to the second
};

/// Blocks; calls are given up after some seconds. It writes a few objects of its own below the prefix and deletes them.
/// kInvalidArgument names the setting.
Result<S3Facts> probe_s3(const s3::S3Options& options);

std::vector<Finding> judge_s3(const S3Facts& facts);

/// The status in a VersioningConfiguration.
std::string versioning_status(std::string_view xml);
/// Of a LifecycleConfiguration, the rules that are enabled and expire current objects.
std::vector<std::string> expiring_rules(std::string_view xml);

}  // namespace concord::doctor
