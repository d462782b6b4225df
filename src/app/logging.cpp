#include "app/logging.h"

namespace concord::app {

Logger make_logger(const Config& config) {
  const std::string& level = config.string("LOG_LEVEL");
  return Logger(make_fd_log_sink(2),
                level == "debug"   ? LogLevel::kDebug
                : level == "warn"  ? LogLevel::kWarn
                : level == "error" ? LogLevel::kError
                                   : LogLevel::kInfo,
                config.string("LOG_FORMAT") == "json" ? LogFormat::kJson : LogFormat::kHuman);
}

}  // namespace concord::app
