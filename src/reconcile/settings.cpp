#include "reconcile/settings.h"

#include <algorithm>
#include <vector>

namespace concord::reconcile {

namespace {
constexpr std::int64_t kYearMs = 31'536'000'000;
}  // namespace

std::span<const Setting> settings() {
  static const std::vector<Setting> rows{
      {"RECONCILE_MS", SettingType::kInteger, "86400000", 0, kYearMs,
       "Time between two comparisons of the tables with the stored content and the log, which repair what lags; 0: "
       "there "
       "are none."},
      {"RECONCILE_GRACE_MS", SettingType::kInteger, "604800000", 0, kYearMs,
       "How long content stays that belongs to no document, from when it was first seen."},
      {"RECONCILE_PER_SECOND", SettingType::kInteger, "100", 1, 1'000'000,
       "Documents of each shard that are compared in a second."},
      {"RECONCILE_ORPHANS_PERCENT", SettingType::kInteger, "1", 0, 100,
       "Content without a document that may be removed in one comparison, as a share of the shard's documents; where "
       "there "
       "is more, nothing is: the tables may be old ones. Ten pieces always may, unless this is 0."},
  };
  return rows;
}

Options options_from(const Config& config) {
  Options options;
  options.interval_ms = config.integer("RECONCILE_MS");
  options.settle_ms = std::min(options.settle_ms, options.interval_ms);
  options.grace_ms = config.integer("RECONCILE_GRACE_MS");
  options.per_second = config.integer("RECONCILE_PER_SECOND");
  options.orphans_percent = config.integer("RECONCILE_ORPHANS_PERCENT");
  return options;
}

}  // namespace concord::reconcile
