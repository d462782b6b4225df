#pragma once
// Files that are made in bulk and become durable all at once, at the end.

#include <memory>
#include <string>

#include "engines/file_system.h"

namespace concord::engines {

/// Leaves every sync out; everything else is `files`, which outlives it.
std::unique_ptr<FileSystem> make_unsynced(FileSystem& files);

/// Makes durable whatever was written to the machine's file system that holds the directory.
Result<> sync_tree(const std::string& directory);

}  // namespace concord::engines
