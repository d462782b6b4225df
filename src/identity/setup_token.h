#pragma once
// The one-time token of the first account: made once, kept in the tables until there is an account, the same
// for all nodes.

#include <string>

#include "base/clock.h"
#include "engines/tables.h"

namespace concord::identity {

Task<std::string> load_setup_token(engines::Tables& tables, Clock& clock);

}  // namespace concord::identity
