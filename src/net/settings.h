#pragma once
// What can be configured of the server.

#include <span>

#include "base/config.h"
#include "net/server.h"

namespace concord::net {

/// The rows for the program's table of settings.
std::span<const Setting> settings();

/// kInvalidArgument names the setting: an ADDR that is not host:port, a certificate without its key.
Result<ServerOptions> from_config(const Config& config);

}  // namespace concord::net
