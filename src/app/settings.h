#pragma once
// The whole table of settings: the program's own rows and those of every part, in the order of docs/configuration.md.

#include <string>
#include <vector>

#include "base/config.h"

namespace concord::app {

std::vector<Setting> all_settings();

/// docs/configuration.md, made from the table.
std::string settings_reference();

/// The environment as the table's names see it: CONCORD_<NAME> first, then <NAME> itself, but for ADDR and DATA, whose
/// bare names mean other things on many machines.
Config::Environment environment();

}  // namespace concord::app
