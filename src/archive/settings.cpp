#include "archive/settings.h"

namespace concord::archive {

namespace {
constexpr std::int64_t kDayMs = 86'400'000;
}  // namespace

std::span<const Setting> settings() {
  static const std::vector<Setting> rows{
      {"ARCHIVE_DIR", SettingType::kString, "", 0, 4096,
       "Directory, best on another disk or machine, that always has what it takes to build the hub again; empty: none "
       "is kept."},
      {"ARCHIVE_INTERVAL_MS", SettingType::kInteger, "1000", 10, 3'600'000,
       "How often the archive takes in what is new: with the archive alone at most so much is lost."},
      {"ARCHIVE_RETENTION_DAYS", SettingType::kInteger, "30", 0, 36'500,
       "How far the archive goes back with what the hub itself does not need any more; 0: without end."},
  };
  return rows;
}

std::string directory_from(const Config& config) { return config.string("ARCHIVE_DIR"); }

ArchiverOptions options_from(const Config& config) {
  return {.interval_ms = config.integer("ARCHIVE_INTERVAL_MS"),
          .keep_ms = config.integer("ARCHIVE_RETENTION_DAYS") * kDayMs};
}

}  // namespace concord::archive
