#pragma once
// What can be set about the archive.

#include <span>
#include <string>

#include "archive/archiver.h"
#include "base/config.h"

namespace concord::archive {

std::span<const Setting> settings();

/// "" where no archive is kept.
std::string directory_from(const Config& config);
ArchiverOptions options_from(const Config& config);

}  // namespace concord::archive
