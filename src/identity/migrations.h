#pragma once
// The tables of identity.

#include <vector>

#include "engines/tables.h"

namespace concord::identity {

std::vector<engines::Migration> migrations();

}  // namespace concord::identity
