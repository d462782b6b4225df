#pragma once
// Files that are made in bulk and become durable all at once, at the end.

#include <memory>

#include "engines/file_system.h"

namespace concord::engines {

/// Leaves every sync out but sync_tree; everything else is `files`, which outlives it.
std::unique_ptr<FileSystem> make_unsynced(FileSystem& files);

}  // namespace concord::engines
