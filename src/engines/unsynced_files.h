#pragma once
// Files that are made in bulk and become durable all at once, at the end.

#include <atomic>
#include <memory>

#include "engines/file_system.h"

namespace concord::engines {

/// Leaves every sync out but sync_tree; everything else is `files`, which outlives it.
std::unique_ptr<FileSystem> make_unsynced(FileSystem& files);

/// The same while `deferring`, which outlives it and what it opens; while it is false, `files` as they are.
std::unique_ptr<FileSystem> make_unsynced(FileSystem& files, const std::atomic<bool>& deferring);

}  // namespace concord::engines
