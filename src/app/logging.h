#pragma once
// What the program writes of itself, as LOG_LEVEL and LOG_FORMAT have it.

#include "base/config.h"
#include "base/log.h"

namespace concord::app {

/// To the standard error.
Logger make_logger(const Config& config);

}  // namespace concord::app
