#pragma once
// What is in an update, a line for each struct and each deleted range, made to be searched (docs/crdt-tool.md).

#include <ostream>

#include "base/bytes.h"
#include "base/result.h"
#include "crdt/update_format.h"

namespace concord::app {

/// Nothing is printed of an update that is malformed.
Result<> inspect_update(ByteView update, crdt::UpdateFormat format, std::ostream& out);

}  // namespace concord::app
