#pragma once
// What can be set about encryption at rest.

#include <span>

#include "base/config.h"
#include "engines/blobs.h"
#include "vault/master_key.h"

namespace concord::vault {

std::span<const Setting> settings();

struct Options {
  bool sealing = false;
  MasterKeys masters;
};
/// Reads or makes the master key; `data_directory` holds the file of the one that is not configured, which is made only
/// where no user has a key. Without sealing and without keys there are no masters.
Task<Options> options_from(const Config& config, std::string data_directory, engines::Blobs& blobs, Logger logger);

}  // namespace concord::vault
