#include <fmt/format.h>

#include "doctor/s3_check.h"

namespace concord::doctor {
namespace {

constexpr int kPreconditionFailed = 412;
constexpr int kConflict = 409;
constexpr std::int64_t kWorthTellingSkewMs = 5000;
constexpr std::int64_t kHarmfulSkewMs = 15 * 60'000;  // then signatures are refused
constexpr std::int64_t kSlowWriteUs = 1'000'000;

void judge_writes(const S3Facts& facts, Findings& out) {
  if (!facts.write_failure.empty()) {
    out.error("write", "failed: " + facts.write_failure,
              "grant s3:PutObject, GetObject, DeleteObject, ListBucket, AbortMultipartUpload and "
              "ListBucketMultipartUploads on the bucket");
    return;
  }
  const std::int64_t us = median(facts.write_us);
  out.add(us > kSlowWriteUs ? Level::kWarn : Level::kOk, "write",
          fmt::format("{} (median of {})", milliseconds(us), facts.write_us.size()),
          "snapshots take so much longer: use a store in the same region");
  out.add(facts.reads_back ? Level::kOk : Level::kError, "read",
          facts.reads_back ? "as it was written" : "not as written",
          "grant s3:GetObject, and use a store that shows an object as soon as it was written");
  const bool refused = facts.second_put_status == kPreconditionFailed || facts.second_put_status == kConflict;
  out.add(
      refused ? Level::kOk : Level::kError, "conditional writes",
      refused
          ? "If-None-Match: * is honoured"
          : fmt::format("a second write of an object with If-None-Match: * was answered {}", facts.second_put_status),
      "use a store that honours If-None-Match (AWS S3, Ceph, MinIO do): two nodes could replace each other's objects");
  out.add(facts.delete_failure.empty() ? Level::kOk : Level::kError, "delete",
          facts.delete_failure.empty() ? "works" : "failed: " + facts.delete_failure,
          "grant s3:DeleteObject: what is deleted would stay for ever");
}

void judge_configuration(const S3Facts& facts, Findings& out) {
  if (!facts.versioning)
    out.ok("versioning", "not told");
  else
    out.add(*facts.versioning == "Enabled" ? Level::kWarn : Level::kOk, "versioning",
            facts.versioning->empty() ? "off" : *facts.versioning,
            "the hub never needs an older version: suspend it, or add a rule NoncurrentVersionExpiration, or deleted "
            "objects stay and are paid for");
  if (!facts.expirations) {
    out.ok("lifecycle", "not told");
  } else if (facts.expirations->empty()) {
    out.ok("lifecycle", "no rule deletes objects");
  } else {
    std::string rules;
    for (const std::string& rule : *facts.expirations) rules += (rules.empty() ? "" : ", ") + rule;
    out.error("lifecycle", "rules delete objects after a time: " + rules,
              "remove them, or keep their prefix apart from S3_PREFIX: snapshots and keys would vanish");
  }
}

void judge_clock(const S3Facts& facts, Findings& out) {
  if (!facts.skew_ms) return;
  const std::int64_t skew = std::abs(*facts.skew_ms);
  out.add(skew > kHarmfulSkewMs        ? Level::kError
          : skew > kWorthTellingSkewMs ? Level::kWarn
                                       : Level::kOk,
          "clock", fmt::format("{:.1f} s ahead of this machine's", static_cast<double>(*facts.skew_ms) / 1000),
          "synchronize this machine's clock (chrony or systemd-timesyncd): signatures of another time are refused");
}

}  // namespace

std::vector<Finding> judge_s3(const S3Facts& facts) {
  Findings out("s3");
  if (!facts.unreachable.empty()) {
    out.error(facts.address, "does not answer: " + facts.unreachable,
              "start it, or correct S3_ENDPOINT, S3_REGION, S3_ACCESS_KEY and S3_SECRET_KEY");
    return std::move(out).take();
  }
  out.add(facts.has_bucket ? Level::kOk : Level::kError, facts.address,
          facts.has_bucket ? "is there" : "there is no such bucket", "make it, or correct S3_BUCKET");
  judge_clock(facts, out);
  if (!facts.has_bucket) return std::move(out).take();
  judge_writes(facts, out);
  judge_configuration(facts, out);
  return std::move(out).take();
}

}  // namespace concord::doctor
