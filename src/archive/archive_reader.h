#pragma once
// Reads objects of an archive, and holds each against the manifest.

#include <functional>
#include <string>

#include "archive/manifest.h"
#include "base/task.h"
#include "engines/blobs.h"

namespace concord::archive {

/// The object, piece by piece. kCorrupt where it is missing, its length or checksum is not what the manifest says, the
/// message naming the object; the pieces before have been passed on by then.
Task<> read_pieces(engines::Blobs& archive, std::string key, ArchivedObject object,
                   std::function<Result<>(ByteView)> take);
/// The same in one piece.
Task<Bytes> read_whole(engines::Blobs& archive, std::string key, ArchivedObject object);

}  // namespace concord::archive
